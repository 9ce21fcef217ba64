/** An area's store and lease on PostgreSQL; `areas/area-store.ts` says what they promise. */
import { randomBytes } from 'node:crypto'
import type { AreaLease, AreaStore, Commit, Place } from '../areas/area-store.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { Piece } from '../market/engine/snapshot.ts'
import { keptFrom } from './archives.ts'
import { type AreaIdentity, registerArea } from './areas.ts'
import { type Database, type DatabasePatience, openDatabase, transact } from './database.ts'
import { forgottenIntervals } from './declaration-store.ts'
import { StoreError } from './error.ts'
import { appendRows, asFence, keepSecrets, requireAppended, requireNewest, rowsAfter } from './journal.ts'
import { packJournal } from './journal-segments.ts'
import { lateReadings } from './late-readings.ts'
import { acquireLease, endWriters, releaseLease, renewLease, writerName } from './lease.ts'
import { Projection } from './projection.ts'
import { newestSettings } from './settings-store.ts'
import { keepSnapshot, newestSnapshot, storedPieces } from './snapshots.ts'

/**
 * A commit is never cancelled: one that waits for a standby would be reported as done while it may still be lost. So its
 * statements have no end of their own. What gives up after a long silence is this side alone; whether the commit was done
 * is unknown then, and the journal says.
 */
const writing: DatabasePatience = { statementSeconds: null, silenceSeconds: 60, idleTransactionSeconds: 10 }

/** One for look-ups and the lease, and one for snapshots meanwhile. */
const readers = 2

export interface OpenedAreaStore {
  areaId: number
  store: AreaStore
  lease: AreaLease
  close(): Promise<void>
}

/** Opens connections of its own, since sessions that write are told apart by their name. */
export async function openAreaStore(databaseUrl: string, identity: AreaIdentity): Promise<OpenedAreaStore> {
  const database = openDatabase(databaseUrl, readers, { name: `commonwatt look-ups of area ${identity.area}` })
  try {
    const areaId = await registerArea(database, identity)
    const settings = await newestSettings(database, areaId)
    const pieces = await storedPieces(database, areaId)
    const opened = new PostgresArea(databaseUrl, { database, areaId, settings, pieces })
    return { areaId, store: opened, lease: opened, close: () => opened.close() }
  } catch (error) {
    await database.end({ timeout: 0 })
    throw error
  }
}

class PostgresArea implements AreaStore, AreaLease {
  private readonly databaseUrl: string
  private readonly database: Database
  private readonly areaId: number
  private readonly projection: Projection
  private pieces: Set<string>
  private session: string
  private writer: Database

  constructor(
    databaseUrl: string,
    parts: { database: Database; areaId: number; settings: AreaSettings | null; pieces: Set<string> },
  ) {
    const { database, areaId, settings, pieces } = parts
    this.databaseUrl = databaseUrl
    this.database = database
    this.areaId = areaId
    this.projection = new Projection(areaId, settings?.rules.intervalSeconds ?? null)
    this.pieces = pieces
    this.session = newSession()
    this.writer = this.openWriter()
  }

  async snapshot() {
    this.pieces = await storedPieces(this.database, this.areaId)
    return newestSnapshot(this.database, this.areaId)
  }

  rowsAfter(sequence: number) {
    return rowsAfter(this.database, this.areaId, sequence)
  }

  async commit({ after, rows, journaled, funds }: Commit): Promise<void> {
    const { areaId, projection } = this
    await transact(this.writer, async (sql) => {
      const appending = appendRows(sql, areaId, { after, rows }).execute()
      const keeping = keepSecrets(sql, areaId, rows).map((statement) => statement.execute())
      const [appended, ...others] = await Promise.allSettled([
        appending,
        projection.project(sql, journaled, funds),
        ...keeping,
      ])
      // Where both fail, the journal says why.
      if (appended.status === 'rejected') throw asFence(areaId, appended.reason)
      requireAppended(areaId, appended.value, rows)
      for (const other of others) if (other.status === 'rejected') throw other.reason
    })
    projection.committed()
  }

  prove(place: Place) {
    return requireNewest(this.writer, this.areaId, place)
  }

  declaredOf(starts: Parameters<AreaStore['declaredOf']>[0]) {
    return forgottenIntervals(this.database, this.areaId, starts)
  }

  late(readings: Parameters<AreaStore['late']>[0]) {
    return lateReadings(this.database, this.areaId, { intervalSeconds: this.projection.interval ?? 1, readings })
  }

  archivedUntil() {
    return keptFrom(this.database, this.areaId)
  }

  async saveSnapshot(place: Place, pieces: readonly Piece[]): Promise<void> {
    try {
      const dropped = await keepSnapshot(this.database, this.areaId, { place, pieces })
      for (const { hash } of pieces) this.pieces.add(hash)
      for (const hash of dropped) this.pieces.delete(hash)
      await packJournal(this.database, this.areaId)
    } catch (error) {
      // Another process may have dropped pieces: the next snapshot brings all of its own.
      if (error instanceof StoreError) this.pieces.clear()
      throw error
    }
  }

  hasPiece(hash: string): boolean {
    return this.pieces.has(hash)
  }

  async nowMs(): Promise<number> {
    const [row] = await this.database<[{ ms: number }]>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`
    return row.ms
  }

  async acquire(owner: string, seconds: number) {
    const { database, areaId } = this
    const holder = await acquireLease(database, areaId, { owner, seconds })
    if (holder !== null) return holder
    // Also of this process: what it sent before may still wait for an answer that it does not wait for any more.
    const { writer } = this
    this.session = newSession()
    this.writer = this.openWriter()
    await writer.end({ timeout: 0 })
    await endWriters(database, areaId, this.session)
    return null
  }

  renew(owner: string, seconds: number): Promise<boolean> {
    return renewLease(this.database, this.areaId, { owner, seconds })
  }

  release(owner: string): Promise<void> {
    return releaseLease(this.database, this.areaId, owner)
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.end({ timeout: 5 }), this.database.end({ timeout: 5 })])
  }

  private openWriter(): Database {
    return openDatabase(this.databaseUrl, 1, {
      ...{ ...writing, name: writerName(this.areaId, this.session), isByKey: true },
    })
  }
}

function newSession(): string {
  return randomBytes(6).toString('hex')
}
