/**
 * The transactions that settle a batch: its entries as words against the bases on chain, divided into parts, under the header
 * that binds all of them. A batch that has begun goes on as its header says, whatever has changed meanwhile.
 */
import { AbiCoder, keccak256 } from 'ethers'
import { escrowInterface } from '../../contracts/build/deploy.ts'
import { type BatchHeader, entryWordsOf, hashOfEntryWords, headerOf } from '../../contracts/protocol/batch.ts'
import { type EntryFields, encodeEntry, seatIdOf } from '../../contracts/protocol/entry.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { SignedEntry, StoredBatch } from '../store/settlement-store.ts'
import type { Approvals } from './batch-approvals.ts'
import { divideIntoParts } from './batch-parts.ts'
import { ChainError } from './error.ts'
import type { AreaView, SeatRecord } from './seat-view.ts'
import type { Call } from './sender.ts'

export interface BatchWork {
  area: number
  escrow: Address
  /** With its statement made. */
  batch: StoredBatch & { statementRoot: Hex }
  /** At the newest block. */
  view: AreaView
}

/** The batch as it is to be settled from the next part on. */
export interface BatchPlan {
  header: BatchHeader
  hash: Hex
  /** Counts from 0: the part that is sent next. */
  part: number
  /** Its entries, and those of the parts after it where the batch has not begun. */
  parts: { fields: EntryFields; signature: Hex }[][]
}

/** How a batch that has not begun is divided, where something is given about it. */
export interface Division {
  /** The most entries of one part, where they shall be fewer than fit into it. */
  entriesPerPart?: number | undefined
  /** As it was shown to watchers: another division would be another header. */
  partSizes?: readonly number[] | undefined
}

/** Nodes pass on transactions of at most 128 KiB; some of it is signature and fees. */
const mostBytes = 128 * 1024 - 1024
/** Where `Ledger.sol` keeps the seats; `test/contracts/storage-layout.json` pins it. */
const seatsSlot = 2

/**
 * Plans a batch. Throws `CHAIN_BATCH` where an entry lacks its signed reading or does not begin at its seat's base on chain,
 * and `CHAIN_BATCH_CHANGED` where what is left is not what the header of a batch that has begun binds.
 */
export function planBatch(
  work: BatchWork,
  entries: readonly SignedEntry[],
  { entriesPerPart, partSizes }: Division = {},
): BatchPlan {
  const { area, batch, view } = work
  const left = entriesLeft(work, entries)
  const signed = fieldsOf(work, left)
  const { start, end, bandLow, bandHigh, statementRoot } = batch
  const common = { area, start, end, bandLow, bandHigh, statementRoot }
  if (view.open !== null) {
    const { hashes, gridTake, settledParts: part } = view.open
    const own = prefixWithHash(signed, hashes[part]!)
    const header = { ...common, gridTake, parts: [...hashes] }
    if (own === null || headerOf(header) !== view.open.header) {
      const what = `what is left of the batch to ${end} is not what its first parts bound it to`
      throw new ChainError('CHAIN_BATCH_CHANGED', `area ${area}: ${what}`)
    }
    return { header, hash: view.open.header, part, parts: [own] }
  }
  let next = 0
  const isAsBefore = partSizes?.reduce((sum, size) => sum + size, 0) === left.length
  const sizes = isAsBefore ? partSizes! : divideIntoParts(left, view, entriesPerPart).map(({ length }) => length)
  const parts = sizes.map((length) => {
    next += length
    return signed.slice(next - length, next)
  })
  const gridTake = signed.reduce((sum, { fields }) => sum + fields.paid - fields.received, 0n)
  const header = { ...common, gridTake, parts: parts.map((part) => hashOfEntryWords(entryWordsOf(part.map(fieldOf)))) }
  return { header, hash: headerOf(header), part: 0, parts }
}

/** The call that settles the plan's next part. */
export function settleCall({ escrow, area, view }: BatchWork, plan: BatchPlan, approvals: Approvals): Call {
  const own = plan.parts[0] ?? []
  const entries = own.map(({ fields, signature }) => encodeEntry(fields, signature).slice(2)).join('')
  const data = escrowInterface.encodeFunctionData('settle', [
    { ...plan.header, part: plan.part },
    `0x${entries}`,
    { watchers: view.watchers, signatures: approvals.signatures },
  ])
  const seats = [...new Set(own.map(({ fields }) => fields.number))]
  return { to: escrow, data, ...accessOf({ escrow, area, seats, data }) }
}

/**
 * The two words of each seat that its entry reads, named ahead: that is cheaper by some 100 gas a word. Left out where the
 * transaction would become too large for nodes to pass on.
 */
function accessOf({ escrow, area, seats, data }: { escrow: Address; area: number; seats: number[]; data: Hex }) {
  const bytes = data.length / 2 + seats.length * 2 * 33
  // Naming the contract costs 2,400 gas.
  if (seats.length < 16 || bytes > mostBytes) return {}
  const storageKeys = seats.flatMap((number) => {
    const place = BigInt(
      keccak256(AbiCoder.defaultAbiCoder().encode(['uint64', 'uint256'], [seatIdOf(area, number), seatsSlot])),
    )
    return [place, place + 1n].map((slot) => `0x${slot.toString(16).padStart(64, '0')}`)
  })
  return { accessList: [{ address: escrow, storageKeys }] }
}

/** What is not settled yet, by an earlier part or, for an entry that only moves a base, in whatever way. */
function entriesLeft(work: BatchWork, entries: readonly SignedEntry[]): SignedEntry[] {
  const { view } = work
  return entries.filter(({ seat, time, soldWh, boughtWh }) => {
    const isDone = (view.seats.get(seat)?.base.time ?? 0) >= time
    if (isDone && view.open === null && soldWh + boughtWh > 0) throw notAtBase(work, seat, time)
    return !isDone
  })
}

function fieldsOf(work: BatchWork, entries: readonly SignedEntry[]): BatchPlan['parts'][number] {
  const { batch, view } = work
  const bases = new Map<number, SeatRecord['base']>()
  return entries.map((entry) => {
    const { seat, soldWh, boughtWh, paid, received, signature } = entry
    const base = bases.get(seat) ?? view.seats.get(seat)?.base
    if (base === undefined || base.epoch !== entry.epoch) throw notAtBase(work, seat, entry.time)
    if (signature === null) throw failure(work, `seat ${seat} has no signed reading of ${entry.time}`)
    bases.set(seat, entry)
    const fields = {
      number: seat,
      lag: (batch.end - entry.time) / view.rules.intervalSeconds,
      exportDelta: entry.exportWh - base.exportWh,
      importDelta: entry.importWh - base.importWh,
      ...{ soldWh, boughtWh, paid, received },
    }
    return { fields, signature }
  })
}

/** The first entries whose words have this hash: where a part ends stands in no event. */
function prefixWithHash(signed: BatchPlan['parts'][number], hash: Hex): BatchPlan['parts'][number] | null {
  for (let count = signed.length; count >= 0; count -= 1) {
    const own = signed.slice(0, count)
    if (hashOfEntryWords(entryWordsOf(own.map(fieldOf))) === hash) return own
  }
  return null
}

const fieldOf = ({ fields }: { fields: EntryFields }) => fields

function notAtBase(work: BatchWork, seat: number, time: number): ChainError {
  return failure(work, `seat ${seat} is not where its entry to ${time} begins`)
}

function failure({ area, batch }: BatchWork, what: string): ChainError {
  return new ChainError('CHAIN_BATCH', `area ${area}, batch to ${batch.end}: ${what}`)
}
