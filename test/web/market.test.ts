/** The check of an interval that the utility's page makes by itself. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPrice } from '../../contracts/protocol/units.ts'
import type { IntervalResource } from '../../server/api/resources.ts'
import { clearAuction } from '../../server/market/auction.ts'
import { checkInterval, isFull, linkLoad, priceIn, resultOf, zoneTree } from '../../web/market/market.ts'
import { area } from './resources.ts'

const zoneNames = area.zones.map(({ zone }) => zone)

const offer = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  zone: fc.constantFrom(...zoneNames),
  energyWh: fc.integer({ min: 1, max: 60 }),
  limitTicks: fc.integer({ min: 500, max: 3000 }),
})

/** An interval as the server would publish it: cleared by the auction, with what each zone metered beyond the orders. */
function published(
  offers: { side: 'buy' | 'sell'; zone: string; energyWh: number; limitTicks: number }[],
): IntervalResource {
  const orders = offers.map((each, index) => ({ id: String(index), ...each }))
  const result = clearAuction({
    zones: area.zones.map(({ zone, parent, feePerKwh, capacityWh }) => ({
      id: zone,
      ...(parent === null ? {} : { parent }),
      feeTicksPerKwh: Number(feePerKwh) * 10_000,
      capacityWh,
    })),
    orders,
  })
  const metered = (zone: string, side: 'buy' | 'sell') =>
    offers.reduce((sum, each) => sum + (each.zone === zone && each.side === side ? each.energyWh : 0), 0)
  const zones = result.zones.map(({ zone, priceTicks, soldWh, boughtWh }, index) => ({
    ...area.zones[index]!,
    pricePerKwh: priceTicks === null ? null : formatPrice(priceTicks),
    soldWh,
    boughtWh,
    importWh: metered(zone, 'buy'),
    exportWh: metered(zone, 'sell'),
  }))
  return {
    area: 1,
    start: '2026-07-01T12:00:00.000Z',
    end: '2026-07-01T12:00:10.000Z',
    run: 1,
    status: 'final',
    kind: 'computed',
    matchedWh: result.matchedWh,
    importWh: zones.reduce((sum, each) => sum + each.importWh, 0),
    exportWh: zones.reduce((sum, each) => sum + each.exportWh, 0),
    missingReadings: 0,
    forwardWh: 0,
    deviationWh: 0,
    gridFees: '0',
    congestionRent: '0',
    gridTake: '0',
    zones,
    flows: result.flows.map(({ zone, exportWh, congestionTicks }) => ({
      zone,
      exportWh,
      congestionPerKwh: formatPrice(congestionTicks),
    })),
  }
}

describe('the check that the utility’s page redoes', () => {
  it('finds nothing in what the auction cleared', () => {
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 12 }), (offers) => {
        expect(checkInterval(published(offers))).toEqual([])
      }),
      { seed: 3 },
    )
  })

  it('finds every single number that was altered', () => {
    fc.assert(
      fc.property(
        fc.array(offer, { minLength: 1, maxLength: 12 }),
        fc.constantFrom('soldWh' as const, 'boughtWh' as const, 'importWh' as const, 'exportWh' as const),
        fc.constantFrom(0, 1, 2),
        (offers, field, index) => {
          const interval = published(offers)
          interval.zones[index]![field]! += 1
          expect(checkInterval(interval)).not.toEqual([])
        },
      ),
      { seed: 4 },
    )
  })

  it('finds a flow that does not fit, a link beyond its capacity, and a wrong total', () => {
    const interval = published([
      { side: 'sell', zone: 'south', energyWh: 60, limitTicks: 900 },
      { side: 'buy', zone: 'street', energyWh: 60, limitTicks: 2500 },
    ])
    expect(interval.matchedWh).toBe(40)
    const [flow] = interval.flows.filter(({ zone }) => zone === 'south')
    flow!.exportWh = 41
    expect(checkInterval(interval).join()).toMatch(
      /carried 41\u202fWh where 40\u202fWh were over.*more than its capacity/,
    )
    flow!.exportWh = 40
    const changedSince = { ...interval, zones: interval.zones.map((zone) => ({ ...zone, capacityWh: null })) }
    expect(checkInterval(changedSince)).toEqual([])
    interval.matchedWh = 39
    expect(checkInterval(interval)).toEqual(['40\u202fWh bought in the zones but 39\u202fWh matched'])
  })
})

it('builds the tree of zones and reads prices from it', () => {
  const root = zoneTree(area.zones)
  expect(root?.zone.zone).toBe('street')
  expect(root?.children.map(({ zone, depth }) => [zone.zone, depth])).toEqual([
    ['north', 1],
    ['south', 1],
  ])
  const interval = published([
    { side: 'sell', zone: 'north', energyWh: 5, limitTicks: 1000 },
    { side: 'buy', zone: 'street', energyWh: 5, limitTicks: 2000 },
  ])
  expect(priceIn(interval)).toBe(resultOf(interval, 'street')?.pricePerKwh)
  expect(priceIn(interval, 'south')).toBeNull()
  expect(priceIn(undefined)).toBeNull()
})

it('marks a link full at its capacity, in either direction, and a closed one always', () => {
  const south = area.zones[2]!
  expect([39, 40, -40].map((flowWh) => isFull(south, flowWh))).toEqual([false, true, true])
  expect(isFull({ ...south, capacityWh: 0 }, 0)).toBe(true)
  expect(linkLoad(south, -20)).toBe(0.5)
  expect(linkLoad(area.zones[1]!, 20)).toBeNull()
})
