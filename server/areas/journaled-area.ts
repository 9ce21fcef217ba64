/**
 * An area's engine together with its place in the journal: made from the journal, advanced by commands, and committed with what
 * they did. What was applied and not committed cannot be taken back: after a failure the whole is made again.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import {
  type AreaConfig,
  type AreaFace,
  areaFace,
  type Command,
  chainSeat,
  type Event,
  type MeterReading,
} from '../market/area/area.ts'
import { encode, struct } from '../market/area/binary.ts'
import { areaConfig } from '../market/area/config.ts'
import { EngineError } from '../market/area/error.ts'
import { committedFunds, freeFunds } from '../market/area/funds.ts'
import { type AreaState, emptyState, seatsServedAt } from '../market/area/state.ts'
import { openBatch } from '../market/engine/batches.ts'
import { apply, changesState } from '../market/engine/engine.ts'
import { decodeCommand, encodeCommand, encodeEvents, genesisHash, rollHash } from '../market/engine/journal.ts'
import { servingSeat } from '../market/engine/official.ts'
import { isBeyondMemory } from '../market/engine/readings.ts'
import { snapshotOf, stateOf } from '../market/engine/snapshot.ts'
import type { Submission } from './area-handle.ts'
import type { AreaStore, Journaled, JournalRow, Place, StoredRow } from './area-store.ts'

/**
 * An agent may have read its meter for so long before the seat opened. The escrow lets an epoch begin at any time: what is older is
 * traded by nobody, and a reading of each month since 1970 would make the tables of as many months.
 */
const longestBeforeSeatSeconds = 62 * 86_400

/** About how long replaying takes: each command, and each seat of a computation. */
const replayMs = { command: 0.03, seatComputed: 0.02 }

interface Applied extends Journaled {
  row: JournalRow
}

/** The commands that a submission is for the engine. */
export interface Taken {
  commands: Command[]
  /** Answers to readings that no command takes, which come before what the commands answer. */
  refused: Event[]
  /** Where the readings stood in the submission, in the order in which they are answered; null where it is the same. */
  places: number[] | null
}

export class JournaledArea {
  readonly state: AreaState
  /** About how long replaying what came after the newest snapshot takes. */
  tailMs = 0
  /** The newest committed command. */
  committed: Place
  private place: Place
  private pending: Applied[] = []
  private readonly available = new Map<number, bigint>()
  private readonly store: AreaStore

  constructor(store: AreaStore, state: AreaState = emptyState(), place: Place = { sequence: 0, hash: genesisHash }) {
    this.store = store
    this.state = state
    this.committed = place
    this.place = place
  }

  /** From the newest snapshot and the journal after it. Throws `ENGINE_DIVERGED` where a row does not give its hash. */
  static async load(store: AreaStore): Promise<JournaledArea> {
    const snapshot = await store.snapshot()
    const area =
      snapshot === null
        ? new JournaledArea(store)
        : new JournaledArea(store, stateOf(snapshot.pieces), { sequence: snapshot.sequence, hash: snapshot.hash })
    for (;;) {
      const rows = await store.rowsAfter(area.place.sequence)
      for (const row of rows) area.replay(row)
      if (rows.length === 0) return area
    }
  }

  /** Whether its newest committed command is this one. */
  isAt({ sequence, hash }: Place): boolean {
    return this.committed.sequence === sequence && this.committed.hash.equals(hash)
  }

  get hasApplied(): boolean {
    return this.pending.length > 0
  }

  /** Whether these are the settings that hold for what comes next. */
  isConfigured(config: AreaConfig, face: AreaFace): boolean {
    const known = this.state.configs.at(-1)
    return known !== undefined && encode(settingsCodec, known).equals(encode(settingsCodec, { config, face }))
  }

  /** What is written of it, and so its events, counts once it is committed. */
  apply(command: Command, secret: Buffer | null = null): Event[] {
    const events = apply(this.state, command)
    if (!events.some(changesState)) return events
    const bytes = encodeCommand(command)
    const hash = rollHash(this.place.hash, bytes, encodeEvents(events))
    const sequence = this.place.sequence + 1
    this.place = { sequence, hash }
    this.pending.push({ sequence, command, events, row: { sequence, hash, command: bytes, secret } })
    return events
  }

