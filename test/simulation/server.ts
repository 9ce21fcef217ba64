/**
 * A server process: the real runners of its areas behind the real messages, and the real intake of readings, on a machine of its own;
 * and what meters and accounts reach of it.
 */

import type { LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { Gap, ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import type { Areas } from '../../server/api/parts.ts'
import type { AreaHandle, Submission } from '../../server/areas/area-handle.ts'
import { AreaClock } from '../../server/areas/clock.ts'
import { type ConnectedArea, connectArea, serveArea, telling } from '../../server/areas/messages.ts'
import { AreaRunner } from '../../server/areas/runner.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { heldOf, seatsOfMeter } from '../../server/live/meter-seats.ts'
import {
  createReadingIntake,
  isOutOfDate,
  type ReadingIntake,
  toldBy,
  type WelcomedMeter,
} from '../../server/live/reading-intake.ts'
import type { AreaConfig, Event } from '../../server/market/area/area.ts'
import type { Chain } from './chain.ts'
import type { Database } from './database.ts'
import { Follower } from './follower.ts'
import { Machine } from './machine.ts'
import type { PlantedBug } from './planted.ts'
import { portsOf } from './port.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { domain, face } from './street.ts'

/** Looks on when something is asked of an area and answered. */
export interface AnswerWitness {
  asked(machine: Machine, submission: Submission): symbol
  answered(machine: Machine, question: symbol, answer: Event[] | Error): void
  failed(what: string, error: unknown): void
  refusedByChain(end: number, reason: string): void
}

/** An area as every server knows it. */
export interface AreaParts {
  number: number
  database: Database
  witness: AnswerWitness
  /** What the settings of a server say that starts now. */
  config(): AreaConfig
}

export interface Surroundings {
  scheduler: Scheduler
  random: Random
  chain: Chain
  areas: readonly AreaParts[]
  planted: PlantedBug | null
}

/** An area in one process. */
interface ServedArea {
  number: number
  handle: ConnectedArea
  /** The same, with somebody who looks on. */
  watched: AreaHandle
  follower: Follower
}

/** What a meter hears that announces itself. */
export interface Welcome {
  connection: number
  as: WelcomedMeter
  /** Whether the area cannot take anything now. */
  isWaiting: boolean
  newest: { epoch: number; time: number }
  gaps: Gap[]
  settledTo: number
  keys: LaterKey[]
}

/** Whoever signs puts the name of the key where a signature would be. */
const signatures = {
  recover: async (_domain: unknown, _type: unknown, items: readonly { signature: string }[]) =>
    items.map(({ signature }) => signature),
}

export class Server {
  readonly name: string
  machine: Machine
  served: readonly ServedArea[] = []
  /** Changes whenever those that were connected have to connect anew. */
  connection = 0
  private starts = 0
  /** Commands that its areas have not answered. */
  private readonly asked = new Map<Machine, number>()
  private intake!: ReadingIntake
  private readonly areas: Areas
  private readonly surroundings: Surroundings

  constructor(name: string, surroundings: Surroundings) {
    this.name = name
    this.surroundings = surroundings
    this.areas = {
      get: (number) => this.served.find((area) => area.number === number)?.watched,
      all: () => this.served.map(({ watched }) => watched),
    }
    this.machine = this.start()
  }

  /** Starts a new process where the former one has ended. */
  start(): Machine {
    const { scheduler, random, areas } = this.surroundings
    this.starts += 1
    const machine = new Machine(`${this.name}.${this.starts}`, scheduler)
    const chance = random.fork()
    machine.offsetMs = chance.between(-800, 800)
    machine.driftPpm = chance.between(-100, 100)
    this.machine = machine
    this.connection += 1
    this.served = areas.map((parts) => this.serve(parts, machine, chance))
    const later = (action: () => void, ms: number) => machine.after(ms, action)
    this.intake = createReadingIntake(this.areas, signatures, { later })
    return machine
  }

  private serve({ number, database, witness, config }: AreaParts, machine: Machine, chance: Random): ServedArea {
    const { scheduler, chain, areas, planted } = this.surroundings
    const [inside, outside] = portsOf(machine)
    const { store } = database.connect(machine, machine.name)
    // Whoever runs one of the areas runs them all: homes find it where they find the other.
    const { lease } = areas[0]!.database.connect(machine, machine.name)
    const runner = new AreaRunner({
      ...{ store, lease, owner: machine.name, config: config(), face, waitsForChain: true },
      clock: planted === 'one clock' ? new OneClock(machine) : new AreaClock(machine, { hasChain: true }),
      newSecret: () => Buffer.from(Array.from({ length: 32 }, () => chance.whole(0, 255))),
      sleep: (ms) => machine.sleep(ms),
      monotonicMs: () => machine.monotonicMs(),
      tell: telling(inside, (what, error) => witness.failed(what, error)),
      longestReplayMs: chance.pick([3, 10, 60]),
    })
    const { soon } = scheduler
    void serveArea(inside, runner, { running: runner.run(), soon })
    const settings = { area: number, chain: domain, priceDecimals: 4, currency: 'EUR' } as AreaSettings
    const handle = connectArea(outside, settings, { soon })
    const note = (more: number) => this.asked.set(machine, (this.asked.get(machine) ?? 0) + more)
    const watched: AreaHandle = Object.assign(Object.create(handle), {
      async submit(submission: Submission, loads?: number) {
        const question = witness.asked(machine, submission)
        note(1)
        try {
          const events = await handle.submit(submission, loads)
          witness.answered(machine, question, events)
          return events
        } catch (error) {
          witness.answered(machine, question, error as Error)
          throw error
        } finally {
          note(-1)
        }
      },
    })
    const follower = new Follower({
      ...{ area: number, machine, random: chance, chain, database, handle },
      refused: (end, reason) => witness.refusedByChain(end, reason),
    })
    return { number, handle, watched, follower }
  }

  /** The area of this process as those outside know it. */
  area(number: number): AreaHandle {
    return this.areas.get(number)!
  }

  /** Whether some command is under way. */
  get isAsked(): boolean {
    return (this.asked.get(this.machine) ?? 0) > 0
  }

  isReadyIn(area: number): boolean {
    return this.machine.isRunning && this.area(area).status.condition.is === 'ready'
  }

  kill(): void {
    this.machine.kill()
    this.connection += 1
  }

  /** Ends the process in order; the one that follows is for the caller to start. */
  async stop(): Promise<void> {
    const { machine } = this
    await Promise.all(this.served.map(({ handle }) => handle.stop()))
    machine.kill()
  }

  /** What the server says to a meter that announces itself, or null where it knows no seat of it. */
  hello(meter: string): Welcome | null {
    const { areas, connection } = this
    const seats = seatsOfMeter(areas, meter, domain)
    const held = heldOf(seats, this.machine.wallMs() / 1000)
    if (held === undefined) return null
    const { served, ...heard } = held
    const isWaiting = served.area.status.condition.is !== 'ready'
    return { connection, as: { domain, told: toldBy(seats) }, isWaiting, ...heard }
  }

  /** Takes signed readings of one connection. Rejects where the meter has to announce itself first. */
  async take(
    { connection, as }: Pick<Welcome, 'connection' | 'as'>,
    readings: readonly SignedReading[],
  ): Promise<ReadingAck[]> {
    const isGone = readings.some(({ meter }) => isOutOfDate(as, seatsOfMeter(this.areas, meter, domain)))
    if (connection !== this.connection || isGone) throw new Error('the connection has ended')
    const acks = await this.intake.take(readings.map((reading) => ({ reading, ...as })))
    for (const [index, { meter, epoch, time }] of readings.entries()) {
      const ack = acks[index]
      if (ack?.meter === meter && ack.epoch === epoch && ack.time === time) continue
      const [{ witness }] = this.surroundings.areas as [AreaParts]
      witness.failed(`the engine answered another reading than ${meter} at ${time}`, null)
    }
    return acks
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
