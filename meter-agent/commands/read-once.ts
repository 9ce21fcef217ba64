/** What `commonwatt-agent read` does: what one device says now, or why it cannot be read and what to try. */
import { type DeviceOptions, type DeviceReport, readDevice, usualUnit } from '../devices/device.ts'
import { explained } from '../devices/explain.ts'
import { placeInWords } from '../devices/place.ts'
import { ModbusError } from '../modbus/error.ts'
import { profileFromFile } from '../profiles/profile-file.ts'
import { DeviceError } from '../registers/device-error.ts'

/** Nothing a device does may hold the command longer than 30 s; what has not answered until then is left out. */
const longestMs = 27_000

/** Prints what the device says, as JSON or for people; gives one line that says why, where it cannot be read. */
export async function readOnce(given: ReadArguments): Promise<string | null> {
  try {
    const report = await readGiven(given)
    process.stdout.write(`${given.json ? JSON.stringify(asJson(report)) : forPeople(report)}\n`)
    return null
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    return error.message.replace(/\s+/g, ' ')
  }
}

/** What the command line gives. */
export type ReadArguments = DeviceOptions & { json?: boolean; profileFile?: string }

/**
 * Reads the device that the command line names.
 * @throws DeviceError why it cannot be read, with what was seen there and what to try
 */
export async function readGiven(given: ReadArguments): Promise<DeviceReport> {
  const startedMs = performance.now()
  const options = await deviceGiven(given)
  const { map } = options
  try {
    return await readDevice(options, longestMs)
  } catch (error) {
    if (!(error instanceof ModbusError)) throw error
    const profile = map?.name ?? given.profile ?? 'sunspec'
    const unit = given.unit ?? map?.unit ?? usualUnit(profile)
    throw await explained(error, { url: given.url, unit, profile }, startedMs + longestMs)
  }
}

/** The device that the command line names, with the register map of its file. Throws `DeviceError`. */
export async function deviceGiven({ json: _, profileFile, ...given }: ReadArguments): Promise<DeviceOptions> {
  const map = profileFile === undefined ? undefined : await profileFromFile(profileFile)
  // Who names the role on the command line vouches for it.
  return { ...given, map, confirmed: given.role === 'grid' }
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
