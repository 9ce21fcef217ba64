/** The checker of auctions finds every kind of wrong result. */
import { describe, expect, test } from 'vitest'
import { type AuctionInput, type AuctionResult, clearAuction } from '../../server/market/auction.ts'
import { checkAuction } from '../../server/market/check.ts'
import { Dice, randomAuction, smallTrees } from './random-auctions.ts'

/** A street where the cheap feeder's link is full, two buyers share what comes, and a corner stays idle. */
const street: AuctionInput = {
  zones: [
    { id: 'top', feeTicksPerKwh: 0, capacityWh: null },
    { id: 'cheap', parent: 'top', feeTicksPerKwh: 10, capacityWh: 5 },
    { id: 'open', parent: 'top', feeTicksPerKwh: 20, capacityWh: null },
    { id: 'idle', parent: 'top', feeTicksPerKwh: 20, capacityWh: null },
  ],
  orders: [
    { id: 'b1', side: 'buy', zone: 'top', energyWh: 6, limitTicks: 300 },
    { id: 'b2', side: 'buy', zone: 'top', energyWh: 6, limitTicks: 300 },
    { id: 's1', side: 'sell', zone: 'cheap', energyWh: 4, limitTicks: 100 },
    { id: 's2', side: 'sell', zone: 'cheap', energyWh: 4, limitTicks: 100 },
    { id: 's3', side: 'sell', zone: 'open', energyWh: 2, limitTicks: 200 },
    { id: 'dear', side: 'sell', zone: 'idle', energyWh: 2, limitTicks: 900 },
  ],
}

/** The street's result with some of it written over. */
function tampered(change: (result: AuctionResult) => void): AuctionResult {
  const result = structuredClone(clearAuction(street))
  change(result)
  return result
}

function setFill(result: AuctionResult, order: string, energyWh: number): void {
  const fill = result.fills.find((each) => each.order === order)!
  fill.energyWh = energyWh
}

describe('the checker', () => {
  test('accepts the right result', () => {
    expect(checkAuction(street, clearAuction(street))).toBeNull()
  })

  const breaches: [string, string | undefined, (result: AuctionResult) => void][] = [
    ['LISTING', 'idle', (result) => result.zones.pop()],
    ['LISTING', 'cheap', (result) => result.flows.reverse()],
    ['LISTING', 'nobody', (result) => result.fills.push({ order: 'nobody', energyWh: 1, priceTicks: 1 })],
    ['LISTING', 'b1', (result) => result.fills.push(result.fills[0]!)],
    ['FILL_ENERGY', 'b1', (result) => setFill(result, 'b1', 7)],
    ['FILL_ENERGY', 'b1', (result) => setFill(result, 'b1', 0)],
    ['FILL_ENERGY', 'b1', (result) => setFill(result, 'b1', 3.5)],
    ['ZONE_ENERGY', 'top', (result) => setFill(result, 'b1', 3)],
    ['MATCHED_ENERGY', undefined, (result) => result.matchedWh++],
    ['ENERGY_BALANCE', 'top', (result) => result.flows[0]!.exportWh--],
    [
      'LINK_CAPACITY',
      'cheap',
      (result) => {
        result.flows[0]!.exportWh = 6
      },
    ],
    [
      'WELFARE_OPTIMUM',
      undefined,
      (result) => {
        result.fills.length = 0
        for (const zone of result.zones) Object.assign(zone, { soldWh: 0, boughtWh: 0 })
        for (const flow of result.flows) flow.exportWh = 0
        result.matchedWh = 0
      },
    ],
    [
      'SHARING',
      's1',
      (result) => {
        setFill(result, 's1', 2)
        setFill(result, 's2', 3)
      },
    ],
    [
      'PRICE_PRESENCE',
      'idle',
      (result) => {
        result.zones[3]!.priceTicks = 1
      },
    ],
    [
      'PRICE_PRESENCE',
      'cheap',
      (result) => {
        result.zones[1]!.priceTicks = null
      },
    ],
    ['PRICE_INTERVAL', 'cheap', (result) => result.zones[1]!.lowestTicks!--],
    ['PRICE_MIDPOINT', 'open', (result) => result.zones[2]!.priceTicks!++],
    ['FILL_PRICE', 's3', (result) => result.fills.at(-1)!.priceTicks++],
    ['CONGESTION', 'cheap', (result) => result.flows[0]!.congestionTicks--],
    ['WELFARE', undefined, (result) => result.welfare++],
    ['GRID_FEES', undefined, (result) => result.gridFees++],
    ['CONGESTION_RENT', undefined, (result) => result.congestionRent++],
  ]
  test.each(breaches)('names %s at %s', (rule, subject, change) => {
    const breach = checkAuction(street, tampered(change))
    expect(breach).toMatchObject({ rule, ...(subject && { subject }) })
  })

  test('names MOST_ENERGY where a zero-gain trade was left out', () => {
    const input: AuctionInput = {
      zones: [{ id: 'top', feeTicksPerKwh: 0, capacityWh: null }],
      orders: [
        { id: 'b', side: 'buy', zone: 'top', energyWh: 1, limitTicks: 5 },
        { id: 's', side: 'sell', zone: 'top', energyWh: 1, limitTicks: 5 },
      ],
    }
    const nothing = { priceTicks: null, lowestTicks: null, highestTicks: null, soldWh: 0, boughtWh: 0 }
    const idle: AuctionResult = {
      matchedWh: 0,
      welfare: 0n,
      zones: [{ zone: 'top', ...nothing }],
      flows: [],
      fills: [],
      gridFees: 0n,
      congestionRent: 0n,
    }
    expect(checkAuction(input, idle)).toMatchObject({ rule: 'MOST_ENERGY', subject: 'top' })
  })

  test('lets no single changed number pass on random trees', () => {
    let changed = 0
    for (let seed = 50_001; seed <= 50_400; seed++) {
      const input = randomAuction(seed, smallTrees)
      const result = clearAuction(input)
      const dice = new Dice(seed)
      const numbers = [result, ...result.zones, ...result.flows, ...result.fills].flatMap((part) =>
        Object.entries(part).flatMap(([name, value]) => (typeof value === 'number' ? [{ part, name, value }] : [])),
      )
      const { part, name, value } = dice.oneOf(numbers)
      Object.assign(part, { [name]: value + dice.oneOf([-1, 1]) })
      changed++
      expect({ seed, name, right: checkAuction(input, result) === null }).toEqual({ seed, name, right: false })
    }
    expect(changed).toBe(400)
  })
})
