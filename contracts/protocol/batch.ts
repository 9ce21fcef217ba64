/**
 * A batch as watchers sign it and the escrow checks it: its header binds every entry of every part, the band of prices, the
 * statement and what is left for the grid operator. `contracts/src/Settlement.sol` makes the same header.
 */
import { AbiCoder, keccak256, solidityPackedKeccak256 } from 'ethers'
import { type EntryFields, packEntry } from './entry.ts'
import type { Hex } from './typed-data.ts'
import type { LedgerUnits, Ticks, UtcSeconds } from './units.ts'

/** What all parts of a batch have in common; `parts` are the hashes of their words. */
export interface BatchHeader {
  area: number
  start: UtcSeconds
  end: UtcSeconds
  bandLow: Ticks
  bandHigh: Ticks
  statementRoot: Hex
  /** What is left for the grid operator, which keeps it. */
  gridTake: LedgerUnits
  parts: Hex[]
}

/** The words of one part, as they stand in its log. */
export function entryWordsOf(entries: readonly EntryFields[]): Hex {
  return `0x${entries.map((entry) => packEntry(entry).toString(16).padStart(64, '0')).join('')}`
}

export function hashOfEntryWords(words: Hex): Hex {
  return keccak256(words)
}

/** The hash that names a batch. */
export function headerOf(batch: BatchHeader): Hex {
  const { area, start, end, bandLow, bandHigh, statementRoot, gridTake, parts } = batch
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['uint32', 'uint32', 'uint32', 'int24', 'int24', 'bytes32', 'uint128', 'bytes32'],
      [area, start, end, bandLow, bandHigh, statementRoot, gridTake, solidityPackedKeccak256(['bytes32[]'], [parts])],
    ),
  )
}

/** Why a watcher refuses a batch; the number is what it signs. */
export const refusalReasons = [
  /** None of the reasons below. */
  'other',
  /** It could not be computed: something that it rests on is missing. */
  'incomplete',
  'times',
  /** The statement's root is another one. */
  'statement',
  'band',
  'grid-take',
  /** An entry is missing, or says something else. */
  'entries',
  /** A base is moved over energy that was traded: what the seat is owed would be lost. */
  'moved-without-trade',
  /** The header does not bind what was shown. */
  'header',
  /** Something that it rests on is not signed by whom it must be. */
  'unsigned',
  /** What the server states, and nobody signs, cannot have been. */
  'stated',
  /** A seat is kept from trading for more batches in a row than the rule allows (`server/settlement/passed-over.ts`). */
  'passed-over',
  /** The watcher has signed another header of the same batch. */
  'signed-another',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** A batch whose header is to be signed, with the entries of each part. */
export interface ShownBatch extends Omit<BatchHeader, 'parts'> {
  header: Hex
  parts: EntryFields[][]
}
