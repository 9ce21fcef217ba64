/** From a family's points to its reading: formulas, what a value may be, and what a zero means beside signs of life. */

import { scaled } from '../modbus/words.ts'
import { type Doubt, doubtOfEnergy, doubtOfFloat, doubtOfInteger, doubtOfPower } from '../registers/credible.ts'
import { withoutDeadCounters, withoutDeadYield } from '../registers/dead-zeros.ts'
import type { Counter, DeviceIdentity, DeviceReading, DeviceSample } from '../registers/device-sample.ts'
import { float32Counter, float64Counter, integerCounter, roundedWh } from '../registers/register-counter.ts'
import { conditionHolds, type PointValues } from './conditions.ts'
import { shortestFloat32, wordCount } from './point-value.ts'
import { type Condition, type Formula, formulaPoints, type Profile, type ProfilePoint } from './profile.ts'

/** What follows from a profile's points. */
export interface ProfileConclusion {
  device: DeviceIdentity
  reading: DeviceReading
  counters: DeviceSample['counters']
  /** Import positive; `null` where the map has none or one is not there. */
  phasePowersW: number[] | null
  warnings: string[]
}

/** What decides a conclusion beside the points. */
export interface Circumstances {
  /** Points whose registers were asked for and did not come: unlike what is not there, they may decide what others mean. */
  lost?: ReadonlySet<string>
  /** False: nothing is sold, because nobody knows whether the device is of this family. */
  recognised?: boolean
}

/**
 * Concludes a device's reading from its points, by the profile's formulas. Energies are exact, powers W. What cannot be a value
 * is none, and a warning says why.
 */
export function concludeProfile(
  profile: Profile,
  values: PointValues,
  { lost = new Set(), recognised = true }: Circumstances = {},
): ProfileConclusion {
  const warnings: string[] = []
  const context: Context = { profile, values, lost, recognised, warn: (text) => warnings.push(text) }
  const { reading: formulas, identity } = profile
  const ratedW = numberOf(context, 'ratedPowerW', profile.ratedPowerW)
  const power = (field: 'powerW' | 'productionW' | 'batteryPowerW', rated: number | null): number | null => {
    const watts = numberOf(context, field, formulas[field])
    const doubt = watts === null ? null : doubtOfPower(watts, rated)
    if (doubt) context.warn(`${field}: ${doubt.reason}: not taken`)
    return doubt ? null : watts
  }
  const energy = (field: 'importWh' | 'exportWh' | 'productionWh'): Counter | null => {
    const counter = counterOf(context, field, formulas[field])
    const doubt = counter && doubtOfEnergy(Number(counter.milliWh) / 1000, field === 'productionWh' ? ratedW : null)
    if (doubt) context.warn(`${field}: ${doubt.reason}: not taken`)
    if (doubt || counter === null || counter.milliWh >= 0n) return doubt ? null : counter
    context.warn(`${field} is negative: not taken`)
    return null
  }
  const counters = { import: energy('importWh'), export: energy('exportWh'), production: energy('productionWh') }
  const charge = numberOf(context, 'stateOfChargePercent', formulas.stateOfChargePercent)
  const reading: DeviceReading = {
    powerW: power('powerW', null),
    productionW: power('productionW', ratedW),
    importWh: roundedWh(counters.import),
    exportWh: roundedWh(counters.export),
    productionWh: roundedWh(counters.production),
    batteryPowerW: power('batteryPowerW', null),
    stateOfChargePercent: charge !== null && charge >= 0 && charge <= 100 ? charge : null,
  }
  // What fills a meter's registers with ones makes −1 of a signed power.
  const isFilled = reading.powerW !== null && counters.import === null && counters.export === null && isAllOnes(context)
  if (isFilled) context.warn('the power at the grid is all ones and so are the counters: not taken')
  if (isFilled) reading.powerW = null
  const phases = profile.phasePowers.map((formula) => numberOf(context, 'powerW', [formula]))
  return {
    device: {
      manufacturer: profile.manufacturer,
      model: textOf(values, identity.model),
      version: textOf(values, identity.version),
      serialNumber:
        (identity.serialNumber ?? []).map((name) => textOf(values, name)).find((text) => text !== null) ?? null,
    },
    reading: withoutDeadYield(withoutDeadCounters(reading, context.warn), context.warn),
    counters,
    phasePowersW: phases.length > 0 && phases.every((watts) => watts !== null) ? phases : null,
    warnings: [...new Set(warnings)],
  }
}

/** Whether the meter's power reads all ones while the map has counters beside it. */
function isAllOnes({ profile, values }: Context): boolean {
  const { powerW, importWh, exportWh } = profile.reading
  if (importWh.length + exportWh.length === 0) return false
  const names = powerW.flatMap(({ plus, minus }) => [...plus, ...minus])
  const there = names.map((name) => values.get(name) ?? null).filter((value) => value !== null)
  return there.length > 0 && there.every((value) => value === -1n)
}

interface Context {
  profile: Profile
  values: PointValues
  lost: ReadonlySet<string>
  recognised: boolean
  warn: (text: string) => void
}

type Quantity = keyof DeviceReading | 'ratedPowerW'

