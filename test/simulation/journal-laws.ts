/**
 * Laws of the journal, checked at every row: it follows the one before, replays to its hash, is written by whom the newest barrier
 * names, is dated as it was, does a bounded piece of work, and takes readings only that the right key of their meter has signed.
 */
import { keyAt } from '../../contracts/protocol/meter-keys.ts'
import type { Command, Event } from '../../server/market/area/area.ts'
import { type AreaState, emptyState } from '../../server/market/area/state.ts'
import { apply } from '../../server/market/engine/engine.ts'
import { decodeCommand, encodeEvents, genesisHash, rollHash } from '../../server/market/engine/journal.ts'
import type { Logged } from './database.ts'
import type { Scheduler } from './scheduler.ts'
import type { Verdict } from './verdict.ts'

export interface JournalLawParts {
  scheduler: Scheduler
  verdict: Verdict
  /** By how much a command may be dated off, in ms. */
  toleranceMs(): number
  /** When something was signed, true time. */
  madeAtMs: ReadonlyMap<string, number>
}

/** Bytes of the events of one command: so much, and so much for each seat, and for each reading of the command. */
const eventBytes = { least: 4_000, perSeat: 1_500, perReading: 400 }

export class JournalLaws {
  /** What an undisturbed engine makes of the journal. */
  state: AreaState = emptyState()
  hash: Buffer = genesisHash
  sequence = 0
  private owner: string | null = null
  private readonly parts: JournalLawParts

  constructor(parts: JournalLawParts) {
    this.parts = parts
  }

  /** One more row. */
  follow(logged: Logged): void {
    const { verdict } = this.parts
    const { row, journaled, owner } = logged
    verdict.holds('rows chain', row.sequence === this.sequence + 1, () => {
      return `row ${row.sequence} of ${owner} follows row ${this.sequence}`
    })
    const command = decodeCommand(row.command)
    const events = apply(this.state, command)
    const bytes = encodeEvents(events)
    this.hash = rollHash(this.hash, row.command, bytes)
    this.sequence = row.sequence
    verdict.holds('replay', this.hash.equals(row.hash), () => `row ${row.sequence} does not replay to its hash`)
    verdict.holds('replay', bytes.equals(encodeEvents(journaled.events)), () => `row ${row.sequence} has other events`)
    const follows = command.type === 'barrier' ? command.owner === owner : this.owner === null || this.owner === owner
    verdict.holds(
      'ownership',
      follows,
      () => `row ${row.sequence} is of ${owner}, the barrier before it of ${this.owner}`,
    )
    this.owner = owner
    this.checkDate(logged, events)
    this.checkWork(logged, events, bytes.length)
    this.checkKeys(command, events)
  }

  /** The journal is shorter again: starts anew with what is left of it. */
  restart(log: readonly Logged[]): void {
    this.state = emptyState()
    this.hash = genesisHash
    this.owner = null
    for (const { row, owner } of log) {
      const command = decodeCommand(row.command)
      this.hash = rollHash(this.hash, row.command, encodeEvents(apply(this.state, command)))
      this.owner = owner
    }
    this.sequence = log.length
  }

  private checkDate({ row, journaled }: Logged, events: readonly Event[]): void {
    const { scheduler, verdict, toleranceMs, madeAtMs } = this.parts
    const { atMs } = journaled.command
    const latest = scheduler.nowMs + toleranceMs()
    verdict.holds('dates', atMs <= latest, () => `row ${row.sequence} is dated ${atMs - scheduler.nowMs} ms ahead`)
    for (const event of events) {
      const id = event.type === 'order-accepted' || event.type === 'forward-accepted' ? event.order.id : null
      const made = id === null ? undefined : madeAtMs.get(id)
      if (made === undefined) continue
      const isAfter = atMs >= made - toleranceMs()
      verdict.holds(
        'dates',
        isAfter,
        () => `row ${row.sequence} is dated ${made - atMs} ms before its order was signed`,
      )
    }
  }

  /** As far as the journal tells which key signs when. */
  private checkKeys(command: Command, events: readonly Event[]): void {
    if (command.type !== 'readings' && command.type !== 'late-readings') return
    const readings =
      command.type === 'readings' ? [...command.readings] : command.readings.map(({ reading }) => reading)
    for (const event of events) {
      if (event.type !== 'reading') continue
      const { meter, time, key, signature } = readings.shift()!
      if (event.status !== 'stored' && event.code !== 'READING_EQUIVOCATION') continue
      const seat = this.state.seats.get(event.seat)
      const right = seat === undefined ? signature : keyAt(meter, seat.chain.keys, time)
      this.parts.verdict.holds('right key', signature === right && signature === (key ?? meter), () => {
        return `the reading of ${meter} at ${time} is signed by ${signature}, and ${right} signs then`
      })
    }
  }

  private checkWork({ row, journaled: { command } }: Logged, events: readonly Event[], bytes: number): void {
    const { verdict } = this.parts
    const intervals = events.filter(
      ({ type }) => type === 'interval-started' || type === 'interval-cleared' || type === 'interval-reduced',
    )
    const readings = command.type === 'readings' || command.type === 'late-readings' ? command.readings.length : 0
    const changed = command.type === 'chain' ? command.seats.length : 0
    const most =
      eventBytes.least + eventBytes.perSeat * (this.state.seats.size + changed) + eventBytes.perReading * readings
    verdict.holds(
      'bounded work',
      intervals.length <= 1,
      () => `row ${row.sequence} computes ${intervals.length} intervals`,
    )
    verdict.holds(
      'bounded work',
      bytes <= most,
      () => `the events of row ${row.sequence} (${command.type}) take ${bytes} bytes`,
    )
  }
}
