/** Free escrow funds: nothing is promised that cannot be paid. */
import type { LedgerUnits, Ticks, Wh } from '../../../contracts/units.ts'
import type { Side } from '../auction.ts'
import type { AreaState, SeatState } from './state.ts'

/**
 * What each seat has committed, in ledger units: reservations and forward trades of intervals that are not
 * final, forward orders at their worst, and what final intervals
 * cost it that the chain has not settled yet. Credits that are not settled yet do not count.
 */
export function committedFunds(state: AreaState): Map<number, LedgerUnits> {
  const committed = new Map<number, LedgerUnits>()
  const commit = (seat: number, amount: LedgerUnits) => committed.set(seat, (committed.get(seat) ?? 0n) + amount)
  for (const interval of state.intervals.values()) {
    for (const { seat, reserved } of interval.reservations) commit(seat, reserved)
  }
  for (const { orders, trades } of state.forward.values()) {
    for (const order of orders.values()) commit(order.seat, worstCase(order.side, order.limitTicks, order.openWh))
    for (const trade of trades) {
      commit(trade.buyer, worstCase('buy', trade.priceTicks, trade.energyWh))
      commit(trade.seller, worstCase('sell', trade.priceTicks, trade.energyWh))
    }
  }
  const length = state.config?.rules.intervalSeconds ?? 0
  for (const { start, owed } of state.unsettled) {
    if (start + length <= state.chain.settledUntil) continue
    for (const [seat, amount] of owed) commit(seat, amount)
  }
  return committed
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
