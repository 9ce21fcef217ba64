/**
 * How fast a settlement report is written from the database and how much memory that takes: a million rows of a month, in one
 * format of each order, with few zones and with many. `npm run bench -- reports`.
 */

import { reportFormat } from '../../server/reports/formats.ts'
import type { Database } from '../../server/store/database.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { openReport } from '../../server/store/report-source.ts'
import { config, face, intervalSeconds } from '../market/engine/street.ts'
import { startOwnServer } from '../store/scratch-database.ts'

export interface ReportBenchRow {
  format: string
  zones: number
  rows: number
  seconds: number
  rowsPerSecond: number
  /** Most that the process had, less what it had before. */
  memoryMiB: number
}

/** 2026-11-01T00:00:00Z. */
const from = 1_793_491_200
const intervals = 2_880
const seats = 350

export async function benchReports(): Promise<ReportBenchRow[]> {
  const scratch = await startOwnServer()
  const rows: ReportBenchRow[] = []
  try {
    for (const zones of [3, 1_000]) {
      const { database } = await scratch.fresh()
      await fill(database, zones)
      for (const format of ['csv', 'espi']) rows.push(await measured(database, format, zones))
    }
  } finally {
    await scratch.stop()
  }
  return rows
}

async function measured(database: Database, format: string, zones: number): Promise<ReportBenchRow> {
  const request = {
    format: reportFormat(format),
    from,
    to: from + intervals * intervalSeconds,
    by: 'interval' as const,
    selection: {},
  }
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let most = before
  const begun = performance.now()
  const opened = await openReport(database, 1, request, new Date())
  const pieces = opened.write(() => {})
  for (;;) {
    const piece = await pieces.next()
    most = Math.max(most, process.memoryUsage().rss)
    if (!piece.done) continue
    const seconds = (performance.now() - begun) / 1000
    const { rows } = piece.value
    const memoryMiB = Math.round((most - before) / 2 ** 20)
    return { format, zones, rows, seconds, rowsPerSecond: Math.round(rows / seconds), memoryMiB }
  }
}

/** Every second seat sells 100 Wh that the next one buys, in its zone. */
async function fill(sql: Database, zones: number): Promise<void> {
  const names = Array.from({ length: zones }, (_, place) => `zone-${place}`)
  const own = {
    config: {
      ...config,
      zones: names.map((id, place) => ({
        id,
        parent: place === 0 ? null : names[0]!,
        feeTicksPerKwh: 0,
        capacityWh: null,
      })),
    },
    face: { ...face, zoneNames: names },
  }
  await sql`insert into areas (chain_id, escrow, area) values (1, '0x', 1)`
  await sql`insert into area_settings values (1, 0, ${sql.json(own as never)})`
  await sql`
    insert into seats select 1, seat, '0xa' || seat, '0x' || lpad(seat::text, 40, '0'), '{}', false
    from generate_series(1, ${seats}::int) seat`
  const fill = (side: 'buy' | 'sell') =>
    encodeOutcomes([
      {
        ...{ stage: 'spot', arrival: 1, side, limitTicks: 1_500, offeredWh: 100, filledWh: 100, priceTicks: 1_500 },
        ...{ amount: 150_000n, code: 'filled', details: [] },
      } as const,
    ])
  const starts = sql`generate_series(${from}::bigint, ${from + (intervals - 1) * intervalSeconds}::bigint, ${intervalSeconds}::bigint) start`
  await sql`
    insert into intervals
    select 1, start, 1, 'final', 'computed', ${(seats / 2) * 100}::int, 0, 0, 0, 0, 0, 0, 0, to_timestamp(start + 1000) from ${starts}`
  const days = intervals / 96
  await sql`select make_months(array[${from}, ${from + 31 * 86_400}]::bigint[])`
  for (let day = 0; day < days; day++) {
    const first = from + day * 86_400
    const ofDay = sql`generate_series(${first}::bigint, ${first + 86_400 - intervalSeconds}::bigint, ${intervalSeconds}::bigint) start`
    await sql`
      insert into interval_zones
      select 1, start, 1, place, 'zone-' || place, 1500, 1500, 1500, 0, 0, 0, 0, 5, case when place > 0 then 0 end, 0
      from ${ofDay}, generate_series(0, ${zones - 1}::int) place`
    await sql`
      insert into seat_intervals
      select 1, seat, start, case when sells then 0 else 150000 end, case when sells then 150000 else 0 end, 1,
        case when sells then 0 else 250 end, case when sells then 250 else 0 end,
        case when sells then 0 else 100 end, case when sells then 100 else 0 end, 0,
        ((seat / 2) % ${zones}::int), 0, true, case when sells then ${fill('sell')}::bytea else ${fill('buy')}::bytea end
      from ${ofDay}, lateral (select seat, seat % 2 = 0 as sells from generate_series(1, ${seats}::int) seat) seats`
    await sql`
      insert into readings
      select 1, seat, start, 0, 0, null, 0, 0, false, '' from ${ofDay}, generate_series(1, ${seats}::int) seat`
  }
  await sql`vacuum analyze`
}
