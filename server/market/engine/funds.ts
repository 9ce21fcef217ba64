/** Free escrow funds: nothing is promised that cannot be paid. */
import type { LedgerUnits, Ticks, Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type { ForwardOrder, ForwardTrade } from './area.ts'
import type { AreaState, IntervalState, SeatState, UnsettledInterval } from './state.ts'

/** So many ledger units that a seat can no longer promise elsewhere. */
type Commitment = readonly [seat: number, amount: LedgerUnits]

/** Sums by seat, kept up by `bind` and `release`; made from the state where that was just loaded. */
const sumsOf = new WeakMap<AreaState, Map<number, LedgerUnits>>()

/**
 * What each seat has committed, in ledger units: reservations and forward trades of intervals that are not final, forward
 * orders at their worst, and what final intervals cost it that the chain has not settled yet. Credits that are not settled
 * yet do not count. A seat that has committed nothing has no entry; the map follows the state.
 */
export function committedFunds(state: AreaState): ReadonlyMap<number, LedgerUnits> {
  let sums = sumsOf.get(state)
  if (sums === undefined) {
    sums = new Map()
    sumsOf.set(state, sums)
    for (const interval of state.intervals.values()) bind(state, reservedFor(interval))
    for (const { orders, trades } of state.forward.values()) {
      for (const order of orders.values()) bind(state, worstOf(order, order.openWh))
      for (const trade of trades) bind(state, costOf(trade))
    }
    for (const interval of state.unsettled) bind(state, owedIn(state, interval))
  }
  return sums
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

/** What an interval's orders have set aside. */
export function* reservedFor({ reservations }: IntervalState): Generator<Commitment> {
  for (const { seat, reserved } of reservations) yield [seat, reserved]
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

const nothing: readonly Commitment[] = []

/** What a final interval costs, nothing once the chain has settled it. */
export function owedIn(
  { config, chain }: Pick<AreaState, 'config' | 'chain'>,
  { start, owed }: UnsettledInterval,
): Iterable<Commitment> {
  return start + (config?.rules.intervalSeconds ?? 0) <= chain.settledUntil ? nothing : owed
}

/** What an order or trade can cost its account at worst, never negative: buying at a price, selling at a negative one. */
export function worstCase(side: Side, priceTicks: Ticks, energyWh: Wh): LedgerUnits {
  const perWh = BigInt(side === 'buy' ? priceTicks : -priceTicks)
  return perWh > 0n ? perWh * BigInt(energyWh) : 0n
}

/** What a seat can still commit: its balance on chain less the withdrawal it has asked for, less what it has committed. */
export function freeFunds(seat: SeatState, committed: ReadonlyMap<number, LedgerUnits>): LedgerUnits {
  const { seat: number, balance, withdrawal } = seat.chain
  const free = balance - (withdrawal?.amount ?? 0n) - (committed.get(number) ?? 0n)
  return free > 0n ? free : 0n
}
