/** What a seat would have sold at other limits is what the engine gives where that order had them from the beginning. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { IntervalRun } from '../../../server/market/area/area.ts'
import { configAt } from '../../../server/market/area/state.ts'
import { soldAtLimits } from '../../../server/market/stages/spot/other-limits.ts'
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

/** One interval of a street in which the first home sells at a limit. */
function resultOf(homes: readonly Home[], limitPrice: number): IntervalRun {
  const all = [{ ...homes[0]!, side: 'sell' as const, limitPrice }, ...homes.slice(1)]
  const { run } = open(all.map(({ zone }, index) => seat(index + 1, { terms: [terms({ zone })] })))
  for (const [index, { side, limitPrice: limit }] of all.entries()) {
    run(placing(before, order(index + 1, side, { limitPrice: limit })))
  }
  const readings = all.map(({ side, energyWh }, index) =>
    reading(index + 1, boundary(1), side === 'buy' ? energyWh : 0, side === 'sell' ? energyWh : 0),
  )
  return cleared(run({ type: 'readings', atMs: boundary(1) * 1000 + 1_000, readings }))[0]!
}

it('every other limit gives what the engine would have given', () => {
  fc.assert(
    fc.property(
      fc.array(home, { minLength: 2, maxLength: 6 }),
      fc.uniqueArray(fc.integer({ min: 800, max: 2_500 }), { minLength: 2, maxLength: 3 }),
      (homes, limits) => {
        const asItWas = resultOf(homes, limits[0]!)
        const sold = soldAtLimits(config, asItWas.seats, 1, limits)
        if (homes[0]!.energyWh === 0) {
          expect(sold).toBeNull()
          return
        }
        for (const [index, limit] of limits.entries()) {
          const { soldWh, received } = seatOf(resultOf(homes, limit), 1)
          expect(sold![index]).toEqual({ offeredWh: homes[0]!.energyWh, soldWh, received })
        }
      },
    ),
    { numRuns: 60 },
  )
})

it('results that more than limits decided are left out, and all others are found again', () => {
  const seen = { found: 0, none: 0 }
  fc.assert(
    fc.property(streets, ({ steps, funds }) => {
      new RandomStreet(funds, ({ state }, _command, events) => {
        for (const result of cleared(events)) {
          for (const { seat: number, outcomes } of result.seats) {
            const own = outcomes.find(
              ({ stage, side, offeredWh }) => stage === 'spot' && side === 'sell' && offeredWh > 0,
            )
            const sold = soldAtLimits(configAt(state, result.start), result.seats, number, [own?.limitTicks ?? 1_000])
            seen[sold === null ? 'none' : 'found'] += 1
            if (own === undefined) expect(sold).toBeNull()
            else expect(sold).toEqual([{ offeredWh: own.offeredWh, soldWh: own.filledWh, received: own.amount }])
          }
        }
      }).play(steps)
    }),
    { numRuns: 15 },
  )
  expect(seen.found).toBeGreaterThan(0)
  expect(seen.none).toBeGreaterThan(0)
})
