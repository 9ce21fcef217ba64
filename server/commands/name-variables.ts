/** Gives every option that takes a value a variable; what has no name of its own there is called as the program and the option. */
import type { EventEmitter } from 'node:events'
import type { Command, Option } from 'commander'

/** Before the version is added. The same options in the same order, each one listening to its variable too. */
export function nameVariables(command: Command): Command {
  const listening = command as unknown as EventEmitter
  // An option listens to the variable that it has when it is added, so that a variable named later needs it to be added anew.
  for (const option of (command.options as Option[]).splice(0)) {
    const takesValue = option.required || option.optional
    if (takesValue && option.envVar === undefined)
      option.env(`COMMONWATT_${option.name().toUpperCase().replaceAll('-', '_')}`)
    for (const source of ['option', 'optionEnv']) listening.removeAllListeners(`${source}:${option.name()}`)
    command.addOption(option)
  }
  for (const each of command.commands) nameVariables(each)
  return command
}
