/**
 * A home: its meter counts, its agent signs the registers at every boundary and repeats each reading until the server has it or will
 * never take it, and keeps it until it is settled. After a greeting it sends again what is newer than the server's newest.
 */
import type { EventOf, MeterReading } from '../../server/market/area/area.ts'
import { canRetryReading } from '../../server/market/area/codes.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { intervalSeconds } from './street.ts'

export interface HomeParts {
  scheduler: Scheduler
  random: Random
  network: Network
  servers: readonly Server[]
  meter: string
  /** Mostly sells, or mostly buys. */
  isRoof: boolean
  witness: HomeWitness
}

/** Looks on when a home signs a reading and learns what became of it. */
export interface HomeWitness {
  signed(reading: MeterReading): void
  acknowledged(reading: MeterReading): void
  refused(reading: MeterReading, answer: EventOf<'reading'>): void
}

/** As many readings as one message takes. */
const perMessage = 20

export class Home {
  readonly meter: string
  /** Its network is gone until then. */
  offlineUntilMs = 0
  /** Nothing is sent before, so that a meter comes with a backlog. */
  readonly queue = new Map<string, MeterReading>()
  readonly acknowledged = new Map<string, MeterReading>()
  epoch = { epoch: 1, time: 0, importWh: 0, exportWh: 0 }
  /** Whether another area has the meter at a boundary: what it signs then is not for this one. */
  isElsewhere: (time: number) => boolean = () => false
  private readonly parts: HomeParts
  private registers = { importWh: 0, exportWh: 0 }
  private sequence = 0
  private server: Server
  private connection = -1
  private failures = 0

  constructor(parts: HomeParts) {
    this.parts = parts
    this.meter = parts.meter
    this.server = parts.random.pick(parts.servers)
  }

  /** Begins to count and to send; the epoch begins at a boundary that is now or has passed. */
  begin(time: number): void {
    this.epoch = { ...this.epoch, time }
    this.countTo(time + intervalSeconds)
    void this.send()
  }

  /** A new meter is put in: its registers begin anew at the next boundary. */
  replaceMeter(): Home['epoch'] {
    const { scheduler } = this.parts
    const time = (Math.floor(scheduler.nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
    this.epoch = { epoch: this.epoch.epoch + 1, time, importWh: 0, exportWh: 0 }
    return this.epoch
  }

  /** What has been signed of the running epoch and is on its way. */
  get isWaiting(): boolean {
    return this.queue.size > 0
  }

  private countTo(time: number): void {
    const { scheduler } = this.parts
    scheduler.after(time * 1000 - scheduler.nowMs, () => {
      this.count(time)
      this.countTo(time + intervalSeconds)
    })
  }

  private count(time: number): void {
    const { random, isRoof, witness } = this.parts
    if (time <= this.epoch.time) {
      this.registers = { importWh: 0, exportWh: 0 }
      return
    }
    const [much, little] = [random.whole(0, 300), random.chance(0.3) ? random.whole(0, 120) : 0]
    this.registers.exportWh += isRoof ? much : little
    this.registers.importWh += isRoof ? little : much
    // The agent was off at the boundary, or the meter could not be read.
    if (random.chance(0.03) || this.isElsewhere(time)) return
    const quality = random.chance(0.06) ? random.whole(1, 2) : 0
    this.sequence += 1
    const { epoch } = this.epoch
    const reading: MeterReading = {
      ...{ meter: this.meter, epoch, time, ...this.registers, quality },
      ...{ signature: '0x', sequence: this.sequence, productionWh: null, reasons: 0, key: null },
    }
    witness.signed(reading)
    this.queue.set(nameOf(reading), reading)
  }

  /** Sends what waits, for ever. */
  private async send(): Promise<void> {
    const { scheduler, random } = this.parts
    for (;;) {
      const waitMs = Math.min(1_000 * 2 ** this.failures, 8_000) * random.between(0.5, 1.5)
      await new Promise<void>((resolve) => scheduler.after(waitMs, resolve))
      if (scheduler.nowMs < this.offlineUntilMs) continue
      try {
        if (this.connection !== this.server.connection) await this.greet()
        else if (this.queue.size > 0) await this.sendSome()
      } catch {
        this.fail()
      }
    }
  }

  private fail(): void {
    const { servers } = this.parts
    this.connection = -1
    this.failures = Math.min(this.failures + 1, 3)
    this.server = servers[(servers.indexOf(this.server) + 1) % servers.length]!
  }

  private async greet(): Promise<void> {
    const { network } = this.parts
    const { server } = this
    const answer = await network.ask(server, async () => server.hello(this.meter))
    if (answer === null) return this.fail()
    this.connection = answer.connection
    const { newest, gaps, settledTo } = answer
    for (const [name, reading] of this.acknowledged) {
      const isKnown = reading.epoch < newest.epoch || (reading.epoch === newest.epoch && reading.time <= newest.time)
      const isMissing = gaps.some(
        ({ from, to }) => reading.epoch === newest.epoch && from <= reading.time && reading.time <= to,
      )
      if (reading.time <= settledTo || (isKnown && !isMissing)) continue
      this.acknowledged.delete(name)
      this.queue.set(name, reading)
    }
  }

  private async sendSome(): Promise<void> {
    const { network, scheduler, random } = this.parts
    const { server, connection } = this
    const current = Math.floor(scheduler.nowMs / 1000 / intervalSeconds) * intervalSeconds
    const waiting = [...this.queue.values()].sort((a, b) => a.time - b.time)
    const isCurrent = ({ time }: MeterReading) => time >= current
    const sent = [...waiting.filter(isCurrent), ...waiting.filter((reading) => !isCurrent(reading))]
    const message = sent.slice(0, random.chance(0.4) ? random.whole(1, 3) : perMessage)
    const answers = await network.ask(server, () => server.take(connection, message))
    this.failures = 0
    for (const [index, reading] of message.entries()) this.hear(reading, answers[index]!)
  }

  private hear(reading: MeterReading, answer: EventOf<'reading'>): void {
    const { witness } = this.parts
    const name = nameOf(reading)
    if (answer.status === 'refused') {
      if (canRetryReading(answer.code!)) return
      if (this.queue.delete(name)) witness.refused(reading, answer)
    } else if (this.queue.delete(name)) {
      this.acknowledged.set(name, reading)
      witness.acknowledged(reading)
    }
  }
}

function nameOf({ epoch, time }: { epoch: number; time: number }): string {
  return `${epoch} ${time}`
}
