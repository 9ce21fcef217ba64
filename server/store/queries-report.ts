/** What a settlement report is written from: page after page of the newest runs, so that no transaction stays open. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Database } from './database.ts'
import type { IntervalRow, NumericText, SeatIntervalRow } from './queries.ts'

/** One metering point in one interval, with the results of the interval that it needs. */
export interface ReportRow {
  start: UtcSeconds
  seat: number
  meter: Address
  zone: string
  run: number
  status: 'provisional' | 'final'
  quality: SeatIntervalRow['quality']
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
  deviation_wh: Wh
  outcomes: SeatIntervalRow['outcomes']
  zones: IntervalRow['zones']
  flows: IntervalRow['flows']
  batch_end: UtcSeconds | null
  statement_root: string | null
}

const pageRows = 2_000

/** The newest runs of the area's intervals that start in `[from, to)`, ascending by start, then seat; in pages. */
export async function* reportRows(
  sql: Database,
  { area, from, to }: { area: number; from: UtcSeconds; to: UtcSeconds },
): AsyncGenerator<ReportRow[]> {
  let after = { start: from - 1, seat: 0 }
  for (;;) {
    const rows = await sql<ReportRow[]>`
      select own.start, own.seat, own.meter, own.zone, own.run, intervals.status, own.quality,
        own.import_wh, own.export_wh, own.bought_wh, own.sold_wh, own.paid, own.received, own.deviation_wh, own.outcomes,
        intervals.zones, intervals.flows, batches.end_at as batch_end, batches.statement_root
      from seat_intervals own
      join intervals using (area_id, start, run)
      left join lateral (
        select end_at, statement_root from batches
        where batches.area_id = own.area_id and end_at > own.start and batches.start <= own.start
        order by end_at limit 1
      ) batches on true
      where own.area_id = ${area} and current and own.start >= ${after.start} and own.start < ${to}
        and (own.start, own.seat) > (${after.start}::bigint, ${after.seat}::bigint)
      order by own.start, own.seat limit ${pageRows}`
    if (rows.length > 0) yield rows
    if (rows.length < pageRows) return
    after = rows.at(-1)!
  }
}

/** The settings of an area as it was last served, or null for one that this database does not know. */
export async function servedSettings(sql: Database, area: number): Promise<unknown> {
  const [row] = await sql<{ settings: unknown }[]>`select settings from areas where area_id = ${area}`
  return row?.settings ?? null
}
