/**
 * Makes every table of an area anew from its journal, in a schema beside them, and compares. The engine computes all events
 * again, so the journal's hashes are checked on the way. A running server is not disturbed: what is compared is one moment, and the
 * journal as of that moment.
 */
import type { Journaled, StoredRow } from '../areas/area-store.ts'
import { committedFunds, freeFunds } from '../market/area/funds.ts'
import { emptyState } from '../market/area/state.ts'
import { apply } from '../market/engine/engine.ts'
import { decodeCommand, encodeEvents, genesisHash, rollHash } from '../market/engine/journal.ts'
import { archivedRows } from './archive-files.ts'
import { archivedMonths, forgetProjected } from './archives.ts'
import { type Database, endless, openDatabase, type Transaction, transact } from './database.ts'
import { StoreError } from './error.ts'
import { newestPlace, rowsAfter } from './journal.ts'
import { migrations } from './migrations.ts'
import { Projection, projectedTables } from './projection.ts'

/** A row that the journal does not give; null where there is none on that side. */
export interface Difference {
  table: string
  key: Record<string, unknown>
  stored: Record<string, unknown> | null
  rebuilt: Record<string, unknown> | null
  /** The columns that differ. */
  columns: string[]
}

export interface Rebuilt {
  /** The newest row of the journal that was compared. */
  sequence: number
  difference: Difference | null
}

export interface RebuildOptions {
  databaseUrl: string
  areaId: number
  /** Where the files of archived months lie, with which the journal begins. */
  archiveFolder?: string | undefined
  /** Called from time to time. */
  progress(done: { sequence: number; of: number } | { comparing: string }): void
}

/**
 * Throws `STORE_DIVERGED` where the journal has a gap or a row that does not give its hash, and `STORE_ARCHIVE` where a file of it is
 * missing.
 */
export async function rebuildArea(options: RebuildOptions): Promise<Rebuilt> {
  const { databaseUrl, areaId } = options
  const stored = openDatabase(databaseUrl, 2, { ...endless, name: 'commonwatt rebuild' })
  try {
    // Two at once would take each other's schema away.
    return await transact(stored, async (sql) => {
      const [{ isFree }] = await sql<[{ isFree: boolean }]>`
        select pg_try_advisory_xact_lock(${rebuildLock}, ${areaId}) as "isFree"`
      if (!isFree) throw new StoreError('STORE_AREA', 'this area is being rebuilt by somebody else now')
      const [{ main }] = await sql<[{ main: string }]>`select current_schema() as main`
      const rebuilt = `rebuilt_area_${areaId}`
      const anew = openDatabase(databaseUrl, 1, { ...endless, name: 'commonwatt rebuild', schemas: [rebuilt, main] })
      try {
        await makeTables(stored, anew, rebuilt)
        return await rebuild({ ...options, stored, anew, main, rebuilt })
      } finally {
        await anew.end({ timeout: 5 })
        await stored`drop schema if exists ${stored(rebuilt)} cascade`
      }
    })
  } finally {
    await stored.end({ timeout: 5 })
  }
}

const rebuildLock = 0x7265626c

/** The tables that follow from the journal; what a killed run left is removed. */
async function makeTables(stored: Database, anew: Database, schema: string): Promise<void> {
  await stored`drop schema if exists ${stored(schema)} cascade`
  await stored`create schema ${stored(schema)}`
  for (const { text, isProjected } of migrations) if (isProjected) await anew.unsafe(text)
  const tables = await stored<{ name: string; isPartitioned: boolean }[]>`
    select relname as name, relkind = 'p' as "isPartitioned" from pg_class
    where relnamespace = ${schema}::regnamespace and relkind in ('r', 'p')`
  const isProjected = new Set<string>(projectedTables)
  for (const { name, isPartitioned } of tables) {
    if (isPartitioned) continue
    if (isProjected.has(name)) await anew`alter table ${anew(schema)}.${anew(name)} set unlogged`
    else await anew`drop table ${anew(schema)}.${anew(name)}`
  }
}

interface Parts extends RebuildOptions {
  stored: Database
  anew: Database
  /** The names of two schemas. */
  main: string
  rebuilt: string
}

/** Commands of one transaction: as the grouping makes no difference, any number will do. */
const commandsPerCommit = 500

