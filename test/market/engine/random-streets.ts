/**
 * Random streets: whatever comes of orders, agreements, readings, changes on chain, settings, clocks, outages and old backups,
 * played against the engine as its shell does.
 */
import type {
  BatchCut,
  Command,
  CommandOf,
  Event,
  MeterReading,
  OrderFields,
  SessionGrant,
} from '../../../server/market/area/area.ts'
import { type AreaState, configNow, emptyState, seatsServedAt } from '../../../server/market/area/state.ts'
import { apply, changesState, nextDue } from '../../../server/market/engine/engine.ts'
import { encodeCommand, encodeEvents, genesisHash, rollHash } from '../../../server/market/engine/journal.ts'
import { isBeyondMemory } from '../../../server/market/engine/readings.ts'
import { snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import { homes, type Step } from './random-steps.ts'
import { SlowArea } from './slow-area.ts'
import { SlowEscrow } from './slow-escrow.ts'
import { addressOf, config, face, intervalSeconds, newId, order, reading, seal, t0 } from './street.ts'

/** What a street saw: after every command, with what followed from it. */
export type Look = (street: RandomStreet, command: Command, events: readonly Event[]) => void

interface Meter {
  meter: string
  epoch: number
  time: number
  importWh: number
  exportWh: number
  /** Signed and not sent yet, and sent. */
  waiting: MeterReading[]
  sent: MeterReading[]
}

const sessionKey = addressOf('b', 99)
/** Whose days begin at different times. */
const clocks = [[], [{ from: 0, offsetSeconds: 3_600 * 15 }], [{ from: 0, offsetSeconds: -900 * 38 }]]

/** An engine, the escrow that it follows, and the people of a street. */
export class RandomStreet {
  state: AreaState = emptyState()
  slow = new SlowArea()
  journal: Buffer[] = []
  hashes: string[] = []
  readonly escrow: SlowEscrow
  nowMs = t0 * 1000 - 60_000
  /** Each batch as it was cut last, by end. */
  cuts = new Map<number, BatchCut>()
  private hash = genesisHash
  private readonly look: Look
  private readonly meters: Meter[]
  private readonly accounts: string[]
  private nonce = 0
  private block = 1
  private readonly placed: CommandOf<'order'>[] = []
  private readonly agreed: CommandOf<'agreements'>[] = []
  /** Seats that changed on chain while nothing was heard of it; null while it is heard of. */
  private held: Set<number> | null = null
  private backups: (() => void)[] = []

  constructor(funds: bigint, look: Look) {
    this.look = look
    this.escrow = new SlowEscrow(config.rules)
    this.accounts = Array.from({ length: homes }, (_, index) => addressOf('a', index + 1))
    const zones = ['south', 'south', 'north', null, 'south', 'north']
    const epochStart = { epoch: 1, time: t0, importWh: 0, exportWh: 0 }
    this.meters = zones.map((zone, index) => {
      const meter = addressOf('b', index + 1)
      const nameplateWh = index === 3 ? null : 2_000
      const account = this.accounts[index]!
      // The last home comes later.
      if (index < homes - 1)
        this.escrow.open({ account, meter, zone, nameplateWh, balance: funds, openedAt: t0, epochStart })
      return { meter, ...epochStart, waiting: [], sent: [] }
    })
    this.run({ type: 'configure', atMs: this.nowMs, config, face })
    this.tellChain([...this.escrow.seats.keys()])
    this.backUp()
  }

  /** Applies and journals a command as the shell does: one that changes nothing has no place in the journal. */
  run(command: Command): Event[] {
    const events = apply(this.state, command)
    if (events.some(changesState)) {
      const bytes = encodeCommand(command)
      this.hash = rollHash(this.hash, bytes, encodeEvents(events))
      this.journal.push(bytes)
      this.hashes.push(this.hash.toString('hex'))
    }
    this.slow.follow(command, events)
    for (const event of events) if (event.type === 'batch-cut') this.cuts.set(event.batch.end, event.batch)
    this.look(this, command, events)
    return events
  }

  /** Does what is due until now, one thing a tick. */
  tick(): void {
    for (let due = nextDue(this.state); due !== null && due.atMs <= this.nowMs; due = nextDue(this.state)) {
      const events = this.run({ type: 'tick', atMs: this.nowMs, seal })
      if (events.length === 0) throw new Error(`nothing came of what was due: ${due.work}`)
    }
  }

  play(steps: readonly Step[]): this {
    for (const step of steps) {
      this[step.kind](step)
      this.tick()
    }
    return this
  }

  private get boundary(): number {
    return Math.floor(this.nowMs / 1000 / intervalSeconds) * intervalSeconds
  }

  private seatNumber({ pick }: Step): number {
    return 1 + (pick % this.escrow.seats.size)
  }

  /** The chain shows these seats, or will once it is heard of again. */
  private tellChain(seats: number[]): void {
    if (this.held !== null) {
      for (const number of seats) this.held.add(number)
      return
    }
    this.block += 1
    this.run({
      ...{ type: 'chain', atMs: this.nowMs, block: this.block, time: Math.floor(this.nowMs / 1000) },
      ...{
        settledUntil: this.escrow.settledUntil,
        seats: seats.map((number) => this.escrow.view(number)),
        isPart: false,
      },
    })
  }

  private send(readings: MeterReading[]): void {
    if (readings.length === 0) return
    const late = readings.filter(({ time }) => isBeyondMemory(this.state, time))
    const served = late.map((own) => this.slow.late(own, seatsServedAt(this.state, own)[0]?.chain.seat ?? 1))
    if (late.length > 0) this.run({ type: 'late-readings', atMs: this.nowMs, readings: served })
    const others = readings.filter((own) => !late.includes(own))
    if (others.length > 0) this.run({ type: 'readings', atMs: this.nowMs, readings: others })
  }

  /** Time passes, and everything happens in it when it is due. */
  wait({ amount, meters }: Step): void {
    const untilMs = this.nowMs + (1 + (amount % 1_200)) * 1000
    for (let time = this.boundary + intervalSeconds; time * 1000 + 500 <= untilMs; time += intervalSeconds) {
      this.nowMs = time * 1000 + 500
      this.tick()
      this.send(this.sign(time, meters))
    }
    this.nowMs = untilMs
    this.hear()
  }

  /** Some intervals pass at once, as if the machine had been busy with something else. */
  skip({ amount, meters }: Step): void {
    this.miss(1 + (amount % 3), meters)
  }

  outage({ amount, meters }: Step): void {
    this.miss(4 + (amount % 30), meters)
  }

  private miss(intervals: number, meters: Step['meters']): void {
    const from = this.boundary
    const readings: MeterReading[] = []
    for (let number = 1; number <= intervals; number += 1) {
      readings.push(...this.sign(from + number * intervalSeconds, meters))
    }
    this.nowMs = (from + intervals * intervalSeconds) * 1000 + 500
    this.send(readings)
    this.hear()
  }

  private hear(): void {
    if (this.held === null) this.tellChain([])
  }

  /** What the meters sign at a boundary; some of it is sent later. */
  private sign(time: number, meters: Step['meters']): MeterReading[] {
    const sending: MeterReading[] = []
    for (const [index, own] of this.meters.entries()) {
      const { importWh, exportWh, quality, isLost } = meters[index]!
      if (time <= own.time) continue
      Object.assign(own, { time, importWh: own.importWh + importWh, exportWh: own.exportWh + exportWh })
      const signed = reading(index + 1, time, own.importWh, own.exportWh, { epoch: own.epoch, quality })
      if (isLost) own.waiting.push(signed)
      else {
        own.sent.push(signed)
        sending.push(signed)
      }
    }
    return sending
  }

  backlog({ pick, flag }: Step): void {
    const own = this.meters[pick % homes]!
    const waiting = own.waiting.splice(0)
    own.sent.push(...waiting)
    this.send(flag ? waiting.toReversed() : waiting)
  }

  resend({ pick, other }: Step): void {
    const { sent } = this.meters[pick % homes]!
    this.send(sent.slice(-1 - (other % 12)))
  }

  contradict({ pick, other }: Step): void {
    const { sent } = this.meters[pick % homes]!
    const last = sent.at(-1 - (other % 6))
    if (last !== undefined && other % 3 === 0) this.send([{ ...last, exportWh: last.exportWh + 1 }])
  }

  private orderOf(step: Step, change: Partial<OrderFields> = {}): OrderFields {
    const { account, meter } = this.escrow.seats.get(this.seatNumber(step))!
    this.nonce += 1
    const side = step.flag ? 'buy' : 'sell'
    const start = this.boundary + (step.other % 4) * intervalSeconds
    return order(1, side, {
      ...{
        account,
        meter,
        nonce: this.nonce,
        limitPrice: (step.amount % 4_000) - 600,
        maxWh: 1 + (step.other % 990) * 2,
      },
      ...{ start, end: start + (8 + (step.pick % 60)) * intervalSeconds },
      ...change,
    })
  }

  private place(signed: OrderFields, session: SessionGrant | null = null): void {
    const command: CommandOf<'order'> = {
      ...{ type: 'order', atMs: this.nowMs, id: newId(), order: signed, signature: '0x', session },
    }
    this.placed.push(command)
    this.run(command)
  }

  /** Every open seat buys and sells for some hours, at prices of which some meet. */
  everybody(step: Step): void {
    for (const number of this.escrow.seats.keys()) {
      const amount = step.amount + 611 * number
      const orders = { ...step, pick: number - 1, other: (step.other + 173 * number) % 1_000, amount }
      for (const flag of [true, false])
        this.place(this.orderOf({ ...orders, flag, amount: flag ? amount : amount + 977 }))
    }
  }

  /** One seat buys and another one sells for some hours. */
  order(step: Step): void {
    this.place(this.orderOf(step))
    this.place(this.orderOf({ ...step, pick: step.pick + 1 + (step.other % 3), flag: !step.flag }))
  }

  /** A home's daily budget: some reach for a few intervals, some for none; at times it is lifted, or signed with a nonce of before. */
  budget(step: Step): void {
    const { account, meter } = this.escrow.seats.get(this.seatNumber(step))!
    if (step.other % 9 > 0) this.nonce += 1
    const amount = step.other % 5 === 0 ? 0 : 1 + step.amount * 400
    const budget = { account, meter, rules: config.rulesHash, amount, nonce: this.nonce }
    this.run({ type: 'budget', atMs: this.nowMs, id: newId(), budget, signature: '0x' })
  }

  private grant({ amount, other, flag }: Step): SessionGrant {
    return {
      ...{ key: sessionKey, sides: flag ? 3 : 1 + (other % 3), lowestPrice: -600, highestPrice: 2_500 },
      ...{ validFrom: 0, validUntil: Math.floor(this.nowMs / 1000) + amount * 5, signature: '0x' },
    }
  }

  session(step: Step): void {
    const start = this.boundary + (2 + (step.other % 3)) * intervalSeconds
    const ahead = step.pick % 3 === 0 ? { market: 1, start, end: start + intervalSeconds } : {}
    this.place(this.orderOf(step, ahead), this.grant(step))
  }

  revoke(step: Step): void {
    const { account } = this.escrow.seats.get(this.seatNumber(step))!
    const from = step.flag ? 0 : this.boundary + (step.other % 9) * intervalSeconds + 7
    this.run({ type: 'revoke-session', atMs: this.nowMs, account, key: sessionKey, from, signature: '0x' })
  }

  forward(step: Step): void {
    const start = this.boundary + (1 + (step.other % 3)) * intervalSeconds
    const maxWh = 1 + (step.amount % 700)
    this.place(
      this.orderOf(step, { market: 1, start, end: start + intervalSeconds, maxWh, timeInForce: step.pick % 3 }),
    )
  }

  /** Two seats that meet in a book. */
  cross(step: Step): void {
    const start = this.boundary + (1 + (step.other % 2)) * intervalSeconds
    const ahead = { market: 1, start, end: start + intervalSeconds, maxWh: 1 + (step.amount % 700) }
    const limitPrice = 500 + (step.amount % 2_400)
    this.place(this.orderOf(step, { ...ahead, limitPrice }))
    const zoneOf = (number: number) => this.escrow.seats.get(number)!.terms.at(-1)!.zone
    const own = this.seatNumber(step)
    const partner = [...this.escrow.seats.keys()].find((number) => number !== own && zoneOf(number) === zoneOf(own))
    if (partner !== undefined) {
      this.place(this.orderOf({ ...step, pick: partner - 1, flag: !step.flag }, { ...ahead, limitPrice }))
    }
  }

  agreement(step: Step): void {
    const { pick, other, amount, flag } = step
    const seller = this.escrow.seats.get(this.seatNumber(step))!
    this.nonce += 1
    const start = this.boundary + (other % 3) * intervalSeconds
    const kind = amount % 3
    const items = (flag ? [1, 2] : [1]).map((offset) => {
      const buyer = this.escrow.seats.get(1 + ((pick + offset) % this.escrow.seats.size))!
      const agreement = {
        ...{ seller: seller.account, sellerMeter: seller.meter, buyer: buyer.account, buyerMeter: buyer.meter },
        ...{ rules: config.rulesHash, kind, amount: kind === 2 ? 0 : 1 + (amount % 700) * (kind === 1 ? 10 : 1) },
        ...{ price: (amount % 3_000) - 200, start, end: start + (4 + (other % 30)) * intervalSeconds },
        ...{ noticeSeconds: (pick % 3) * 1_000, nonce: this.nonce },
      }
      return { id: newId(), agreement, sellerSignature: '0x', buyerSignature: '0x' }
    })
    const command: CommandOf<'agreements'> = { type: 'agreements', atMs: this.nowMs, items }
    this.agreed.push(command)
    this.run(command)
  }

  /** Of what stands, or of what was ever signed. */
  notice({ pick, other, flag, amount }: Step): void {
    const standing = [...this.state.agreements.keys()]
    const signed = this.agreed.flatMap(({ items }) => items.map(({ id }) => id))
    const ids = amount % 4 === 0 ? signed : standing
    const id = ids[pick % Math.max(ids.length, 1)]
    const item = this.agreed.flatMap(({ items }) => items).find((own) => own.id === id)
    if (item === undefined) return
    const { seller, buyer } = item.agreement
    const end = this.boundary + (1 + (other % 9)) * intervalSeconds
    this.run({
      ...{ type: 'end-agreement', atMs: this.nowMs, id: item.id, by: flag ? seller : buyer, end, signature: '0x' },
    })
  }

  cancel({ pick, flag, other }: Step): void {
    const standing = [
      ...this.state.orders.values(),
      ...[...this.state.forward.values()].flatMap(({ orders }) => [...orders.values()]),
    ]
    const ids = other % 4 === 0 ? this.placed.map(({ id }) => id) : standing.map(({ id }) => id)
    const id = ids[pick % Math.max(ids.length, 1)]
    const known = this.placed.find((command) => command.id === id)
    if (known === undefined) return
    const by = flag ? known.order.account : sessionKey
    this.run({ type: 'cancel', atMs: this.nowMs, id: known.id, by, signature: '0x' })
  }

  /** Something that was signed before is sent once more. */
  replay({ pick, flag }: Step): void {
    const known = flag ? this.placed : this.agreed
    const command = known[pick % Math.max(known.length, 1)]
    if (command !== undefined) this.run({ ...command, atMs: this.nowMs - 3_000 } as Command)
  }

  deposit(step: Step): void {
    const number = this.seatNumber(step)
    this.escrow.set(number, { balance: this.escrow.seats.get(number)!.balance + BigInt(step.amount * 1_000) })
    this.tellChain([number])
  }

  withdraw(step: Step): void {
    const number = this.seatNumber(step)
    const to = addressOf('a', number)
    const withdrawal = step.flag ? { amount: BigInt(step.amount * 500), to, claimableAt: this.boundary } : null
    this.escrow.set(number, { withdrawal })
    this.tellChain([number])
  }

  mandate(step: Step): void {
    const number = this.seatNumber(step)
    const { other, amount, flag } = step
    const from = this.escrow.boundaryAfter(this.nowMs)
    const ends =
      flag && other % 4 === 0
        ? { validUntil: from + (1 + (other % 8)) * intervalSeconds }
        : { validUntil: t0 + 365 * 86_400 }
    const prices = { sellFloor: (amount % 900) - 500, buyCeiling: 1_000 + (amount % 2_000) }
    this.escrow.change(number, from, { ...prices, ...ends, maxSellWh: 1_000 + other, maxBuyWh: 200 + (amount % 2_000) })
    this.tellChain([number])
  }

  close(step: Step): void {
    const number = this.seatNumber(step)
    this.escrow.change(number, this.escrow.boundaryAfter(this.nowMs), { closed: true })
    this.tellChain([number])
  }

  /** A meter gets a seat: anew of the same account, of another one, or its first. */
  move(step: Step): void {
    if (this.escrow.seats.size >= 14) return
    const own = this.meters[step.pick % homes]!
    const account = this.accounts[step.flag ? step.pick % homes : step.other % homes]!
    const openedAt = this.escrow.boundaryAfter(this.nowMs)
    const changed: number[] = []
    const former = [...this.escrow.seats.values()].findLast(({ meter }) => meter === own.meter)
    if (former !== undefined) {
      this.escrow.change(former.seat, openedAt, { closed: true })
      changed.push(former.seat)
    }
    // With a new epoch, or on with the registers as they are.
    if (step.amount % 2 === 0) {
      const time = Math.max(own.time, this.boundary)
      Object.assign(own, { epoch: own.epoch + 1, time, importWh: 0, exportWh: 0 })
      own.waiting = []
    }
    const { epoch, time, importWh, exportWh } = own
    const zone = config.zones[step.other % 3]!.id
    const opening = { account, meter: own.meter, zone, nameplateWh: step.amount % 5 === 0 ? null : 2_000, openedAt }
    changed.push(this.escrow.open({ ...opening, balance: 2_000_000n, epochStart: { epoch, time, importWh, exportWh } }))
    this.tellChain(step.flag ? changed : changed.toReversed())
  }

  /** The grid operator confirms a seat, often that of a meter that is suspended. */
  confirm(step: Step): void {
    const [suspended] = this.state.suspensions.keys()
    const isMended = suspended !== undefined && step.other % 3 > 0
    const number = isMended ? this.escrow.holderOf(suspended).seat : this.seatNumber(step)
    const own = this.escrow.seats.get(number)!
    const isGone = this.escrow.holderOf(own.meter).seat !== number
    const zone = step.amount % 12 === 0 ? 'elsewhere' : config.zones[step.other % 3]!.id
    const change = { zone, nameplateWh: 500 + step.amount, ...(isGone ? {} : { closed: false }) }
    this.escrow.change(number, this.escrow.boundaryAfter(this.nowMs), change)
    this.escrow.set(number, { confirmations: own.confirmations + 1 })
    this.tellChain([number])
  }

  bar(step: Step): void {
    const number = this.seatNumber(step)
    this.escrow.change(number, this.escrow.boundaryAfter(this.nowMs), { nameplateWh: null, closed: true })
    this.tellChain([number])
  }

  /** Whether a batch was cut that the chain has not settled: then it moves no base. */
  private get isAwaited(): boolean {
    return this.state.batches.size > 0 || this.held !== null
  }

  /** The meter's registers begin anew at a boundary. */
  epoch(step: Step): void {
    const own = this.meters[step.pick % homes]!
    const holder = [...this.escrow.seats.values()].findLast(({ meter }) => meter === own.meter)
    const time = this.boundary - (step.other % 2) * intervalSeconds
    if (holder === undefined || this.isAwaited || time < holder.base.time || time < holder.openedAt) return
    Object.assign(own, { epoch: own.epoch + 1, time, importWh: 0, exportWh: 0, waiting: [] })
    const epochStart = { epoch: own.epoch, time, importWh: 0, exportWh: 0 }
    this.escrow.set(holder.seat, { base: epochStart, epochStart })
    this.tellChain([holder.seat])
  }

  /** The operator moves a base up to a measured reading. */
  rebase(step: Step): void {
    const number = this.seatNumber(step)
    const { base, meter } = this.escrow.seats.get(number)!
    if (this.isAwaited || this.escrow.holderOf(meter).seat !== number) return
    const known = this.meters.find((own) => own.meter === meter)!.sent.at(-1)
    if (known === undefined || known.epoch !== base.epoch || known.quality !== 0 || known.time <= base.time) return
    if (this.slow.readings.get(`${number} ${known.time}`)?.epoch !== known.epoch) return
    const { epoch, time, importWh, exportWh } = known
    this.escrow.set(number, { base: { epoch, time, importWh, exportWh } })
    this.tellChain([number])
  }

  settle(): void {
    const cut = [...this.cuts.values()].sort((a, b) => a.end - b.end).find(({ end }) => end > this.escrow.settledUntil)
    if (cut === undefined || !this.state.batches.has(cut.end)) return
    const seats = this.escrow.settle(cut)
    this.tellChain(seats)
    this.backUp()
  }

  /** Nothing is heard of the chain until this comes again. */
  hold(): void {
    if (this.held === null) {
      this.held = new Set()
      return
    }
    const seats = [...this.held]
    this.held = null
    this.tellChain(seats)
  }

  /** An old view of some seats comes once more, in another order. */
  stale(): void {
    if (this.held !== null) return
    const seats = [...this.state.seats.values()].map(({ chain }) => structuredClone(chain))
    this.run({
      ...{
        type: 'chain',
        atMs: this.nowMs,
        block: 1,
        time: 1,
        settledUntil: 0,
        seats: seats.toReversed(),
        isPart: false,
      },
    })
  }

  /** No way costs more than the cap of the rules, which settings are checked for. */
  configure({ amount, flag, other }: Step): void {
    const { zones, ...rest } = configNow(this.state)
    const changed = zones.map((zone) => {
      return zone.parent === null
        ? zone
        : { ...zone, feeTicksPerKwh: other % 150, capacityWh: flag ? amount % 900 : null }
    })
    const added = { id: 'east', parent: flag ? 'north' : 'street', feeTicksPerKwh: other % 90, capacityWh: null }
    const isNew = amount % 3 === 0 && !zones.some(({ id }) => id === 'east')
    const lowestTicks = amount % 5 === 0 ? -600 + (other % 400) : rest.lowestTicks
    const prices = { lowestTicks, highestTicks: lowestTicks + 4_000, graceMs: 1_000 * (5 + (amount % 90)) }
    this.run({
      ...{ type: 'configure', atMs: this.nowMs, face },
      config: { ...rest, ...prices, clock: clocks[other % 3]!, zones: isNew ? [...changed, added] : changed },
    })
  }

  leave({ pick, other, flag }: Step): void {
    const unsettled = [...this.state.batches.values()]
    const batch = unsettled[pick % Math.max(unsettled.length, 1)]
    if (batch === undefined) return
    const { end, number } = batch
    const seats = [1 + (other % homes), 1 + ((other + 1) % homes)].slice(flag ? 0 : 1)
    this.run({ type: 'leave-out', atMs: this.nowMs, end, number, seats })
    this.tick()
    // A command for a number that is gone has no effect.
    if (batch.number > number) this.run({ type: 'leave-out', atMs: this.nowMs, end, number, seats: [1, 2, 3, 4, 5] })
  }

  /** The program ends and goes on from a snapshot; its clock may be behind by then. */
  restart({ amount }: Step): void {
    this.state = stateOf(snapshotOf(this.state) as { name: string; bytes: Buffer }[])
    if (amount % 3 === 0) this.nowMs -= amount
  }

  private backUp(): void {
    const pieces = snapshotOf(this.state) as { name: string; bytes: Buffer }[]
    const { length } = this.journal
    const hash = this.hash
    const slow = structuredClone({ ...this.slow })
    const cuts = new Map(this.cuts)
    this.backups.push(() => {
      this.state = stateOf(pieces)
      this.slow = Object.assign(new SlowArea(), structuredClone(slow))
      this.journal.length = length
      this.hashes.length = length
      this.hash = hash
      this.cuts = new Map(cuts)
    })
  }

  restore({ pick }: Step): void {
    if (pick % 3 === 0) this.takeUpBackup(pick % this.backups.length)
  }

  /** The journal is one of an old backup, the newest less so many: the chain is ahead of it. */
  takeUpBackup(older: number): void {
    if (this.held !== null) return
    this.backups.length -= Math.min(older, this.backups.length - 1)
    this.backups.at(-1)!()
    this.tellChain([...this.escrow.seats.keys()])
  }
}
