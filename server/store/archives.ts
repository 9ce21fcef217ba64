/** Which months of an area lie in archive files, what has to be true before one may, and how it leaves the tables. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { StoredArea } from './areas.ts'
import { type Database, type Queries, type Transaction, transact } from './database.ts'
import { StoreError } from './error.ts'
import { monthOf, nameOfMonth } from './months.ts'
import { stretchLength } from './project-readings.ts'
import { sumSecondsOf } from './seat-sums.ts'

/** A month of an area in a file. */
export interface ArchivedMonth {
  areaId: number
  month: UtcSeconds
  /** First moment of the month after it. */
  until: UtcSeconds
  /** End of its last batch. */
  end: UtcSeconds
  /** The file's name without its folder. */
  file: string
  sha256: Buffer
  bytes: number
  /** Newest row of the journal in this file and those before it. */
  lastSequence: number
  /** Whether it is gone from the tables. */
  dropped: boolean
}

/** The archived months of one area or of all, the oldest first. */
export function archivedMonths(sql: Queries, areaId: number | null = null): Promise<ArchivedMonth[]> {
  return sql<ArchivedMonth[]>`
    select area_id as "areaId", month, until, end_at as "end", file, sha256, bytes, last_sequence as "lastSequence", dropped
    from archives where ${areaId === null ? sql`true` : sql`area_id = ${areaId}`} order by month, area_id`
}

/** The time from which on the tables have everything of the area; 0 where nothing was archived. */
export async function keptFrom(sql: Queries, areaId: number): Promise<UtcSeconds> {
  const [row] = await sql<[{ until: UtcSeconds | null }]>`
    select max(until) as until from archives where area_id = ${areaId} and dropped`
  return row.until ?? 0
}

/** Throws `STORE_ARCHIVED` where what is asked for begins before the tables do. */
export async function requireKept(sql: Queries, areaId: number, from: UtcSeconds): Promise<void> {
  const kept = await keptFrom(sql, areaId)
  if (from < kept) {
    const since = new Date(kept * 1000).toISOString()
    throw new StoreError(
      'STORE_ARCHIVED',
      `what lies before ${since} is archived: ask from then on; its files have the rest`,
    )
  }
}

/** Throws `STORE_ARCHIVED` where the batch that ends then lies in a file. */
export async function requireKeptBatch(sql: Queries, areaId: number, end: UtcSeconds): Promise<void> {
  const [row] = await sql<{ file: string }[]>`
    select file from archives where area_id = ${areaId} and end_at >= ${end} and dropped order by end_at limit 1`
  if (row === undefined) return
  const name = new Date(end * 1000).toISOString()
  throw new StoreError('STORE_ARCHIVED', `the batch that ends at ${name} is archived: it lies in ${row.file}`)
}

/** What stands against archiving a month of an area, in a sentence; else where its last batch ends, or null where the area has nothing in it. */
export async function readyToArchive(
  sql: Queries,
  { areaId, area }: StoredArea,
  until: UtcSeconds,
): Promise<{ reason: string } | { end: UtcSeconds } | null> {
  const [row] = await sql<
    [{ isEmpty: boolean; open: UtcSeconds | null; unsettled: UtcSeconds | null; end: UtcSeconds | null }]
  >`
    select
      not exists (select from intervals where area_id = ${areaId} and start < ${until})
        and not exists (select from readings where area_id = ${areaId} and time < ${until}) as "isEmpty",
      (select min(start) from (
        select distinct on (start) start, status from intervals
        where area_id = ${areaId} and start < ${until} order by start, run desc
      ) newest where status = 'provisional') as open,
      (select min(end_at) from batches where area_id = ${areaId} and start < ${until} and (
        not exists (select from batch_progress progress where progress.area_id = ${areaId}
          and progress.end_at = batches.end_at and progress.number = batches.number and progress.status = 'settled')
        or not exists (select from statements where statements.area_id = ${areaId}
          and statements.end_at = batches.end_at and statements.number = batches.number))) as unsettled,
      (select min(end_at) from (
        select end_at from batches where area_id = ${areaId}
        union all select end_at from missed_batches where area_id = ${areaId}
      ) ends where end_at >= ${until}) as "end"`
  if (row.isEmpty) return null
  const at = (time: UtcSeconds) => new Date(time * 1000).toISOString()
  if (row.open !== null) return { reason: `area ${area}: the interval that starts at ${at(row.open)} is not final` }
  if (row.unsettled !== null)
    return { reason: `area ${area}: the batch that ends at ${at(row.unsettled)} is not settled` }
  if (row.end === null) return { reason: `area ${area}: no batch reaches to ${at(until)}` }
  return { end: row.end }
}

