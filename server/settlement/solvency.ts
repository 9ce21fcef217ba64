/**
 * What a seat must have to pay its entries of a batch: the service that settles leaves out who has less, and whoever computes the
 * batch again looks whether that was so.
 */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'
import type { BatchEntry } from '../market/area/area.ts'

/**
 * The least balance, in ledger units, with which none of a seat's entries is refused, by seat: as the escrow counts, entry by entry in
 * their order. Of a batch of several parts a credit comes with its end and pays for nothing before.
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
