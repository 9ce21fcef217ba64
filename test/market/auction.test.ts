import { describe, expect, test } from 'vitest'
import { type AuctionInput, clearAuction } from '../../server/market/auction.ts'
import { solveAsLinearProgram } from './linear-program.ts'
import { randomAuction, smallTrees, wideTrees } from './random-auctions.ts'

describe('the optimum', () => {
  test.each([
    ['small trees', smallTrees, 1, 600],
    ['wide trees', wideTrees, 10_001, 250],
  ])('equals the linear program’s on %s', (_, shape, firstSeed, count) => {
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const input = recentred(randomAuction(seed, shape))
      const result = clearAuction(input)
      const optimum = solveAsLinearProgram(input)
      expect({ seed, welfare: Number(result.welfare), matchedWh: result.matchedWh }).toEqual({ seed, ...optimum })
    }
  })
})

/** The solver works in doubles with a tolerance, so prices far from zero are moved near it; fees and gaps stay. */
function recentred(input: AuctionInput): AuctionInput {
  const far = input.orders.some((order) => Math.abs(order.limitTicks) > 1_000_000)
  if (!far) return input
  return { ...input, orders: input.orders.map((order) => ({ ...order, limitTicks: order.limitTicks + 300_000_000 })) }
}
