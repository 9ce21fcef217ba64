/** The statement's tree, its root and its proofs. */
import { concat, hexlify, keccak256, solidityPackedKeccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leafHash, proveLeaf, type StatementFill, statementOf, verifyLeaf } from '../../server/settlement/statement.ts'

const batch = { area: 7, end: 1_800_000_000, stated: null }
const seed = new Uint8Array(32).fill(9)
const order = (number: number) => `0x${number.toString(16).padStart(64, '0')}`
const fillOf = (number: number): StatementFill => ({
  start: 1_799_999_000 + 10 * Math.floor(number / 3),
  seat: 1 + number,
  order: order(number),
  side: number % 2 === 0 ? 'buy' : 'sell',
  energyWh: 1 + number,
  amount: BigInt(number) - 5n,
})
const fillsOf = (count: number) => Array.from({ length: count }, (_, number) => fillOf(number))

test('root and leaves follow the published rule', () => {
  const { root, leaves } = statementOf(batch, fillsOf(3), seed)
  const salts = [0, 1, 2].map((index) => solidityPackedKeccak256(['uint8', 'bytes32', 'uint32'], [3, seed, index]))
  expect(leaves.map(({ salt }) => salt)).toEqual(salts)
  const hashes = [0, 1, 2].map((number) => {
    const { start, seat, energyWh, amount } = fillOf(number)
    return solidityPackedKeccak256(
      ['uint8', 'bytes32', 'uint32', 'uint32', 'uint32', 'bytes32', 'uint8', 'uint48', 'int128'],
      [0, salts[number], 7, start, seat, order(number), number % 2, energyWh, amount],
    )
  })
  expect(leaves.map(({ hash }) => hash)).toEqual(hashes)
  const left = keccak256(concat(['0x01', hashes[0]!, hashes[1]!]))
  const tree = keccak256(concat(['0x01', left, hashes[2]!]))
  expect(root).toBe(
    solidityPackedKeccak256(['uint8', 'uint32', 'uint32', 'uint32', 'bytes32'], [2, 7, batch.end, 3, tree]),
  )
})

test('what is stated beside the fills is in the root, and in every proof', () => {
  const stated = `0x${'5a'.repeat(32)}`
  const { root, leaves } = statementOf({ ...batch, stated }, fillsOf(1), seed)
  const types = ['uint8', 'uint32', 'uint32', 'uint32', 'bytes32', 'bytes32']
  expect(root).toBe(solidityPackedKeccak256(types, [4, 7, batch.end, 1, leaves[0]!.hash, stated]))
  const proof = proveLeaf([leaves[0]!.hash], 0)
  expect(verifyLeaf({ ...batch, stated }, root, leaves[0]!.hash, proof)).toBe(true)
  expect(verifyLeaf(batch, root, leaves[0]!.hash, proof)).toBe(false)
  expect(verifyLeaf({ ...batch, stated: order(1) }, root, leaves[0]!.hash, proof)).toBe(false)
})

test('a batch without fills has a root of its own, and fills without energy have no leaf', () => {
  const empty = statementOf(batch, [], seed)
  expect(empty.leaves).toEqual([])
  expect(empty.root).toMatch(/^0x[0-9a-f]{64}$/)
  expect(statementOf(batch, [{ ...fillOf(1), energyWh: 0 }], seed).root).toBe(empty.root)
  expect(statementOf({ ...batch, end: batch.end + 10 }, [], seed).root).not.toBe(empty.root)
})

test('two fills of one order in one interval are refused', () => {
  expect(() => statementOf(batch, [fillOf(1), fillOf(1)], seed)).toThrow(
    expect.objectContaining({ code: 'SETTLEMENT_STATEMENT' }),
  )
})

describe('proofs', () => {
  test('every leaf proves itself, at its place only, and nothing else does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(255), (count, pick, flip) => {
        const { root, leaves } = statementOf(batch, fillsOf(count).reverse(), seed)
        const hashes = leaves.map(({ hash }) => hash)
        const index = pick % count
        const leaf = leaves[index]!
        const proof = proveLeaf(hashes, index)
        expect(leafHash(batch.area, leaf.fill, leaf.salt)).toBe(leaf.hash)
        expect(verifyLeaf(batch, root, leaf.hash, proof)).toBe(true)

        const forged = leafHash(batch.area, { ...leaf.fill, amount: leaf.fill.amount + 1n }, leaf.salt)
        expect(verifyLeaf(batch, root, forged, proof)).toBe(false)
        expect(verifyLeaf({ ...batch, area: 8 }, root, leaf.hash, proof)).toBe(false)
        expect(verifyLeaf(batch, root, leaf.hash, { ...proof, count: count + 1 })).toBe(false)
        expect(verifyLeaf(batch, root, leaf.hash, { ...proof, siblings: [...proof.siblings, leaf.hash] })).toBe(false)
        if (count > 1) {
          const other = (index + 1) % count
          expect(verifyLeaf(batch, root, leaf.hash, { ...proof, index: other })).toBe(false)
          const siblings = [...proof.siblings]
          const bytes = Buffer.from(siblings[0]!.slice(2), 'hex')
          bytes[flip % 32]! ^= 1
          siblings[0] = hexlify(bytes)
          expect(verifyLeaf(batch, root, leaf.hash, { ...proof, siblings })).toBe(false)
        }
      }),
      { seed: 20_260_703, numRuns: 100 },
    )
  })
})
