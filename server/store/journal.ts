/** The journal and its snapshots. The primary key `(area_id, sequence)` fences: of two writers one fails. */
import postgres from 'postgres'
import { decodeCommand, encode, genesisHash, rollHash } from '../market/engine/codec.ts'
import { apply, rulesOf } from '../market/engine/engine.ts'
import { decodeState } from '../market/engine/snapshot.ts'
import { type AreaState, emptyState } from '../market/engine/state.ts'
import { type Database, StoreError, type Transaction, transact } from './database.ts'

export interface JournalRow {
  sequence: number
  engineVersion: number
  command: string
  hash: Buffer
}

const uniqueViolation = '23505'

/** Appends rows in order. Throws `STORE_FENCED` where another writer has used a sequence. */
export async function appendJournal(sql: Transaction, area: number, rows: JournalRow[]): Promise<void> {
  try {
    await sql`
      insert into journal (area_id, sequence, engine_version, command, hash)
      select ${area}, sequence, version, command, decode(hash, 'hex') from unnest(
        ${rows.map(({ sequence }) => sequence)}::bigint[],
        ${rows.map(({ engineVersion }) => engineVersion)}::int[],
        ${rows.map(({ command }) => command)}::text[],
        ${rows.map(({ hash }) => hash.toString('hex'))}::text[]
      ) as row (sequence, version, command, hash)`
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === uniqueViolation) {
      throw new StoreError('STORE_FENCED', `another server writes the journal of area ${area}`, { cause: error })
    }
    throw error
  }
}

export interface LoadedArea {
  state: AreaState
  sequence: number
  hash: Buffer
  snapshotSequence: number
  /** Commands applied after the snapshot. */
  replayed: number
}

const rowsPerRead = 5_000

/**
 * Rebuilds an area from its newest snapshot and the journal after it. Throws `STORE_DIVERGED` at the first row whose hash
 * differs, and `ENGINE_VERSION` where a newer program wrote them.
 */
export async function loadArea(database: Database, area: number): Promise<LoadedArea> {
  const [snapshot] = await database`
    select sequence, state, hash from snapshots where area_id = ${area} order by sequence desc limit 1`
  const state = snapshot === undefined ? emptyState() : decodeState(snapshot.state)
  rulesOf(state.engineVersion)
  const snapshotSequence: number = snapshot?.sequence ?? 0
  return {
    ...(await replay(database, area, { state, sequence: snapshotSequence, hash: snapshot?.hash ?? genesisHash })),
    snapshotSequence,
  }
}

/** Replays the whole journal from its first command, ignoring snapshots: what the state must be. */
export function replayArea(database: Database, area: number): Promise<Omit<LoadedArea, 'snapshotSequence'>> {
  return replay(database, area, { state: emptyState(), sequence: 0, hash: genesisHash })
}

async function replay(
  database: Database,
  area: number,
  from: { state: AreaState; sequence: number; hash: Buffer },
): Promise<Omit<LoadedArea, 'snapshotSequence'>> {
  const { state } = from
  let { sequence, hash } = from
  let replayed = 0
  for (;;) {
    const rows = await database`
      select sequence, command, hash from journal
      where area_id = ${area} and sequence > ${sequence} order by sequence limit ${rowsPerRead}`
    for (const row of rows) {
      const events = apply(state, decodeCommand(row.command))
      hash = rollHash(hash, state.engineVersion, row.command, encode(events))
      sequence += 1
      replayed += 1
      if (row.sequence !== sequence || !hash.equals(row.hash)) {
        throw new StoreError(
          'STORE_DIVERGED',
          `area ${area}: command ${row.sequence} of the journal does not replay to its hash`,
        )
      }
    }
    if (rows.length < rowsPerRead) return { state, sequence, hash, replayed }
  }
}

const snapshotsKept = 2

/** Writes a snapshot and drops old ones. */
export async function saveSnapshot(
  database: Database,
  area: number,
  snapshot: { sequence: number; engineVersion: number; state: string; hash: Buffer },
): Promise<void> {
  await transact(database, async (sql) => {
    await sql`
      insert into snapshots (area_id, sequence, engine_version, state, hash)
      values (${area}, ${snapshot.sequence}, ${snapshot.engineVersion}, ${snapshot.state}, ${snapshot.hash})
      on conflict do nothing`
    await sql`
      delete from snapshots where area_id = ${area} and sequence not in (
        select sequence from snapshots where area_id = ${area} order by sequence desc limit ${snapshotsKept})`
  })
}