  /**
   * Writes what was applied, and says what it was. Where that is nothing, the journal is asked whether it still ends where this
   * writer believes.
   */
  async commit(): Promise<Journaled[]> {
    const applied = this.pending
    if (applied.length === 0) {
      await this.store.prove(this.committed)
      return applied
    }
    await this.store.commit({
      after: this.committed,
      rows: applied.map(({ row }) => row),
      journaled: applied,
      funds: this.changedFunds(applied),
    })
    this.committed = this.place
    this.pending = []
    for (const { events } of applied) this.tailMs += this.costOf(events)
    return applied
  }

  /** Writes a snapshot of now; nothing may be applied and uncommitted. One that fails is due when as much has come once more. */
  async keep(): Promise<void> {
    const { store } = this
    this.tailMs = 0
    const pieces = snapshotOf(this.state, (hash) => store.hasPiece(hash))
    await store.saveSnapshot(this.committed, pieces)
  }

  /** Whether it holds readings, values or allocations of intervals that only the tables know. */
  isLate(submission: Submission): boolean {
    if (submission.type === 'declare') return this.forgottenBy(submission).length > 0
    if (submission.type === 'official-values') return submission.values.some(({ start }) => this.isForgotten(start))
    return submission.type === 'readings' && submission.readings.some(({ time }) => isBeyondMemory(this.state, time))
  }

  /** Late readings come with what the tables say, the chain without what is known. */
  async take(submission: Submission, atMs: number): Promise<Taken> {
    if (submission.type === 'readings') return this.takeReadings(submission, atMs)
    if (submission.type === 'declare') {
      const starts = this.forgottenBy(submission)
      const forgotten = starts.length === 0 ? [] : await this.store.declaredOf(starts)
      return { commands: [{ ...submission, atMs, forgotten }], refused: [], places: null }
    }
    if (submission.type === 'official-values') return this.takeOfficialValues(submission, atMs)
    if (submission.type !== 'chain')
      return { commands: [{ ...submission, atMs } as Command], refused: [], places: null }
    const { state } = this
    const seats = submission.seats.filter((seat) => {
      const known = state.seats.get(seat.seat)?.chain
      return known === undefined || !encode(chainSeat, known).equals(encode(chainSeat, seat))
    })
    const batch = openBatch(state)
    const endsBatch = batch !== null && state.chain.time < batch.end && submission.time >= batch.end
    const isFurther = endsBatch || submission.settledUntil !== state.chain.settledUntil || state.chain.isPartial
    const isNew = seats.length > 0 || (isFurther && !submission.isPart)
    return { commands: isNew ? [{ ...submission, seats, atMs }] : [], refused: [], places: null }
  }

  /** Intervals of which quantities are declared and that the engine no longer holds. */
  private forgottenBy({ body }: Extract<Submission, { type: 'declare' }>): UtcSeconds[] {
    if (body.type !== 'quantities') return []
    return body.intervals.flatMap(({ start }) => (start < this.state.firstStart ? [start] : []))
  }

  private isForgotten(start: UtcSeconds): boolean {
    return start < this.state.firstStart
  }

  /** Values of intervals that the engine no longer holds come with what the tables say of those. */
  private async takeOfficialValues(
    submission: Extract<Submission, { type: 'official-values' }>,
    atMs: number,
  ): Promise<Taken> {
    const { state } = this
    const until = await this.store.archivedUntil()
    const late = submission.values.filter(({ start }) => this.isForgotten(start) && start >= until)
    // The tables are asked as for a reading at the boundary at which the interval begins.
    const asked = late.map(({ meter, start }) => {
      const seat = servingSeat(state, { meter, start })?.chain.seat ?? 0
      return { reading: { ...noReading, meter, time: start }, seat }
    })
    const known = late.length === 0 ? [] : await this.store.late(asked)
    const standings = new Map(late.map((value, index) => [value, known[index]!.starting]))
    const values = submission.values.map((value) => ({ ...value, standing: standings.get(value) ?? null }))
    return { commands: [{ type: 'official-values', atMs, values }], refused: [], places: null }
  }

