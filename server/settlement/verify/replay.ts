/**
 * Computes a batch's intervals again by the engine's own stages: what was promised from what was known when each interval
 * started, what each stage gives from what is known in the end, and what is left without those who could not pay.
 */
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type {
  AgreementState,
  AreaConfig,
  ChainSeat,
  ForwardTrade,
  OrderState,
  SeatSpan,
} from '../../market/area/area.ts'
import type { Budgets, SeatBudget } from '../../market/area/budgets.ts'
import { signedEnergies } from '../../market/area/energy.ts'
import type { Purse } from '../../market/area/funds.ts'
import { Interval } from '../../market/area/interval.ts'
import { type AreaState, configAt, type ForwardInterval, type SeatState } from '../../market/area/state.ts'
import { batchSpans } from '../../market/engine/batches.ts'
import { computeInterval } from '../../market/engine/compute.ts'
import { reduceInterval } from '../../market/engine/leaving-out.ts'
import type { PoolState } from '../../market/stages/pool.ts'
import { stagesOf } from '../../market/stages/stages.ts'
import type { AreaFile } from '../area-file.ts'
import { declaredIn } from '../declared.ts'
import { SettlementError } from '../error.ts'
import { type SettledArea, timeOf } from './settled.ts'
import type { Evidence } from './signed-parts.ts'

type Grounds = AreaFile['intervals'][number]

export class Replay {
  private readonly file: AreaFile
  private readonly chain: SettledArea
  private readonly length: number
  private readonly configs: { from: UtcSeconds; config: AreaConfig }[]
  private readonly slots: number[]
  /** The seats as the chain shows them in the end. */
  private readonly seats: Map<number, SeatState>
  /** The seats as they were known when the interval at hand started. */
  private readonly known = new Map<number, SeatState>()
  private versionsKnown = 0
  private readonly orders: ReadonlyMap<number, OrderState[]>
  private readonly agreements: Map<Hex, AgreementState>
  private readonly forward: Map<UtcSeconds, ForwardInterval>
  private readonly declared: AreaState['declared']
  private readonly keys: AreaState['keys']
  private readonly prices: AreaState['prices']
  /** The intervals that end or begin in the batch, by start. */
  private readonly intervals = new Map<UtcSeconds, Interval>()

  constructor({ file, chain, rulesHash, ids, seats }: Evidence) {
    this.file = file
    this.chain = chain
    const { rules } = chain
    this.length = rules.intervalSeconds
    this.configs = file.settings.map(({ from, ...stated }) => {
      return { from, config: { ...stated, rules, rulesHash, graceMs: 0, clock: [] } }
    })
    this.orders = ordersBySeat(file, ids)
    this.slots = [...seats.keys()].sort((a, b) => a - b)
    const slotOf = new Map(this.slots.map((seat, slot) => [seat, slot]))
    this.seats = new Map(this.slots.map((number) => [number, this.seatState(seats.get(number)!, slotOf.get(number)!)]))
    this.agreements = agreementsOf(file, ids)
    this.forward = tradesByInterval(file)
    const { declared, keys, prices } = declaredIn(file)
    this.declared = declared
    this.keys = keys
    this.prices = prices
    for (let start = file.start - this.length; start < file.end; start += this.length) {
      this.intervals.set(start, new Interval(start, this.slots.length))
    }
    for (const { seat, readings } of file.seats) {
      const slot = slotOf.get(seat)!
      for (const [epoch, time, importWh, exportWh, quality] of readings) {
        this.intervals.get(time - this.length)!.setRegisters(slot, { epoch, time, importWh, exportWh, quality })
      }
    }
  }

  private seatState(chain: ChainSeat, slot: number): SeatState {
    const { base, seat } = chain
    return {
      ...{ chain, earlierTerms: [], slot, base, newest: { ...base, quality: 0 } },
      ...{ missed: 0, creditMs: 0, creditAtMs: 0, orders: this.orders.get(seat) ?? [], budgets: [] },
    }
  }

