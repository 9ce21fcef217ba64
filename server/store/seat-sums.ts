/**
 * What a seat came to over a time, exactly: whole stretches have their sums in a table, which every change of an interval's rows keeps
 * right; of the stretches in which the time begins and ends the intervals are summed.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Queries, Transaction } from './database.ts'
import { intervalLength, ownRow } from './queries-seats.ts'
import type { SeatKey, SummaryRow } from './rows.ts'

const intervalsPerStretch = 96
/** No longer than a day, so that months hold whole stretches where a day holds whole intervals. */
const mostSeconds = 86_400

/** The time that is summed up in one row, in seconds. */
export function sumSeconds(intervalSeconds: number): number {
  return Math.min(mostSeconds, intervalsPerStretch * intervalSeconds)
}

/** The same, of an area of the database. */
export function sumSecondsOf(sql: Queries, areaId: number | ReturnType<Queries>) {
  return sql`(select least(${mostSeconds}::bigint, ${intervalsPerStretch} * seconds) as seconds from ${intervalLength(sql, areaId)} length)`
}

/**
 * The end of a statement, which brings the sums to what its `with` has changed.
 * @param seconds the area's `sumSeconds`
 * @param changes rows of `seat_intervals`, each list by its name or as a query in brackets: `added` count from now on, `removed` no longer
 */
export function changeSums(
  sql: Transaction,
  seconds: number,
  { added, removed }: { added?: ReturnType<Queries>; removed?: ReturnType<Queries> },
) {
  const changes = [
    ...(added === undefined ? [] : [sql`select 1 as sign, * from ${added} added`]),
    ...(removed === undefined ? [] : [sql`select -1 as sign, * from ${removed} removed`]),
  ]
  return sql`
    insert into seat_sums as own
      (area_id, seat, stretch, import_wh, export_wh, own_use_wh, bought_wh, sold_wh, paid, received)
    select area_id, seat, start / ${seconds}::bigint, sum(sign * import_wh), sum(sign * export_wh),
      sum(sign * least(import_wh, export_wh)), sum(sign * bought_wh), sum(sign * sold_wh), sum(sign * paid),
      sum(sign * received)
    from (${changes.length === 2 ? sql`${changes[0]!} union all ${changes[1]!}` : changes[0]!}) changed
    group by 1, 2, 3
    on conflict (area_id, seat, stretch) do update set
      import_wh = own.import_wh + excluded.import_wh, export_wh = own.export_wh + excluded.export_wh,
      own_use_wh = own.own_use_wh + excluded.own_use_wh, bought_wh = own.bought_wh + excluded.bought_wh,
      sold_wh = own.sold_wh + excluded.sold_wh, paid = own.paid + excluded.paid, received = own.received + excluded.received`
}

/** Sums over the newest runs of a seat's intervals that start in the range. */
export async function seatSummary(
  sql: Queries,
  { area, seat, from, to }: SeatKey & { from: UtcSeconds; to: UtcSeconds },
): Promise<SummaryRow> {
  const [row] = await sql<SummaryRow[]>`
    with span as (
      select seconds, (${from}::bigint + seconds - 1) / seconds as first, ${to}::bigint / seconds as last
      from ${sumSecondsOf(sql, area)} length
    ), parts as (
      select import_wh, export_wh, own_use_wh, bought_wh, sold_wh, paid, received
      from span join seat_sums on area_id = ${area} and seat = ${seat} and stretch >= first and stretch < last
      union all
      select import_wh, export_wh, least(import_wh, export_wh), bought_wh, sold_wh, paid, received
      from span cross join lateral (values
        (${from}::bigint, least(${to}::bigint, first * seconds)),
        (greatest(first, last) * seconds, ${to}::bigint)
      ) edge (edge_from, edge_to) cross join lateral (
        select distinct start from intervals where area_id = ${area} and start >= edge_from and start < edge_to
      ) newest cross join lateral ${ownRow(sql, area, seat)} own
    )
    select coalesce(sum(import_wh), 0)::bigint as import_wh, coalesce(sum(export_wh), 0)::bigint as export_wh,
      coalesce(sum(own_use_wh), 0)::bigint as own_use_wh,
      coalesce(sum(bought_wh), 0)::bigint as bought_wh, coalesce(sum(sold_wh), 0)::bigint as sold_wh,
      coalesce(sum(paid), 0)::text as paid, coalesce(sum(received), 0)::text as received
    from parts`
  return row!
}
