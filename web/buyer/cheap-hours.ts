/** The stretches of a day in which more energy from neighbours costs less than the supplier's. */
import type { TariffResource } from '../../server/api/tariff-resources.ts'
import { exceeds } from '../money/format.ts'

type Rate = Pick<TariffResource['rates'][number], 'start' | 'end' | 'pricePerKwh' | 'source' | 'kind'>

export interface CheapSpan {
  start: string
  end: string
  /** The lowest and the highest price in it. */
  low: string
  high: string
  /** Whether it lies ahead, and is expected from the days before. */
  isExpected: boolean
}

/**
 * The stretches, the earliest first; what has passed and what is expected are told apart. Neighbours' energy that costs as much as
 * the supplier's, at `retailPerKwh`, or more is in none.
 */
export function cheapSpans(rates: readonly Rate[], retailPerKwh: string): CheapSpan[] {
  const spans: CheapSpan[] = []
  for (const { start, end, pricePerKwh, source, kind } of rates) {
    if (source !== 'neighbours' || !exceeds(retailPerKwh, pricePerKwh)) continue
    const isExpected = kind === 'expected'
    const before = spans.at(-1)
    if (before === undefined || before.end !== start || before.isExpected !== isExpected) {
      spans.push({ start, end, low: pricePerKwh, high: pricePerKwh, isExpected })
      continue
    }
    before.end = end
    if (exceeds(before.low, pricePerKwh)) before.low = pricePerKwh
    if (exceeds(pricePerKwh, before.high)) before.high = pricePerKwh
  }
  return spans
}