  /** Computes all intervals, without leaving anybody out. Throws `SETTLEMENT_INPUT` where what is stated cannot have been. */
  compute(): void {
    const { file } = this
    let next = 0
    for (let start = file.start; start < file.end; start += this.length) {
      const interval = this.intervals.get(start)!
      const grounds = file.intervals[next]
      if (grounds?.start === start) {
        next += 1
        this.promise(interval, grounds)
        const energies = signedEnergies({ configs: this.configs, intervals: this.intervals }, start)
        const config = configAt({ configs: this.configs }, start)
        const state = this.stateWith(grounds.suspendedAtComputation)
        const { budgets } = computeInterval(state, config, interval, { energies, budgets: statedBudgets(grounds) })
        const needless = grounds.budgets.find(({ seat }) => !budgets.some((own) => own.seat === seat))
        if (needless !== undefined) {
          throw wrong(
            `seat ${needless.seat} is stated as limited by its budget in the interval of ${timeOf(start)} and was not`,
          )
        }
      } else this.requireNothingPromised(interval)
    }
    if (next < file.intervals.length) {
      throw wrong(`no interval of the batch, or none in its order, starts at ${timeOf(file.intervals[next]!.start)}`)
    }
  }

  /** Where the entries of each seat begin and end. */
  spans(): SeatSpan[] {
    const { configs, intervals, seats, file } = this
    return batchSpans({ configs, intervals, seats }, file)
  }

  /** Takes seats out, all at once. */
  leaveOut(seats: readonly number[]): void {
    const { configs } = this
    const slots = new Set(seats.map((seat) => this.tradingSlot(seat)))
    for (const interval of this.computed()) {
      if (!interval.fills.slot.some((slot) => slots.has(slot))) continue
      reduceInterval(this.stateWith([]), configAt({ configs }, interval.start), interval, seats)
    }
  }

  private tradingSlot(seat: number): number {
    const slot = this.seats.get(seat)?.slot ?? -1
    if ([...this.computed()].some(({ fills }) => fills.slot.includes(slot))) return slot
    throw wrong(`seat ${seat} is stated as left out and has nothing to be left out of`)
  }

  /** The intervals of the batch that were computed, in order. */
  *computed(): Generator<Interval> {
    for (const { start } of this.file.intervals) yield this.intervals.get(start)!
  }

  /** The seat at a place of the intervals' arrays. */
  seatAt(slot: number): number {
    return this.slots[slot]!
  }

  private promise(interval: Interval, grounds: Grounds): void {
    this.knowUpTo(grounds.block)
    const cuts = new Map(grounds.cut.map(({ arrival, energyWh }) => [arrival, energyWh]))
    const purse: Purse = {
      cover(arrival, wantedWh, stakes) {
        const coveredWh = cuts.get(arrival)
        if (coveredWh === undefined) return wantedWh
        cuts.delete(arrival)
        const costs = stakes.some(({ side, priceTicks }) => (side === 'buy' ? priceTicks : -priceTicks) > 0)
        if (coveredWh < wantedWh && costs) return coveredWh
        throw wrong(`order or agreement ${arrival} was cut in the interval of ${timeOf(interval.start)} for no reason`)
      },
    }
    const { agreements, forward, keys } = this
    const state = {
      agreements,
      forward,
      keys,
      seats: this.known,
      suspensions: this.suspensions(grounds.suspendedAtStart),
    }
    const config = configAt({ configs: this.configs }, interval.start)
    for (const stage of stagesOf(config)) stage.promise(state, interval, config, purse)
    for (const arrival of cuts.keys()) {
      throw wrong(
        `order or agreement ${arrival} was cut in the interval of ${timeOf(interval.start)} and does not count there`,
      )
    }
  }

  /** Refuses promises in an interval that was never begun because the area was not there yet: it can hold none. */
  private requireNothingPromised(interval: Interval): void {
    const { agreements, forward, keys, seats } = this
    const purse: Purse = { cover: (_, wantedWh) => wantedWh }
    const state = { agreements, forward, keys, seats, suspensions: this.suspensions([]) }
    const config = configAt({ configs: this.configs }, interval.start)
    for (const stage of stagesOf(config)) stage.promise(state, interval, config, purse)
    const { promised, reserved } = interval
    const isEmpty = [reserved!.buy, reserved!.sell].every(({ arrival }) => arrival.every((each) => each === 0))
    if (promised.length === 0 && isEmpty && !forward.has(interval.start)) return
    throw wrong(`the interval of ${timeOf(interval.start)} is missing, though orders count in it`)
  }

