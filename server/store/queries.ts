/** What is read of an area's results: intervals and batches, newest first, by key and never by offset. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { numbers } from './arrays.ts'
import type { Queries, Statement } from './database.ts'
import { type BatchRow, endOfTime, type IntervalRow, type MissedRow, type Range, type ZonePriceRow } from './rows.ts'

/** The newest run of each interval that starts in the range, newest first. */
export function intervals(
  sql: Queries,
  { area, from = 0, to = endOfTime, limit }: Range & { area: number; limit: number },
): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select ${intervalColumns(sql)} from (
      select distinct on (start) * from intervals
      where area_id = ${area} and start >= ${from} and start < ${to}
      order by start desc, run desc limit ${limit}
    ) result order by start desc`
}

/** The newest run of each interval that starts at one of these times, oldest first. */
export function intervalsStartingAt(sql: Queries, area: number, starts: readonly UtcSeconds[]): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select ${intervalColumns(sql)} from (
      select distinct on (start) * from intervals
      where area_id = ${area} and start = any(${numbers(starts, (start) => start)}::bigint[])
      order by start, run desc
    ) result order by start`
}

/** Every run of one interval, newest first. */
export function runsOfInterval(sql: Queries, area: number, start: UtcSeconds): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select ${intervalColumns(sql)} from intervals result
    where area_id = ${area} and start = ${start} order by run desc`
}

/** The zones of a run `result`; each has the newest row up to that run. */
function intervalColumns(sql: Queries) {
  const zones = sql`
    select distinct on (place) *, max(meters) over (partition by place) as read_meters from interval_zones own
    where own.area_id = result.area_id and own.start = result.start and own.run <= result.run
    order by place, run desc`
  return sql`
    result.*,
    (select coalesce(sum(energy_wh), 0)::bigint from forward_trades trade
      where trade.area_id = result.area_id and trade.start = result.start) as forward_wh,
    (select jsonb_agg(jsonb_build_object(
        'zone', zone, 'priceTicks', price_ticks, 'lowestTicks', lowest_ticks, 'highestTicks', highest_ticks,
        'soldWh', sold_wh, 'boughtWh', bought_wh, 'importWh', import_wh, 'exportWh', export_wh, 'meters', read_meters) order by place)
      from (${zones}) zones) as zones,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'zone', zone, 'exportWh', flow_wh, 'congestionTicks', congestion_ticks) order by place), '[]')
      from (${zones}) zones where flow_wh is not null) as flows`
}

/** What the newest run of each interval in `[from, to)` says of the price in a zone and in the root, and of what nobody bought, ascending. */
export function pricesOfZone(
  sql: Queries,
  { area, zone, from, to }: { area: number; zone: string; from: UtcSeconds; to: UtcSeconds },
): Promise<ZonePriceRow[]> {
  const newestOf = (which: Statement) => sql`
    left join lateral (
      select price_ticks, export_wh - sold_wh as unsold_wh from interval_zones each
      where each.area_id = newest.area_id and each.start = newest.start and each.run <= newest.run and ${which}
      order by run desc limit 1
    )`
  return sql<ZonePriceRow[]>`
    select start, own.price_ticks, coalesce(own.unsold_wh, 0) as unsold_wh, root.price_ticks as root_price_ticks,
      export_wh - matched_wh as area_unsold_wh
    from (
      select distinct on (start) * from intervals
      where area_id = ${area} and start >= ${from} and start < ${to} and status <> 'missed'
      order by start, run desc
    ) newest ${newestOf(sql`each.zone = ${zone}`)} own on true ${newestOf(sql`each.flow_wh is null`)} root on true
    order by start`
}

/** Batches that end before `endsBefore`, newest first. */
export function batches(
  sql: Queries,
  { area, endsBefore = endOfTime, limit }: { area: number; endsBefore?: UtcSeconds | undefined; limit: number },
): Promise<BatchRow[]> {
  return sql<BatchRow[]>`
    ${selectBatches(sql)} where area_id = ${area} and end_at < ${endsBefore} order by end_at desc limit ${limit}`
}

export async function batchEndingAt(sql: Queries, area: number, end: UtcSeconds): Promise<BatchRow | null> {
  const [row] = await sql<BatchRow[]>`${selectBatches(sql)} where area_id = ${area} and end_at = ${end}`
  return row ?? null
}

/** With how far each is on its way; a statement of an earlier number says nothing of the batch. */
function selectBatches(sql: Queries) {
  return sql`
    select area_id, start, end_at, batches.number, left_out, band_low, band_high, energy_wh, paid, received, seats,
      statements.root as statement_root, coalesce(progress.status, 'cut') as status, progress.transaction, progress.block,
      progress.gas_used, progress.approvals
    from batches
    left join batch_progress progress using (area_id, end_at, number)
    left join statements using (area_id, end_at, number)`
}

/** Times that the chain has settled and the journal does not know, newest first. */
export function missedBatches(sql: Queries, { area, limit }: { area: number; limit: number }): Promise<MissedRow[]> {
  return sql<MissedRow[]>`
    select * from missed_batches where area_id = ${area} order by end_at desc limit ${limit}`
}

/** How many times there are in each area that the chain has settled and the journal does not know, by the area's number. */
export function missedByArea(sql: Queries): Promise<{ area: number; missed: number }[]> {
  return sql<{ area: number; missed: number }[]>`
    select area, count(*)::int as missed from missed_batches join areas using (area_id) group by area`
}
