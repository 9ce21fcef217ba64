/**
 * How fast a settlement report is written from the database and how much memory that takes: 200,000 rows of six days in every format,
 * with few zones and with many, and how much more memory all of them take than the 100,000 of three days. `npm run bench -- reports`; with
 * `REPORT_DAYS=30` it is a million rows of a month; `REPORT_ZONES=3` leaves out many zones.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eicCheckCharacter } from '../../server/reports/energy-codes.ts'
import { type ReportFormat, reportFormats } from '../../server/reports/formats.ts'
import type { Database } from '../../server/store/database.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { openReport } from '../../server/store/report-source.ts'
import { config, face, intervalSeconds } from '../market/engine/street.ts'
import { startOwnServer } from '../store/scratch-database.ts'
import type { ReportMemory } from './report-memory.ts'

export interface ReportBenchRow {
  format: string
  zones: number
  rows: number
  seconds: number
  rowsPerSecond: number
  /** Of this process, without the database's and without the collections that show what is held. */
  cpuSeconds: number
  /** Most that the process had, less what it had before. */
  memoryMiB: number
  /** What it holds after a collection at the end, as a multiple of that near the beginning. */
  heldRatio: number
  /** Of a process that does nothing else: with three days, and with all. */
  few: ReportMemory
  all: ReportMemory
}

/** 2026-11-01T00:00:00Z. */
const from = 1_793_491_200
const days = Number(process.env.REPORT_DAYS ?? 6)
const intervals = days * 96
const seats = 350
const fewDays = 3
/** How often it is looked how much is held. */
const sampleMs = 1_000
const eic = (text: string) => text + eicCheckCharacter(text)
const parties = { sender: eic('11XSENDER------'), receiver: eic('11XRECEIVER----'), domain: eic('10YDOMAIN------') }

export async function benchReports(): Promise<ReportBenchRow[]> {
  const server = await startOwnServer()
  const rows: ReportBenchRow[] = []
  try {
    for (const zones of (process.env.REPORT_ZONES ?? '3,1000').split(',').map(Number)) {
      const { database, url } = await server.fresh()
      await fill(database, zones)
      for (const format of reportFormats) {
        await nameThePoints(database, format.name === 'nem12' ? 'N' : 'AT0010000000000000000000')
        const [few, all] = [await memoryOf(url, format, fewDays), await memoryOf(url, format, days)]
        rows.push({ ...(await measured(database, format, zones)), few, all })
      }
    }
  } finally {
    await server.stop()
  }
  return rows
}

/** NEM12 has identifiers of ten characters, the formats of the European market of 33. */
async function nameThePoints(sql: Database, begins: string): Promise<void> {
  await sql`delete from roster_entries`
  await sql`
    insert into roster_entries (area_id, meter, direction, from_day, member, point)
    select 1, meter, 'import', 0, meter, ${begins} || lpad(seat::text, 9, '0') from seats`
}

/** What the first days of it take, written by a process of its own. */
async function memoryOf(databaseUrl: string, { name }: ReportFormat, days: number): Promise<ReportMemory> {
  const program = join(import.meta.dirname, 'report-memory.js')
  const asked = [program, databaseUrl, name, String(from), String(from + days * 86_400)]
  const env = { ...process.env, REPORT_PARTIES: JSON.stringify(parties) }
  return JSON.parse((await promisify(execFile)(process.execPath, asked, { env })).stdout) as ReportMemory
}

async function measured(
  database: Database,
  format: ReportFormat,
  zones: number,
): Promise<Omit<ReportBenchRow, 'few' | 'all'>> {
  const request = {
    ...{ format, from, to: from + intervals * intervalSeconds, by: 'interval' as const, selection: {} },
    parties,
  }
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let most = before
  const held: number[] = []
  const collecting = { ms: 0, cpuMicros: 0 }
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const opened = await openReport(database, 1, request, new Date())
  const pieces = opened.write(() => {})
  let sampleAt = performance.now() + sampleMs / 4
  for (;;) {
    const piece = await pieces.next()
    most = Math.max(most, process.memoryUsage().rss)
    const now = performance.now()
    if (piece.done || now > sampleAt) {
      const before = process.cpuUsage()
      globalThis.gc?.()
      held.push(process.memoryUsage().heapUsed)
      collecting.ms += performance.now() - now
      collecting.cpuMicros += sumOf(process.cpuUsage(before))
      sampleAt = performance.now() + sampleMs
    }
    if (!piece.done) continue
    const cpuMicros = sumOf(process.cpuUsage(cpu)) - collecting.cpuMicros
    const seconds = (performance.now() - begun - collecting.ms) / 1000
    const { rows } = piece.value
    return {
      ...{ format: format.name, zones, rows, seconds, rowsPerSecond: Math.round(rows / seconds) },
      ...{ cpuSeconds: cpuMicros / 1e6, memoryMiB: Math.round((most - before) / 2 ** 20) },
      heldRatio: held.at(-1)! / held[0]!,
    }
  }
}

function sumOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

/** Every second seat sells 100 Wh that the next one buys, in its zone. */
export async function fill(sql: Database, zones: number): Promise<void> {
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
