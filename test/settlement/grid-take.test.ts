/** The cap on what the grid keeps, and how the excess goes back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { capGridTake, type OrderFill } from '../../server/settlement/grid-take.ts'

const fill = (order: string, side: 'buy' | 'sell', energyWh: number, price: number): OrderFill => ({
  order,
  side,
  energyWh,
  amount: BigInt(energyWh) * BigInt(price),
})

test('fees and rent below the cap stay with the grid', () => {
  const fills = [fill('a', 'sell', 10, 100), fill('b', 'buy', 10, 130)]
  expect(capGridTake({ maxGridPerKwh: 30, matchedWh: 10, gridFees: 100n, congestionRent: 200n, fills })).toEqual({
    gridTake: 300n,
    refunds: new Map(),
  })
})

test('the excess goes back pro rata to energy, the remainder to the largest remainders, ties in list order', () => {
  // 7 Wh matched at a take of 10 ticks, cap 9: 7 units too much, shared by 14 Wh of fills, half a unit a Wh.
  const fills = [
    fill('s1', 'sell', 3, 100),
    fill('s2', 'sell', 4, 100),
    fill('b1', 'buy', 6, 110),
    fill('b2', 'buy', 1, 110),
  ]
  expect(capGridTake({ maxGridPerKwh: 9, matchedWh: 7, gridFees: 0n, congestionRent: 70n, fills })).toEqual({
    gridTake: 63n,
    // Exactly 1.5, 2, 3 and 0.5: one unit remains for the two halves, and s1 stands first.
    refunds: new Map([
      ['s1', 2n],
      ['s2', 2n],
      ['b1', 3n],
    ]),
  })
})

test('fills that do not add up are refused', () => {
  const fills = [fill('a', 'sell', 10, 100), fill('b', 'buy', 10, 130)]
  const take = (parts: object) =>
    capGridTake({ maxGridPerKwh: 1, matchedWh: 10, gridFees: 300n, congestionRent: 0n, fills, ...parts })
  expect(() => take({ gridFees: 299n })).toThrow(expect.objectContaining({ code: 'SETTLEMENT_GRID_TAKE' }))
  expect(() => take({ matchedWh: 9 })).toThrow(expect.objectContaining({ code: 'SETTLEMENT_UNBALANCED' }))
})

test('nothing is lost, nobody is worse off, and shares are within one unit of exact', () => {
  const energies = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(
      energies,
      energies,
      fc.nat(3_000),
      fc.nat(3_000),
      fc.integer({ min: -900, max: 900 }),
      (sold, bought, cap, gap, price) => {
        const total = (list: number[]) => list.reduce((sum, energyWh) => sum + energyWh, 0)
        const missing = total(sold) - total(bought)
        if (missing > 0) bought.push(missing)
        if (missing < 0) sold.push(-missing)
        const matchedWh = total(sold)
        const fills = [
          ...sold.map((energyWh, k) => fill(`s${k}`, 'sell', energyWh, price)),
          ...bought.map((energyWh, k) => fill(`b${k}`, 'buy', energyWh, price + gap)),
        ]
        const take = BigInt(gap) * BigInt(matchedWh)
        const fees = take / 3n
        const result = capGridTake({
          maxGridPerKwh: cap,
          matchedWh,
          gridFees: fees,
          congestionRent: take - fees,
          fills,
        })
        const refunded = [...result.refunds.values()].reduce((sum, amount) => sum + amount, 0n)
        expect(result.gridTake + refunded).toBe(take)
        expect(result.gridTake).toBe(BigInt(Math.min(cap, gap)) * BigInt(matchedWh))
        for (const { order, energyWh } of fills) {
          const refund = result.refunds.get(order) ?? 0n
          const distance = refund * 2n * BigInt(matchedWh) - refunded * BigInt(energyWh)
          expect(refund >= 0n && distance < 2n * BigInt(matchedWh) && distance > -2n * BigInt(matchedWh)).toBe(true)
        }
      },
    ),
    { seed: 20_260_702, numRuns: 300 },
  )
})
