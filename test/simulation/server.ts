/**
 * A server process: the real runner behind the real messages, on a machine of its own, and what meters and accounts reach of it.
 */

import type { Gap } from '../../contracts/protocol/wire.ts'
import type { Submission } from '../../server/areas/area-handle.ts'
import { AreaClock } from '../../server/areas/clock.ts'
import { type ConnectedArea, connectArea, serveArea, telling } from '../../server/areas/messages.ts'
import { AreaRunner } from '../../server/areas/runner.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import type { AreaConfig, Event, EventOf, MeterReading } from '../../server/market/area/area.ts'
import type { Chain } from './chain.ts'
import type { Database } from './database.ts'
import { Follower } from './follower.ts'
import { Machine } from './machine.ts'
import type { PlantedBug } from './planted.ts'
import { portsOf } from './port.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { face } from './street.ts'

/** Looks on when something is asked of an area and answered. */
export interface AnswerWitness {
  asked(machine: Machine, submission: Submission): symbol
  answered(machine: Machine, question: symbol, answer: Event[] | Error): void
  failed(what: string, error: unknown): void
  refusedByChain(end: number, reason: string): void
}

export interface Surroundings {
  scheduler: Scheduler
  random: Random
  database: Database
  chain: Chain
  witness: AnswerWitness
  planted: PlantedBug | null
  /** What the settings of a server say that starts now. */
  config(): AreaConfig
}

export class Server {
  readonly name: string
  machine: Machine
  runner!: AreaRunner
  handle!: ConnectedArea
  follower!: Follower
  /** Changes whenever those that were connected have to connect anew. */
  connection = 0
  private loads = 0
  private starts = 0
  private readonly surroundings: Surroundings

  constructor(name: string, surroundings: Surroundings) {
    this.name = name
    this.surroundings = surroundings
    this.machine = this.start()
  }

  /** Starts a new process where the former one has ended. */
  start(): Machine {
    const { scheduler, random, database, chain, witness, planted, config } = this.surroundings
    this.starts += 1
    const owner = `${this.name}.${this.starts}`
    const machine = new Machine(owner, scheduler)
    const chance = random.fork()
    machine.offsetMs = chance.between(-800, 800)
    machine.driftPpm = chance.between(-100, 100)
    this.machine = machine
    const [inside, outside] = portsOf(machine)
    const { store, lease } = database.connect(machine, owner)
    const runner = new AreaRunner({
      ...{ store, lease, owner, config: config(), face, waitsForChain: true },
      clock: planted === 'one clock' ? new OneClock(machine) : new AreaClock(machine, { hasChain: true }),
      newSecret: () => Buffer.from(Array.from({ length: 32 }, () => chance.whole(0, 255))),
      sleep: (ms) => machine.sleep(ms),
      monotonicMs: () => machine.monotonicMs(),
      tell: telling(inside, (what, error) => witness.failed(what, error)),
      longestReplayMs: chance.pick([3, 10, 60]),
    })
    this.runner = runner
    const { soon } = scheduler
    void serveArea(inside, runner, { running: runner.run(), soon })
    this.handle = connectArea(outside, {} as AreaSettings, { soon })
    this.loads = 0
    this.connection += 1
    this.follower = new Follower({
      ...{ machine, random: chance, chain, database, handle: this.handle },
      refused: (end, reason) => witness.refusedByChain(end, reason),
    })
    return machine
  }

  get isReady(): boolean {
    return this.machine.isRunning && this.handle.status.condition.is === 'ready'
  }

  kill(): void {
    this.machine.kill()
    this.connection += 1
  }

  /** Ends the process in order; the one that follows is for the caller to start. */
  stop(): Promise<void> {
    const { machine } = this
    return this.handle.stop().then(() => machine.kill())
  }

  /** Meters that are connected hang up when the area was made anew: its journal may have lost what it had acknowledged. */
  private lookAtLoads(): void {
    const { loads } = this.handle.status
    if (loads !== this.loads) this.connection += 1
    this.loads = loads
  }

  /** The newest reading of a meter that this server knows, null where it knows no seat of it. */
  newestOf(meter: string): { epoch: number; time: number } | null {
    return this.handle.seatsOfMeter(meter).at(-1)?.newest ?? null
  }

  /** What the server says to a meter that announces itself, or null where it knows no seat of it. */
  hello(
    meter: string,
  ): { connection: number; newest: { epoch: number; time: number }; gaps: Gap[]; settledTo: number } | null {
    this.lookAtLoads()
    const seat = this.handle.seatsOfMeter(meter).at(-1)
    if (seat === undefined) return null
    return { connection: this.connection, newest: seat.newest, gaps: seat.gaps, settledTo: seat.settledTo }
  }

  /** Takes signed readings of one connection. Rejects where the meter has to announce itself first, or the area is not there. */
  async take(connection: number, readings: readonly MeterReading[]): Promise<EventOf<'reading'>[]> {
    this.lookAtLoads()
    if (connection !== this.connection) throw new Error('the connection has ended')
    const events = await this.submit({ type: 'readings', readings: [...readings] }, this.loads)
    const answers = events.filter((event) => event.type === 'reading')
    for (const [index, { meter, epoch, time }] of readings.entries()) {
      const answer = answers[index]
      if (answer?.meter === meter && answer.epoch === epoch && answer.time === time) continue
      this.surroundings.witness.failed(`the engine answered another reading than ${meter} at ${time}`, null)
      throw new Error('the server failed')
    }
    return answers
  }

  /** Submits what an account has signed, or a meter. */
  async submit(submission: Submission, loads?: number): Promise<Event[]> {
    const { witness } = this.surroundings
    const { machine } = this
    const question = witness.asked(machine, submission)
    try {
      const events = await this.handle.submit(submission, loads)
      witness.answered(machine, question, events)
      return events
    } catch (error) {
      witness.answered(machine, question, error as Error)
      throw error
    }
  }
}

/** Believes what the machine's clock says. */
class OneClock extends AreaClock {
  private readonly machine: Machine

  constructor(machine: Machine) {
    super(machine, { hasChain: true })
    this.machine = machine
  }

  override read(journaledMs: number): { nowMs: number } {
    return { nowMs: Math.max(this.machine.wallMs(), journaledMs) }
  }
}
