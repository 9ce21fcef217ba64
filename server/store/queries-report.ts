/** What a settlement report is written from: page after page of the newest runs, so that no transaction stays open. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Outcome } from '../market/area/area.ts'
import { type Quality, qualities } from '../market/area/codes.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import { intervalsStartingAt } from './queries.ts'
import type { IntervalRow, NumericText, StoredIntervalStatus } from './rows.ts'

/** One metering point in one interval, with the results of the interval that it needs. */
export interface ReportRow {
  start: UtcSeconds
  seat: number
  meter: Address
  zone: string
  run: number
  computed_at: Date
  status: StoredIntervalStatus
  quality: Quality
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
  deviation_wh: Wh
  outcomes: Outcome[]
  /** Prices of the agreements that the outcomes name, by arrival. */
  agreed: ReadonlyMap<number, Ticks>
  zones: IntervalRow['zones']
  flows: IntervalRow['flows']
  batch_end: UtcSeconds | null
  statement_root: string | null
}

type StoredRow = Omit<ReportRow, 'zone' | 'status' | 'quality' | 'outcomes' | 'agreed' | 'zones' | 'flows'> & {
  zone: number
  quality: number
  outcomes: Buffer
}

const pageRows = 2_000

/** The newest runs of the area's intervals that start in `[from, to)`, ascending by start, then seat; in pages. */
export async function* reportRows(
  sql: Queries,
  { area, from, to }: { area: number; from: UtcSeconds; to: UtcSeconds },
): AsyncGenerator<ReportRow[]> {
  let after = { start: from - 1, seat: 0 }
  for (;;) {
    const rows = await sql<StoredRow[]>`
      select own.start, own.seat, seats.meter, own.zone, own.run, computed.computed_at, own.quality, own.import_wh,
        own.export_wh, own.bought_wh, own.sold_wh, own.paid::text, own.received::text, own.deviation_wh, own.outcomes,
        batch.end_at as batch_end, batch.root as statement_root
      from (
        select * from seat_intervals
        where area_id = ${area} and current and start < ${to} and (start, seat) > (${after.start}::bigint, ${after.seat}::int)
        order by start, seat limit ${pageRows}
      ) own
      join seats using (area_id, seat)
      join intervals computed using (area_id, start, run)
      left join lateral (
        select end_at, statements.root from batches left join statements using (area_id, end_at, number)
        where area_id = ${area} and end_at > own.start and batches.start <= own.start order by end_at limit 1
      ) batch on true
      order by own.start, own.seat`
    if (rows.length > 0) yield await completed(sql, area, rows)
    if (rows.length < pageRows) return
    after = rows.at(-1)!
  }
}

/** With what the newest run of each interval says of all of it. */
async function completed(sql: Queries, area: number, rows: readonly StoredRow[]): Promise<ReportRow[]> {
  const starts = [...new Set(rows.map(({ start }) => start))]
  const results = new Map((await intervalsStartingAt(sql, area, starts)).map((result) => [result.start, result]))
  const outcomes = rows.map((row) => decodeOutcomes(row.outcomes))
  const agreed = await agreedPrices(sql, area, outcomes.flat())
  return rows.map((row, index) => {
    const { zones, flows, status } = results.get(row.start)!
    return {
      ...row,
      ...{ zones, flows, status, zone: zones[row.zone]!.zone, quality: qualities[row.quality]! },
      ...{ outcomes: outcomes[index]!, agreed },
    }
  })
}

async function agreedPrices(sql: Queries, area: number, outcomes: readonly Outcome[]): Promise<Map<number, Ticks>> {
  const arrivals = new Set(outcomes.flatMap(({ stage, arrival }) => (stage === 'agreements' ? [arrival] : [])))
  if (arrivals.size === 0) return new Map()
  const rows = await sql<{ arrival: number; price_ticks: Ticks }[]>`
    select arrival, price_ticks from agreements
    where area_id = ${area} and arrival = any(${numbers([...arrivals], (arrival) => arrival)}::bigint[])`
  return new Map(rows.map(({ arrival, price_ticks }) => [arrival, price_ticks]))
}