/** Ends of the batches of a month that an earlier file does not have. */
export async function batchesToArchive(sql: Queries, areaId: number, end: UtcSeconds): Promise<UtcSeconds[]> {
  const rows = await sql<{ end: UtcSeconds }[]>`
    select end_at as "end" from batches where area_id = ${areaId} and end_at <= ${end} and end_at > coalesce((
      select max(end_at) from archives where area_id = ${areaId}), 0)
    order by end_at`
  return rows.map((row) => row.end)
}

/** Notes that a file has a month. */
export async function noteArchive(sql: Queries, archive: Omit<ArchivedMonth, 'dropped'>): Promise<void> {
  const { areaId, month, until, end, file, sha256, bytes, lastSequence } = archive
  await sql`
    insert into archives (area_id, month, until, end_at, file, sha256, bytes, last_sequence)
    values (${areaId}, ${month}, ${until}, ${end}, ${file}, ${sha256}, ${bytes}, ${lastSequence})`
}

const lockSeconds = 3
const lockNotAvailable = '55P03'

/**
 * Takes a month that every area has in a file out of the tables, all or nothing. Throws `STORE_IN_USE` where something reads it for
 * so long that writers would have to wait.
 */
export async function dropMonth(database: Database, month: UtcSeconds): Promise<void> {
  const until = monthOf(month, 1)
  const name = nameOfMonth(month).replace('-', '_')
  try {
    await transact(database, async (sql) => {
      await sql.unsafe(`set local lock_timeout = '${lockSeconds}s'`)
      const archives = (await archivedMonths(sql)).filter((own) => own.month === month)
      await sql`
        insert into kept_readings
        select area_id, seat, time, epoch, import_wh, export_wh, quality, signature
        from readings join (select distinct area_id, seat, time, epoch from suspensions) x using (area_id, seat, time, epoch)
        where time >= ${month} and time < ${until} on conflict do nothing`
      for (const { areaId, end, lastSequence } of archives) {
        await forgetProjected(sql, areaId, { until, end })
        for (const table of ['statement_nodes', 'statement_seats']) {
          await sql`delete from ${sql(table)} where area_id = ${areaId} and end_at <= ${end}`
        }
        await sql`
          delete from journal_secrets own using batches
          where own.area_id = ${areaId} and batches.area_id = ${areaId} and batches.end_at <= ${end}
            and own.sequence = batches.cut_sequence`
        await sql`delete from journal_segments where area_id = ${areaId} and last <= ${lastSequence}`
      }
      await sql`update archives set dropped = true where month = ${month}`
      for (const table of ['readings', 'seat_intervals']) await sql`drop table if exists ${sql(`${table}_${name}`)}`
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== lockNotAvailable) throw error
    throw new StoreError(
      'STORE_IN_USE',
      `${nameOfMonth(month)} is being read by somebody: its files are whole, run this again later`,
      { cause: error },
    )
  }
}

/** Takes an area's small rows of before `until`, and of batches that end no later than `end`, out of the tables that follow from the journal. */
export async function forgetProjected(
  sql: Transaction,
  areaId: number,
  { until, end }: { until: UtcSeconds; end: UtcSeconds },
): Promise<void> {
  for (const table of ['intervals', 'interval_zones', 'interval_grounds']) {
    await sql`delete from ${sql(table)} where area_id = ${areaId} and start < ${until}`
  }
  await sql`
    delete from seat_sums where area_id = ${areaId}
      and stretch * (select seconds from ${sumSecondsOf(sql, areaId)} length) < ${until}`
  await sql`delete from batch_entries where area_id = ${areaId} and end_at <= ${end}`
  await sql`
    delete from reading_stretches where area_id = ${areaId} and (stretch + 1) * ${stretchLength}::bigint * (
      select (settings #>> '{config,rules,intervalSeconds}')::bigint from area_settings
      where area_settings.area_id = ${areaId} limit 1) <= ${until}`
}
