/** From the points of a register map to a device's reading and counters. */

import { scaled } from '../modbus/words.ts'
import type { Counter, DeviceIdentity, DeviceReading, DeviceSample } from '../registers/device-sample.ts'
import { float32Counter, integerCounter, roundedWh } from '../registers/register-counter.ts'
import { type RawValue, shortestFloat32, wordCount } from './point-value.ts'
import { type Condition, type Formula, formulaPoints, type Profile } from './profile.ts'

/** A family's points by name; `null` or absent: not there. */
export type PointValues = ReadonlyMap<string, RawValue | null>

/** What follows from a profile's points. */
export interface ProfileConclusion {
  device: DeviceIdentity
  reading: DeviceReading
  counters: DeviceSample['counters']
  warnings: string[]
}

/**
 * Concludes a device's reading from its points, by the profile's formulas. Energies are exact, powers W.
 * @param lost points whose registers were asked for and did not come: unlike what is not there, they may decide what others mean
 */
export function concludeProfile(
  profile: Profile,
  values: PointValues,
  lost: ReadonlySet<string> = new Set(),
): ProfileConclusion {
  const warnings: string[] = []
  const context = { profile, values, lost }
  const energy = (field: 'importWh' | 'exportWh' | 'productionWh') => {
    const counter = counterOf(context, profile.reading[field])
    if (counter === null || counter.milliWh >= 0n) return counter
    warnings.push(`${field} is negative: not taken`)
    return null
  }
  const counters = { import: energy('importWh'), export: energy('exportWh'), production: energy('productionWh') }
  const charge = numberOf(context, profile.reading.stateOfChargePercent)
  const { identity } = profile
  return {
    device: {
      manufacturer: profile.manufacturer,
      model: textOf(values, identity.model),
      version: textOf(values, identity.version),
      serialNumber:
        (identity.serialNumber ?? []).map((name) => textOf(values, name)).find((text) => text !== null) ?? null,
    },
    reading: {
      powerW: numberOf(context, profile.reading.powerW),
      productionW: numberOf(context, profile.reading.productionW),
      importWh: roundedWh(counters.import),
      exportWh: roundedWh(counters.export),
      productionWh: roundedWh(counters.production),
      batteryPowerW: numberOf(context, profile.reading.batteryPowerW),
      stateOfChargePercent: charge !== null && charge >= 0 && charge <= 100 ? charge : null,
    },
    counters,
    warnings,
  }
}

interface Context {
  profile: Profile
  values: PointValues
  lost: ReadonlySet<string>
}

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

/** The formula's terms that are there; `null` where the formula gives nothing. */
function termsOf({ profile, values }: Context, formula: Formula): Term[] | null {
  const holds = (condition: Condition) => conditionHolds(condition, profile, values)
  if (!formula.when.every(holds)) return null
  if (formula.unless.length > 0 && formula.unless.every(holds)) return null
  const terms: Term[] = []
  const named: [string, 1 | -1][] = [
    ...formula.plus.map((name): [string, 1] => [name, 1]),
    ...formula.minus.map((name): [string, -1] => [name, -1]),
  ]
  for (const [name, sign] of named) {
    const raw = values.get(name) ?? null
    if (typeof raw === 'bigint' || typeof raw === 'number') {
      terms.push({ raw, exponent: profile.points[name]!.scale + formula.shift, sign, name })
    } else if (!formula.missingAsZero) {
      return null
    }
  }
  return terms.length > 0 ? terms : null
}

function conditionHolds(condition: Condition, profile: Profile, values: PointValues): boolean {
  if ('present' in condition) return (values.get(condition.present) ?? null) !== null
  if ('missing' in condition) return (values.get(condition.missing) ?? null) === null
  const raw = values.get(condition.point) ?? null
  if (raw === null || typeof raw === 'string') return false
  if ('bit' in condition) return typeof raw === 'bigint' && ((raw >> BigInt(condition.bit)) & 1n) === 1n
  const value = scaled(raw, profile.points[condition.point]!.scale)
  if ('oneOf' in condition) return condition.oneOf.includes(value)
  if ('noneOf' in condition) return !condition.noneOf.includes(value)
  return 'above' in condition ? value > condition.above : value < condition.below
}

function numberOf(context: Context, formulas: readonly Formula[]): number | null {
  for (const formula of decidable(context, formulas)) {
    const terms = termsOf(context, formula)
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

function counterOf(context: Context, formulas: readonly Formula[]): Counter | null {
  for (const formula of decidable(context, formulas)) {
    const terms = termsOf(context, formula)
    if (!terms) continue
    const counters = terms.map((term) => termCounter(context.profile, term, formula))
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

function termCounter(profile: Profile, { raw, exponent, sign, name }: Term, formula: Formula): Counter {
  const point = profile.points[name]!
  const verified = formula.verified && !point.evidence.includes('?')
  const signed = sign === 1 ? raw : -raw
  if (typeof signed === 'number') {
    if (signed >= 0) return float32Counter(signed, exponent + 3, verified)
    return { ...float32Counter(-signed, exponent + 3, verified), milliWh: -1n }
  }
  const bits = wordCount(point) * 16 - (point.type.startsWith('i') ? 1 : 0)
  return integerCounter(signed, exponent + 3, bits, verified)
}

function textOf(values: PointValues, name: string | undefined): string | null {
  const raw = name === undefined ? null : (values.get(name) ?? null)
  return raw === null ? null : String(raw)
}
