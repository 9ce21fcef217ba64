/** Free escrow funds: nothing is promised that cannot be paid. */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type { ForwardOrder, ForwardTrade } from './area.ts'
import { sides } from './codes.ts'
import type { Interval, PromisedEnergy } from './interval.ts'
import { type AreaState, lengthOf, type SeatState } from './state.ts'

/** So many ledger units that a seat can no longer promise elsewhere. */
type Commitment = readonly [seat: number, amount: LedgerUnits]

/** Sums by seat, kept up by `bind` and `release`; made from the state where that was just loaded. */
const sumsOf = new WeakMap<AreaState, Map<number, LedgerUnits>>()

/**
 * What each seat has committed, in ledger units: reservations, promises and forward trades of intervals that are not final,
 * forward orders at their worst, and what final intervals cost it that the chain has not settled yet. Credits that are not
 * settled yet do not count. A seat that has committed nothing has no entry; the map follows the state.
 */
export function committedFunds(state: AreaState): ReadonlyMap<number, LedgerUnits> {
  let sums = sumsOf.get(state)
  if (sums === undefined) {
    sums = new Map()
    sumsOf.set(state, sums)
    const intervals = [...state.intervals.values()]
    const isFinal = ({ status }: Interval) => status === 'final'
    bind(
      state,
      reservedIn(
        state,
        intervals.filter((interval) => !isFinal(interval)),
      ),
    )
    bind(state, owedIn(state, intervals.filter(isFinal)))
    for (const { orders, trades } of state.forward.values()) {
      for (const order of orders.values()) bind(state, worstOf(order, order.openWh))
      for (const trade of trades) if (isOpen(state, trade.start)) bind(state, costOf(trade))
    }
  }
  return sums
}

function isOpen(state: AreaState, start: UtcSeconds): boolean {
  return state.intervals.get(start)?.status !== 'final'
}

/** Adds to what seats have committed; whoever adds to the state what is summed here says so at once. */
export function bind(state: AreaState, commitments: Iterable<Commitment>): void {
  const sums = sumsOf.get(state)
  if (sums === undefined) return
  for (const [seat, amount] of commitments) {
    if (amount !== 0n) sums.set(seat, (sums.get(seat) ?? 0n) + amount)
  }
}

/** Takes off what seats had committed. */
export function release(state: AreaState, commitments: Iterable<Commitment>): void {
  const sums = sumsOf.get(state)
  if (sums === undefined) return
  for (const [seat, amount] of commitments) {
    if (amount === 0n) continue
    const left = sums.get(seat)! - amount
    if (left === 0n) sums.delete(seat)
    else sums.set(seat, left)
  }
}

/** Exact sums of amounts of less than 2⁵² in size, by the place of a seat: plain numbers as long as those are exact. */
class SumsByPlace {
  private readonly small: Float64Array
  private readonly large = new Map<number, bigint>()

  constructor(places: number) {
    this.small = new Float64Array(places)
  }

  add(slot: number, amount: number): void {
    const sum = this.small[slot]! + amount
    if (sum < 2 ** 52 && sum > -(2 ** 52)) this.small[slot] = sum
    else {
      this.large.set(slot, (this.large.get(slot) ?? 0n) + BigInt(this.small[slot]!))
      this.small[slot] = amount
    }
  }

  commitments(slots: AreaState['slots']): Commitment[] {
    const commitments: Commitment[] = []
    for (const [slot, seat] of slots.entries()) {
      const large = this.large.get(slot)
      if (this.small[slot] === 0 && large === undefined) continue
      commitments.push([seat!, BigInt(this.small[slot]!) + (large ?? 0n)])
    }
    return commitments
  }
}

/** What orders and agreements have set aside in intervals. */
export function reservedIn(state: Pick<AreaState, 'slots'>, intervals: readonly Interval[]): Commitment[] {
  const sums = new SumsByPlace(state.slots.length)
  for (const { reserved } of intervals) {
    for (const side of sides) {
      const columns = reserved?.[side]
      if (columns === undefined) continue
      const { arrival, limitTicks, energyWh } = columns
      // Most of a million places cost nothing: who sells pays only where the price is below zero.
      const sign = costPerWh(side, 1)
      for (let slot = 0; slot < arrival.length; slot += 1) {
        const cost = sign * limitTicks[slot]! * energyWh[slot]!
        if (cost > 0) sums.add(slot, cost)
      }
    }
  }
  const promised = intervals.flatMap((interval) => interval.promised).flatMap(promiseCosts)
  return [...sums.commitments(state.slots), ...promised]
}

function promiseCosts(promised: PromisedEnergy): Commitment[] {
  return stakesOf(promised).map(({ seat, side, priceTicks }) => [seat, worstCase(side, priceTicks, promised.energyWh)])
}

