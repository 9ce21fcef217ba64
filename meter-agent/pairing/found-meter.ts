/** What the owner's page shows of a home before anything is signed: its devices, its power now, its counters, and what would be sold. */
import type { FoundMeter } from '../../contracts/protocol/pairing.ts'
import type { DeviceReport } from '../devices/device.ts'
import { placeInWords } from '../devices/place.ts'
import type { DeviceConfig, MeterConfig } from '../setup/config.ts'

/** A device and what it said; `null` where it could not be read. */
export interface ReadDevice {
  device: DeviceConfig
  report: DeviceReport | null
}

/** @param read the meter's devices, the one at the grid connection first */
export function foundMeter({ name }: Pick<MeterConfig, 'name'>, read: readonly ReadDevice[]): FoundMeter {
  const grid = read[0]?.report ?? null
  const producing = read.flatMap(({ device, report }) =>
    report && device.role !== 'battery' ? [report.reading.productionW] : [],
  )
  const known = producing.filter((watts) => watts !== null)
  return {
    name,
    devices: read.slice(0, mostDevices).map(({ device: { role, profile }, report }) => ({
      role,
      profile: short(profile)!,
      manufacturer: short(report?.device.manufacturer ?? null),
      model: short(report?.device.model ?? null),
      serialNumber: short(report?.device.serialNumber ?? null),
    })),
    powerW: whole(grid?.reading.powerW ?? null),
    productionW: known.length === 0 ? null : Math.round(known.reduce((sum, watts) => sum + watts, 0)),
    importWh: grid?.reading.importWh ?? null,
    exportWh: grid?.reading.exportWh ?? null,
    ...promiseOf(read[0]?.device, grid),
  }
}

const mostDevices = 8
const longestWord = 80

/** What can be promised before counters and power have been compared. */
export function promiseOf(
  device: { confirmed?: boolean | undefined } | undefined,
  grid: DeviceReport | null,
): Pick<FoundMeter, 'sells' | 'promise' | 'sentence'> {
  const not = (promise: FoundMeter['promise'], why: string) => {
    return { sells: false, promise, sentence: `This home would not sell: ${why}.` }
  }
  if (!device || grid === null) return not('silent', 'its meter does not answer now')
  const { importWh, exportWh, powerW } = grid.reading
  if (importWh === null && exportWh === null) {
    return not('counts-nothing', 'its device counts nothing at the grid connection')
  }
  if (grid.place.role !== 'grid' && device.confirmed !== true) {
    return not('elsewhere', `its meter is ${placeInWords(grid.place)}`)
  }
  if (exportWh === null) {
    const sentence = 'This home would buy and not sell: its meter does not count what is fed in.'
    return { sells: false, promise: 'counts-import', sentence }
  }
  if (device.confirmed === true) {
    const sentence = 'This home would sell what it feeds in; its owner vouches for the meter.'
    return { sells: true, promise: 'vouched', sentence }
  }
  if (powerW === null) {
    return not('unproven', 'its meter shows no power that could confirm its counters; its owner may vouch for them')
  }
  const sentence = 'This home would sell what it feeds in, once its counters and its power have agreed.'
  return { sells: true, promise: 'once-agreed', sentence }
}

function short(text: string | null): string | null {
  return text === null ? null : text.slice(0, longestWord)
}

function whole(watts: number | null): number | null {
  return watts === null ? null : Math.round(watts)
}
