/** The slow twin of committed funds: adds up the whole state. */
import type { AreaState } from '../../../server/market/engine/state.ts'

/** What each seat has committed, in ledger units; seats that have committed nothing are left out. */
export function slowlyCommitted(state: AreaState): Map<number, bigint> {
  const committed = new Map<number, bigint>()
  const commit = (seat: number, amount: bigint) => {
    if (amount > 0n) committed.set(seat, (committed.get(seat) ?? 0n) + amount)
  }
  const cost = (side: 'buy' | 'sell', ticks: number, wh: number) => BigInt(side === 'buy' ? ticks : -ticks) * BigInt(wh)
  for (const { reservations } of state.intervals.values()) {
    for (const { seat, reserved } of reservations) commit(seat, reserved)
  }
  for (const { orders, trades } of state.forward.values()) {
    for (const { seat, side, limitTicks, openWh } of orders.values()) commit(seat, cost(side, limitTicks, openWh))
    for (const { buyer, seller, priceTicks, energyWh } of trades) {
      commit(buyer, cost('buy', priceTicks, energyWh))
      commit(seller, cost('sell', priceTicks, energyWh))
    }
  }
  const length = state.config?.rules.intervalSeconds ?? 0
  for (const { start, owed } of state.unsettled) {
    if (start + length <= state.chain.settledUntil) continue
    for (const [seat, amount] of owed) commit(seat, amount)
  }
  return committed
}
