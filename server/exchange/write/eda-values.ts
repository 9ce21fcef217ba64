/** What the Austrian document and workbook have in common: six decimals of a kWh, marks, and series without gaps. */
import { divideHalfEven } from '../decimal.ts'
import { ExchangeError } from '../error.ts'
import { isoSeconds } from '../instants.ts'
import type { IntervalValue, OfficialSeries, ValueQuality } from '../official-values.ts'
import { inQuotes } from '../quote.ts'

const decimals = 6
const quarter = 900

const marks: Record<Exclude<ValueQuality, 'missing'>, string> = { measured: 'L1', substituted: 'L2', estimated: 'L3' }

/** The mark of a quality; empty where the value is missing. */
export function edaMark(quality: ValueQuality): string {
  return quality === 'missing' ? '' : marks[quality]
}

/** An energy in 10⁻⁶ kWh, rounded half to even. */
export function edaUnits(energyMicroWh: number): bigint {
  return divideHalfEven(BigInt(energyMicroWh), 1000n)
}

/** A number with six decimals, such as `0.125000`. */
export function edaDecimal(units: bigint): string {
  const digits = String(units).padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** The values of a series of quarter-hours that follow each other. Throws `VALUES_COUNT` where one lacks, `VALUES_CODE`. */
export function quarterHours({ point, code, intervalSeconds, values }: OfficialSeries): IntervalValue[] {
  const place = `point ${inQuotes(point)} ${code ?? ''}`
  if (intervalSeconds !== quarter)
    throw new ExchangeError('VALUES_CODE', place, `intervals of ${intervalSeconds} s, expected 900 s`)
  const all = [...values]
  for (const [i, { start }] of all.entries()) {
    if (i > 0 && start !== all[i - 1]!.start + quarter) {
      throw new ExchangeError('VALUES_COUNT', place, `no interval before ${isoSeconds(start)}`)
    }
  }
  if (all.length === 0) throw new ExchangeError('VALUES_COUNT', place, 'no interval')
  return all
}
