/**
 * Somebody who wishes nobody well and pays nothing: sends signed orders of others again, long after; readings of meters that nobody
 * knows and of 1970; readings of others a second time; and an order that no table takes. None of it may cost anybody anything.
 */
import { keyAt, type LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { SignedReading } from '../../contracts/protocol/wire.ts'
import type { Database } from './database.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { boundaryAfter, intervalSeconds, meterOf, rulesHashOf } from './street.ts'
import type { SignedOrder, SignedThings } from './trader.ts'

export interface StrangerParts {
  scheduler: Scheduler
  random: Random
  network: Network
  servers: readonly Server[]
  database: Database
  /** A seat of its own in the first area, that nobody confirmed. */
  account: string
  meter: string
  signed: SignedThings
  /** Readings that homes have signed. */
  readings: readonly SignedReading[]
  /** The keys that followed the first one of a meter, by the newest block. */
  keysOf(meter: string): readonly LaterKey[]
  /** Hears what its own meter signs, and what it signs with a key that it has stolen. */
  sign(reading: SignedReading): void
  forge(reading: SignedReading): void
}

/** The registers of the stranger's meter follow from the time, so that a value for a boundary is always the same. */
export function strangeRegister(time: number): number {
  return (time % 1_000_000) / intervalSeconds
}

const kinds = [
  ...(['replay', 'replay', 'replay', 'replay', 'again', 'again', '1970', '1970', 'unknown'] as const),
  ...(['poison', 'flood', 'flood', 'forge', 'retired'] as const),
]

/** What it sends: an order, or readings of meters of which it brings the first one's hello. */
type Sent = SignedOrder | SignedReading[]

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
      const sent = this.next(server)
      if (sent === null) continue
      await network.ask(server, () => this.send(server, sent)).catch(() => {})
    }
  }

  private async send(server: Server, sent: Sent): Promise<unknown> {
    if ('submission' in sent) return server.area(sent.area).submit(sent.submission)
    const welcome = server.hello(sent[0]!.meter)
    return welcome === null ? null : server.take(welcome, sent)
  }

  private next(server: Server): Sent | null {
    const { random, signed, readings } = this.parts
    switch (random.pick(kinds)) {
      case 'replay':
        return signed.orders.length === 0 ? null : random.pick(signed.orders)
      case 'again':
        return this.again(server)
      case '1970':
        return [this.reading(random.whole(1, 10) * intervalSeconds)]
      case 'unknown':
        return [this.reading(60), { ...this.reading(60), meter: meterOf(0xbad) }]
      case 'poison':
        return this.poison()
      case 'flood':
        return this.flood()
      case 'forge':
        return readings.length === 0 || random.chance(0.7) ? null : this.forged(random.pick(readings))
      case 'retired':
        return readings.length === 0 ? null : this.retired(random.pick(readings))
    }
  }

  private reading(time: number): SignedReading {
    this.sequence += 1
    const reading = {
      ...{ meter: this.parts.meter, epoch: 1, time, importWh: strangeRegister(time), exportWh: 0 },
      ...{ quality: 0, signature: this.parts.meter, sequence: this.sequence, productionWh: null, reasons: [] },
    }
    this.parts.sign(reading)
    return reading
  }

  /**
   * Two readings of homes a second time. Without a meter's key nobody can announce it, so none of them is newer than what its home has
   * brought to this server.
   */
  private again(server: Server): Sent | null {
    const { random, readings } = this.parts
    const known = readings.filter(({ meter, epoch, time }) => {
      const newest = server.hello(meter)?.newest
      return newest !== undefined && (epoch < newest.epoch || (epoch === newest.epoch && time <= newest.time))
    })
    return known.length === 0 ? null : [random.pick(known), random.pick(known)]
  }

  /** A second value for a boundary, signed with a home's own key. */
  private forged(genuine: SignedReading): Sent {
    const reading = { ...genuine, importWh: genuine.importWh + 1 }
    this.parts.forge(reading)
    return [reading]
  }

  /** Another value for a boundary, signed with a key that its meter has retired: it proves nothing. */
  private retired(genuine: SignedReading): Sent | null {
    const { random, keysOf } = this.parts
    const { meter, time, signature } = genuine
    const keys = keysOf(meter)
    const right = keyAt(meter, keys, time)
    // What the home itself has signed with a key of which it had not heard that it is retired would contradict this.
    const others = [meter, ...keys.map(({ key }) => key)].filter((key) => key !== right && key !== signature)
    if (others.length === 0) return null
    return [{ ...genuine, importWh: genuine.importWh + random.whole(0, 1), signature: random.pick(others) }]
  }

  /** A backlog of its own meter, sent twice in one message. */
  private flood(): Sent {
    const { scheduler } = this.parts
    const last = boundaryAfter(scheduler.nowMs / 1000) - intervalSeconds
    const times = Array.from({ length: 12 }, (_, index) => last - index * intervalSeconds).reverse()
    const readings = times.map((time) => this.reading(time))
    return [...readings, ...readings]
  }

  /** An order of its own that a table refuses. */
  private poison(): Sent {
    const { scheduler, random, database, account, meter, signed } = this.parts
    if (database.poison.size > 0 && random.chance(0.7)) {
      const known = signed.orders.find(({ submission }) => database.poison.has(submission.id))
      if (known !== undefined) return known
    }
    const start = boundaryAfter(scheduler.nowMs / 1000)
    this.nonce = Math.max(this.nonce + 1, Math.floor(scheduler.nowMs))
    const id = signed.newId()
    database.poison.add(id)
    signed.madeAtMs.set(id, scheduler.nowMs)
    const fields = {
      ...{ account, meter, rules: rulesHashOf(1), market: 0, side: 1, timeInForce: 0, limitPrice: 1_000, maxWh: 100 },
      ...{ start, end: start + 30 * intervalSeconds, nonce: this.nonce },
    }
    const submission = { type: 'order' as const, id, order: fields, signature: '0x', session: null }
    const order = { area: 1, submission }
    signed.orders.push(order)
    return order
  }
}
