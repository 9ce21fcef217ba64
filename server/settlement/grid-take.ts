/**
 * The cap on what the grid operator's account keeps of an interval: fees and congestion rent up to
 * cap per kWh × matched energy. The excess goes back to the interval's participants (design, "Congestion rent").
 */
import type { LedgerUnits, Ticks, Wh } from '../../contracts/protocol/units.ts'
import type { Side } from '../market/auction.ts'
import { SettlementError } from './error.ts'

/** What one order bought or sold; `amount` is what it paid or received before any refund. */
export interface OrderFill {
  order: string
  side: Side
  energyWh: Wh
  amount: LedgerUnits
}

/**
 * Shares the grid's take above the cap among the interval's fills, pro rata to matched energy: a buyer pays that much
 * less, a seller receives that much more, so nobody moves towards its limit. Shares are floored to ledger units, the
 * remainder goes by largest remainder, ties in list order. Fills with no refund are absent from `refunds`.
 *
 * Throws `SettlementError` `SETTLEMENT_GRID_TAKE` where fees and rent are not what the fills leave over, and
 * `SETTLEMENT_UNBALANCED` where either side's energy is not `matchedWh`.
 */
export function capGridTake(input: {
  maxGridPerKwh: Ticks
  matchedWh: Wh
  gridFees: LedgerUnits
  congestionRent: LedgerUnits
  fills: OrderFill[]
}): { gridTake: LedgerUnits; refunds: Map<string, LedgerUnits> } {
  const { maxGridPerKwh, matchedWh, gridFees, congestionRent, fills } = input
  const take = gridFees + congestionRent
  assertConsistent(fills, matchedWh, take)
  const cap = BigInt(maxGridPerKwh) * BigInt(matchedWh)
  const refunds = new Map<string, LedgerUnits>()
  if (take <= cap) return { gridTake: take, refunds }

  const excess = take - cap
  const energy = 2n * BigInt(matchedWh)
  const shares = fills.map((fill, index) => {
    const exact = excess * BigInt(fill.energyWh)
    return { order: fill.order, index, amount: exact / energy, remainder: exact % energy }
  })
  let left = excess - shares.reduce((sum, { amount }) => sum + amount, 0n)
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  )
  for (const share of byRemainder) {
    if (left === 0n) break
    share.amount += 1n
    left -= 1n
  }
  for (const { order, amount } of shares) {
    if (amount > 0n) refunds.set(order, (refunds.get(order) ?? 0n) + amount)
  }
  return { gridTake: cap, refunds }
}

function assertConsistent(fills: OrderFill[], matchedWh: Wh, take: LedgerUnits) {
  const sum = { buy: { energyWh: 0, amount: 0n }, sell: { energyWh: 0, amount: 0n } }
  for (const { side, energyWh, amount } of fills) {
    sum[side].energyWh += energyWh
    sum[side].amount += amount
  }
  if (sum.buy.energyWh !== matchedWh || sum.sell.energyWh !== matchedWh) {
    throw new SettlementError(
      'SETTLEMENT_UNBALANCED',
      `matched ${matchedWh} Wh, but bought ${sum.buy.energyWh} Wh and sold ${sum.sell.energyWh} Wh`,
    )
  }
  if (take < 0n || sum.buy.amount - sum.sell.amount !== take) {
    throw new SettlementError(
      'SETTLEMENT_GRID_TAKE',
      `fees and rent are ${take}, but the fills leave ${sum.buy.amount - sum.sell.amount} ledger units`,
    )
  }
}