  private async takeReadings(submission: Extract<Submission, { type: 'readings' }>, atMs: number): Promise<Taken> {
    const { state } = this
    const places = [...submission.readings.keys()]
    const isLate = (place: number) => isBeyondMemory(state, submission.readings[place]!.time)
    const late = places.filter(isLate)
    if (late.length === 0) return { commands: [{ ...submission, atMs }], refused: [], places: null }
    const until = await this.store.archivedUntil()
    const refused = new Map<number, Event>()
    const served: { reading: MeterReading; seat: number }[] = []
    for (const place of late) {
      const reading = submission.readings[place]!
      const chain = seatsServedAt(state, reading)[0]?.chain
      const takenAfter = (chain?.openedAt ?? 0) - longestBeforeSeatSeconds
      if (reading.time <= until) refused.set(place, refusedOld(reading, 'READING_ARCHIVED', until))
      else if (reading.time <= takenAfter) refused.set(place, refusedOld(reading, 'READING_BEFORE_SEAT', takenAfter))
      else served.push({ reading, seat: chain?.seat ?? 0 })
    }
    const known = late.filter((place) => !refused.has(place))
    const others = places.filter((place) => !isLate(place))
    const commands: Command[] = []
    if (known.length > 0) commands.push({ type: 'late-readings', atMs, readings: await this.store.late(served) })
    if (others.length > 0) {
      commands.push({ type: 'readings', atMs, readings: others.map((place) => submission.readings[place]!) })
    }
    return { commands, refused: [...refused.values()], places: [...refused.keys(), ...known, ...others] }
  }

  private replay(row: StoredRow): void {
    const command = decodeCommand(row.command)
    const events = apply(this.state, command)
    const hash = rollHash(this.place.hash, row.command, encodeEvents(events))
    if (row.hash !== null && !hash.equals(row.hash)) {
      throw new EngineError('ENGINE_DIVERGED', `command ${row.sequence} of the journal does not replay to its hash`)
    }
    this.place = { sequence: row.sequence, hash }
    this.committed = this.place
    this.tailMs += this.costOf(events)
  }

  /** Free funds of the seats where they changed since they were last written. */
  private changedFunds(applied: readonly Applied[]): Map<number, bigint> {
    const changed = new Map<number, bigint>()
    if (!applied.some(({ events }) => events.some(movesFunds))) return changed
    const committed = committedFunds(this.state)
    for (const [number, seat] of this.state.seats) {
      const free = freeFunds(seat, committed)
      if (this.available.get(number) === free) continue
      this.available.set(number, free)
      changed.set(number, free)
    }
    return changed
  }

  /** About how long replaying a command with these events takes. */
  private costOf(events: readonly Event[]): number {
    const computed = events.filter(({ type }) => type === 'interval-cleared' || type === 'batch-cut').length
    return replayMs.command + computed * this.state.seats.size * replayMs.seatComputed
  }
}

const noReading = {
  ...{ epoch: 0, importWh: 0, exportWh: 0, quality: 0, signature: '0x', sequence: 0 },
  ...{ productionWh: null, reasons: 0, key: null },
}

/** The answer to a reading of a time of which only what comes after `until` is taken. */
function refusedOld(
  { meter, epoch, time }: MeterReading,
  code: 'READING_ARCHIVED' | 'READING_BEFORE_SEAT',
  until: UtcSeconds,
): Event {
  return {
    ...{ type: 'reading', meter, epoch, time, status: 'refused', seat: 0, nextSeat: 0, isLate: true },
    ...{ code, details: [time, until] },
  }
}

const settingsCodec = struct({ config: areaConfig, face: areaFace })

function movesFunds({ type }: Event): boolean {
  return (
    type === 'interval-started' ||
    type === 'interval-final' ||
    type === 'interval-reduced' ||
    type === 'batch-cut' ||
    type === 'batch-missed' ||
    type === 'chain-followed' ||
    type === 'seat-changed' ||
    type === 'forward-accepted' ||
    type === 'forward-trade' ||
    type === 'forward-cancelled'
  )
}
