/** Leaves, salts and root of a statement follow the published rule. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import { stageNames } from '../../server/market/area/codes.ts'
import { TreeBuilder } from '../../server/settlement/merkle.ts'
import { inLeafOrder, LeafHasher, type StatedFill, seatSeed, statementRoot } from '../../server/settlement/statement.ts'
import { type SlowFill, slowLeaves, slowRoot, slowSeed } from './slow-statement.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const batch = { area: 7, end: 1_800_000_000, number: 2, secret: `0x${'09'.repeat(32)}`, stated: `0x${'5a'.repeat(32)}` }
const secret = bytesOf(batch.secret)

const slowFill: fc.Arbitrary<SlowFill> = fc.record({
  seat: fc.integer({ min: 1, max: 6 }),
  start: fc.integer({ min: 0, max: 5 }).map((place) => 1_799_996_400 + 900 * place),
  stage: fc.nat(2),
  reference: fc
    .integer({ min: 0, max: 5 })
    .map((place) => `0x${(place * 47).toString(16).padStart(2, '0').repeat(32)}`),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  energyWh: fc.integer({ min: 1, max: 2 ** 24 - 1 }),
  amount: fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }),
})
const nameOf = ({ seat, start, stage, reference }: SlowFill) => `${seat} ${start} ${stage} ${reference}`
const slowFills = fc.uniqueArray(slowFill, { minLength: 1, maxLength: 60, selector: nameOf })

function fastLeaves(fills: readonly SlowFill[]): string[] {
  const hasher = new LeafHasher(batch.area)
  const seats = [...new Set(fills.map(({ seat }) => seat))].sort((a, b) => a - b)
  return seats.flatMap((seat) => {
    hasher.beginSeat(seat, seatSeed(secret, batch.number, seat))
    const own = fills.filter((fill) => fill.seat === seat).map(asStated)
    return inLeafOrder(own).map((fill) => hexOf(hasher.next(fill)))
  })
}

function asStated({ start, stage, reference, side, energyWh, amount }: SlowFill): StatedFill {
  return { start, stage: stageNames[stage]!, reference: bytesOf(reference), side, energyWh, amount: Number(amount) }
}

test(`leaves and root are those of the rule, whatever the fills (SEED=${seed})`, () => {
  fc.assert(
    fc.property(slowFills, (fills) => {
      const leaves = fastLeaves(fills)
      expect(leaves).toEqual(slowLeaves(batch, fills))
      const builder = new TreeBuilder(() => {})
      for (const leaf of leaves) builder.add(bytesOf(leaf))
      const name = { area: batch.area, end: batch.end, count: leaves.length }
      expect(statementRoot(name, builder.finish(), bytesOf(batch.stated))).toBe(slowRoot(batch, leaves))
    }),
    { seed, numRuns: 40 },
  )
})

test('a statement without leaves has a root of its own', () => {
  const tree = new TreeBuilder(() => {}).finish()
  const name = { area: batch.area, end: batch.end, count: 0 }
  expect(statementRoot(name, tree, bytesOf(batch.stated))).toBe(slowRoot(batch, []))
  expect(statementRoot({ ...name, end: name.end + 900 }, tree, bytesOf(batch.stated))).not.toBe(slowRoot(batch, []))
})

test('a batch that is cut anew has other salts, and so has every seat', () => {
  const seeds = [1, 2].flatMap((number) => [1, 2].map((seat) => hexOf(seatSeed(secret, number, seat))))
  expect(new Set(seeds).size).toBe(4)
  expect(seeds[0]).toBe(slowSeed({ ...batch, number: 1 }, 1))
})

describe('what is out of order is refused', () => {
  const fill: StatedFill = {
    ...{ start: 900, stage: 'forward', reference: Buffer.alloc(32, 5), side: 'buy', energyWh: 1, amount: 1 },
  }
  test.each<[string, Partial<StatedFill>]>([
    ['the same once more', {}],
    ['an earlier interval', { start: 0 }],
    ['an earlier stage', { stage: 'agreements' }],
    ['a smaller reference', { reference: Buffer.alloc(32, 4) }],
  ])('%s', (_, change) => {
    const hasher = new LeafHasher(1)
    hasher.beginSeat(1, secret)
    hasher.next(fill)
    expect(() => hasher.next({ ...fill, ...change })).toThrow(expect.objectContaining({ code: 'SETTLEMENT_STATEMENT' }))
  })

  test('an earlier seat, and energy that is none', () => {
    const hasher = new LeafHasher(1)
    hasher.beginSeat(2, secret)
    expect(() => hasher.next({ ...fill, energyWh: 0 })).toThrow(/0 Wh/)
    expect(() => hasher.beginSeat(2, secret)).toThrow(/seat 2/)
  })
})
