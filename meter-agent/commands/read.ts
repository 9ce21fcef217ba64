/** The command that reads one device once, or several at boundaries of the clock. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { telegramForms } from '../telegrams/forms.ts'
import { wholeNumber } from './numbers.ts'
import type { ReadArguments } from './read-once.ts'

type Given = Omit<ReadArguments, 'url'> & { url: string[]; every?: number }

/** Where the device cannot be read, or the command line. */
const exitUnreadable = 2

/** Parses a Modbus unit id. */
export function unitId(text: string): number {
  const unit = Number(text)
  if (!/^\d{1,3}$/.test(text) || unit > 255)
    throw new InvalidArgumentError('a unit id is a whole number from 0 to 255.')
  return unit
}

const mostSeconds = 86_400

/**
 * `commonwatt-agent read`: reads one device once and prints what it says, as JSON or for people.
 * Ends with status 2 and one line on standard error when the device cannot be read, within 30 s whatever the device does.
 * With `--every` it goes on until it is stopped, and a device that cannot be read is asked again at the next boundary.
 */
export function readCommand(): Command {
  return new Command('read')
    .requiredOption(
      '--url <url>',
      `tcp://host:port, rtutcp://host:port or rtu:///dev/ttyUSB0?baud=9600&parity=none; ${telegramForms}`,
      (url: string, before: string[] = []) => [...before, url],
    )
    .option('--unit <n>', 'Modbus unit id (default: the profile’s, 1 for SunSpec)', unitId)
    .option('--profile <name>', 'register map of a device that does not speak SunSpec')
    .option('--profile-file <file>', 'try a register map of your own (JSON), as docs/add-a-device.md describes')
    .option('--grid-unit <n>', 'Victron GX: unit id of the grid meter', unitId)
    .option('--meter <n>', 'which of a device’s meters is the grid’s, counted from 1', wholeNumber(9))
    .option('--inverted', 'the meter is wired upside down')
    .addOption(
      new Option('--role <role>', 'what the meter measures, whatever the device says of it').choices([
        'grid',
        'production',
      ]),
    )
    .option('--json', 'print JSON')
    .option(
      '--every <seconds>',
      'a line of JSON whenever the clock shows a multiple of so many seconds, until it is stopped; --url may be repeated',
      wholeNumber(mostSeconds),
    )
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitUnreadable))
    .action(async ({ url: urls, every, ...given }: Given) => {
      const trouble = await readAll(urls, given, every)
      if (trouble === null) return
      process.exitCode = exitUnreadable
      process.stderr.write(`${trouble}\n`)
    })
}

/** Gives one line that says why, where it cannot be done. */
async function readAll(urls: string[], given: Omit<Given, 'url' | 'every'>, every?: number): Promise<string | null> {
  if (every !== undefined) {
    const { readAtBoundaries } = await import('./read-at-boundaries.ts')
    return readAtBoundaries(urls, given, every)
  }
  if (urls.length > 1) return 'one device is read at a time: several --url go with --every'
  const { readOnce } = await import('./read-once.ts')
  return readOnce({ ...given, url: urls[0]! })
}
