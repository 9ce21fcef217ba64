/**
 * From a meter's telegram to a reading. The same for all languages: OBIS 1.8 is what was taken, 2.8 what was fed in; a total (x.8.0) counts
 * before the tariffs (x.8.1 …), whose sum is exact where all of them are there. 16.7.0 is the power, else 1.7.0 less 2.7.0, else the
 * phases'.
 */
import { doubtOfEnergy, doubtOfPower } from '../registers/credible.ts'
import { withoutDeadCounters } from '../registers/dead-zeros.ts'
import type { Counter, DeviceReading, DeviceSample } from '../registers/device-sample.ts'
import { decimalCounter, roundedWh, sumOfCounters } from '../registers/register-counter.ts'
import type { MeterTelegram, ObisValue } from './meter-telegram.ts'

export type ConcludedTelegram = Omit<DeviceSample, 'requestedAtMs' | 'repliedAtMs'>

const tariffs = ['1', '2', '3', '4', '5', '6', '7', '8', '9']
/** Exponent of ten from Wh to thousandths of a Wh. */
const milliExponent = 3
const oneKwh = 1_000_000n
/** What a phase's taken and fed-in power are called, in the order of the phases, in P1's way. */
const phaseCodes = [
  ['21.7.0', '22.7.0'],
  ['41.7.0', '42.7.0'],
  ['61.7.0', '62.7.0'],
] as const
/** What phases' signed powers are called, in the newer and the older way of German meters. */
const signedPhaseCodes = [
  ['36.7.0', '56.7.0', '76.7.0'],
  ['21.7.0', '41.7.0', '61.7.0'],
] as const

export function concludeTelegram(telegram: MeterTelegram): ConcludedTelegram {
  const { identity, values } = telegram
  const warnings = [...telegram.warnings]
  const warn = (text: string) => warnings.push(text)
  const power = powerOf(values, warn)
  const phasePowersW = phasePowersOf(values)
  const counters = {
    import: counterOf('1', values, { hasPower: power !== null, warn }),
    export: counterOf('2', values, { hasPower: power !== null, warn }),
    production: null,
  }
  if (counters.import && !counters.export) warn('the meter does not count what is fed in: it can buy, not sell')
  if (power === null) {
    warn(
      'the meter shows no power: its counters are not for sale before their owner has confirmed them (confirmed = true)',
    )
  }
  const reading: DeviceReading = {
    powerW: power,
    productionW: null,
    importWh: roundedWh(counters.import),
    exportWh: roundedWh(counters.export),
    productionWh: null,
    batteryPowerW: null,
    stateOfChargePercent: null,
  }
  return {
    device: identity,
    reading: withoutDeadCounters(reading, warn),
    counters,
    phasePowersW,
    // It is the utility's own meter: what it counts is what is billed.
    counting: 'balanced',
    place: { role: counters.import || counters.export || power !== null ? 'grid' : 'none', says: null },
    warnings,
  }
}

/** The codes of the registers that make up what a side counts: its total, else its tariffs. */
export function energyCodes(side: '1' | '2', values: MeterTelegram['values']): string[] {
  const total = `${side}.8.0`
  return values.has(total) ? [total] : tariffs.map((tariff) => `${side}.8.${tariff}`).filter((code) => values.has(code))
}

function counterOf(
  side: '1' | '2',
  values: MeterTelegram['values'],
  { hasPower, warn }: { hasPower: boolean; warn: (text: string) => void },
): Counter | null {
  const counters = energyCodes(side, values).map((code) => energyOf(values.get(code)!, code, warn))
  if (counters.length === 0 || counters.some((counter) => counter === null)) return null
  const sum = sumOfCounters(counters as Counter[])
  const isWhole = (counters as Counter[]).every(({ milliWh }) => milliWh % oneKwh === 0n)
  if (sum.resolutionMilliWh < oneKwh && (hasPower || !isWhole)) return sum
  if (side === '1') {
    warn('the meter shows whole kilowatt-hours only: enter its PIN and switch its full data on (InF on, PIN off)')
  }
  return { ...sum, resolutionMilliWh: sum.resolutionMilliWh > oneKwh ? sum.resolutionMilliWh : oneKwh }
}

function energyOf(
  { raw, exponent, unit, digits }: ObisValue,
  code: string,
  warn: (text: string) => void,
): Counter | null {
  if (unit !== 'Wh') {
    warn(`${code} is not in Wh: not taken`)
    return null
  }
  if (raw < 0n || exponent < -9 || exponent > 6) {
    warn(`${code} is no counter: not taken`)
    return null
  }
  const counter = decimalCounter(raw, exponent + milliExponent, digits)
  const doubt = doubtOfEnergy(Number(counter.milliWh) / 1000, null)
  if (!doubt) return counter
  warn(`${code}: ${doubt.reason}: not taken`)
  return null
}

function powerOf(values: MeterTelegram['values'], warn: (text: string) => void): number | null {
  const found = whereItStands(values)
  if (found === null) return null
  const doubted = found.find(({ doubt }) => doubt !== null)
  if (doubted) {
    warn(`the power is not taken: ${doubted.doubt}`)
    return null
  }
  const watts = found.reduce((sum, { raw, exponent, sign }) => sum + sign * Number(`${raw}e${exponent}`), 0)
  const rounded = Math.round(watts * 1000) / 1000
  const doubt = doubtOfPower(rounded, null)
  if (doubt) warn(`the power is not taken: ${doubt.reason}`)
  return doubt ? null : rounded
}

type Signed = ObisValue & { sign: 1 | -1 }

function whereItStands(values: MeterTelegram['values']): Signed[] | null {
  const watts = (code: string, sign: 1 | -1): Signed[] => {
    const value = values.get(code)
    return value?.unit === 'W' ? [{ ...value, sign }] : []
  }
  const total = watts('16.7.0', 1)
  if (total.length > 0) return total
  const taken = watts('1.7.0', 1)
  if (taken.length > 0) return [...taken, ...watts('2.7.0', -1)]
  for (const codes of signedPhaseCodes) {
    const phases = codes.flatMap((code) => watts(code, 1))
    if (phases.length === 3) return phases
  }
  return null
}

/** The powers of the phases by P1's names; `null` where not every one of them is there. */
function phasePowersOf(values: MeterTelegram['values']): number[] | null {
  const known = phaseCodes.filter(([taken]) => values.has(taken))
  if (known.length === 0) return null
  const watts = (code: string) => {
    const value = values.get(code)
    return value?.unit === 'W' ? Number(`${value.raw}e${value.exponent}`) : null
  }
  const powers = known.map(([taken, fedIn]) => {
    const [plus, minus] = [watts(taken), watts(fedIn)]
    return plus === null || minus === null ? null : Math.round((plus - minus) * 1000) / 1000
  })
  return powers.every((power) => power !== null) ? (powers as number[]) : null
}
