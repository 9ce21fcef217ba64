/**
 * A home: its meter counts, its agent signs the registers at every boundary and repeats each reading until the server has it or will
 * never take it, and keeps it until it is settled. After a greeting it sends again what is newer than the server's newest, and what another
 * key has to sign.
 */
import { keyAt, type LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server, Welcome } from './server.ts'
import { intervalSeconds, laterKeyOf } from './street.ts'

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
  signed(reading: SignedReading): void
  refused(reading: SignedReading, ack: ReadingAck): void
}

/** As many readings as one message takes. */
const perMessage = 20

export class Home {
  readonly meter: string
  /** Its network is gone until then. */
  offlineUntilMs = 0
  /** Nothing is sent before, so that a meter comes with a backlog. */
  readonly queue = new Map<string, SignedReading>()
  readonly acknowledged = new Map<string, SignedReading>()
  epoch = { epoch: 1, time: 0, importWh: 0, exportWh: 0 }
  private readonly parts: HomeParts
  private registers = { importWh: 0, exportWh: 0 }
  private sequence = 0
  private server: Server
  private welcome: Pick<Welcome, 'connection' | 'as'> | null = null
  private failures = 0
  /** The keys that followed the meter's first one, as far as a server has told. */
  private keys: readonly LaterKey[] = []
  private freshKeys = 0

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

  /** A key that may follow the last one: it signs once a server has told that the chain has it. */
  nextKey(): string {
    this.freshKeys += 1
    return laterKeyOf(this.meter, this.freshKeys)
  }

  private countTo(time: number): void {
    const { scheduler } = this.parts
    scheduler.after(time * 1000 - scheduler.nowMs, () => {
      this.count(time)
      this.countTo(time + intervalSeconds)
    })
  }

  private count(time: number): void {
    const { random, isRoof } = this.parts
    if (time <= this.epoch.time) {
      this.registers = { importWh: 0, exportWh: 0 }
      return
    }
    const [much, little] = [random.whole(0, 300), random.chance(0.3) ? random.whole(0, 120) : 0]
    this.registers.exportWh += isRoof ? much : little
    this.registers.importWh += isRoof ? little : much
    // The agent was off at the boundary, or the meter could not be read.
    if (random.chance(0.03)) return
    const quality = random.chance(0.06) ? random.whole(1, 2) : 0
    this.sequence += 1
    const { epoch } = this.epoch
    this.put({
      ...{ meter: this.meter, epoch, time, ...this.registers, quality, signature: this.keyAt(time) },
      ...{ sequence: this.sequence, productionWh: null, reasons: [] },
    })
  }

  private keyAt(time: number): string {
    return keyAt(this.meter, this.keys, time)
  }

  /** Signs a reading, and has it sent. */
  private put(reading: SignedReading): void {
    this.parts.witness.signed(reading)
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
        if (this.welcome?.connection !== this.server.connection) await this.greet()
        else if (this.queue.size > 0) await this.sendSome()
      } catch {
        this.fail()
      }
    }
  }

  private fail(): void {
    const { servers } = this.parts
    this.welcome = null
    this.failures = Math.min(this.failures + 1, 3)
    this.server = servers[(servers.indexOf(this.server) + 1) % servers.length]!
  }

  private async greet(): Promise<void> {
    const { network, random } = this.parts
    const { server } = this
    const answer = await network.ask(server, async () => server.hello(this.meter))
    // Mostly somebody has led the home to the server that runs its area.
    if (answer === null || (answer.isWaiting && random.chance(0.8))) return this.fail()
    this.welcome = answer
    const { newest, gaps, settledTo, keys } = answer
    if (keys.length > this.keys.length) this.signAgain(keys)
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

  /** Other keys have to sign what was signed before they were heard of: the same values. */
  private signAgain(keys: readonly LaterKey[]): void {
    this.keys = keys
    for (const readings of [this.acknowledged, this.queue]) {
      for (const [name, reading] of readings) {
        const signature = this.keyAt(reading.time)
        if (signature === reading.signature) continue
        readings.delete(name)
        this.put({ ...reading, signature })
      }
    }
  }

  private async sendSome(): Promise<void> {
    const { network, scheduler, random } = this.parts
    const { server, welcome } = this
    const current = Math.floor(scheduler.nowMs / 1000 / intervalSeconds) * intervalSeconds
    const waiting = [...this.queue.values()].sort((a, b) => a.time - b.time)
    const isCurrent = ({ time }: SignedReading) => time >= current
    const sent = [...waiting.filter(isCurrent), ...waiting.filter((reading) => !isCurrent(reading))]
    const message = sent.slice(0, random.chance(0.4) ? random.whole(1, 3) : perMessage)
    const answers = await network.ask(server, () => server.take(welcome!, message))
    this.failures = 0
    for (const [index, reading] of message.entries()) this.hear(reading, answers[index]!)
    // Another server may be the one that runs the area, and know more of its meters.
    if (answers.some(({ retry }) => retry) && random.chance(0.5)) this.fail()
  }

  private hear(reading: SignedReading, ack: ReadingAck): void {
    const { witness } = this.parts
    const name = nameOf(reading)
    // The meter's key has changed on chain: the server says since when.
    if (ack.code === 'READING_KEY') this.welcome = null
    if (ack.status === 'refused') {
      if (ack.retry) return
      if (this.takeOut(name, reading)) witness.refused(reading, ack)
    } else if (this.takeOut(name, reading)) this.acknowledged.set(name, reading)
  }

  /** Takes a reading out of the queue, unless it was signed again meanwhile. */
  private takeOut(name: string, reading: SignedReading): boolean {
    return this.queue.get(name) === reading && this.queue.delete(name)
  }
}

function nameOf({ epoch, time }: { epoch: number; time: number }): string {
  return `${epoch} ${time}`
}
