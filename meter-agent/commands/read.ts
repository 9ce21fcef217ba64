/** `commonwatt-agent read`: what one device says now, or why it cannot be read and what to try. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type DeviceOptions, type DeviceReport, readDevice, usualUnit } from '../devices/device.ts'
import { explained } from '../devices/explain.ts'
import { placeInWords } from '../devices/place.ts'
import { ModbusError } from '../modbus/error.ts'
import { profileFromFile } from '../profiles/profile-file.ts'
import { DeviceError } from '../registers/device-error.ts'
import { telegramForms } from '../telegrams/endpoint.ts'
import { wholeNumber } from './numbers.ts'

/** Nothing a device does may hold the command longer than 30 s; what has not answered until then is left out. */
const longestMs = 27_000
const exitUnreadable = 2

/** Parses a Modbus unit id. */
export function unitId(text: string): number {
  const unit = Number(text)
  if (!/^\d{1,3}$/.test(text) || unit > 255)
    throw new InvalidArgumentError('a unit id is a whole number from 0 to 255.')
  return unit
}

/**
 * `commonwatt-agent read`: reads one device once and prints what it says, as JSON or for people.
 * Ends with status 2 and one line on standard error when the device cannot be read, within 30 s whatever the device does.
 */
export function readCommand(): Command {
  return new Command('read')
    .requiredOption(
      '--url <url>',
      `tcp://host:port, rtutcp://host:port or rtu:///dev/ttyUSB0?baud=9600&parity=none; ${telegramForms}`,
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
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitUnreadable))
    .action(async (given: ReadArguments) => {
      try {
        const report = await readGiven(given)
        process.stdout.write(`${given.json ? JSON.stringify(asJson(report)) : forPeople(report)}\n`)
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error
        process.exitCode = exitUnreadable
        process.stderr.write(`${error.message.replace(/\s+/g, ' ')}\n`)
      }
    })
}

/** What the command line gives. */
export type ReadArguments = DeviceOptions & { json?: boolean; profileFile?: string }

/**
 * Reads the device that the command line names.
 * @throws DeviceError why it cannot be read, with what was seen there and what to try
 */
export async function readGiven({ json: _, profileFile, ...given }: ReadArguments): Promise<DeviceReport> {
  const startedMs = performance.now()
  const map = profileFile === undefined ? undefined : await profileFromFile(profileFile)
  // Who names the role on the command line vouches for it.
  const options: DeviceOptions = { ...given, map, confirmed: given.role === 'grid' }
  try {
    return await readDevice(options, longestMs)
  } catch (error) {
    if (!(error instanceof ModbusError)) throw error
    const profile = map?.name ?? given.profile ?? 'sunspec'
    const unit = given.unit ?? map?.unit ?? usualUnit(profile)
    throw await explained(error, { url: given.url, unit, profile }, startedMs + longestMs)
  }
}

/** The face that people script against; where the meter sits is among the warnings. */
function asJson({ profile, unit, device, reading, models, warnings }: DeviceReport): object {
  return { profile, unit, device, reading, models, warnings }
}

function forPeople({ profile, unit, device, reading, place, models, warnings }: DeviceReport): string {
  const name = [device.manufacturer, device.model, device.serialNumber].filter((part) => part !== null).join(' ')
  const lines = [`${name || 'unknown device'} (${profile}${unit === null ? '' : `, unit ${unit}`})`]
  for (const [field, value] of Object.entries(reading)) lines.push(`  ${field.padEnd(21)} ${value ?? 'not offered'}`)
  lines.push(`  ${'meter'.padEnd(21)} ${placeInWords(place)}`)
  if (models.length > 0) lines.push(`  models ${models.map((model) => model.id).join(', ')}`)
  for (const warning of warnings) lines.push(`  note: ${warning}`)
  return lines.join('\n')
}