async function rebuild(parts: Parts): Promise<Rebuilt> {
  const { stored, anew, areaId, progress } = parts
  const replay = new Replay(areaId)
  const of = (await newestPlace(stored, areaId)).sequence
  const archived = archivedRows(stored, areaId, parts.archiveFolder ?? null)
  for (;;) {
    const rows: StoredRow[] = (await archived.next()).value ?? (await rowsAfter(stored, areaId, replay.sequence))
    if (rows.length === 0) break
    for (let from = 0; from < rows.length; from += commandsPerCommit) {
      await transact(anew, (sql) => replay.take(sql, rows.slice(from, from + commandsPerCommit)))
      progress({ sequence: replay.sequence, of: Math.max(of, replay.sequence) })
    }
  }
  // From here on in one moment: the little that has come since, and the tables as they stand.
  return transact(
    anew,
    async (sql) => {
      for (;;) {
        const rows = await rowsAfter(sql, areaId, replay.sequence)
        if (rows.length === 0) break
        await replay.take(sql, rows)
      }
      await replay.finish(sql)
      await forgetArchived(sql, areaId)
      for (const table of projectedTables) {
        progress({ comparing: table })
        const difference = await firstDifference(sql, parts, table)
        if (difference !== null) return { sequence: replay.sequence, difference }
      }
      return { sequence: replay.sequence, difference: null }
    },
    'isolation level repeatable read',
  )
}

/** What has left the tables leaves those that were made anew. */
async function forgetArchived(sql: Transaction, areaId: number): Promise<void> {
  const archive = (await archivedMonths(sql, areaId)).findLast(({ dropped }) => dropped)
  if (archive === undefined) return
  await forgetProjected(sql, areaId, archive)
  await sql`delete from readings where area_id = ${areaId} and time < ${archive.until}`
  await sql`delete from seat_intervals where area_id = ${areaId} and start < ${archive.until}`
}

/** The engine from the first command on, and the tables that follow from it. */
class Replay {
  private readonly areaId: number
  private readonly projection: Projection
  private readonly state = emptyState()
  private hash: Buffer = genesisHash
  sequence = 0

  constructor(areaId: number) {
    this.areaId = areaId
    this.projection = new Projection(areaId, null)
  }

  async take(sql: Transaction, rows: readonly StoredRow[]): Promise<void> {
    const journaled = rows.map((row) => this.replay(row))
    await this.projection.project(sql, journaled, new Map())
    this.projection.committed()
  }

  /** Free funds are a matter of the whole state, so they are written once at the end. */
  async finish(sql: Transaction): Promise<void> {
    const committed = committedFunds(this.state)
    const funds = new Map([...this.state.seats].map(([number, seat]) => [number, freeFunds(seat, committed)]))
    await this.projection.project(sql, [], funds)
  }

  private replay(row: StoredRow): Journaled {
    const command = decodeCommand(row.command)
    const events = apply(this.state, command)
    this.hash = rollHash(this.hash, row.command, encodeEvents(events))
    if (row.hash !== null && !this.hash.equals(row.hash)) {
      throw new StoreError(
        'STORE_DIVERGED',
        `area ${this.areaId}: row ${row.sequence} of the journal does not replay to its hash`,
      )
    }
    this.sequence = row.sequence
    return { sequence: row.sequence, command, events }
  }
}

/** By key: the first row that stands on one side only or is not the same on both. */
async function firstDifference(
  sql: Transaction,
  { main, rebuilt, areaId }: Parts,
  table: string,
): Promise<Difference | null> {
  const keys = (
    await sql<{ name: string }[]>`
      select attname as name from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
      where indrelid = ${`${main}.${table}`}::regclass and indisprimary
      order by array_position(indkey::int[], attnum::int)`
  ).map(({ name }) => name)
  const isSame = keys.map(
    (key, index) => sql`${index === 0 ? sql`` : sql`and`} stored.${sql(key)} = rebuilt.${sql(key)}`,
  )
  const inOrder = keys.map(
    (key, index) => sql`${index === 0 ? sql`` : sql`,`} coalesce(stored.${sql(key)}, rebuilt.${sql(key)})`,
  )
  const [found] = await sql<{ stored: Record<string, unknown> | null; rebuilt: Record<string, unknown> | null }[]>`
    select to_jsonb(stored) as stored, to_jsonb(rebuilt) as rebuilt
    from (select * from ${sql(main)}.${sql(table)} where area_id = ${areaId}) stored
    full join ${sql(rebuilt)}.${sql(table)} rebuilt on ${isSame}
    where stored.area_id is null or rebuilt.area_id is null or row(stored.*) is distinct from row(rebuilt.*)
    order by ${inOrder} limit 1`
  if (found === undefined) return null
  const either = (found.stored ?? found.rebuilt)!
  return {
    table,
    key: Object.fromEntries(keys.map((key) => [key, either[key]])),
    ...{ stored: found.stored, rebuilt: found.rebuilt },
    columns: Object.keys(either).filter((column) => {
      return JSON.stringify(found.stored?.[column]) !== JSON.stringify(found.rebuilt?.[column])
    }),
  }
}