/** What an agreement's energy in one interval can cost its two sides. */
export function stakesOf({
  buyer,
  seller,
  priceTicks,
  feeTicks,
}: Pick<PromisedEnergy, 'buyer' | 'seller' | 'priceTicks' | 'feeTicks'>): Stake[] {
  return [
    { seat: buyer, side: 'buy', priceTicks: priceTicks + feeTicks },
    { seat: seller, side: 'sell', priceTicks },
  ]
}

/** What so much of a forward order costs at worst. */
export function worstOf({ seat, side, limitTicks }: ForwardOrder, energyWh: Wh): Commitment[] {
  return [[seat, worstCase(side, limitTicks, energyWh)]]
}

/** What a forward trade costs its two sides at worst. */
export function costOf({ buyer, seller, priceTicks, energyWh }: ForwardTrade): Commitment[] {
  return [
    [buyer, worstCase('buy', priceTicks, energyWh)],
    [seller, worstCase('sell', priceTicks, energyWh)],
  ]
}

/** What a trade can cost one of its sides: so much per kWh, a buyer at a price and a seller at a negative one. */
export interface Stake {
  seat: number
  side: Side
  priceTicks: Ticks
}

/** Sets funds aside when an interval starts. */
export interface Purse {
  /** The part of the energy an order or agreement (named by its arrival) may move that all its sides can pay for at worst. */
  cover(arrival: number, wantedWh: Wh, stakes: readonly Stake[]): Wh
}

/** The free funds of an area's seats. */
export function purseOf(state: AreaState): Purse {
  const committed = committedFunds(state)
  return {
    cover(_, wantedWh, stakes) {
      let coveredWh = wantedWh
      for (const { seat, side, priceTicks } of stakes) {
        coveredWh = payableWh(side, priceTicks, coveredWh, freeFunds(state.seats.get(seat)!, committed))
      }
      bind(
        state,
        stakes.map(({ seat, side, priceTicks }) => [seat, worstCase(side, priceTicks, coveredWh)] as const),
      )
      return coveredWh
    },
  }
}

/** What final intervals cost each seat, each on balance; nothing once the chain has settled it. */
export function owedIn(
  state: Pick<AreaState, 'chain' | 'slots' | 'configs'>,
  intervals: readonly Interval[],
): Commitment[] {
  const length = lengthOf(state)
  const sums = new SumsByPlace(state.slots.length)
  const owed = new Float64Array(state.slots.length)
  for (const { start, fills } of intervals) {
    if (start + length <= state.chain.settledUntil) continue
    const { slot, amount, kind } = fills
    for (let index = 0; index < slot.length; index += 1) {
      owed[slot[index]!]! += kind[index]! & 1 ? -amount[index]! : amount[index]!
    }
    for (const own of slot) {
      if (owed[own]! > 0) sums.add(own, owed[own]!)
      owed[own] = 0
    }
  }
  return sums.commitments(state.slots)
}

/** What an order or trade can cost its account at worst, never negative: buying at a price, selling at a negative one. */
export function worstCase(side: Side, priceTicks: Ticks, energyWh: Wh): LedgerUnits {
  const perWh = costPerWh(side, priceTicks)
  return perWh > 0 ? BigInt(perWh) * BigInt(energyWh) : 0n
}

/** Negative where the side gets money. */
function costPerWh(side: Side, priceTicks: Ticks): number {
  return side === 'buy' ? priceTicks : -priceTicks
}

/** What a seat can still commit: its balance on chain less the withdrawal it has asked for, less what it has committed. */
export function freeFunds(seat: SeatState, committed: ReadonlyMap<number, LedgerUnits>): LedgerUnits {
  const { seat: number, balance, withdrawal } = seat.chain
  const free = balance - (withdrawal?.amount ?? 0n) - (committed.get(number) ?? 0n)
  return free > 0n ? free : 0n
}

/** Whether a seat has committed more than it leaves in its purse: it has asked back what it had promised. */
export function isOvercommitted({ chain }: SeatState, committed: ReadonlyMap<number, LedgerUnits>): boolean {
  return (committed.get(chain.seat) ?? 0n) > chain.balance - (chain.withdrawal?.amount ?? 0n)
}

/** The most energy that free funds pay for at worst, at most `wantedWh`. */
function payableWh(side: Side, priceTicks: Ticks, wantedWh: Wh, free: LedgerUnits): Wh {
  const perWh = costPerWh(side, priceTicks)
  if (perWh <= 0) return wantedWh
  const payable = free / BigInt(perWh)
  return payable < BigInt(wantedWh) ? Number(payable) : wantedWh
}
