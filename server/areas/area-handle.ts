/**
 * The face of a running area for everything outside its thread. All of it are messages: nobody reads the engine's state.
 * What is read of results, orders and readings is read from the tables.
 */
import type { LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Gap } from '../../contracts/protocol/wire.ts'
import type { Command, Event } from '../market/area/area.ts'
import type { AreaSettings } from './settings.ts'

/** A command without its time, which the area itself gives it. */
export type Submission = Command extends infer Each ? (Each extends Command ? Omit<Each, 'atMs'> : never) : never

/** A seat as of the newest committed command, as far as those who check and route messages need it. */
export interface SeatSummary {
  seat: number
  account: Address
  meter: Address
  keys: LaterKey[]
  /** The boundary from which the seat may trade: readings of its meter after it are this seat's. */
  openedAt: UtcSeconds
  /** Where the epoch began that the chain has of the seat. */
  epochStart: { epoch: number; time: UtcSeconds }
  closed: boolean
  /** It was closed before it began: its meter went to another seat at the same boundary. */
  neverServed: boolean
  /** Null where the seat trades in the root zone. */
  zone: string | null
  confirmed: boolean
  suspended: boolean
  /** The newest reading, at least where the epoch begins. */
  newest: { epoch: number; time: UtcSeconds }
  /** Boundaries of that epoch before the newest that are not stored, since the last batch was cut: newer readings come first. */
  gaps: Gap[]
  /** Everything until here is settled on chain. */
  settledTo: UtcSeconds
}

/** What one commit changed; the tables say how it stands now. */
export interface AreaChanges {
  sequence: number
  /** Intervals that changed, by their starts. */
  intervals: UtcSeconds[]
  /** Seats, or all of them. */
  seats: number[] | 'all'
  /** Arrivals of forward orders, and trades by interval and number. */
  forwardOrders: number[]
  forwardTrades: { start: UtcSeconds; number: number }[]
  agreements: number[]
  /** Batches that changed, by their ends. */
  batches: UtcSeconds[]
  hasNewSettings: boolean
}

export type AreaCondition =
  /** It goes on by itself once that has passed: another server holds it, a clock or the chain is missing, the store is away. */
  | { is: 'waiting'; code: string; reason: string }
  | { is: 'ready' }
  /** It will not go on by itself. */
  | { is: 'stopped'; code: string; reason: string }

export interface AreaStatus {
  condition: AreaCondition
  /** The newest committed command. */
  sequence: number
  hash: string
  /** By how much this machine's clock is ahead of the database's and of the chain's newest block; null before it is known. */
  aheadOfDatabaseMs: number | null
  aheadOfChainMs: number | null
  /**
   * How often the area was made from its journal where that may have lost rows: whoever tells it something once, or was told something
   * by it, does so anew after that.
   */
  loads: number
  /** How far the area's own time is. */
  nowMs: number
  cutUntil: UtcSeconds
  settledUntil: UtcSeconds
  /** Start of the oldest batch that was cut and is not settled, null where there is none. */
  unsettledFrom: UtcSeconds | null
  /** The oldest interval that has ended and has no result yet. */
  oldestOpen: UtcSeconds | null
}

export interface AreaHandle {
  /** The settings that hold for what comes next. */
  readonly settings: AreaSettings
  readonly status: AreaStatus
  /** Those of a meter ascend: one follows the other at a boundary. */
  seatsOfMeter(meter: Address): readonly SeatSummary[]
  seat(number: number): SeatSummary | undefined
  seats(): Iterable<SeatSummary>
  /** Whether the account has a seat here, open or closed. */
  hasAccount(account: Address): boolean
  /**
   * Resolves with the command's events once they are durable, or once it is certain that nothing needs to be. Rejects with
   * `AreaError`: `AREA_BUSY`, `AREA_NOT_READY` (both pass: try again), `AREA_STOPPED`, or `AREA_COMMAND` (this command alone
   * cannot be carried out). Who goes by what the area said as of some of its `loads` says so: it is refused with `AREA_NOT_READY` once
   * the area has been made anew since, before anything is carried out.
   */
  submit(submission: Submission, loads?: number): Promise<Event[]>
  /** Called after each commit, in order; returns the way out. */
  subscribe(listener: (changes: AreaChanges) => void): () => void
}
