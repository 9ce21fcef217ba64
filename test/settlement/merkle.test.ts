/** The tree of a statement: chunks of kept levels, and proofs of neighbouring leaves from a few of them. */
import { concat, keccak256 as hashOf } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  chunkNodes,
  chunksFor,
  hashBytes,
  type LeafRange,
  siblingsOf,
  TreeBuilder,
  treeOf,
} from '../../server/settlement/merkle.ts'
import { slowSiblings, slowTree } from './slow-statement.ts'

const hashed = vi.hoisted(() => ({ times: 0 }))
vi.mock(import('../../contracts/protocol/keccak.ts'), async (load) => {
  const { keccak256 } = await load()
  return {
    keccak256(bytes: Uint8Array) {
      hashed.times += 1
      return keccak256(bytes)
    },
  }
})

const seed = Number(process.env.SEED ?? 20_261_128)
const leafOf = (index: number) => hashOf(`0x${index.toString(16).padStart(8, '0')}`)
const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafOf(index))
const bytesOf = (hashes: string[]) => Buffer.from(concat(hashes).slice(2), 'hex')
const textOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`

function built(leaves: string[]) {
  const chunks = new Map<string, Uint8Array>()
  const builder = new TreeBuilder((level, chunk, hashes) => chunks.set(`${level} ${chunk}`, hashes))
  for (const leaf of leaves) builder.add(bytesOf([leaf]))
  return { tree: builder.finish(), chunks }
}

/** Proves leaves from the chunks that the proof asks for, and from no others. */
function proved(count: number, range: LeafRange, chunks: ReadonlyMap<string, Uint8Array>) {
  const asked = new Map(chunksFor(count, range).map(({ level, chunk }) => [`${level} ${chunk}`, { level, chunk }]))
  return siblingsOf(count, range, (level, chunk) => {
    expect(asked.has(`${level} ${chunk}`)).toBe(true)
    return chunks.get(`${level} ${chunk}`)!
  })
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(255, 256, 257, 511, 512, 513, 1_000, 1_023, 1_025),
  fc.integer({ min: 1, max: 1_200 }),
)

test('no leaves give 32 zero bytes, and one leaf is its own tree', () => {
  expect(textOf(built([]).tree)).toBe(`0x${'0'.repeat(64)}`)
  expect(textOf(built([leafOf(1)]).tree)).toBe(leafOf(1))
})

test(`the tree is that of RFC 6962 (SEED=${seed})`, () => {
  fc.assert(
    fc.property(sizes, (count) => {
      const leaves = leavesOf(count)
      expect(textOf(built(leaves).tree)).toBe(slowTree(leaves))
    }),
    { seed, numRuns: 40 },
  )
})

test('kept are the levels 0, 8 and 16, whole but for their last chunk', () => {
  const lengths: [string, number][] = []
  const builder = new TreeBuilder((level, chunk, hashes) =>
    lengths.push([`${level} ${chunk}`, hashes.length / hashBytes]),
  )
  for (let left = chunkNodes * chunkNodes + 1; left > 0; left -= 1) builder.add(new Uint8Array(hashBytes))
  builder.finish()
  expect(lengths.filter(([name]) => name.startsWith('0 ')).length).toBe(chunkNodes + 1)
  expect(lengths.filter(([name]) => !name.startsWith('0 '))).toEqual([
    ['8 0', chunkNodes],
    ['8 1', 1],
    ['16 0', 2],
  ])
})

describe('neighbouring leaves', () => {
  test(`prove themselves together, at their place only, and nothing else does (SEED=${seed})`, () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(), (count, pick, long, flip) => {
        const leaves = leavesOf(count)
        const { tree, chunks } = built(leaves)
        const first = pick % count
        const length = 1 + (long % Math.min(count - first, 300))
        const siblings = proved(count, { first, length }, chunks)
        expect(textOf(siblings)).toBe(concat(slowSiblings(leaves, first, length)))
        const own = bytesOf(leaves.slice(first, first + length))
        expect(textOf(treeOf(count, first, own, siblings)!)).toBe(textOf(tree))

        const isProof = (places: [number, number], some: Uint8Array, beside: Uint8Array) => {
          const found = treeOf(...places, some, beside)
          return found !== null && textOf(found) === textOf(tree)
        }
        const forged = Buffer.from(own)
        forged[flip % forged.length]! ^= 1
        expect(isProof([count, first], forged, siblings)).toBe(false)
        expect(isProof([count, first + 1], own, siblings)).toBe(false)
        expect(isProof([count, first - 1], own, siblings)).toBe(false)
        expect(isProof([count, first], own, Buffer.concat([siblings, own.subarray(0, 32)]))).toBe(false)
        expect(isProof([count, first], own.subarray(32), siblings)).toBe(false)
        if (siblings.length > 0) {
          const bent = Buffer.from(siblings)
          bent[flip % bent.length]! ^= 1
          expect(isProof([count, first], own, bent)).toBe(false)
          expect(isProof([count, first], own, siblings.subarray(32))).toBe(false)
        }
      }),
      { seed, numRuns: 120 },
    )
  })

  test('cost a bounded number of hashes, however many leaves the statement has', () => {
    const count = 3 * chunkNodes * chunkNodes + 7
    const builder = new TreeBuilder(() => {})
    for (let index = 0; index < 2; index += 1) builder.add(Buffer.alloc(hashBytes, index))
    const keptLevels = 3
    for (const first of [0, 1, 255, 256, 65_535, 65_536, 131_071, 190_000, count - 100]) {
      hashed.times = 0
      const range = { first, length: 96 }
      expect(chunksFor(count, range).length).toBeLessThanOrEqual(2 * keptLevels)
      siblingsOf(count, range, (level, chunk) => {
        const width = Math.ceil(count / 2 ** level)
        return Buffer.alloc(Math.min(chunkNodes, width - chunk * chunkNodes) * hashBytes)
      })
      expect(hashed.times).toBeLessThanOrEqual(2 * keptLevels * 255)
    }
  })
})
