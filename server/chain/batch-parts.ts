/** How a batch is divided into transactions: each stays below the gas cap of a transaction, and below what nodes pass on. */
import type { SignedEntry } from '../store/settlement-store.ts'
import type { AreaView, SeatRecord } from './seat-view.ts'

/** Some way below the cap of 16,777,216 (EIP-7825). */
const gasOfPart = 15_500_000
/** 96 bytes each: nodes pass on transactions of at most 128 KiB. */
const mostEntries = 1_000

/**
 * Upper bounds of the gas of an entry, from `test/contracts/gas/gas.json` and `test/chain/large-batch.test.ts`: alone in its
 * batch's only part, or in one of several, which also keeps what the seat is owed; and more where the seat's terms change.
 */
const entryGas = { onlyPart: { usual: 15_400, changing: 80_000 }, severalParts: { usual: 24_000, changing: 110_000 } }

/**
 * Entries in runs of one part each, in their order. A batch that has not begun has at least one part.
 * `entriesPerPart` bounds the entries of one, by default by what nodes take.
 */
export function divideIntoParts(
  entries: readonly SignedEntry[],
  view: AreaView,
  entriesPerPart = mostEntries,
): SignedEntry[][] {
  const gasOf = (entry: SignedEntry, gas: { usual: number; changing: number }) => {
    const seat = view.seats.get(entry.seat)
    return seat !== undefined && mayChange(seat, view) ? gas.changing : gas.usual
  }
  // A batch that has begun has several parts already.
  const inOnePart = entries.reduce((sum, entry) => sum + gasOf(entry, entryGas.onlyPart), 0)
  if (view.open === null && entries.length <= entriesPerPart && inOnePart <= gasOfPart) return [[...entries]]
  const parts: SignedEntry[][] = []
  let left = 0
  for (const entry of entries) {
    const gas = gasOf(entry, entryGas.severalParts)
    if (gas > left || parts.at(-1)!.length >= entriesPerPart) {
      parts.push([])
      left = gasOfPart
    }
    left -= gas
    parts.at(-1)!.push(entry)
  }
  return parts
}

/** Whether the escrow may still have to put a change of terms in force: it does so with the entry after the one that reached it. */
function mayChange({ terms, standings, base }: SeatRecord, { rules }: AreaView): boolean {
  const settledBefore = base.time - 2 * rules.batchSeconds
  return [...terms, ...standings].some(({ from }) => from > settledBefore)
}
