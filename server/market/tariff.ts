/** What one more kWh costs in a zone: in intervals that have a result, in the one that runs, and as far as can be said ahead. */
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'

/** One interval's result, as far as the price of more energy depends on it. */
export interface PricedInterval {
  start: UtcSeconds
  /** The neighbours' price in the zone; null where nothing passed through it. */
  priceTicks: Ticks | null
  /** Fed into the zone and bought by nobody. */
  unsoldWh: Wh
  /** The same of the root and of the whole area. */
  rootPriceTicks: Ticks | null
  areaUnsoldWh: Wh
  /** The fee of the way from the root to the zone. */
  feeTicks: Ticks
  /** What the supplier asked at that time. */
  retailTicks: Ticks
}

/** `past` is from a result, `now` from the newest result before, `expected` from the same time of earlier days. */
export type RateKind = 'past' | 'now' | 'expected'

export interface Rate {
  start: UtcSeconds
  end: UtcSeconds
  ticks: Ticks
  kind: RateKind
  /** Whose energy one more kWh is. */
  source: 'neighbours' | 'supplier'
  /** How many earlier days an expected rate rests on; null for others. */
  days: number | null
}

const daySeconds = 86_400
/** Days that an expected rate looks back at, as far as they have results. */
const daysBack = 7

/**
 * What one more kWh would have cost in an interval: the neighbours' price where energy of theirs was left over that could
 * have come here, and the supplier's tariff where none was. A price above the root's and the fees says that a link was full.
 */
function oneMoreKwh(interval: PricedInterval): Pick<Rate, 'ticks' | 'source'> {
  const { priceTicks, unsoldWh, rootPriceTicks, areaUnsoldWh, feeTicks, retailTicks } = interval
  const supplier = { ticks: retailTicks, source: 'supplier' } as const
  if (priceTicks === null || priceTicks >= retailTicks) return supplier
  const isReachable = rootPriceTicks !== null && priceTicks - rootPriceTicks <= feeTicks
  const isLeft = unsoldWh > 0 || (isReachable && areaUnsoldWh > 0)
  return isLeft ? { ticks: priceTicks, source: 'neighbours' } : supplier
}

/**
 * The rates of `[from, to)`, ascending, without the intervals of which nothing can be said. An interval that has passed has
 * a rate where it has a result. The one in which `now` lies has that of the newest result, if that is at most two intervals
 * old. Of later ones the rate is the median (the lower of two in the middle) of the same time of day, in UTC as the sun goes,
 * on up to seven days before; it is from neighbours where that median was.
 *
 * `known` are results that ascend, from at least seven days before `from`.
 */
export function ratesOf(
  known: readonly PricedInterval[],
  { from, to, now, intervalSeconds }: { from: UtcSeconds; to: UtcSeconds; now: UtcSeconds; intervalSeconds: number },
): Rate[] {
  const byStart = new Map(known.map((interval) => [interval.start, oneMoreKwh(interval)]))
  const running = Math.floor(now / intervalSeconds) * intervalSeconds
  const newest = known.at(-1)
  const rates: Rate[] = []
  for (let start = Math.ceil(from / intervalSeconds) * intervalSeconds; start < to; start += intervalSeconds) {
    const times = { start, end: start + intervalSeconds }
    if (start < running) {
      const rate = byStart.get(start)
      if (rate !== undefined) rates.push({ ...times, ...rate, kind: 'past', days: null })
    } else if (start === running) {
      if (newest !== undefined && newest.start >= running - 2 * intervalSeconds) {
        rates.push({ ...times, ...oneMoreKwh(newest), kind: 'now', days: null })
      }
    } else {
      const rate = expected(byStart, start)
      if (rate !== null) rates.push({ ...times, ...rate })
    }
  }
  return rates
}

function expected(
  byStart: ReadonlyMap<UtcSeconds, Pick<Rate, 'ticks' | 'source'>>,
  start: UtcSeconds,
): Pick<Rate, 'ticks' | 'source' | 'kind' | 'days'> | null {
  const days = Array.from({ length: daysBack }, (_, day) => byStart.get(start - (day + 1) * daySeconds))
    .filter((rate) => rate !== undefined)
    .sort((a, b) => a.ticks - b.ticks)
  const middle = days[(days.length - 1) >> 1]
  return middle === undefined ? null : { ...middle, kind: 'expected', days: days.length }
}
