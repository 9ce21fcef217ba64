/** How a batch is divided into transactions: each stays below the gas cap of a transaction, and below what nodes pass on. */
import type { SignedEntry } from '../store/settlement-store.ts'
import type { AreaView, SeatRecord } from './seat-view.ts'

/** Some way below the cap of 16,777,216 (EIP-7825). */
const gasOfPart = 15_500_000
/** 96 bytes each: nodes pass on transactions of at most 128 KiB. */
const mostEntries = 1_000

/**
 * Upper bounds of the gas of an entry, from `test/contracts/gas/gas.json` and `node test/soak/settlement.js`: alone in its
 * batch's only part; the same after a batch of several parts, when the escrow takes up what the seat was owed; in one of
 * several parts; and where the seat's terms change.
 */
const entryGas = { usual: 15_400, afterSeveralParts: 18_600, ofSeveralParts: 24_000, changing: 110_000 }
/** What more the entry of a meter takes that is not signed by its first key any more. */
const laterKeyGas = 3_200

/**
 * Entries in runs of one part each, in their order. A batch that has not begun has at least one part.
 * `entriesPerPart` bounds the entries of one, by default by what nodes take.
 */
export function divideIntoParts(
  entries: readonly SignedEntry[],
  view: AreaView,
  entriesPerPart = mostEntries,
): SignedEntry[][] {
  const gasOf = (entry: SignedEntry, usual: number) => {
    const seat = view.seats.get(entry.seat)
    if (seat === undefined) return usual
    return (isChanging(seat) ? entryGas.changing : usual) + (seat.keys.length === 0 ? 0 : laterKeyGas)
  }
  const lastHadParts = (view.batches.get(view.settledUntil)?.transactions.length ?? 1) > 1
  const alone = lastHadParts ? entryGas.afterSeveralParts : entryGas.usual
  // A batch that has begun has several parts already.
  const inOnePart = entries.reduce((sum, entry) => sum + gasOf(entry, alone), 0)
  if (view.open === null && entries.length <= entriesPerPart && inOnePart <= gasOfPart) return [[...entries]]
  const parts: SignedEntry[][] = []
  let left = 0
  for (const entry of entries) {
    const gas = gasOf(entry, entryGas.ofSeveralParts)
    if (gas > left || parts.at(-1)!.length >= entriesPerPart) {
      parts.push([])
      left = gasOfPart
    }
    left -= gas
    parts.at(-1)!.push(entry)
  }
  return parts
}

/** Whether the escrow has changes of this seat's terms still to look at. */
function isChanging({ terms, standings, inForceUntil }: SeatRecord): boolean {
  return [...terms, ...standings].some(({ from }) => from > inForceUntil)
}
