/** What an area needs of the database that holds its journal; `store/area-store.ts` is it on PostgreSQL. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Command, Event, LateReading, MeterReading } from '../market/area/area.ts'
import type { ForgottenInterval } from '../market/area/declarations.ts'
import type { Piece } from '../market/engine/snapshot.ts'

/** A place in the journal: what a writer believes to be its newest row. */
export interface Place {
  /** 0 before the first row. */
  sequence: number
  hash: Buffer
}

/** A row as it is read again. */
export interface StoredRow {
  sequence: number
  /** Null where the store keeps only that of a later row, which follows from this one. */
  hash: Buffer | null
  /** The command's canonical bytes. */
  command: Buffer
}

export interface JournalRow extends StoredRow {
  hash: Buffer
  /** What salts follow from, where the command cut a batch. */
  secret: Buffer | null
}

/** A journaled command with what it did: what the tables follow from. */
export interface Journaled {
  sequence: number
  command: Command
  events: Event[]
}

export interface Commit {
  after: Place
  /** In order, each following the one before. */
  rows: JournalRow[]
  journaled: Journaled[]
  /** Free funds of the seats where they changed, by seat. */
  funds: ReadonlyMap<number, bigint>
}

export interface LoadedSnapshot extends Place {
  pieces: { name: string; bytes: Buffer }[]
}

export interface AreaStore {
  /** The newest snapshot, or null before the first. */
  snapshot(): Promise<LoadedSnapshot | null>
  /** Rows after a place, in order, some at a time; empty at the end. Throws `STORE_DIVERGED` where one is missing. */
  rowsAfter(sequence: number): Promise<StoredRow[]>
  /**
   * Appends rows and advances every table in one transaction. Throws `StoreError` `STORE_FENCED` where the newest row is not
   * the one that the writer believes in, and what PostgreSQL says where a table refuses: then nothing was written.
   */
  commit(commit: Commit): Promise<void>
  /** Throws `STORE_FENCED` where a place is not the newest row of the journal any more. */
  prove(place: Place): Promise<void>
  /** Readings of intervals that the engine no longer holds, each with the seat that its meter served, and what the tables say. */
  late(readings: readonly { reading: MeterReading; seat: number }[]): Promise<LateReading[]>
  /** Those of these intervals, which the engine no longer holds, that the tables know, and what was declared of them. */
  declaredOf(starts: readonly UtcSeconds[]): Promise<ForgottenInterval[]>
  /** Intervals that end no later than this are archived: nothing of them is in the tables. */
  archivedUntil(): Promise<UtcSeconds>
  /** Keeps a snapshot; pieces without bytes are those that `hasPiece` knows. */
  saveSnapshot(place: Place, pieces: readonly Piece[]): Promise<void>
  hasPiece(hash: string): boolean
  /** The database's clock, UTC milliseconds. */
  nowMs(): Promise<number>
}

/** Who holds an area's lease, by the database's clock. */
export interface LeaseHolder {
  owner: string
  expiresAtMs: number
}

/** The right to write an area's journal, for some seconds at a time. It only saves work: the journal's chained rows are the fence. */
export interface AreaLease {
  /** Takes the lease where it is free, expired or one's own; null then, else who holds it. Ends the sessions of a former owner. */
  acquire(owner: string, seconds: number): Promise<LeaseHolder | null>
  /** Whether the lease was still one's own and is now longer. */
  renew(owner: string, seconds: number): Promise<boolean>
  /** Gives it up, if it is one's own. */
  release(owner: string): Promise<void>
}
