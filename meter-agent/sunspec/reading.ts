/** From a SunSpec device's models to its reading: which model counts, vendors' habits, and what cannot be a value. */

import { scaled } from '../modbus/words.ts'
import { doubtOfEnergy, doubtOfFloat, doubtOfInteger, doubtOfPower, type Shape } from '../registers/credible.ts'
import { withoutDeadYield } from '../registers/dead-zeros.ts'
import type {
  Counter,
  Counting,
  DeviceIdentity,
  DeviceReading,
  DeviceSample,
  MeterPlace,
} from '../registers/device-sample.ts'
import { float32Counter, integerCounter, roundedWh } from '../registers/register-counter.ts'
import type { ReadModel } from './chain.ts'
import type { Group, Value } from './decode.ts'
import { type GridChoice, gridMeterOf } from './grid-meter.ts'

const inverterIds = [101, 102, 103, 111, 112, 113]
const meterIds = [201, 202, 203, 204, 211, 212, 213, 214]
const otherReadingIds = [124, 160, 701, 713, 802]
const onePhaseMeterIds = [201, 211]
/** The models that tell about power or energy; `reading` comes from these and from model 1. */
export const readingIds: ReadonlySet<number> = new Set([...inverterIds, ...meterIds, ...otherReadingIds])

/** They say what the inverter is built for. */
const nameplates = [
  [120, 'WRtg'],
  [702, 'WMaxRtg'],
] as const
/** The models that say what does not change; read once a connection, like model 1. */
export const nameplateIds: ReadonlySet<number> = new Set(nameplates.map(([id]) => id))

const lastPositiveInt32 = 0x7fff_ffffn
const negativeZeroInt32 = 0x8000_0000n
const allOnes32 = 0xffff_ffffn
const throttledOrFault = 7n

/** What we conclude from a SunSpec device's models. */
export interface Conclusion {
  device: DeviceIdentity
  reading: DeviceReading
  counters: DeviceSample['counters']
  /** The model whose counters make the sample, and so its time: the grid meter's, else the inverter's. */
  sources: ReadModel[]
  place: MeterPlace
  counting: Counting
  phasePowersW: number[] | null
  warnings: string[]
}

/**
 * Concludes who the device is, and its powers, counters and charge, from the models of its chain in order.
 * The rules are ours, written after what real devices do; every correction is named in `warnings`.
 */
export function conclude(models: readonly ReadModel[], unit: number, choice: GridChoice): Conclusion {
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
  const grid = gridOf(context, unit, choice)
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
  const { place, counting, phasePowersW } = grid
  // SunSpec says "not there" in other ways than by 0 where a counter is no accumulator.
  const mayBeDead = production.source !== null && production.source.id !== 701
  const alive = mayBeDead ? withoutDeadYield(reading, (text) => warnings.push(text)) : reading
  if (reading.importWh === 0 && reading.exportWh === 0 && reading.powerW !== null && reading.powerW !== 0) {
    warnings.push('both grid counters are 0 while power flows: a new meter, or one that has lost what it counted')
  }
  return { device, reading: alive, counters, sources, place, counting, phasePowersW, warnings: [...new Set(warnings)] }
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
  const powerW = power(context, inverter, 'W', ratedPowerOf(context))
  return { powerW, counter: counter(context, inverter, energy), source: inverter }
}

function isZeroFrame(inverter: ReadModel): boolean {
  const zero = (name: string) => value(inverter, name)?.raw === 0n
  return value(inverter, 'St')?.raw === throttledOrFault && ['W', 'WH', 'Hz', 'PhVphA'].every(zero)
}

