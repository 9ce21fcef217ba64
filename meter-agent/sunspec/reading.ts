/** From SunSpec models to who the device is and what it counts. */

import { scaled } from '../modbus/words.ts'
import type { Counter, DeviceIdentity, DeviceReading, DeviceSample } from '../registers/device-sample.ts'
import { float32Counter, integerCounter, roundedWh } from '../registers/register-counter.ts'
import type { ReadModel } from './chain.ts'
import type { Group, Value } from './decode.ts'

const inverterIds = [101, 102, 103, 111, 112, 113]
const meterIds = [201, 202, 203, 204, 211, 212, 213, 214]
const otherReadingIds = [124, 160, 701, 713, 802]
/** The models that tell about power or energy; `reading` comes from these and from model 1. */
export const readingIds: ReadonlySet<number> = new Set([...inverterIds, ...meterIds, ...otherReadingIds])

const lastPositiveInt32 = 0x7fff_ffffn
const negativeZeroInt32 = 0x8000_0000n
const throttledOrFault = 7n

/** What we conclude from a SunSpec device's models. */
export interface Conclusion {
  device: DeviceIdentity
  reading: DeviceReading
  counters: DeviceSample['counters']
  /** The model whose counters make the sample, and so its time: the grid meter's, else the inverter's. */
  sources: ReadModel[]
  warnings: string[]
}

/**
 * Concludes who the device is, and its powers, counters and charge, from the models of its chain in order.
 * The rules are ours, written after what real devices do; every correction is named in `warnings`.
 */
export function conclude(models: readonly ReadModel[]): Conclusion {
  const warnings: string[] = []
  const common = models.find((model) => model.id === 1)
  const device: DeviceIdentity = {
    manufacturer: text(common, 'Mn'),
    model: text(common, 'Md'),
    version: text(common, 'Vr'),
    serialNumber: text(common, 'SN'),
  }
  const isMakerLost = common?.lost === true && device.manufacturer === null
  const context: Context = { models, manufacturer: device.manufacturer ?? '', isMakerLost, warnings }
  const production = productionOf(context)
  const grid = gridOf(context)
  const counters = { import: grid.import, export: grid.export, production: production.counter }
  const reading: DeviceReading = {
    powerW: grid.powerW,
    productionW: production.powerW,
    importWh: roundedWh(counters.import),
    exportWh: roundedWh(counters.export),
    productionWh: roundedWh(counters.production),
    batteryPowerW: batteryPowerOf(context),
    stateOfChargePercent: chargeOf(context),
  }
  const source = counters.import || counters.export ? grid.source : counters.production && production.source
  const sources = source ? [source] : []
  return { device, reading, counters, sources, warnings }
}

interface Context {
  models: readonly ReadModel[]
  manufacturer: string
  /** Who made the device was asked for and did not come: what depends on it is not known. */
  isMakerLost: boolean
  warnings: string[]
}

function productionOf(context: Context) {
  const { models, manufacturer, isMakerLost, warnings } = context
  const inverter =
    inverterIds.map((id) => models.find((model) => model.id === id)).find((model) => model) ??
    models.find((model) => model.id === 701)
  if (!inverter) return { powerW: null, counter: null, source: null }
  if ((isMakerLost || manufacturer.startsWith('Fronius')) && isZeroFrame(inverter)) {
    warnings.push('the inverter answers with zeros while its inner bus is busy: not taken as values')
    return { powerW: null, counter: null, source: null }
  }
  const energy = inverter.id === 701 ? 'TotWhInj' : 'WH'
  return { powerW: number(inverter, 'W'), counter: counter(context, inverter, energy), source: inverter }
}

function isZeroFrame(inverter: ReadModel): boolean {
  const zero = (name: string) => value(inverter, name)?.raw === 0n
  return value(inverter, 'St')?.raw === throttledOrFault && ['W', 'WH', 'Hz', 'PhVphA'].every(zero)
}

