/**
 * Somebody who wishes nobody well and pays nothing: sends signed orders of others again, long after; readings of meters that nobody
 * knows and of 1970; readings of others a second time; and an order that no table takes. None of it may cost anybody anything.
 */
import type { Submission } from '../../server/areas/area-handle.ts'
import type { MeterReading } from '../../server/market/area/area.ts'
import type { Database } from './database.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { boundaryAfter, config, intervalSeconds, meterOf } from './street.ts'
import type { SignedThings } from './trader.ts'

export interface StrangerParts {
  scheduler: Scheduler
  random: Random
  network: Network
  servers: readonly Server[]
  database: Database
  /** A seat of its own, that nobody confirmed. */
  account: string
  meter: string
  signed: SignedThings
  /** Readings that homes have signed. */
  readings: readonly MeterReading[]
  /** Hears what its own meter signs, and what it signs with a key that it has stolen. */
  sign(reading: MeterReading): void
  forge(reading: MeterReading): void
}

/** The registers of the stranger's meter follow from the time, so that a value for a boundary is always the same. */
export function strangeRegister(time: number): number {
  return (time % 1_000_000) / intervalSeconds
}

const kinds = [
  ...(['replay', 'replay', 'replay', 'replay', 'again', 'again', '1970', '1970', 'unknown'] as const),
  ...(['poison', 'flood', 'flood', 'forge'] as const),
]

export class Stranger {
  private readonly parts: StrangerParts
  private nonce = 0
  private sequence = 0

  constructor(parts: StrangerParts) {
    this.parts = parts
    void this.annoy()
  }

  private async annoy(): Promise<void> {
    const { scheduler, random, network, servers } = this.parts
    for (;;) {
      await new Promise<void>((resolve) => scheduler.after(random.between(2_000, 25_000), resolve))
      const server = random.pick(servers)
      const submission = this.next(server)
      if (submission === null) continue
      await network.ask(server, () => this.send(server, submission)).catch(() => {})
    }
  }

  private send(server: Server, submission: Submission): Promise<unknown> {
    if (submission.type !== 'readings') return server.submit(submission)
    return server.take(server.connection, submission.readings)
  }

  private next(server: Server): Submission | null {
    const { random, signed } = this.parts
    switch (random.pick(kinds)) {
      case 'replay':
        return signed.orders.length === 0 ? null : random.pick(signed.orders).submission
      case 'again':
        return this.again(server)
      case '1970':
        return { type: 'readings', readings: [this.reading(random.whole(1, 10) * intervalSeconds)] }
      case 'unknown':
        return { type: 'readings', readings: [{ ...this.reading(60), meter: meterOf(0xbad) }] }
      case 'poison':
        return this.poison()
      case 'flood':
        return this.flood()
      case 'forge':
        return this.parts.readings.length === 0 || random.chance(0.7)
          ? null
          : this.forged(random.pick(this.parts.readings))
    }
  }

  private reading(time: number): MeterReading {
    this.sequence += 1
    const reading = {
      ...{ meter: this.parts.meter, epoch: 1, time, importWh: strangeRegister(time), exportWh: 0 },
      ...{ quality: 0, signature: '0x', sequence: this.sequence, productionWh: null, reasons: 0, key: null },
    }
    this.parts.sign(reading)
    return reading
  }

  /**
   * Two readings of homes a second time. Without a meter's key nobody can announce it, so none of them is newer than what its home has
   * brought to this server.
   */
  private again(server: Server): Submission | null {
    const { random, readings } = this.parts
    const known = readings.filter(({ meter, epoch, time }) => {
      const newest = server.newestOf(meter)
      return newest !== null && (epoch < newest.epoch || (epoch === newest.epoch && time <= newest.time))
    })
    return known.length === 0 ? null : { type: 'readings', readings: [random.pick(known), random.pick(known)] }
  }

  /** A second value for a boundary, signed with a home's own key. */
  private forged(genuine: MeterReading): Submission {
    const reading = { ...genuine, importWh: genuine.importWh + 1 }
    this.parts.forge(reading)
    return { type: 'readings', readings: [reading] }
  }

  /** A backlog of its own meter, sent twice in one message. */
  private flood(): Submission {
    const { scheduler } = this.parts
    const last = boundaryAfter(scheduler.nowMs / 1000) - intervalSeconds
    const times = Array.from({ length: 12 }, (_, index) => last - index * intervalSeconds).reverse()
    const readings = times.map((time) => this.reading(time))
    return { type: 'readings', readings: [...readings, ...readings] }
  }

  /** An order of its own that a table refuses. */
  private poison(): Submission {
    const { scheduler, random, database, account, meter, signed } = this.parts
    if (database.poison.size > 0 && random.chance(0.7)) {
      const known = signed.orders.find(({ submission }) => database.poison.has(submission.id))
      if (known !== undefined) return known.submission
    }
    const start = boundaryAfter(scheduler.nowMs / 1000)
    this.nonce = Math.max(this.nonce + 1, Math.floor(scheduler.nowMs))
    const id = signed.newId()
    database.poison.add(id)
    signed.madeAtMs.set(id, scheduler.nowMs)
    const order = {
      ...{ account, meter, rules: config.rulesHash, market: 0, side: 1, timeInForce: 0, limitPrice: 1_000, maxWh: 100 },
      ...{ start, end: start + 30 * intervalSeconds, nonce: this.nonce },
    }
    const submission = { type: 'order' as const, id, order, signature: '0x', session: null }
    signed.orders.push({ atMs: scheduler.nowMs, submission })
    return submission
  }
}
