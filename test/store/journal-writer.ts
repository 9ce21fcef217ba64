/** Writes the journal of an area as its runner does: applies commands to the engine, and commits them in groups. */
import { createHash } from 'node:crypto'
import type { AreaStore, Journaled, JournalRow, Place, StoredRow } from '../../server/areas/area-store.ts'
import type { Command, Event, MeterReading } from '../../server/market/area/area.ts'
import { committedFunds, freeFunds } from '../../server/market/area/funds.ts'
import { type AreaState, emptyState, seatsServedAt } from '../../server/market/area/state.ts'
import { apply, nextDue } from '../../server/market/engine/engine.ts'
import {
  decodeCommand,
  encodeCommand,
  encodeEvents,
  genesisHash,
  rollHash,
} from '../../server/market/engine/journal.ts'
import { isBeyondMemory } from '../../server/market/engine/readings.ts'

/** The secret of every batch. */
export const secret = Buffer.alloc(32, 5)
export const seal = `0x${createHash('sha256').update(secret).digest('hex')}`

export class JournalWriter {
  readonly state: AreaState = emptyState()
  /** Of the newest command, committed or not. */
  place: Place = { sequence: 0, hash: genesisHash }
  /** Of the newest committed command. */
  committed: Place = this.place
  readonly events: Event[] = []
  private pending: (Journaled & { row: JournalRow })[] = []
  private available = new Map<number, bigint>()
  private readonly store: AreaStore

  constructor(store: AreaStore) {
    this.store = store
  }

  /** Applies a command; what changes nothing is not journaled. */
  run(command: Command): Event[] {
    const events = apply(this.state, command)
    this.events.push(...events)
    if (!events.some(changesState)) return events
    const bytes = encodeCommand(command)
    const hash = rollHash(this.place.hash, bytes, encodeEvents(events))
    const sequence = this.place.sequence + 1
    this.place = { sequence, hash }
    const cut = events.some((event) => event.type === 'batch-cut' && event.number === 1)
    this.pending.push({
      sequence,
      command,
      events,
      row: { sequence, hash, command: bytes, secret: cut ? secret : null },
    })
    return events
  }

  /** Takes over a row that is journaled already. */
  replay(row: StoredRow): void {
    const command = decodeCommand(row.command)
    const events = apply(this.state, command)
    this.place = { sequence: row.sequence, hash: rollHash(this.place.hash, row.command, encodeEvents(events)) }
    if (row.hash !== null && !this.place.hash.equals(row.hash))
      throw new Error(`row ${row.sequence} does not give its hash`)
    this.committed = this.place
  }

  /** Everything that is due until then, one thing a tick. */
  passTime(atMs: number): void {
    for (;;) {
      const due = nextDue(this.state)
      if (due === null || due.atMs > atMs) break
      this.run({ type: 'tick', atMs: Math.max(due.atMs, this.state.nowMs), seal })
    }
  }

  /** Readings as they arrive: those that the engine no longer holds with what the tables say of them. */
  async read(atMs: number, readings: readonly MeterReading[]): Promise<Event[]> {
    const late = readings.filter(({ time }) => isBeyondMemory(this.state, time))
    const others = readings.filter((reading) => !late.includes(reading))
    const events: Event[] = []
    if (late.length > 0) {
      await this.commit()
      const served = late.map((reading) => ({
        reading,
        seat: seatsServedAt(this.state, reading)[0]?.chain.seat ?? 0,
      }))
      events.push(...this.run({ type: 'late-readings', atMs, readings: await this.store.late(served) }))
    }
    if (others.length > 0) events.push(...this.run({ type: 'readings', atMs, readings: others }))
    return events
  }

  get waiting(): number {
    return this.pending.length
  }

  /** Commits what was applied since. */
  async commit(): Promise<void> {
    return this.prepared()()
  }

  /** The commit of what was applied since, ready to be sent; they are sent in the order in which they were prepared. */
  prepared(): () => Promise<void> {
    const group = this.pending.splice(0)
    const funds = new Map<number, bigint>()
    const sums = committedFunds(this.state)
    for (const [number, seat] of this.state.seats) {
      const free = freeFunds(seat, sums)
      if (this.available.get(number) !== free) funds.set(number, free)
      this.available.set(number, free)
    }
    return async () => {
      const after = this.committed
      if (group.length === 0) return this.store.prove(after)
      await this.store.commit({ after, rows: group.map(({ row }) => row), journaled: group, funds })
      const { sequence, hash } = group.at(-1)!.row
      this.committed = { sequence, hash }
    }
  }
}

function changesState(event: Event): boolean {
  return event.type !== 'refused' && (event.type !== 'reading' || event.status === 'stored')
}
