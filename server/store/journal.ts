/**
 * The journal of an area: the only truth. A row is appended only where the newest one is the row that its writer believes in, by
 * number and by hash, so that nobody writes after somebody else and nobody after a row that was lost.
 */
import postgres from 'postgres'
import type { JournalRow, Place, StoredRow } from '../areas/area-store.ts'
import { EngineError } from '../market/area/error.ts'
import { rulesVersion } from '../market/area/state.ts'
import { genesisHash } from '../market/engine/journal.ts'
import { bytes, numbers } from './arrays.ts'
import type { Queries, Statement, Transaction } from './database.ts'
import { StoreError } from './error.ts'
import { rowsOf, segmentAfter } from './journal-segments.ts'

const uniqueViolation = '23505'

/** The statement that appends rows after a place; `requireAppended` says whether it did. */
export function appendRows(
  sql: Transaction,
  areaId: number,
  { after, rows }: { after: Place; rows: readonly JournalRow[] },
): Statement {
  return sql`
    with newest as (
      select sequence, hash from journal where area_id = ${areaId} order by sequence desc limit 1
    )
    insert into journal (area_id, sequence, rules_version, command, hash)
    select ${areaId}, sequence, ${rulesVersion}, command, hash
    from unnest(
      ${numbers(rows, ({ sequence }) => sequence)}::bigint[],
      ${bytes(rows, ({ command }) => command)}::bytea[],
      ${bytes(rows, ({ hash }) => hash)}::bytea[]
    ) as row (sequence, command, hash)
    where coalesce((select sequence from newest), 0) = ${after.sequence}
      and coalesce((select hash from newest), ${genesisHash}) = ${after.hash}`
}

/** The statement that keeps what the salts of these rows' batches follow from, where they cut any. */
export function keepSecrets(sql: Transaction, areaId: number, rows: readonly JournalRow[]): Statement[] {
  const cutting = rows.filter(({ secret }) => secret !== null)
  if (cutting.length === 0) return []
  return [
    sql`
      insert into journal_secrets (area_id, sequence, secret)
      select ${areaId}, row.* from unnest(
        ${numbers(cutting, ({ sequence }) => sequence)}::bigint[],
        ${bytes(cutting, ({ secret }) => secret)}::bytea[]
      ) as row`,
  ]
}

/** Throws `STORE_FENCED` where fewer rows were appended than there are: the newest row is another one. */
export function requireAppended(areaId: number, appended: { count: number }, rows: readonly JournalRow[]): void {
  if (appended.count !== rows.length) throw fenced(areaId)
}

/** A second row of one number: another writer was faster. Other errors are given back as they are. */
export function asFence(areaId: number, error: unknown): unknown {
  const isTaken =
    error instanceof postgres.PostgresError && error.code === uniqueViolation && error.table_name === 'journal'
  return isTaken ? fenced(areaId, error) : error
}

function fenced(areaId: number, cause?: unknown): StoreError {
  return new StoreError(
    'STORE_FENCED',
    `another server writes the journal of area ${areaId}, or the journal has lost rows`,
    { cause },
  )
}

/** The newest row, or the place before the first. */
export async function newestPlace(sql: Queries, areaId: number): Promise<Place> {
  const [row] = await sql<Place[]>`
    select sequence, hash from journal where area_id = ${areaId} order by sequence desc limit 1`
  return row ?? { sequence: 0, hash: genesisHash }
}

/** Throws `STORE_FENCED` where a place is not the newest row any more. */
export async function requireNewest(sql: Queries, areaId: number, place: Place): Promise<void> {
  const newest = await newestPlace(sql, areaId)
  if (newest.sequence !== place.sequence || !newest.hash.equals(place.hash)) throw fenced(areaId)
}

/** Rows of one reading at most, and about how many bytes of commands. */
const rowsPerRead = 2_000
const bytesPerRead = 4_000_000

/**
 * Rows after a place in their order, some at a time; empty at the end. Throws `STORE_DIVERGED` where one is missing, and
 * `ENGINE_VERSION` where rules that this program does not have wrote one.
 */
export async function rowsAfter(sql: Queries, areaId: number, sequence: number): Promise<StoredRow[]> {
  const packed = await packedRowsAfter(sql, areaId, sequence)
  if (packed !== null) return following(areaId, sequence, packed)
  const rows = await sql<ReadRow[]>`
    select sequence, rules_version, command, hash from (
      select *, sum(length(command)) over (order by sequence) - length(command) as bytes_before from (
        select * from journal where area_id = ${areaId} and sequence > ${sequence}
        order by sequence limit ${rowsPerRead}
      ) next
    ) measured
    where bytes_before < ${bytesPerRead} order by sequence`
  // They may have been packed between the two looks.
  const isGap = rows.length > 0 && rows[0]!.sequence !== sequence + 1
  return following(areaId, sequence, (isGap ? await packedRowsAfter(sql, areaId, sequence) : null) ?? rows)
}

interface ReadRow extends StoredRow {
  rules_version: number
}

async function packedRowsAfter(sql: Queries, areaId: number, sequence: number): Promise<ReadRow[] | null> {
  const segment = await segmentAfter(sql, areaId, sequence)
  if (segment === null) return null
  const rows = await rowsOf(segment)
  return rows.filter((row) => row.sequence > sequence).map((row) => ({ ...row, rules_version: segment.rulesVersion }))
}

function following(areaId: number, sequence: number, rows: readonly ReadRow[]): StoredRow[] {
  return rows.map(({ rules_version: version, ...row }, index) => {
    const expected = sequence + index + 1
    if (row.sequence !== expected) {
      throw new StoreError('STORE_DIVERGED', `area ${areaId}: row ${expected} of the journal is missing`)
    }
    if (version !== rulesVersion) {
      throw new EngineError(
        'ENGINE_VERSION',
        `row ${row.sequence} of the journal was written by version ${version} of the rules; this program has version ${rulesVersion}`,
      )
    }
    return row
  })
}