/** The formulas up to the first that looks at a lost point: whether a later one's turn would come is not known. */
function decidable({ lost }: Context, formulas: readonly Formula[]): readonly Formula[] {
  const end = formulas.findIndex((formula) => formulaPoints(formula).some((name) => lost.has(name)))
  return end < 0 ? formulas : formulas.slice(0, end)
}

interface Term {
  raw: bigint | number
  exponent: number
  sign: 1 | -1
  name: string
}

/** The formula's terms that are there; `null` where the formula gives nothing, `broken` where one of them cannot be a value. */
function termsOf(context: Context, formula: Formula, quantity: Quantity): Term[] | 'broken' | null {
  const { profile, values } = context
  const holds = (condition: Condition) => conditionHolds(condition, profile, values)
  if (!formula.when.every(holds)) return null
  if (formula.unless.length > 0 && formula.unless.every(holds)) return null
  const terms: Term[] = []
  const named: [string, 1 | -1][] = [
    ...formula.plus.map((name): [string, 1] => [name, 1]),
    ...formula.minus.map((name): [string, -1] => [name, -1]),
  ]
  for (const [name, sign] of named) {
    const point = profile.points[name]!
    const raw = values.get(name) ?? null
    const there = typeof raw === 'bigint' || typeof raw === 'number'
    const doubt = there ? doubtOf(point, raw, quantity) : null
    if (doubt?.kind === 'broken') {
      context.warn(`${name} (register ${point.address}) reads ${raw}: ${doubt.reason}: not taken`)
      return 'broken'
    }
    if (there && !doubt) {
      terms.push({ raw, exponent: point.scale + formula.shift, sign, name })
    } else if (!formula.missingAsZero) {
      return null
    }
  }
  return terms.length > 0 ? terms : null
}

/** Why a register's content cannot be a value of this quantity. */
function doubtOf(point: ProfilePoint, raw: bigint | number, quantity: Quantity): Doubt {
  const accumulates = quantity.endsWith('Wh')
  if (typeof raw === 'number') return doubtOfFloat(raw, { accumulates })
  if (!accumulates && quantity !== 'powerW' && !quantity.endsWith('PowerW') && quantity !== 'productionW') return null
  if (point.keep !== undefined) return null
  const bits = (wordCount(point) * 16) as 16 | 32 | 64
  return doubtOfInteger(raw, { bits, signed: point.type.startsWith('i'), accumulates })
}

function numberOf(context: Context, quantity: Quantity, formulas: readonly Formula[]): number | null {
  for (const formula of decidable(context, formulas)) {
    const terms = termsOf(context, formula, quantity)
    if (terms === 'broken') return null
    if (!terms) continue
    const value = sumOf(terms)
    if (value === 0 && formula.zeroAsMissing) continue
    const holds = (condition: Condition) => conditionHolds(condition, context.profile, context.values)
    return value > 0 && formula.negativeWhenAny.some(holds) ? -value : value
  }
  return null
}

/** Integers are added exactly, before scaling. */
function sumOf(terms: readonly Term[]): number {
  const exponent = Math.min(...terms.map((term) => term.exponent))
  let integers = 0n
  let floats = 0
  for (const { raw, sign, exponent: own } of terms) {
    if (typeof raw === 'bigint') integers += BigInt(sign) * raw * 10n ** BigInt(own - exponent)
    else floats += sign * scaled(shortestFloat32(raw), own)
  }
  return scaled(integers, exponent) + floats
}

function counterOf(context: Context, quantity: Quantity, formulas: readonly Formula[]): Counter | null {
  for (const formula of decidable(context, formulas)) {
    const terms = termsOf(context, formula, quantity)
    if (terms === 'broken') return null
    if (!terms) continue
    const counters = terms.map((term) => termCounter(context, term, formula))
    const milliWh = counters.reduce((sum, counter) => sum + counter.milliWh, 0n)
    if (milliWh === 0n && formula.zeroAsMissing) continue
    const step = BigInt(formula.stepWh ?? 0) * 1000n
    const resolution = counters.reduce((sum, counter) => sum + counter.resolutionMilliWh, 0n)
    return {
      milliWh,
      resolutionMilliWh: resolution > step ? resolution : step,
      maxMilliWh: counters.length === 1 ? counters[0]!.maxMilliWh : null,
      verified: counters.every((counter) => counter.verified),
    }
  }
  return null
}

function termCounter({ profile, recognised }: Context, { raw, exponent, sign, name }: Term, formula: Formula): Counter {
  const point = profile.points[name]!
  const verified = recognised && formula.verified && !point.evidence.includes('?')
  const signed = sign === 1 ? raw : -raw
  if (typeof signed === 'number') {
    const floatCounter = point.type === 'f64' ? float64Counter : float32Counter
    if (signed >= 0) return floatCounter(signed, exponent + 3, verified)
    return { ...floatCounter(-signed, exponent + 3, verified), milliWh: -1n }
  }
  const bits = wordCount(point) * 16 - (point.type.startsWith('i') ? 1 : 0)
  return integerCounter(signed, exponent + 3, bits, verified)
}

function textOf(values: PointValues, name: string | undefined): string | null {
  const raw = name === undefined ? null : (values.get(name) ?? null)
  return raw === null ? null : String(raw)
}
