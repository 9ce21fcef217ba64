/** Random commands of every kind, with a ledger that stands for the chain: a journal that has seen everything. */
import { computeAddress, SigningKey } from 'ethers'
import { digestOf, hashRules } from '../../contracts/protocol/typed-data.ts'
import type { BatchCut, ChainSeat, MeterReading, OrderFields, SessionGrant } from '../../server/market/area/area.ts'
import { seededDraws } from '../bench/measure.ts'
import {
  addressOf,
  batchSeconds,
  seat as chainSeat,
  config,
  face,
  intervalSeconds,
  order,
  reading,
  t0,
  terms,
} from '../market/engine/street.ts'
import { identity, type ScratchArea, scratchArea } from './area.ts'
import type { JournalWriter } from './journal-writer.ts'
import type { ScratchServer } from './scratch-database.ts'

const meters = 6
/** Nobody has to be confirmed. */
const rules = { ...config.rules, confirmation: 0 }
const rulesHash = hashRules(rules)
/** Keys that accounts let sign for them; these do sign. */
const sessionKeys = [1, 2].map((number) => new SigningKey(`0x${String(number).repeat(64)}`))
const sessionAddresses = sessionKeys.map(({ publicKey }) => computeAddress(publicKey).toLowerCase())
/** Of no key: whoever reads these journals takes it for anybody's. */
const signature = `0x${'ab'.repeat(64)}`

/** A whole number from 0 to below `below`. */
export type Draw = (below: number) => number

interface Meter {
  seat: number
  epoch: number
  time: number
  importWh: number
  exportWh: number
  /** Not sent yet. */
  backlog: MeterReading[]
  /** Sent, newest last. */
  sent: MeterReading[]
}

export class RandomStreet {
  private readonly writer: JournalWriter
  private readonly draw: Draw
  private readonly chain = new Map<number, ChainSeat>()
  private readonly meters: Meter[]
  private readonly orders: string[] = []
  private readonly settled = new Map<number, { seats: ChainSeat[]; settledUntil: number }>()
  private nowMs = t0 * 1000 - 5_000
  private nonce = 0
  private block = 1
  private seats = meters
  private readonly isChainSteady: boolean
  private readonly hearsLate: boolean
  /** Seats that changed on the chain and of which the area has not heard. */
  private readonly unheard = new Set<number>()

  /**
   * Where the chain is steady, it settles what this journal has cut, and takes nothing back. Where the area hears late, much
   * happens on the chain that it learns of only once intervals have passed.
   */
  constructor(writer: JournalWriter, draw: Draw, { isChainSteady = false, hearsLate = false } = {}) {
    this.writer = writer
    this.draw = draw
    this.isChainSteady = isChainSteady
    this.hearsLate = hearsLate
    const zones = ['south', 'south', 'north', null, 'elsewhere', 'street']
    this.meters = zones.map((zone, index) => {
      const number = index + 1
      const nameplateWh = index === 3 ? null : 2_000
      const balance = BigInt([50_000, 3_000_000, 1_000_000_000][draw(3)]!)
      this.chain.set(number, chainSeat(number, { balance, terms: [terms({ zone, sellFloor: -500, nameplateWh })] }))
      return { seat: number, epoch: 1, time: t0, importWh: 0, exportWh: 0, backlog: [], sent: [] }
    })
    writer.run({
      type: 'configure',
      atMs: this.nowMs,
      config: { ...config, rules, rulesHash },
      face,
    })
    this.see([...this.chain.values()])
  }

  /** Takes one random step; what is due by then is done first. */
  async step(): Promise<void> {
    const { draw } = this
    this.writer.passTime(this.nowMs)
    if (this.hearsLate && this.draw(6) === 0) this.hear()
    const steps: (() => void | Promise<void>)[] = [
      () => this.wait(1 + draw(900)),
      () => this.wait(intervalSeconds),
      () => this.read(),
      () => this.read(),
      () => this.read(),
      () => this.sendBacklog(),
      () => this.place(0),
      () => this.place(0),
      () => this.place(1),
      () => this.place(1),
      () => this.cancel(),
      () => this.agree(),
      () => this.settle(),
      () => this.leaveOut(),
      () => this.rarely(),
      () => this.rarely(),
    ]
    await steps[draw(steps.length)]!()
  }

  private rarely(): void | Promise<void> {
    const { draw } = this
    const steps: (() => void | Promise<void>)[] = [
      () => this.equivocate(),
      () => this.confirm(),
      () => this.confirm(),
      () => this.withdraw(),
      () => this.close(),
      () => this.beginEpoch(),
      () => this.reorganise(),
      () => this.endAgreement(),
      () => this.revoke(),
      () => this.configure(),
      () => this.wait(batchSeconds * (1 + draw(3))),
      () => this.miss(),
      () => this.miss(),
    ]
    return steps[draw(steps.length)]!()
  }

