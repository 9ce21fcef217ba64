/** What a seat would have traded at other limits is what the engine gives where that order had them from the beginning. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { IntervalRun } from '../../../server/market/area/area.ts'
import { configAt } from '../../../server/market/area/state.ts'
import { betterInPast, tradedAtLimits } from '../../../server/market/stages/spot/other-limits.ts'
import { streets } from './random-steps.ts'
import { RandomStreet } from './random-streets.ts'
import { boundary, cleared, config, open, order, placing, reading, seat, seatOf, t0, terms } from './street.ts'

const before = t0 * 1000 - 1_000
const home = fc.record({
  zone: fc.constantFrom('south', 'north', null),
  energyWh: fc.integer({ min: 0, max: 600 }),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  limitPrice: fc.integer({ min: 800, max: 2_500 }),
})
type Home = { zone: string | null; energyWh: number; side: 'buy' | 'sell'; limitPrice: number }

/** One interval of a street in which the first home trades at a limit. */
function resultOf(homes: readonly Home[], limitPrice: number): IntervalRun {
  const all = [{ ...homes[0]!, limitPrice }, ...homes.slice(1)]
  const { run } = open(all.map(({ zone }, index) => seat(index + 1, { terms: [terms({ zone })] })))
  for (const [index, { side, limitPrice: limit }] of all.entries()) {
    run(placing(before, order(index + 1, side, { limitPrice: limit })))
  }
  const readings = all.map(({ side, energyWh }, index) =>
    reading(index + 1, boundary(1), side === 'buy' ? energyWh : 0, side === 'sell' ? energyWh : 0),
  )
  return cleared(run({ type: 'readings', atMs: boundary(1) * 1000 + 1_000, readings }))[0]!
}

function tradedBy({ side }: Home, result: IntervalRun) {
  const { soldWh, received, boughtWh, paid } = seatOf(result, 1)
  return side === 'sell' ? { tradedWh: soldWh, amount: received } : { tradedWh: boughtWh, amount: paid }
}

const [lowest, highest] = [800, 2_500]

it('every other limit gives what the engine would have given', () => {
  fc.assert(
    fc.property(
      fc.array(home, { minLength: 2, maxLength: 6 }),
      fc.uniqueArray(fc.integer({ min: lowest, max: highest }), { minLength: 2, maxLength: 3 }),
      (homes, limits) => {
        const { side, energyWh } = homes[0]!
        const asItWas = resultOf(homes, limits[0]!)
        const traded = tradedAtLimits(config, asItWas.seats, { seat: 1, side }, limits)
        if (energyWh === 0) {
          expect(traded).toBeNull()
          return
        }
        for (const [index, limit] of limits.entries()) {
          expect(traded![index]).toEqual({ offeredWh: energyWh, ...tradedBy(homes[0]!, resultOf(homes, limit)) })
        }
      },
    ),
    { numRuns: 60 },
  )
})

it('the limit that would have traded more is the nearest one that the engine rewards, and where none is named none does', () => {
  const seen = { more: 0, none: 0 }
  fc.assert(
    fc.property(fc.array(home, { minLength: 2, maxLength: 6 }), (homes) => {
      const { side, limitPrice, energyWh } = homes[0]!
      if (energyWh === 0) return
      const asItWas = resultOf(homes, limitPrice)
      const told = betterInPast(config, asItWas.seats, { seat: 1, side })!
      const { tradedWh } = tradedBy(homes[0]!, asItWas)
      expect(told).toMatchObject({ limitTicks: limitPrice, offeredWh: energyWh, tradedWh })
      const at = (limit: number) => tradedBy(homes[0]!, resultOf(homes, limit)).tradedWh
      const worse = side === 'sell' ? 1 : -1
      const inBand = told.better.filter(({ limitTicks }) => limitTicks >= lowest && limitTicks <= highest)
      for (const better of inBand) {
        expect(at(better.limitTicks)).toBe(better.tradedWh)
        expect(at(better.limitTicks + worse)).toBeLessThan(better.tradedWh)
      }
      if (told.better.length === 0) expect(at(side === 'sell' ? lowest : highest)).toBe(tradedWh)
      seen[inBand.length > 0 ? 'more' : 'none'] += 1
    }),
    { numRuns: 40 },
  )
  expect(Math.min(seen.more, seen.none)).toBeGreaterThan(0)
})

it('results that more than limits decided are left out, and all others are found again', () => {
  const seen = { found: 0, none: 0 }
  fc.assert(
    fc.property(streets, ({ steps, funds }) => {
      new RandomStreet(funds, ({ state }, _command, events) => {
        for (const result of cleared(events)) {
          for (const { seat: number, outcomes } of result.seats) {
            for (const side of ['buy', 'sell'] as const) {
              const own = outcomes.find((each) => each.stage === 'spot' && each.side === side && each.offeredWh > 0)
              const limits = [own?.limitTicks ?? 1_000]
              const traded = tradedAtLimits(configAt(state, result.start), result.seats, { seat: number, side }, limits)
              seen[traded === null ? 'none' : 'found'] += 1
              if (own === undefined || own.code === 'escrow-low') expect(traded).toBeNull()
              else if (traded !== null)
                expect(traded).toEqual([{ offeredWh: own.offeredWh, tradedWh: own.filledWh, amount: own.amount }])
            }
          }
        }
      }).play(steps)
    }),
    { numRuns: 8 },
  )
  expect(seen.found).toBeGreaterThan(0)
  expect(seen.none).toBeGreaterThan(0)
})
