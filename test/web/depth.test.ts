/** The stairs of a depth chart hold the book's energy, and lie inside their box. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { depthOf, depthPath, spanOf } from '../../web/forward/depth.ts'

const level = (cents: number, energyWh: number) => ({ pricePerKwh: (cents / 100).toFixed(4), energyWh, orders: 1 })
const box = { width: 100, height: 54 }

test('each step holds what is offered at its price or better', () => {
  expect(depthOf([level(10, 30), level(11, 20), level(15, 50)]).map(({ inAllWh }) => inAllWh)).toEqual([30, 50, 100])
})

test('the stairs of the two sides go apart from the best prices', () => {
  const [offered, wanted] = [depthOf([level(12, 100)]), depthOf([level(10, 25), level(9, 25)])]
  const span = spanOf([offered, wanted])
  expect(span).toEqual({ low: expect.closeTo(0.085), high: expect.closeTo(0.125), mostWh: 100 })
  expect(depthPath(offered, span, { ...box, towards: 'high' })).toBe('M87.5 54.0H87.5V4.0H100.0V54.0Z')
  expect(depthPath(wanted, span, { ...box, towards: 'low' })).toBe('M37.5 54.0H37.5V41.5H12.5V29.0H0.0V54.0Z')
})

test('a side without offers has no outline', () => {
  expect(depthPath([], spanOf([depthOf([level(1, 1)])]), { ...box, towards: 'low' })).toBe('')
})

test('any book is drawn inside of its box', () => {
  const side = fc.uniqueArray(
    fc.record({ cents: fc.integer({ min: -50, max: 100 }), wh: fc.integer({ min: 1, max: 1e7 }) }),
    {
      selector: ({ cents }) => cents,
      minLength: 1,
      maxLength: 20,
    },
  )
  fc.assert(
    fc.property(side, side, (bids, asks) => {
      const wanted = depthOf(bids.sort((a, b) => b.cents - a.cents).map(({ cents, wh }) => level(cents, wh)))
      const offered = depthOf(asks.sort((a, b) => a.cents - b.cents).map(({ cents, wh }) => level(cents, wh)))
      const span = spanOf([wanted, offered])
      for (const [steps, towards] of [
        [wanted, 'low'],
        [offered, 'high'],
      ] as const) {
        const path = depthPath(steps, span, { ...box, towards })
        const numbers = [...path.matchAll(/(H|V)(-?[\d.]+)/g)]
        for (const [, way, at] of numbers) {
          expect(Number(at)).toBeGreaterThanOrEqual(0)
          expect(Number(at)).toBeLessThanOrEqual(way === 'H' ? box.width : box.height)
        }
        expect(steps.at(-1)!.inAllWh).toBe((towards === 'low' ? bids : asks).reduce((sum, { wh }) => sum + wh, 0))
      }
    }),
    { seed: Number(process.env.SEED ?? 20_261_129), numRuns: 100 },
  )
})