function gridOf(context: Context, unit: number, choice: GridChoice) {
  const { models, manufacturer, isMakerLost, warnings } = context
  const { meter, place, warnings: reasons } = gridMeterOf(models, unit, choice)
  warnings.push(...reasons)
  if (!meter) {
    const counting: Counting = 'unknown'
    return { powerW: null, import: null, export: null, source: null, place, counting, phasePowersW: null }
  }
  // SolarEdge's powers count feeding in as positive, its meters balance the phases.
  const isSolarEdge = manufacturer === 'SolarEdge'
  const turned = (watts: number | null) => (watts === null || !isSolarEdge ? watts : 0 - watts)
  const powerW = isMakerLost ? null : turned(power(context, meter, 'W'))
  if (isSolarEdge && powerW !== null) {
    warnings.push('SolarEdge counts feeding in as positive: the sign of the meter power is turned')
  }
  const phases = isMakerLost ? [] : ['WphA', 'WphB', 'WphC'].map((name) => turned(number(meter, name)))
  const counting: Counting = onePhaseMeterIds.includes(meter.id) ? 'one-phase' : isSolarEdge ? 'balanced' : 'unknown'
  return {
    powerW,
    import: counter(context, meter, 'TotWhImp'),
    export: counter(context, meter, 'TotWhExp'),
    source: meter,
    place,
    counting,
    phasePowersW: phases.length > 0 && phases.every((watts) => watts !== null) ? phases : null,
  }
}

/** A mandatory energy counter; `null` where the device has none or it cannot be trusted. */
function counter(context: Context, model: ReadModel, name: string): Counter | null {
  const { manufacturer, isMakerLost, warnings } = context
  const found = value(model, name)
  if (!found || found.raw === null || typeof found.raw === 'string') return null
  const refuse = (why: string) => {
    warnings.push(`model ${model.id}: ${name} reads ${found.raw}: ${why}: not taken`)
    return null
  }
  if (typeof found.raw === 'number') {
    const doubt = doubtOfFloat(found.raw, { accumulates: true }) ?? doubtOfEnergy(found.raw, null)
    return doubt ? refuse(doubt.reason) : float32Counter(found.raw, 3, true)
  }
  if (!found.trusted) return null
  let raw = found.raw
  const isAccumulator = found.definition.type.startsWith('acc')
  if (raw === 0n && isAccumulator && !isAlive(model)) return null
  const mayBeNegative = found.definition.type === 'acc32' && raw > lastPositiveInt32
  if (mayBeNegative && isMakerLost) return null
  if (mayBeNegative && raw !== allOnes32 && manufacturer.startsWith('KOSTAL')) {
    if (raw === negativeZeroInt32) {
      warnings.push(`KOSTAL does not count ${name}: not taken`)
      return null
    }
    raw = (1n << 32n) - raw
    warnings.push(`KOSTAL sends ${name} as a negative number: its magnitude is taken`)
  }
  const bits = (found.definition.size * 16) as Shape['bits']
  const ratedW = model.id < 200 || model.id === 701 ? ratedPowerOf(context) : null
  const doubt =
    doubtOfInteger(raw, { bits, signed: found.definition.type.startsWith('int'), accumulates: true }) ??
    doubtOfEnergy(scaled(raw, found.exponent), ratedW)
  return doubt ? refuse(doubt.reason) : integerCounter(raw, found.exponent + 3, bits, true)
}

/** A power that can be one. */
function power(context: Context, model: ReadModel, name: string, ratedW: number | null = null): number | null {
  const found = value(model, name)
  const watts = usable(found)
  if (watts === null || !found) return null
  // A block that is filled with ones has no scale factor either: −1 × 10^−1 is no power.
  const isFiller = found.raw === -1n && found.exponent === -1 && isFilled(model)
  const doubt = isFiller ? { reason: 'the model is filled with ones' } : doubtOfPower(watts, ratedW)
  if (!doubt) return watts
  context.warnings.push(`model ${model.id}: ${name} reads ${found.raw}: ${doubt.reason}: not taken`)
  return null
}

/** Whether a model holds nothing but ones, scale factors included. */
function isFilled(model: ReadModel): boolean {
  const values = [...(model.body?.group.values.values() ?? [])]
  return values.every(({ raw, definition }) => {
    if (raw === null || definition.type === 'pad') return true
    return raw === -1n || raw === (1n << BigInt(definition.size * 16)) - 1n
  })
}

/** What the inverter is built for, by its nameplate model. */
function ratedPowerOf({ models }: Context): number | null {
  for (const [id, name] of nameplates) {
    const model = models.find((candidate) => candidate.id === id)
    const watts = model ? number(model, name) : null
    if (watts !== null && watts > 0) return watts
  }
  return null
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
