/** The command that reads one device once. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type DeviceOptions, type DeviceReport, readDevice } from '../devices/device.ts'
import { ModbusError } from '../modbus/error.ts'

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
    .requiredOption('--url <url>', 'tcp://host:port, rtutcp://host:port or rtu:///dev/ttyUSB0?baud=9600&parity=none')
    .option('--unit <n>', 'Modbus unit id (default: the profile’s, 1 for SunSpec)', unitId)
    .option('--profile <name>', 'register map of a device that does not speak SunSpec')
    .option('--grid-unit <n>', 'Victron GX: unit id of the grid meter', unitId)
    .option('--inverted', 'the meter is wired upside down')
    .addOption(new Option('--role <role>', 'what the meter measures').choices(['grid', 'production']))
    .option('--json', 'print JSON')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitUnreadable))
    .action(async (options: DeviceOptions & { json?: boolean }) => {
      try {
        const report = await readDevice(options, longestMs)
        process.stdout.write(`${options.json ? JSON.stringify(report) : forPeople(report)}\n`)
      } catch (error) {
        if (!(error instanceof ModbusError)) throw error
        process.exitCode = exitUnreadable
        process.stderr.write(`${error.message.replace(/\s+/g, ' ')}\n`)
      }
    })
}

function forPeople({ profile, unit, device, reading, models, warnings }: DeviceReport): string {
  const name = [device.manufacturer, device.model, device.serialNumber].filter((part) => part !== null).join(' ')
  const lines = [`${name || 'unknown device'} (${profile}, unit ${unit})`]
  for (const [field, value] of Object.entries(reading)) lines.push(`  ${field.padEnd(21)} ${value ?? 'not offered'}`)
  if (models.length > 0) lines.push(`  models ${models.map((model) => model.id).join(', ')}`)
  for (const warning of warnings) lines.push(`  note: ${warning}`)
  return lines.join('\n')
}
