/** What was offered in intervals of the past, by everybody in an area: what its auctions are cleared from again. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Side } from '../market/auction.ts'
import type { PastSeat } from '../market/stages/spot/other-limits.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import type { SeatKey } from './rows.ts'

/** Intervals in which a seat had something to sell, or asked for something, in the auction; newest first, at most `limit`. */
export async function startsWithOffer(
  sql: Queries,
  { area, seat, side, from, to, limit }: SeatKey & { side: Side; from: UtcSeconds; to: UtcSeconds; limit: number },
): Promise<UtcSeconds[]> {
  const rows = await sql<{ start: UtcSeconds; outcomes: Buffer }[]>`
    select newest.start, own.outcomes from (
      select distinct start from intervals where area_id = ${area} and start >= ${from} and start < ${to}
    ) newest cross join lateral (
      select outcomes from seat_intervals where seat_intervals.area_id = ${area} and seat_intervals.seat = ${seat}
        and seat_intervals.start = newest.start and current and ${side === 'sell' ? sql`export_wh` : sql`import_wh`} > 0 limit 1) own
    order by newest.start desc limit ${limit}`
  return rows.flatMap(({ start, outcomes }) => {
    const offers = decodeOutcomes(outcomes)
    const isOffered = offers.some((offer) => offer.stage === 'spot' && offer.side === side && offer.offeredWh > 0)
    return isOffered ? [start] : []
  })
}

/** All rows of these intervals, by interval. */
export async function pastSeats(
  sql: Queries,
  areaId: number,
  starts: readonly UtcSeconds[],
): Promise<Map<UtcSeconds, PastSeat[]>> {
  const rows = await sql<{ start: UtcSeconds; seat: number; zone: number; outcomes: Buffer }[]>`
    select start, seat, zone, outcomes from seat_intervals
    where area_id = ${areaId} and start = any(${numbers(starts, (start) => start)}::bigint[]) and current`
  const byStart = new Map<UtcSeconds, PastSeat[]>(starts.map((start) => [start, []]))
  for (const { start, seat, zone, outcomes } of rows) {
    byStart.get(start)!.push({ seat, zone, outcomes: decodeOutcomes(outcomes) })
  }
  return byStart
}