  private wait(seconds: number): void {
    this.nowMs += seconds * 1000
    this.writer.passTime(this.nowMs)
  }

  /** What the engine has forgotten does not change any more. */
  private see(seats: ChainSeat[], settledUntil = this.writer.state.chain.settledUntil): void {
    this.block += 1
    for (const { seat } of seats) this.unheard.add(seat)
    const isHeard = !this.hearsLate || settledUntil !== this.writer.state.chain.settledUntil || this.draw(3) === 0
    if (isHeard) this.hear(settledUntil)
  }

  private hear(settledUntil = this.writer.state.chain.settledUntil): void {
    const isOver = ({ seat, terms: own }: ChainSeat) => own.at(-1)!.closed && !this.writer.state.seats.has(seat)
    const seats = [...this.unheard].map((seat) => this.chain.get(seat)!).filter((each) => !isOver(each))
    this.unheard.clear()
    // No batch is cut before a block at its end was heard of.
    const time = this.hearsLate ? Math.floor(this.nowMs / 1000) : t0 + 10 * 365 * 86_400
    this.writer.run({
      ...{ type: 'chain', atMs: this.nowMs, block: this.block, time, settledUntil },
      ...{ isPart: false, seats: structuredClone(seats) },
    })
  }

  private seatOf(meter: Meter): ChainSeat {
    return this.chain.get(meter.seat)!
  }

  private pick<Value>(values: readonly Value[]): Value | undefined {
    return values[this.draw(Math.max(1, values.length))]
  }

  private async read(): Promise<void> {
    const { draw } = this
    const newest = Math.floor(this.nowMs / 1000 / intervalSeconds) * intervalSeconds
    const now: MeterReading[] = []
    for (const [index, meter] of this.meters.entries()) {
      if (newest <= meter.time || draw(8) === 0) continue
      for (let time = meter.time + intervalSeconds; time <= newest; time += intervalSeconds) {
        // Most seats only draw or only feed in: what a home uses of its own it does not trade.
        meter.importWh += index % 2 === 0 || draw(5) === 0 ? draw(900) : 0
        meter.exportWh += index % 2 === 1 || draw(5) === 0 ? draw(900) : 0
        meter.time = time
        const isGood = draw(12) > 0
        const taken = reading(index + 1, time, meter.importWh, meter.exportWh, {
          ...{ epoch: meter.epoch, quality: isGood ? 0 : 1 + draw(2), signature },
          ...{
            sequence: time / intervalSeconds,
            reasons: draw(8),
            productionWh: draw(2) === 0 ? null : meter.exportWh,
          },
        })
        if (time < newest || draw(6) === 0) meter.backlog.push(taken)
        else now.push(taken)
      }
    }
    await this.send(now)
  }

  private async send(readings: readonly MeterReading[]): Promise<void> {
    if (readings.length === 0) return
    await this.writer.read(this.nowMs, readings)
    for (const each of readings) {
      this.meters.find((_, index) => addressOf('b', index + 1) === each.meter)!.sent.push(each)
    }
  }

  /** Of one meter all of it or the newest, the oldest or some of it. */
  private async sendBacklog(): Promise<void> {
    const meter = this.pick(this.meters.filter(({ backlog }) => backlog.length > 0))
    if (meter === undefined) return
    const count = 1 + this.draw(meter.backlog.length)
    await this.send(meter.backlog.splice(this.draw(2) === 0 ? 0 : meter.backlog.length - count, count))
  }

  private async equivocate(): Promise<void> {
    const sent = this.pick(this.pick(this.meters)!.sent)
    if (sent !== undefined) await this.writer.read(this.nowMs, [{ ...sent, importWh: sent.importWh + 1 }])
  }

  private confirm(): void {
    const isSuspended = (meter: Meter) => this.writer.state.suspensions.has(this.seatOf(meter).meter)
    const seat = this.seatOf(this.pick(this.meters.filter(isSuspended)) ?? this.pick(this.meters)!)
    seat.confirmations += 1
    this.see([seat])
  }

