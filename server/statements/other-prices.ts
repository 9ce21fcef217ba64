/** What a seat would have traded at other prices, over weeks or in one interval: the auctions of that time, cleared again. */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { engineConfig } from '../areas/settings.ts'
import type { Side } from '../market/auction.ts'
import { type BetterLimits, betterInPast, tradedAtLimits } from '../market/stages/spot/other-limits.ts'
import type { Database } from '../store/database.ts'
import { pastSeats, startsWithOffer } from '../store/queries-offers.ts'
import { settingsFor, settingsHistory } from '../store/settings-store.ts'

/** A span of intervals, and the prices in question. */
export interface OtherPricesQuery {
  /** The seat's number in its area. */
  seat: number
  side: Side
  from: UtcSeconds
  to: UtcSeconds
  limits: readonly Ticks[]
}

export interface OtherPrices {
  /** The oldest and the newest interval that was cleared again; null where there is none. */
  span: { first: UtcSeconds; last: UtcSeconds } | null
  /** How many intervals were cleared again, and how many were left out because more than prices decided in them. */
  intervals: number
  leftOut: number
  offeredWh: Wh
  /** By limit: what would have been traded with neighbours, for how much, and for how much the rest with the supplier. */
  at: { limitTicks: Ticks; tradedWh: Wh; amount: LedgerUnits; withSupplier: LedgerUnits }[]
}

/** At most so many rows of seats are read: older intervals are left out. */
const mostRows = 150_000
/** Intervals in which a seat offered something are looked for among at most so many. */
const mostIntervals = 4_000
const intervalsAtOnce = 24

export async function otherPrices(
  database: Database,
  areaId: number,
  { seat, side, from, to, limits }: OtherPricesQuery,
): Promise<OtherPrices> {
  const history = await settingsHistory(database, areaId)
  const starts = await startsWithOffer(database, { area: areaId, seat, side, from, to, limit: mostIntervals })
  const found: OtherPrices = {
    ...{ span: null, intervals: 0, leftOut: 0, offeredWh: 0 },
    at: limits.map((limitTicks) => ({ limitTicks, tradedWh: 0, amount: 0n, withSupplier: 0n })),
  }
  let rows = 0
  for (let next = 0; next < starts.length && rows < mostRows; next += intervalsAtOnce) {
    const chunk = starts.slice(next, next + intervalsAtOnce)
    for (const [start, seats] of await pastSeats(database, areaId, chunk)) {
      rows += seats.length
      const settings = settingsFor(history, start)
      const traded = tradedAtLimits(engineConfig(settings), seats, { seat, side }, limits)
      if (traded === null) {
        found.leftOut += 1
        continue
      }
      found.intervals += 1
      found.span = { first: start, last: found.span?.last ?? start }
      found.offeredWh += traded[0]!.offeredWh
      const tariffTicks = side === 'sell' ? settings.feedInTicks : settings.retailTicks
      for (const [index, { offeredWh, tradedWh, amount }] of traded.entries()) {
        const sum = found.at[index]!
        sum.tradedWh += tradedWh
        sum.amount += amount
        sum.withSupplier += BigInt(tariffTicks) * BigInt(offeredWh - tradedWh)
      }
    }
  }
  return found
}

/** An order of the past: the seat's number in its area, its side and the interval. */
export interface BetterLimitsQuery {
  seat: number
  side: Side
  start: UtcSeconds
}

/** Which limits would have traded more in one interval; null where more than limits decided, or nothing was offered. */
export async function betterLimitsOf(
  database: Database,
  areaId: number,
  { seat, side, start }: BetterLimitsQuery,
): Promise<BetterLimits | null> {
  const settings = settingsFor(await settingsHistory(database, areaId), start)
  const seats = await pastSeats(database, areaId, [start])
  return betterInPast(engineConfig(settings), seats.get(start)!, { seat, side })
}
