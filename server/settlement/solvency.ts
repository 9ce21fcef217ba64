/**
 * What a seat must have to pay its entries of a batch: the service that settles leaves out a seat that has less, and whoever computes the
 * batch again checks that.
 */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'
import type { BatchEntry } from '../market/area/area.ts'

/**
 * For each seat the least balance, in ledger units, with which none of its entries is refused. The escrow counts entry by entry, in their
 * order. In a batch of several parts credits are paid at its end, so they pay for nothing before.
 */
export function neededToPay(
  entries: readonly Pick<BatchEntry, 'seat' | 'paid' | 'received'>[],
  isOnePart: boolean,
): Map<number, LedgerUnits> {
  const spent = new Map<number, LedgerUnits>()
  const needed = new Map<number, LedgerUnits>()
  for (const { seat, paid, received } of entries) {
    const net = paid - received
    const sum = (spent.get(seat) ?? 0n) + (isOnePart || net > 0n ? net : 0n)
    spent.set(seat, sum)
    if (sum > (needed.get(seat) ?? 0n)) needed.set(seat, sum)
  }
  return needed
}
