/**
 * One worker per market area: the only writer of its engine and journal.
 *
 * A command is applied to the engine, journaled together with its projections in one database transaction (many commands
 * a transaction: group commit), and only then answered.
 */
import type { Command, Event } from '../market/engine/area.ts'
import type { AreaState } from '../market/engine/state.ts'
import type { AreaSettings } from './settings.ts'

/** What travels unsigned beside a reading, kept with it. */
export interface ReadingExtras {
  meter: string
  epoch: number
  time: number
  sequence: number
  productionWh: number | null
  reasons: string[]
}

export interface AreaWorker {
  readonly settings: AreaSettings
  /** The state as of the newest committed command; read only. */
  readonly state: AreaState
  /** Resolves with the command's events once they are durable. Rejects with `AreaError` (`AREA_BUSY`, `AREA_STOPPED`). */
  submit(command: Command, extras?: ReadingExtras[]): Promise<Event[]>
  /** Called after each commit with the events in order; returns the way out. */
  subscribe(listener: (events: readonly Event[]) => void): () => void
}
