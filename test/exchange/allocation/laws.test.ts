/** Laws of every key, on random communities. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AllocationKey,
  type AllocationRound,
  allocate,
  inOneRound,
  wholeMillionths,
} from '../../../server/exchange/allocation/allocate.ts'
import { shareWhole } from '../../../server/exchange/allocation/largest-remainder.ts'
import { pairUp } from '../../../server/exchange/allocation/pairs.ts'

const seed = 20261115
const energy = fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 1_000_000_000 }), fc.constant(0))
const sum = (list: readonly number[]) => list.reduce((total, each) => total + each, 0)

/** Shares that are together at most the whole. */
const sharesOf = (count: number) =>
  fc
    .array(fc.nat({ max: 1000 }), { minLength: count, maxLength: count })
    .chain((weights) =>
      fc.integer({ min: 0, max: wholeMillionths }).map((total) => shareWhole(sum(weights) > 0 ? total : 0, weights)),
    )

const keysOf = (count: number): fc.Arbitrary<AllocationKey> =>
  fc.oneof(
    fc.constant<AllocationKey>({ kind: 'proportional' }),
    fc.record({ kind: fc.constant('static' as const), sharesMillionths: sharesOf(count), repeated: fc.boolean() }),
    fc.record({
      kind: fc.constant('cascade' as const),
      ranks: fc.array(fc.option(fc.nat({ max: 4 })), { minLength: count, maxLength: count }),
    }),
  )

interface Community {
  offeredWh: number
  consumedWh: number[]
  rounds: AllocationRound[]
}

const communities: fc.Arbitrary<Community> = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.record({
    offeredWh: energy,
    consumedWh: fc.array(energy, { minLength: count, maxLength: count }),
    rounds: fc
      .tuple(
        fc.array(keysOf(count), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat({ max: 100 }), { minLength: 3, maxLength: 3 }),
      )
      .map(([keys, weights]) => {
        const parts = shareWhole(wholeMillionths, weights.slice(0, keys.length))
        return keys.map((key, i) => ({ key, ofMillionths: parts[i]! }))
      }),
  }),
)

describe('every key', () => {
  test('gives whole Wh, nobody more than consumed, all together no more than there is, the same each time', () => {
    fc.assert(
      fc.property(communities, ({ offeredWh, consumedWh, rounds }) => {
        const allocated = allocate(rounds, offeredWh, consumedWh)
        for (const [i, wh] of allocated.entries()) {
          expect(Number.isSafeInteger(wh)).toBe(true)
          expect(wh).toBeGreaterThanOrEqual(0)
          expect(wh).toBeLessThanOrEqual(consumedWh[i]!)
        }
        expect(sum(allocated)).toBeLessThanOrEqual(offeredWh)
        expect(allocate(rounds, offeredWh, consumedWh)).toEqual(allocated)
      }),
      { numRuns: 2000, seed },
    )
  })

  test('that ends pro rata leaves nothing that somebody could have used', () => {
    fc.assert(
      fc.property(communities, ({ offeredWh, consumedWh, rounds }) => {
        const last = {
          ofMillionths: wholeMillionths - sum(rounds.map(({ ofMillionths }) => ofMillionths)),
          key: { kind: 'proportional' } as const,
        }
        const allocated = allocate([...rounds, last], offeredWh, consumedWh)
        expect(sum(allocated)).toBe(Math.min(offeredWh, sum(consumedWh)))
      }),
      { numRuns: 1000, seed },
    )
  })
})

describe('pro rata', () => {
  test('is within one Wh of the exact part', () => {
    fc.assert(
      fc.property(communities, ({ offeredWh, consumedWh }) => {
        const total = sum(consumedWh)
        const allocated = allocate(inOneRound({ kind: 'proportional' }), offeredWh, consumedWh)
        if (offeredWh >= total) {
          expect(allocated).toEqual(consumedWh)
          return
        }
        for (const [i, wh] of allocated.entries()) {
          const exact = BigInt(offeredWh) * BigInt(consumedWh[i]!)
          const difference = BigInt(wh) * BigInt(total) - exact
          expect(difference < BigInt(total) && -difference < BigInt(total)).toBe(true)
        }
      }),
      { numRuns: 1000, seed },
    )
  })
})

