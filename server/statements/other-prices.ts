/** What a seat's surplus would have earned at other prices over the last weeks: the auctions of that time, cleared again. */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { engineConfig } from '../areas/settings.ts'
import { soldAtLimits } from '../market/stages/spot/other-limits.ts'
import type { Database } from '../store/database.ts'
import { pastSeats, startsWithOffer } from '../store/queries-offers.ts'
import { settingsFor, settingsHistory } from '../store/settings-store.ts'

/** A span of intervals, and the prices in question. */
export interface OtherPricesQuery {
  /** The seat's number in its area. */
  seat: number
  from: UtcSeconds
  to: UtcSeconds
  limits: readonly Ticks[]
}

export interface OtherPrices {
  /** The oldest and the newest interval that was cleared again; null where there is none. */
  span: { first: UtcSeconds; last: UtcSeconds } | null
  /** Intervals that were cleared again, and those in which more than prices decided, which are left out. */
  intervals: number
  leftOut: number
  offeredWh: Wh
  /** By limit: what neighbours would have taken and paid, and what the supplier would have paid for the rest. */
  at: { limitTicks: Ticks; soldWh: Wh; received: LedgerUnits; fromSupplier: LedgerUnits }[]
}

/** Rows of seats that are read at most: older intervals are left out. */
const mostRows = 150_000
/** Intervals in which a seat offered something are looked for among so many at most. */
const mostIntervals = 4_000
const intervalsAtOnce = 24

export async function otherPrices(
  database: Database,
  areaId: number,
  { seat, from, to, limits }: OtherPricesQuery,
): Promise<OtherPrices> {
  const history = await settingsHistory(database, areaId)
  const starts = await startsWithOffer(database, { area: areaId, seat, from, to, limit: mostIntervals })
  const found: OtherPrices = {
    ...{ span: null, intervals: 0, leftOut: 0, offeredWh: 0 },
    at: limits.map((limitTicks) => ({ limitTicks, soldWh: 0, received: 0n, fromSupplier: 0n })),
  }
  let rows = 0
  for (let next = 0; next < starts.length && rows < mostRows; next += intervalsAtOnce) {
    const chunk = starts.slice(next, next + intervalsAtOnce)
    for (const [start, seats] of await pastSeats(database, areaId, chunk)) {
      rows += seats.length
      const settings = settingsFor(history, start)
      const sold = soldAtLimits(engineConfig(settings), seats, seat, limits)
      if (sold === null) {
        found.leftOut += 1
        continue
      }
      found.intervals += 1
      found.span = { first: start, last: found.span?.last ?? start }
      found.offeredWh += sold[0]!.offeredWh
      for (const [index, { offeredWh, soldWh, received }] of sold.entries()) {
        const sum = found.at[index]!
        sum.soldWh += soldWh
        sum.received += received
        sum.fromSupplier += BigInt(settings.feedInTicks) * BigInt(offeredWh - soldWh)
      }
    }
  }
  return found
}
