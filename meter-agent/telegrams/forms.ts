/** How the address of a meter that sends telegrams is written: in the help of commands, too, which need nothing else of them. */
export const telegramForms = 'p1:///dev/ttyUSB0, p1tcp://host:port, sml:///dev/ttyUSB0 or smltcp://host:port'