describe('fixed shares', () => {
  const cases = fc.integer({ min: 1, max: 8 }).chain((count) =>
    fc.record({
      offeredWh: energy,
      consumedWh: fc.array(energy, { minLength: count, maxLength: count }),
      shares: sharesOf(count),
    }),
  )

  test('in one round are within one Wh of the exact part, or all that was consumed', () => {
    fc.assert(
      fc.property(cases, ({ offeredWh, consumedWh, shares }) => {
        const allocated = allocate(
          inOneRound({ kind: 'static', sharesMillionths: shares, repeated: false }),
          offeredWh,
          consumedWh,
        )
        for (const [i, wh] of allocated.entries()) {
          const difference = BigInt(wh) * BigInt(wholeMillionths) - BigInt(offeredWh) * BigInt(shares[i]!)
          expect(difference < BigInt(wholeMillionths)).toBe(true)
          expect(wh === consumedWh[i] || -difference < BigInt(wholeMillionths)).toBe(true)
        }
      }),
      { numRuns: 1000, seed },
    )
  })

  test('in rounds give everything that somebody with a share could use, and keep the shares among those who lack', () => {
    fc.assert(
      fc.property(cases, ({ offeredWh, consumedWh, shares }) => {
        const allocated = allocate(
          inOneRound({ kind: 'static', sharesMillionths: shares, repeated: true }),
          offeredWh,
          consumedWh,
        )
        const usable = sum(consumedWh.filter((_, i) => shares[i]! > 0))
        expect(sum(allocated)).toBe(Math.min(offeredWh, usable))
        const lacking = [...shares.keys()].filter((i) => shares[i]! > 0 && allocated[i]! < consumedWh[i]!)
        for (const a of lacking) {
          for (const b of lacking) {
            // At most one Wh of rounding in each pass.
            const passes = shares.length + 1
            const difference = allocated[a]! / shares[a]! - allocated[b]! / shares[b]!
            expect(Math.abs(difference)).toBeLessThanOrEqual(passes / shares[a]! + passes / shares[b]! + 1e-6)
          }
        }
      }),
      { numRuns: 1000, seed },
    )
  })
})

describe('whole parts', () => {
  test('add up, lie within one of the exact part, and the larger remainder goes first', () => {
    const lists = fc.array(fc.nat({ max: 1_000_000_000 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(energy, lists, (total, weights) => {
        const parts = shareWhole(total, weights)
        const whole = BigInt(sum(weights))
        if (whole === 0n) {
          expect(sum(parts)).toBe(0)
          return
        }
        expect(sum(parts)).toBe(total)
        const rests = weights.map((weight) => (BigInt(total) * BigInt(weight)) % whole)
        const up = parts.map((part, i) => BigInt(part) - (BigInt(total) * BigInt(weights[i]!)) / whole)
        for (const [i, more] of up.entries()) {
          expect(more === 0n || more === 1n).toBe(true)
          if (more === 1n)
            for (const [j, other] of up.entries()) expect(other === 1n || rests[j]! <= rests[i]!).toBe(true)
        }
      }),
      { numRuns: 2000, seed },
    )
  })

  test('between each two add up on both sides', () => {
    const lists = fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(lists, lists, (given, weights) => {
        const got = shareWhole(sum(weights) === 0 ? 0 : sum(given), weights)
        const gave = sum(weights) === 0 ? given.map(() => 0) : given
        const pairs = pairUp(gave, got)
        const total = (side: 'producer' | 'consumer', place: number) =>
          sum(pairs.filter((pair) => pair[side] === place).map(({ energyWh }) => energyWh))
        expect(gave.map((_, place) => total('producer', place))).toEqual(gave)
        expect(got.map((_, place) => total('consumer', place))).toEqual(got)
      }),
      { numRuns: 1000, seed },
    )
  })
})