  private knowUpTo(block: number): void {
    const { versions } = this.chain
    if (this.versionsKnown > 0 && versions[this.versionsKnown - 1]!.block > block) {
      throw wrong('the blocks up to which the chain was known do not ascend')
    }
    for (; versions[this.versionsKnown] !== undefined; this.versionsKnown += 1) {
      const { block: at, seat } = versions[this.versionsKnown]!
      if (at > block) return
      this.known.set(seat.seat, this.seatState(seat, this.seats.get(seat.seat)!.slot))
    }
  }

  private stateWith(suspended: readonly number[]): PoolState {
    const { agreements, forward, configs, slots, seats, intervals, declared, keys, prices } = this
    const known = { agreements, forward, declared, keys, prices }
    return { ...known, configs, slots, seats, intervals, suspensions: this.suspensions(suspended) }
  }

  private suspensions(seats: readonly number[]): AreaState['suspensions'] {
    const suspension = { epoch: 0, time: 0, confirmations: [] }
    return new Map(seats.map((seat) => [this.seats.get(seat)!.chain.meter, suspension]))
  }
}

/** The stated budgets. Only those that limited a seat are stated, so every other seat is computed without one. */
function statedBudgets({ budgets }: Grounds): Budgets {
  const left = new Map(budgets.map((own) => [own.seat, own.left]))
  return {
    of({ chain }): SeatBudget | null {
      const own = left.get(chain.seat)
      return own === undefined ? null : { amount: own, left: BigInt(own), charged: 0n, isBinding: false }
    },
  }
}

function wrong(message: string): SettlementError {
  return new SettlementError('SETTLEMENT_INPUT', message)
}

function ordersBySeat(file: AreaFile, ids: ReadonlyMap<number, Hex>): Map<number, OrderState[]> {
  const orders = new Map<number, OrderState[]>()
  for (const { arrival, seat, order, activeFrom, activeUntil } of file.orders) {
    const own = orders.get(seat) ?? []
    orders.set(seat, own)
    own.push({
      ...{ id: ids.get(arrival)!, arrival, seat, side: order.side === 0 ? 'buy' : 'sell' },
      ...{ limitTicks: order.limitPrice, maxWh: order.maxWh, activeFrom, activeUntil, nonce: order.nonce },
      ...{ acceptedAtMs: 0, session: null, endsAs: 'expired' },
    })
  }
  return orders
}

function agreementsOf(file: AreaFile, ids: ReadonlyMap<number, Hex>): Map<Hex, AgreementState> {
  return new Map(
    file.agreements.map(({ arrival, group, sellerSeat, buyerSeat, activeFrom, activeUntil, agreement }) => {
      const { kind, amount, price, noticeSeconds, nonce } = agreement
      const id = ids.get(arrival)!
      const parties = { seller: sellerSeat, buyer: buyerSeat }
      const terms = { kind, amount, priceTicks: price, start: activeFrom, end: activeUntil, noticeSeconds, nonce }
      return [id, { id, arrival, group, ...parties, ...terms }]
    }),
  )
}

/** Forward trades by interval. Their zones are not checked again: no link lies between the two sides of a forward trade. */
function tradesByInterval(file: AreaFile): Map<UtcSeconds, ForwardInterval> {
  const seatOf = new Map(file.forwardOrders.map(({ arrival, seat }) => [arrival, seat]))
  const intervals = new Map<UtcSeconds, ForwardInterval>()
  for (const { start, buyOrder, sellOrder, priceTicks, energyWh } of file.forwardTrades) {
    const interval: ForwardInterval = intervals.get(start) ?? { orders: new Map(), trades: [] }
    intervals.set(start, interval)
    const trade: ForwardTrade = {
      ...{ number: interval.trades.length + 1, start, zone: '', priceTicks, energyWh, buyOrder, sellOrder },
      ...{ maker: Math.min(buyOrder, sellOrder), taker: Math.max(buyOrder, sellOrder) },
      ...{ buyer: seatOf.get(buyOrder)!, seller: seatOf.get(sellOrder)! },
    }
    interval.trades.push(trade)
  }
  return intervals
}
