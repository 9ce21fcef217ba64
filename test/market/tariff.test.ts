/** What one more kWh costs, past, now and ahead. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PricedInterval, ratesOf } from '../../server/market/tariff.ts'

const intervalSeconds = 900
const day = 86_400
/** A midnight. */
const t0 = 1_764_288_000

const interval = (start: number, change: Partial<PricedInterval> = {}): PricedInterval => ({
  ...{
    start,
    priceTicks: 1_500,
    unsoldWh: 0,
    rootPriceTicks: 1_500,
    areaUnsoldWh: 400,
    feeTicks: 0,
    retailTicks: 3_000,
  },
  ...change,
})

describe('an interval with a result', () => {
  const rateOf = (change: Partial<PricedInterval>) => {
    const [rate] = ratesOf([interval(t0, change)], { from: t0, to: t0 + 900, now: t0 + 3_600, intervalSeconds })
    return [rate!.ticks, rate!.source]
  }
  test.each<[string, Partial<PricedInterval>, [number, string]]>([
    ['costs the neighbours’ price where something was left over', {}, [1_500, 'neighbours']],
    ['costs the tariff where nothing was left over', { areaUnsoldWh: 0 }, [3_000, 'supplier']],
    ['costs the tariff where nobody traded', { priceTicks: null, rootPriceTicks: null }, [3_000, 'supplier']],
    ['costs the tariff where neighbours are dearer', { priceTicks: 3_100, rootPriceTicks: 3_100 }, [3_000, 'supplier']],
    ['costs the tariff behind a full link', { priceTicks: 1_700, feeTicks: 100 }, [3_000, 'supplier']],
    ['costs the fees of an open link too', { priceTicks: 1_600, feeTicks: 100 }, [1_600, 'neighbours']],
    [
      'costs its own price where its own zone has energy left',
      { priceTicks: 1_700, unsoldWh: 5 },
      [1_700, 'neighbours'],
    ],
  ])('%s', (_, change, expected) => expect(rateOf(change)).toEqual(expected))
})

test('the running interval has the newest result, unless that is old', () => {
  const now = t0 + 4 * 900 + 17
  const kinds = (newest: number) => {
    return ratesOf([interval(newest)], { from: t0 + 4 * 900, to: t0 + 5 * 900, now, intervalSeconds }).map(
      ({ kind }) => kind,
    )
  }
  expect(kinds(t0 + 3 * 900)).toEqual(['now'])
  expect(kinds(t0 + 2 * 900)).toEqual(['now'])
  expect(kinds(t0 + 900)).toEqual([])
})

test('what is expected is the middle of the same time of earlier days, and says of how many', () => {
  const start = t0 + 10 * day
  const prices = [1_900, 1_200, 1_400]
  const known = prices.map((priceTicks, n) =>
    interval(start - (prices.length - n) * day, { priceTicks, rootPriceTicks: priceTicks }),
  )
  const [rate] = ratesOf(known, { from: start, to: start + 900, now: start - 1_000, intervalSeconds })
  expect(rate).toEqual({ start, end: start + 900, ticks: 1_400, kind: 'expected', source: 'neighbours', days: 3 })
  expect(
    ratesOf([interval(start - 8 * day)], { from: start, to: start + 900, now: start - 1_000, intervalSeconds }),
  ).toEqual([])
})

test('rates ascend, never overlap, lie in the range and name a price that was there', () => {
  const shape = fc.record({
    priceTicks: fc.option(fc.integer({ min: -500, max: 4_000 })),
    unsoldWh: fc.nat(3),
    areaUnsoldWh: fc.nat(3),
    feeTicks: fc.nat(200),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 900 }), shape), { selector: ([at]) => at, maxLength: 60 }),
      fc.integer({ min: 0, max: 900 * 900 }),
      fc.integer({ min: 0, max: 1_000 }),
      fc.integer({ min: 1, max: 200 }),
      (places, nowAfter, fromAt, count) => {
        const known = [...places]
          .sort(([a], [b]) => a - b)
          .map(([at, change]) => interval(t0 + at * 900, { ...change, rootPriceTicks: change.priceTicks }))
        const from = t0 + fromAt * 900
        const to = from + count * 900
        const rates = ratesOf(known, { from, to, now: t0 + nowAfter, intervalSeconds })
        for (const [index, rate] of rates.entries()) {
          expect(rate.start).toBeGreaterThanOrEqual(rates[index - 1]?.end ?? from)
          expect(rate.end).toBeLessThanOrEqual(to)
          const isKnown = known.some(({ priceTicks }) => priceTicks === rate.ticks)
          expect(rate.source === 'supplier' ? rate.ticks === 3_000 : isKnown && rate.ticks < 3_000).toBe(true)
        }
      },
    ),
  )
})
