/**
 * The settlement entry: one 32-byte word per seat and batch, as it stands in the calldata and in the log of
 * `PartSettled`. `contracts/src/Words.sol` unpacks the same fields.
 */

import { toBeHex } from 'ethers'
import { CodedError } from './error.ts'
import type { Hex } from './typed-data.ts'

/** Energies in Wh, money in ledger units; the deltas count from the seat's base. */
export interface EntryFields {
  /** The seat's number inside its area. */
  number: number
  /** Intervals from the reading back from the batch's end. */
  lag: number
  exportDelta: number
  importDelta: number
  soldWh: number
  boughtWh: number
  /** What the seat pays and receives, all fees included; negative where prices were. */
  paid: bigint
  received: bigint
}

export class EntryError extends CodedError<'ENTRY_OUT_OF_RANGE' | 'ENTRY_MALFORMED'> {
  override readonly name = 'EntryError'
}

/** The most intervals of a batch: as many as an entry's lag can count back. The escrow opens no area with longer batches. */
export const mostIntervalsPerBatch = 2 ** 12 - 1

/** The fields with their bits, from the most significant bit down. */
const layout = [
  { name: 'number', bits: 24n, signed: false },
  { name: 'lag', bits: 12n, signed: false },
  { name: 'exportDelta', bits: 32n, signed: false },
  { name: 'importDelta', bits: 32n, signed: false },
  { name: 'soldWh', bits: 32n, signed: false },
  { name: 'boughtWh', bits: 32n, signed: false },
  { name: 'paid', bits: 46n, signed: true },
  { name: 'received', bits: 46n, signed: true },
] as const satisfies { name: keyof EntryFields; bits: bigint; signed: boolean }[]

/** The word of an entry. Throws `ENTRY_OUT_OF_RANGE`, naming the field, for a value that is no integer or does not fit. */
export function packEntry(fields: EntryFields): bigint {
  let word = 0n
  for (const { name, bits, signed } of layout) {
    const value = fields[name]
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new EntryError('ENTRY_OUT_OF_RANGE', `${name} ${value} is not an integer`)
    }
    const integer = BigInt(value)
    if ((signed ? BigInt.asIntN : BigInt.asUintN)(Number(bits), integer) !== integer) {
      throw new EntryError('ENTRY_OUT_OF_RANGE', `${name} ${value} does not fit into ${bits} bits`)
    }
    word = (word << bits) | BigInt.asUintN(Number(bits), integer)
  }
  return word
}

/** The fields of a word, which `packEntry` turns back into it. */
export function unpackEntry(word: bigint): EntryFields {
  const field = (shift: bigint, bits: number) => BigInt.asUintN(bits, word >> shift)
  return {
    number: Number(field(232n, 24)),
    lag: Number(field(220n, 12)),
    exportDelta: Number(field(188n, 32)),
    importDelta: Number(field(156n, 32)),
    soldWh: Number(field(124n, 32)),
    boughtWh: Number(field(92n, 32)),
    paid: BigInt.asIntN(46, word >> 46n),
    received: BigInt.asIntN(46, word),
  }
}

/** One entry of `settle`'s calldata: the word, then the meter's compact signature of the reading. Throws `ENTRY_MALFORMED`. */
export function encodeEntry(fields: EntryFields, compactSignature: Hex): Hex {
  if (!/^0x[0-9a-f]{128}$/i.test(compactSignature)) {
    throw new EntryError('ENTRY_MALFORMED', 'a compact signature has 64 bytes')
  }
  return toBeHex(packEntry(fields), 32) + compactSignature.slice(2)
}

/** The entries in the log of `PartSettled`. Throws `ENTRY_MALFORMED` when `words` is not a whole number of words. */
export function decodeWords(words: Hex): EntryFields[] {
  if ((words.length - 2) % 64 !== 0) throw new EntryError('ENTRY_MALFORMED', 'the words of a part are 32 bytes each')
  const count = (words.length - 2) / 64
  return Array.from({ length: count }, (_, i) => unpackEntry(BigInt(`0x${words.slice(2 + i * 64, 66 + i * 64)}`)))
}

/** The seat with this number in this area, as the escrow numbers it. */
export function seatIdOf(area: number, number: number): bigint {
  return (BigInt(area) << 32n) | BigInt(number)
}

/** The area and the number of a seat. */
export function partsOfSeatId(seat: bigint): { area: number; number: number } {
  return { area: Number(seat >> 32n), number: Number(seat & 0xffff_ffffn) }
}
