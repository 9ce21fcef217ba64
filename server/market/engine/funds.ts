/** Free escrow funds: nothing is promised that cannot be paid. */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { ForwardOrder, ForwardTrade } from './area.ts'
import { type Side, sides } from './codes.ts'
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
    for (const interval of state.intervals.values()) {
      bind(state, interval.status === 'final' ? owedIn(state, interval) : reservedIn(state, interval))
    }
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

/** What an interval's orders and agreements have set aside. */
export function* reservedIn(state: Pick<AreaState, 'slots'>, interval: Interval): Generator<Commitment> {
  for (const side of sides) {
    const columns = interval.reserved?.[side]
    if (columns === undefined) continue
    for (let slot = 0; slot < columns.arrival.length; slot += 1) {
      if (columns.arrival[slot] === 0) continue
      const amount = worstCase(side, columns.limitTicks[slot]!, columns.energyWh[slot]!)
      if (amount > 0n) yield [state.slots[slot]!, amount]
    }
  }
  for (const promised of interval.promised) {
    for (const { seat, side, priceTicks } of stakesOf(promised)) {
      yield [seat, worstCase(side, priceTicks, promised.energyWh)]
    }
  }
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
  /** Of the energy that an order or agreement (by its arrival) may move, as much as all its sides can pay for at worst. */
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

/** What a final interval costs each seat on balance, nothing once the chain has settled it. */
export function owedIn(state: Pick<AreaState, 'chain' | 'slots' | 'configs'>, interval: Interval): Commitment[] {
  if (interval.start + lengthOf(state) <= state.chain.settledUntil) return []
  const owed = new Map<number, number>()
  const { fills } = interval
  for (let index = 0; index < fills.length; index += 1) {
    const slot = fills.slot[index]!
    const amount = fills.amount[index]!
    owed.set(slot, (owed.get(slot) ?? 0) + (fills.kind[index]! & 1 ? -amount : amount))
  }
  const commitments: Commitment[] = []
  for (const [slot, amount] of owed) if (amount > 0) commitments.push([state.slots[slot]!, BigInt(amount)])
  return commitments
}

/** What an order or trade can cost its account at worst, never negative: buying at a price, selling at a negative one. */
export function worstCase(side: Side, priceTicks: Ticks, energyWh: Wh): LedgerUnits {
  const perWh = side === 'buy' ? priceTicks : -priceTicks
  return perWh > 0 ? BigInt(perWh) * BigInt(energyWh) : 0n
}

/** What a seat can still commit: its balance on chain less the withdrawal it has asked for, less what it has committed. */
export function freeFunds(seat: SeatState, committed: ReadonlyMap<number, LedgerUnits>): LedgerUnits {
  const { seat: number, balance, withdrawal } = seat.chain
  const free = balance - (withdrawal?.amount ?? 0n) - (committed.get(number) ?? 0n)
  return free > 0n ? free : 0n
}

/** The most energy that free funds pay for at worst, at most `wantedWh`. */
function payableWh(side: Side, priceTicks: Ticks, wantedWh: Wh, free: LedgerUnits): Wh {
  const perWh = side === 'buy' ? priceTicks : -priceTicks
  if (perWh <= 0) return wantedWh
  const payable = free / BigInt(perWh)
  return payable < BigInt(wantedWh) ? Number(payable) : wantedWh
}