  private place(market: 0 | 1): void {
    const { draw } = this
    const next = (Math.floor(this.nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
    const start = market === 0 ? next - intervalSeconds : next + draw(3) * intervalSeconds
    const limitPrice = draw(5) === 0 ? draw(4_000) - 600 : 1_000 + draw(200)
    const maxWh = 1 + draw(1_000)
    const both = draw(3) > 0 ? 2 : 1
    for (let side = draw(2), count = 0; count < both; side = 1 - side, count += 1) {
      // Two neighbours of one zone meet in its books.
      const isOfPair = (index: number) => market === 0 || index < 2 || draw(6) === 0
      const meter =
        this.pick(this.meters.filter((_, index) => (index % 2 === side && isOfPair(index)) || draw(8) === 0)) ??
        this.meters[side]!
      const change: Partial<OrderFields> = {
        ...{ market, side, maxWh, start, nonce: ++this.nonce, meter: this.seatOf(meter).meter, rules: rulesHash },
        ...{ limitPrice: side === 0 ? limitPrice + 500 : limitPrice, account: this.seatOf(meter).account },
        timeInForce: market === 0 || count < both - 1 ? 0 : draw(3),
        end: market === 1 ? start + intervalSeconds : start + (1 + draw(20)) * intervalSeconds,
      }
      const signed = order(1, 'buy', change)
      const id = digestOf(identity, 'Order', signed)
      this.orders.push(id)
      const session = draw(3) === 0 ? this.grant() : null
      const key = session === null ? undefined : sessionKeys[sessionAddresses.indexOf(session.key)]
      const own = key?.sign(id).serialized ?? signature
      this.writer.run({ type: 'order', atMs: this.nowMs, id, order: signed, signature: own, session })
      if (side === 0 && this.nonce % 5 === 0) this.budget(this.seatOf(meter))
    }
  }

  private grant(): SessionGrant {
    return {
      ...{ key: this.pick(sessionAddresses)!, sides: 3, lowestPrice: -600, highestPrice: 4_000 },
      ...{ validFrom: 0, validUntil: Math.floor(this.nowMs / 1000) + this.draw(40_000), signature },
    }
  }

  private cancel(): void {
    const id = this.orders.at(-1 - this.draw(Math.min(20, Math.max(1, this.orders.length))))
    if (id === undefined) return
    const known = [...this.writer.state.orders.values()].find((each) => each.id === id)
    const meter = this.meters.find(({ seat }) => seat === known?.seat) ?? this.pick(this.meters)!
    this.writer.run({ type: 'cancel', atMs: this.nowMs, id, by: this.seatOf(meter).account, signature: '0x' })
  }

  private agree(): void {
    const { draw } = this
    const [seller, ...buyers] = [...this.meters].sort(() => draw(3) - 1).map((meter) => this.seatOf(meter))
    const next = (Math.floor(this.nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
    this.nonce += 1
    const items = buyers.slice(0, 1 + draw(2)).map((buyer) => {
      const kind = draw(3)
      const agreement = {
        ...{ seller: seller!.account, sellerMeter: seller!.meter, buyer: buyer.account, buyerMeter: buyer.meter },
        ...{ rules: rulesHash, kind, amount: kind === 2 ? 0 : 1 + draw(600), price: 800 + draw(1_000) },
        ...{ start: next, end: next + (1 + draw(30)) * intervalSeconds, noticeSeconds: 900, nonce: this.nonce },
      }
      const id = digestOf(identity, 'Agreement', agreement)
      return { id, agreement, sellerSignature: signature, buyerSignature: signature }
    })
    this.writer.run({ type: 'agreements', atMs: this.nowMs, items })
  }

  /** Mostly one that is soon reached. */
  private budget({ account, meter }: ChainSeat): void {
    this.nonce += 1
    const amount = this.nonce % 4 === 0 ? 0 : 1 + ((this.nonce * 7_919) % 900_000)
    const budget = { account, meter, rules: rulesHash, amount, nonce: this.nonce }
    const id = digestOf(identity, 'DailyBudget', { ...budget, amount: BigInt(amount) })
    this.writer.run({ type: 'budget', atMs: this.nowMs, id, budget, signature })
  }

  private endAgreement(): void {
    const agreement = this.pick([...this.writer.state.agreements.values()])
    if (agreement === undefined) return
    const by = this.chain.get(agreement.seller)!.account
    const end = (Math.floor(this.nowMs / 1000 / intervalSeconds) + 2 + this.draw(3)) * intervalSeconds
    this.writer.run({ type: 'end-agreement', atMs: this.nowMs, id: agreement.id, by, end, signature: '0x56' })
  }

  private revoke(): void {
    const { account } = this.seatOf(this.pick(this.meters)!)
    const key = this.pick(sessionAddresses)!
    this.writer.run({ type: 'revoke-session', atMs: this.nowMs, account, key, from: 0, signature })
  }

  private withdraw(): void {
    const seat = this.seatOf(this.pick(this.meters)!)
    seat.withdrawal = { amount: BigInt(this.draw(2_000_000)), to: seat.account, claimableAt: t0 }
    this.see([seat])
  }

  /** The seat ends at the next boundary; its meter opens another one there. */
  private close(): void {
    const meter = this.pick(this.meters)!
    const seat = this.seatOf(meter)
    const last = seat.terms.at(-1)!
    const from = (Math.floor(this.nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
    if (last.closed || last.from >= from) return
    seat.terms.push({ ...last, from, closed: true, version: last.version + 1 })
    this.see([seat])
    if (this.draw(4) === 0) return
    this.seats += 1
    meter.seat = this.seats
    const opened = { ...structuredClone(seat), seat: this.seats, openedAt: from, balance: 5_000_000n, withdrawal: null }
    opened.base = { ...opened.base, time: Math.max(opened.base.time, from) }
    opened.epochStart = opened.base
    opened.terms = [{ ...last, from, closed: false, version: 1 }]
    this.chain.set(this.seats, opened)
    this.see([opened])
  }

  private beginEpoch(): void {
    const meter = this.pick(this.meters)!
    const seat = this.seatOf(meter)
    const time = Math.floor(this.nowMs / 1000 / intervalSeconds) * intervalSeconds
    const { batches, cutUntil } = this.writer.state
    const isCut = [...batches.values()].some(({ start }) => start < time)
    if (time < seat.base.time || isCut || meter.sent.some((sent) => sent.time > cutUntil)) return
    seat.epochStart = { epoch: meter.epoch + 1, time, importWh: 0, exportWh: 0 }
    seat.base = seat.epochStart
    Object.assign(meter, { ...seat.epochStart, backlog: [] })
    this.see([seat])
  }

  private cuts(): BatchCut[] {
    const cuts = new Map<number, BatchCut>()
    for (const event of this.writer.events) if (event.type === 'batch-cut') cuts.set(event.batch.end, event.batch)
    return [...cuts.values()]
  }

  private settle(): void {
    const { state } = this.writer
    const cut = this.cuts().find(({ end }) => end > state.chain.settledUntil)
    if (cut === undefined || [...state.batches.values()].some(({ leaving }) => leaving.length > 0)) return
    this.settled.set(cut.end, {
      seats: structuredClone([...this.chain.values()]),
      settledUntil: state.chain.settledUntil,
    })
    for (const entry of cut.entries) {
      const seat = this.chain.get(entry.seat)!
      seat.balance += entry.received - entry.paid
      seat.base = { epoch: entry.epoch, time: entry.time, importWh: entry.importWh, exportWh: entry.exportWh }
    }
    this.see([...this.chain.values()], cut.end)
  }

  private reorganise(): void {
    const [end, before] = [...this.settled].at(-1) ?? []
    if (before === undefined || this.writer.state.chain.settledUntil !== end || this.isChainSteady) return
    this.settled.delete(end!)
    for (const seat of before.seats) this.chain.set(seat.seat, seat)
    this.see([...this.chain.values()], before.settledUntil)
  }

  private leaveOut(): void {
    const batch = this.pick([...this.writer.state.batches.values()])
    if (batch === undefined) return
    const seats = new Set([this.pick(this.meters)!.seat, this.pick(this.meters)!.seat, this.pick(this.meters)!.seat])
    const { end, number } = batch
    this.writer.run({ type: 'leave-out', atMs: this.nowMs, end, number, seats: [...seats] })
  }

  private configure(): void {
    const zones = config.zones.map((zone) => ({ ...zone, feeTicksPerKwh: zone.parent === null ? 0 : this.draw(200) }))
    const changed = { ...config, zones, rules, rulesHash }
    this.writer.run({
      type: 'configure',
      atMs: this.nowMs,
      config: changed,
      face: { ...face, name: `Street ${this.block}` },
    })
  }

  /** The chain has settled a batch that this journal has not cut. */
  private miss(): void {
    const { state } = this.writer
    if (this.isChainSteady && state.batches.size > 0) return
    const until = Math.floor(this.nowMs / 1000 / batchSeconds) * batchSeconds
    if (until > state.cutUntil) this.see([...this.chain.values()], until)
  }
}

/** An area with a journal of so many random steps, committed in groups of random size. */
export async function randomArea(server: ScratchServer, seed: number, steps: number): Promise<ScratchArea> {
  const draw = seededDraws(seed)
  const area = await scratchArea(server)
  const street = new RandomStreet(area.writer, draw)
  for (let step = 0; step < steps; step += 1) {
    await street.step()
    if (draw(4) === 0) await area.writer.commit()
  }
  await area.writer.commit()
  return area
}

/** Random areas, one after the other, until somebody has seen enough of them; each is closed when the next one is asked for. */
export async function* randomAreas(
  server: ScratchServer,
  { seeds, steps }: { seeds: { first: number; most: number }; steps: number },
): AsyncGenerator<ScratchArea & { seed: number }> {
  for (let seed = seeds.first; seed < seeds.first + seeds.most; seed += 1) {
    const area = await randomArea(server, seed, steps)
    try {
      yield { ...area, seed }
    } finally {
      await area.close()
    }
  }
}
