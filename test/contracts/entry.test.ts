/** The settlement word, packed and unpacked. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeWords,
  type EntryFields,
  encodeEntry,
  mostIntervalsPerBatch,
  packEntry,
  partsOfSeatId,
  seatIdOf,
  unpackEntry,
} from '../../contracts/protocol/entry.ts'

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const money = fc.bigInt({ min: -(2n ** 45n), max: 2n ** 45n - 1n })
const fields: fc.Arbitrary<EntryFields> = fc.record({
  number: uint(24),
  lag: uint(12),
  exportDelta: uint(32),
  importDelta: uint(32),
  soldWh: uint(32),
  boughtWh: uint(32),
  paid: money,
  received: money,
})

test('a word says what was packed into it', () => {
  fc.assert(
    fc.property(fields, (entry) => {
      expect(unpackEntry(packEntry(entry))).toEqual(entry)
    }),
  )
})

test('every word is the packing of its fields', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (word) => {
      expect(packEntry(unpackEntry(word))).toBe(word)
    }),
  )
})

// `Words.t.sol` unpacks this very word.
test('the fields stand where Solidity reads them', () => {
  const word = packEntry({
    number: 0x010203,
    lag: 0x045,
    exportDelta: 0x05060708,
    importDelta: 0x090a0b0c,
    soldWh: 0x0d0e0f10,
    boughtWh: 0x1112131f,
    paid: -28n,
    received: 0x1b1c1d1e1f20n,
  })
  expect(word.toString(16).padStart(64, '0')).toBe('01020304505060708090a0b0c0d0e0f101112131fffffffffff91b1c1d1e1f20')
})

test('refuses what does not fit, and names it', () => {
  const entry: EntryFields = {
    number: 1,
    lag: 0,
    exportDelta: 0,
    importDelta: 0,
    soldWh: 0,
    boughtWh: 0,
    paid: 0n,
    received: 0n,
  }
  const wrong: Partial<EntryFields>[] = [
    { number: 2 ** 24 },
    { lag: mostIntervalsPerBatch + 1 },
    { exportDelta: -1 },
    { importDelta: 2 ** 32 },
    { soldWh: 0.5 },
    { boughtWh: Number.NaN },
    { paid: 2n ** 45n },
    { received: -(2n ** 45n) - 1n },
  ]
  for (const change of wrong) {
    expect(() => packEntry({ ...entry, ...change })).toThrow(
      expect.objectContaining({
        code: 'ENTRY_OUT_OF_RANGE',
        message: expect.stringContaining(Object.keys(change)[0]!),
      }),
    )
  }
})

test('an encoded entry carries the word and the signature; a log carries the words', () => {
  fc.assert(
    fc.property(fc.array(fields), (entries) => {
      const signature = `0x${'ab'.repeat(64)}`
      const encoded = entries.map((entry) => encodeEntry(entry, signature))
      for (const entry of encoded) expect(entry).toHaveLength(2 + 2 * 96)
      expect(decodeWords(`0x${encoded.map((entry) => entry.slice(2, 66)).join('')}`)).toEqual(entries)
    }),
  )
  expect(() => encodeEntry(unpackEntry(0n), '0x1234')).toThrow(expect.objectContaining({ code: 'ENTRY_MALFORMED' }))
  expect(() => decodeWords('0x1234')).toThrow(expect.objectContaining({ code: 'ENTRY_MALFORMED' }))
})

test('a seat is its area and its number', () => {
  fc.assert(
    fc.property(uint(32), uint(24), (area, number) => {
      expect(partsOfSeatId(seatIdOf(area, number))).toEqual({ area, number })
    }),
  )
})
