/** What a home and a visitor are told of the street: prices, what stayed in it, and what stands in a home's way. */
import { describe, expect, it } from 'vitest'
import type { IntervalResource } from '../../server/api/resources.ts'
import { keptInStreet, lastPrice, pricesIn } from '../../web/market/market.ts'
import { problemsOf } from '../../web/market/problems.ts'
import { area, seatOf } from './resources.ts'

type Prices = Readonly<Record<'street' | 'north' | 'south', string | null>>

function cleared(number: number, prices: Prices, change: Partial<IntervalResource> = {}): IntervalResource {
  const start = Date.parse('2026-07-01T12:00:00.000Z') - number * 10_000
  const zones = area.zones.map((zone) => ({
    ...zone,
    ...{ importWh: 0, exportWh: 0, boughtWh: 0, soldWh: 0 },
    pricePerKwh: prices[zone.zone as keyof Prices],
  }))
  return {
    ...{ area: 1, start: new Date(start).toISOString(), end: new Date(start + 10_000).toISOString(), run: 1 },
    ...{ status: 'final', kind: 'computed', matchedWh: 0, importWh: 0, exportWh: 0, missingReadings: 0 },
    ...{ forwardWh: 0, deviationWh: 0, gridFees: '0', congestionRent: '0', gridTake: '0', zones, flows: [] },
    ...change,
  } as IntervalResource
}

const none: Prices = { street: null, north: null, south: null }

describe('the price at a glance', () => {
  it('is a span where zones differ, one where they agree, and none at night', () => {
    expect(pricesIn(cleared(0, { street: '0.1100', north: '0.1000', south: null }))).toEqual({
      low: '0.1000',
      high: '0.1100',
    })
    expect(pricesIn(cleared(0, { street: '0.0900', north: '0.1000', south: '0.0200' }))).toEqual({
      low: '0.0200',
      high: '0.1000',
    })
    expect(pricesIn(cleared(0, none))).toBeNull()
    expect(pricesIn(undefined)).toBeNull()
  })

  it('is the last one there was while nobody trades', () => {
    const day = [cleared(0, none), cleared(1, { ...none, north: '0.1200' }), cleared(2, { ...none, north: '0.0900' })]
    expect(lastPrice(day, 'north')).toEqual({ pricePerKwh: '0.1200', start: day[1]!.start })
    expect(lastPrice(day, 'south')).toBeNull()
  })
})

it('keeps in the street the spread of the tariffs, less what the grid took', () => {
  const intervals = [
    cleared(0, none, { matchedWh: 1000, gridTake: '0.01' }),
    cleared(1, none, { matchedWh: 500, gridTake: '0.005' }),
  ]
  // 1.5 kWh at 22 ct, less 1.5 ct.
  expect(keptInStreet(area, intervals)).toBe('0.315')
})

describe('what stands in the way of a home', () => {
  const nowMs = Date.parse('2026-07-01T12:00:00Z')
  const account = `0x${'1'.repeat(40)}`
  const well = { lastReadingAt: '2026-07-01T11:59:50.000Z' }
  const problems = (change: Parameters<typeof seatOf>[1]) =>
    problemsOf(area, seatOf(account, { ...well, ...change }), nowMs)

  it('is nothing where all is well', () => {
    expect(problems({})).toEqual([])
  })

  it('is told with what comes first', () => {
    expect(problems({ closed: true, suspended: true })).toEqual(['closed'])
    expect(problems({ confirmed: false, lastReadingAt: null })).toEqual(['unconfirmed', 'firstReading'])
    expect(problems({ lastReadingAt: '2026-07-01T11:59:00.000Z' })).toEqual(['noReading'])
    expect(problems({ lastReadingAt: '2026-07-01T11:59:30.000Z' })).toEqual([])
  })

  it('is no silence of a meter that the metering operator reads', () => {
    const record = { kind: 'official' as const, comparedDays: 0, beyondIntervals: 0 }
    expect(problems({ record, lastReadingAt: null })).toEqual([])
    expect(problems({ record, lastReadingAt: '2026-06-29T00:00:00.000Z' })).toEqual([])
  })

  it('is an empty purse only where somebody wants to buy', () => {
    const order = { side: 'buy' } as NonNullable<ReturnType<typeof seatOf>['buyOrder']>
    expect(problems({ balance: '0', available: '0', buyOrder: order })).toEqual(['purseEmpty'])
    expect(problems({ balance: '0', available: '0' })).toEqual([])
    // All of it held back for the intervals that are being traded: it buys.
    expect(problems({ available: '0', buyOrder: order })).toEqual([])
  })

  it('is a signed limit that ends soon', () => {
    const { mandate } = seatOf(account)
    expect(problems({ mandate: { ...mandate, validUntil: '2026-07-10T00:00:00.000Z' } })).toEqual(['limitEnds'])
  })
})
