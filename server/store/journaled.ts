/** What the projections read of a transaction of the journal. */
import type { ReadingExtras } from '../areas/area-worker.ts'
import type { Command, Event } from '../market/engine/area.ts'

/** A journaled command with what it did and what travelled beside it. */
export interface Journaled {
  command: Command
  extras: ReadingExtras[]
  events: Event[]
}
