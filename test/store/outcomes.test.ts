/** What a report reads of outcomes is what the engine's own codec says, whatever stands in them. */
import { expect, test } from 'vitest'
import type { Outcome } from '../../server/market/area/area.ts'
import { outcomeCodes, sides, stageNames } from '../../server/market/area/codes.ts'
import { decodeFills, decodeOutcomes, encodeOutcomes } from '../../server/store/outcomes.ts'
import { type Random, randomOf } from '../simulation/random.ts'

const seed = 20261129

function randomOutcome(random: Random): Outcome {
  const { whole, pick, chance } = random
  return {
    ...{
      stage: pick(stageNames),
      arrival: whole(0, 2 ** 40),
      side: pick(sides),
      limitTicks: whole(-(2 ** 30), 2 ** 30),
    },
    ...{
      offeredWh: whole(0, 2 ** 50),
      filledWh: whole(0, 1_000),
      priceTicks: chance(0.3) ? null : whole(-2_000, 2_000),
    },
    ...{ amount: BigInt(whole(0, 2 ** 52)) * (chance(0.5) ? -1n : 2n ** 12n), code: pick(outcomeCodes) },
    details: Array.from({ length: whole(0, 3) }, () => whole(-(2 ** 44), 2 ** 44)),
  }
}

test(`fills are those of the outcomes (seed ${seed})`, () => {
  const random = randomOf(seed)
  for (let round = 0; round < 500; round++) {
    const outcomes = Array.from({ length: random.whole(0, 4) }, () => randomOutcome(random))
    const bytes = encodeOutcomes(outcomes)
    const fills = decodeOutcomes(bytes).map(({ stage, arrival, side, filledWh, priceTicks, amount }) => {
      return { stage, arrival, side, filledWh, priceTicks, amount }
    })
    expect(decodeFills(bytes)).toEqual(fills)
    if (bytes.length > 1) expect(() => decodeFills(bytes.subarray(0, -1))).toThrowError(/the bytes end/)
  }
})
