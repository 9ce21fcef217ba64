/** A seat's energy and money in parts of a time, and a month of it for its statement: exact sums over the newest runs. */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Outcome } from '../market/area/area.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import type { BatchStatus, SeatKey, SummaryRow } from './rows.ts'

/** Sums over the intervals that start in one part of a time. */
export interface TotalsRow extends SummaryRow {
  /** Which part, from 0. */
  place: number
  intervals: number
  /** How many of them may still change. */
  provisional: number
  /** Those of them whose production is known, and their sums. */
  producing: number
  produced_wh: Wh
  /** Produced beyond what left the home. */
  used_at_once_wh: Wh
}

/**
 * The parts between bounds (ascending, each but the last the first moment of a part) that hold an interval of the seat. What is
 * produced is told between two boundaries of one epoch; a time that two epochs share belongs to neither.
 */
export function seatTotals(
  sql: Queries,
  { area, seat, bounds, intervalSeconds }: SeatKey & { bounds: readonly UtcSeconds[]; intervalSeconds: number },
): Promise<TotalsRow[]> {
  const [from, to] = [bounds[0]!, bounds.at(-1)!]
  // Looked up at the boundaries of intervals that have a result: a month of short intervals has many that have none.
  const readingAt = (time: ReturnType<Queries>) => sql`(
    select count(*) as readings, min(epoch) as epoch, min(production_wh) as production_wh from readings
    where area_id = ${area} and time = ${time} and seat = ${seat})`
  return sql<TotalsRow[]>`
    select width_bucket(own.start, ${numbers(bounds, (bound) => bound)}::bigint[]) - 1 as place,
      count(*)::int as intervals, (count(*) filter (where status = 'provisional'))::int as provisional,
      sum(import_wh)::bigint as import_wh, sum(export_wh)::bigint as export_wh,
      sum(least(import_wh, export_wh))::bigint as own_use_wh,
      sum(bought_wh)::bigint as bought_wh, sum(sold_wh)::bigint as sold_wh,
      sum(paid)::text as paid, sum(received)::text as received,
      count(produced.wh)::int as producing, coalesce(sum(produced.wh), 0)::bigint as produced_wh,
      coalesce(sum(greatest(0, produced.wh - export_wh)), 0)::bigint as used_at_once_wh
    from (
      select distinct on (start) start, status from intervals
      where area_id = ${area} and start >= ${from} and start < ${to} order by start desc, run desc
    ) newest cross join lateral (
      select * from seat_intervals where seat_intervals.area_id = ${area} and seat_intervals.seat = ${seat}
        and seat_intervals.start = newest.start and current limit 1) own
    left join lateral (
      select after.production_wh - before.production_wh as wh
      from ${readingAt(sql`newest.start`)} before, ${readingAt(sql`newest.start + ${intervalSeconds}::bigint`)} after
      where before.readings = 1 and after.readings = 1 and before.epoch = after.epoch
        and after.production_wh >= before.production_wh) produced on true
    group by 1 order by 1`
}

/** Rows that are decoded at once. */
const rowsPerPage = 1_000

/** What the stages gave to a seat in the intervals that start in the range, oldest first, some at a time. */
export async function* seatOutcomes(
  sql: Queries,
  { area, seat, from, to }: SeatKey & { from: UtcSeconds; to: UtcSeconds },
): AsyncGenerator<{ start: UtcSeconds; outcomes: Outcome[] }[]> {
  for (let next = from; ; ) {
    const rows = await sql<{ start: UtcSeconds; outcomes: Buffer | null }[]>`
      select newest.start, own.outcomes from (
        select distinct start from intervals where area_id = ${area} and start >= ${next} and start < ${to}
        order by start limit ${rowsPerPage}
      ) newest left join lateral (
        select outcomes from seat_intervals where seat_intervals.area_id = ${area} and seat_intervals.seat = ${seat}
          and seat_intervals.start = newest.start and current and bought_wh + sold_wh > 0 limit 1) own on true
      order by newest.start`
    yield rows.flatMap(({ start, outcomes }) =>
      outcomes === null ? [] : [{ start, outcomes: decodeOutcomes(outcomes).filter(({ filledWh }) => filledWh > 0) }],
    )
    if (rows.length < rowsPerPage) return
    next = rows.at(-1)!.start + 1
  }
}

export interface BatchOfSeat {
  start: UtcSeconds
  end: UtcSeconds
  status: BatchStatus
  transaction: Hex | null
}

/** The batches that net something for a seat and hold intervals of the range, the oldest first. */
export function batchesOfSeat(
  sql: Queries,
  { area, seat, from, to }: SeatKey & { from: UtcSeconds; to: UtcSeconds },
): Promise<BatchOfSeat[]> {
  return sql<BatchOfSeat[]>`
    select batches.start, batches.end_at as end, coalesce(progress.status, 'cut') as status, progress.transaction
    from batches
    left join batch_progress progress using (area_id, end_at, number)
    where area_id = ${area} and end_at > ${from} and batches.start < ${to} and exists (
      select from batch_entries entries
      where entries.area_id = ${area} and entries.end_at = batches.end_at and entries.seat = ${seat} and kind = 'settle')
    order by end_at`
}