function gridOf(context: Context) {
  const { models, manufacturer, isMakerLost, warnings } = context
  const nothing = { powerW: null, import: null, export: null, source: null }
  let owner: ReadModel | undefined
  let meter: ReadModel | undefined
  for (const model of models) {
    if (model.id === 1) owner = model
    if (!meterIds.includes(model.id)) continue
    if (owner?.lost && text(owner, 'Opt') === null) {
      warnings.push(`what the meter at register ${model.address} measures could not be read: not taken`)
      return nothing
    }
    if (text(owner, 'Opt') === 'Production') {
      warnings.push(`the meter at register ${model.address} is a production meter: not taken as the grid meter`)
      continue
    }
    meter = model
    break
  }
  if (!meter) return nothing
  let powerW = isMakerLost ? null : number(meter, 'W')
  if (manufacturer === 'SolarEdge' && powerW !== null) {
    powerW = 0 - powerW
    warnings.push('SolarEdge counts feeding in as positive: the sign of the meter power is turned')
  }
  return {
    powerW,
    import: counter(context, meter, 'TotWhImp'),
    export: counter(context, meter, 'TotWhExp'),
    source: meter,
  }
}

/** A mandatory energy counter; `null` where the device has none or it cannot be trusted. */
function counter({ manufacturer, isMakerLost, warnings }: Context, model: ReadModel, name: string): Counter | null {
  const found = value(model, name)
  if (!found || found.raw === null || typeof found.raw === 'string') return null
  if (typeof found.raw === 'number') {
    if (found.raw >= 0) return float32Counter(found.raw, 3, true)
    warnings.push(`model ${model.id}: ${name} is negative: not taken`)
    return null
  }
  if (!found.trusted) return null
  let raw = found.raw
  const isAccumulator = found.definition.type.startsWith('acc')
  if (raw === 0n && isAccumulator && !isAlive(model)) return null
  const mayBeNegative = found.definition.type === 'acc32' && raw > lastPositiveInt32
  if (mayBeNegative && isMakerLost) return null
  if (mayBeNegative && manufacturer.startsWith('KOSTAL')) {
    if (raw === negativeZeroInt32) {
      warnings.push(`KOSTAL does not count ${name}: not taken`)
      return null
    }
    raw = (1n << 32n) - raw
    warnings.push(`KOSTAL sends ${name} as a negative number: its magnitude is taken`)
  }
  return integerCounter(raw, found.exponent + 3, found.definition.size * 16, true)
}

/** True when a counter of 0 is a new meter's: the model says a frequency or a voltage. */
function isAlive(model: ReadModel): boolean {
  for (const [name, found] of model.body?.group.values ?? []) {
    if (/^(Hz$|PhV|PPV|DCV$)/.test(name) && found.raw !== null) return true
  }
  return false
}

function batteryPowerOf({ models, manufacturer, warnings }: Context): number | null {
  const battery = models.find((model) => model.id === 802)
  const powerW = battery ? number(battery, 'W') : null
  if (battery?.lost && powerW === null) return null
  if (powerW !== null) {
    if (!manufacturer.startsWith('KOSTAL')) warnings.push('model 802: the sign of the battery power is unverified here')
    return powerW
  }
  const strings = models.find((model) => model.id === 160)
  // Charging without discharging, or a part of the modules, is no sum.
  if (strings?.lost) return null
  const modules = strings?.body?.group.groups.get('module')
  let sumW: number | null = null
  for (const module of Array.isArray(modules) ? modules : []) {
    const name = module.values.get('IDStr')?.raw
    if (typeof name !== 'string') continue
    const charges = name.startsWith('StCha')
    const moduleW = charges || name.startsWith('StDisCha') ? usable(module.values.get('DCW')) : null
    if (moduleW !== null) sumW = (sumW ?? 0) + (charges ? 0 - moduleW : moduleW)
  }
  return sumW
}

function chargeOf({ models }: Context): number | null {
  for (const [id, name] of [
    [713, 'SoC'],
    [802, 'SoC'],
    [124, 'ChaState'],
  ] as const) {
    const model = models.find((candidate) => candidate.id === id)
    const percent = model ? number(model, name) : null
    if (percent !== null && percent >= 0 && percent <= 100) return percent
    if (model?.lost) return null
  }
  return null
}

function value(model: ReadModel | undefined, name: string): Value | undefined {
  const group: Group | undefined = model?.body?.group
  return group?.values.get(name)
}

function text(model: ReadModel | undefined, name: string): string | null {
  const raw = value(model, name)?.raw
  return typeof raw === 'string' ? raw : null
}

function number(model: ReadModel, name: string): number | null {
  return usable(value(model, name))
}

function usable(found: Value | undefined): number | null {
  if (!found?.trusted || found.raw === null || typeof found.raw === 'string') return null
  return scaled(found.raw, found.exponent)
}
