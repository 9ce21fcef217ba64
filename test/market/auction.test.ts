/** The auction against its slow twin, its checker and its laws. */
import { describe, expect, test } from 'vitest'
import { type AuctionInput, type AuctionOrder, clearAuction, type Zone } from '../../server/market/auction.ts'
import { checkAuction } from '../../server/market/check.ts'
import { tryEveryFill, tryEveryPrice } from './every-fill.ts'
import { solveAsLinearProgram } from './linear-program.ts'
import { Dice, randomAuction, smallTrees, wideTrees } from './random-auctions.ts'

describe('the optimum', () => {
  test.each([
    ['small trees', smallTrees, 1, 600],
    ['wide trees', wideTrees, 10_001, 250],
  ])('equals the linear program’s on %s', (_, shape, firstSeed, count) => {
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const input = nearZero(randomAuction(seed, shape))
      const result = clearAuction(input)
      const optimum = solveAsLinearProgram(input)
      expect({ seed, welfare: Number(result.welfare), matchedWh: result.matchedWh }).toEqual({ seed, ...optimum })
    }
  })

  test('equals that of the brute-force twin, price intervals included', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const input = tinyAuction(seed)
      const result = clearAuction(input)
      const best = tryEveryFill(input)
      expect({ seed, welfare: Number(result.welfare), matchedWh: result.matchedWh }).toEqual({ seed, ...best })
      const filled = new Map(result.fills.map((fill) => [fill.order, fill.energyWh]))
      const fills = input.orders.map((order) => filled.get(order.id) ?? 0)
      const intervals = tryEveryPrice(input, fills, -6, 9)
      for (const [i, zone] of result.zones.entries()) {
        if (zone.priceTicks === null) continue
        expect({ seed, interval: [zone.lowestTicks, zone.highestTicks] }).toEqual({ seed, interval: intervals[i] })
      }
    }
  })

  test('satisfies the checker on thousands of random trees', () => {
    for (let seed = 20_001; seed <= 23_000; seed++) {
      const input = randomAuction(seed, seed % 4 === 0 ? wideTrees : smallTrees)
      expect({ seed, breach: checkAuction(input, clearAuction(input)) }).toEqual({ seed, breach: null })
    }
  })

  test('is exact at the edges of the bounds', () => {
    const edge = 2 ** 30 - 1
    const input = oneZone([
      order('s1', 'sell', 2 ** 52 - 1, -edge),
      order('b1', 'buy', 2 ** 51 + 1, edge),
      order('b2', 'buy', 2 ** 51 - 1, edge),
    ])
    const result = clearAuction(input)
    expect(result.welfare).toBe(BigInt(2 ** 52 - 1) * BigInt(2 * edge))
    expect(result.fills.map((fill) => fill.energyWh)).toEqual([2 ** 52 - 1, 2 ** 51 + 1 - 1, 2 ** 51 - 1])
    expect(checkAuction(input, result)).toBeNull()
  })

  test('does not depend on how far apart the prices lie', () => {
    for (let seed = 30_001; seed <= 30_100; seed++) {
      const near = nearZero(randomAuction(seed, wideTrees))
      const far = {
        ...near,
        orders: [
          ...near.orders,
          order('far', 'sell', 1, 2 ** 30 - 1, near.zones[0]!.id),
          order('low', 'buy', 1, 1 - 2 ** 30, near.zones[0]!.id),
        ],
      }
      expect({ seed, fills: clearAuction(far).fills }).toEqual({ seed, fills: clearAuction(near).fills })
      const stretched = {
        zones: near.zones.map((zone) => ({ ...zone, feeTicksPerKwh: zone.feeTicksPerKwh * 100_000 })),
        orders: near.orders.map((each) => ({ ...each, limitTicks: each.limitTicks * 100_000 })),
      }
      const quantities = (input: AuctionInput) =>
        clearAuction(input).fills.map(({ order, energyWh }) => [order, energyWh])
      expect({ seed, fills: quantities(stretched) }).toEqual({ seed, fills: quantities(near) })
    }
  })
})

describe('prices', () => {
  test('are midpoints of the zone’s own interval, rounded towards minus infinity', () => {
    const odd = clearAuction(oneZone([order('b', 'buy', 5, 8), order('s', 'sell', 5, 5)]))
    expect(odd.zones[0]).toMatchObject({ priceTicks: 6, lowestTicks: 5, highestTicks: 8 })
    const negative = clearAuction(oneZone([order('b', 'buy', 5, -2), order('s', 'sell', 5, -5)]))
    expect(negative.zones[0]).toMatchObject({ priceTicks: -4, lowestTicks: -5, highestTicks: -2 })
  })

  test('differ by the fee across a link with room, and the interval of each zone follows', () => {
    const input: AuctionInput = {
      zones: [zone('street'), zone('f1', { parent: 'street', feeTicksPerKwh: 100, capacityWh: 40_000 })],
      orders: [order('b1', 'buy', 1200, 2400, 'street'), order('s1', 'sell', 1200, 1000, 'f1')],
    }
    expect(clearAuction(input)).toEqual({
      matchedWh: 1200,
      welfare: 1_560_000n,
      zones: [
        { zone: 'street', priceTicks: 1750, lowestTicks: 1100, highestTicks: 2400, soldWh: 0, boughtWh: 1200 },
        { zone: 'f1', priceTicks: 1650, lowestTicks: 1000, highestTicks: 2300, soldWh: 1200, boughtWh: 0 },
      ],
      flows: [{ zone: 'f1', exportWh: 1200, congestionTicks: 0 }],
      fills: [
        { order: 'b1', energyWh: 1200, priceTicks: 1750 },
        { order: 's1', energyWh: 1200, priceTicks: 1650 },
      ],
      gridFees: 120_000n,
      congestionRent: 0n,
    })
  })

  test('drift apart at a full link, and the difference beyond the fee is rent', () => {
    const input: AuctionInput = {
      zones: [zone('top'), zone('f', { parent: 'top', feeTicksPerKwh: 10, capacityWh: 4 })],
      orders: [order('b', 'buy', 10, 300, 'top'), order('s', 'sell', 10, 100, 'f')],
    }
    const result = clearAuction(input)
    expect(result.zones.map((each) => each.priceTicks)).toEqual([300, 100])
    expect(result.flows).toEqual([{ zone: 'f', exportWh: 4, congestionTicks: 190 }])
    expect([result.gridFees, result.congestionRent]).toEqual([40n, 760n])
  })

  test('are missing exactly where nothing is bought, sold or passes', () => {
    const input: AuctionInput = {
      zones: [
        zone('a', { parent: 'mid' }),
        zone('idle', { parent: 'mid' }),
        zone('mid', { parent: 'top' }),
        zone('top'),
        zone('b', { parent: 'top' }),
      ],
      orders: [order('s', 'sell', 3, 10, 'a'), order('b', 'buy', 3, 10, 'b'), order('dear', 'sell', 3, 90, 'idle')],
    }
    const prices = Object.fromEntries(clearAuction(input).zones.map((each) => [each.zone, each.priceTicks]))
    expect(prices).toEqual({ a: 10, idle: null, mid: 10, top: 10, b: 10 })
  })

  test('stay away from a better offer that a link with room could still bring', () => {
    const input: AuctionInput = {
      zones: [zone('top'), zone('idle', { parent: 'top', feeTicksPerKwh: 2 })],
      orders: [
        order('b', 'buy', 3, 100, 'top'),
        order('s', 'sell', 3, 10, 'top'),
        order('dear', 'sell', 3, 50, 'idle'),
      ],
    }
    expect(clearAuction(input).zones[0]).toMatchObject({ lowestTicks: 10, highestTicks: 52 })
  })
})

describe('sharing at the margin', () => {
  test('is pro rata, the remainder by largest remainder, ties in order of arrival', () => {
    const sellers = [order('s1', 'sell', 3, 10), order('s2', 'sell', 3, 10), order('s3', 'sell', 4, 10)]
    const fills = (bought: number) => fillsOf(oneZone([...sellers, order('b', 'buy', bought, 20)]))
    expect(fills(5)).toEqual({ s1: 2, s2: 1, s3: 2, b: 5 })
    expect(fills(1)).toEqual({ s3: 1, b: 1 })
    expect(fills(10)).toEqual({ s1: 3, s2: 3, s3: 4, b: 10 })
  })

  test('gives marginal buyers what they take by the same rule', () => {
    const buyers = [order('b1', 'buy', 3, 10), order('b2', 'buy', 3, 10), order('b3', 'buy', 3, 10)]
    expect(fillsOf(oneZone([...buyers, order('s', 'sell', 4, 5)]))).toEqual({ b1: 2, b2: 1, b3: 1, s: 4 })
  })

  test('treats a zone’s own orders as one party, listed before its children', () => {
    const input: AuctionInput = {
      zones: [zone('c1', { parent: 'top' }), zone('top'), zone('c2', { parent: 'top', capacityWh: 2 })],
      orders: [
        order('in-c1', 'sell', 4, 10, 'c1'),
        order('own1', 'sell', 2, 10, 'top'),
        order('in-c2', 'sell', 9, 10, 'c2'),
        order('own2', 'sell', 2, 10, 'top'),
        order('b', 'buy', 3, 50, 'top'),
      ],
    }
    // Parties: own 4, c1 4, c2 clipped to 2; of 3 Wh they get 1.2, 1.2 and 0.6.
    expect(fillsOf(input)).toEqual({ own1: 1, 'in-c1': 1, 'in-c2': 1, b: 3 })
  })
})

test('the same input gives the same bytes', () => {
  const text = (seed: number) =>
    JSON.stringify(clearAuction(randomAuction(seed, wideTrees)), (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
  for (let seed = 40_001; seed < 40_020; seed++) expect(text(seed)).toBe(text(seed))
})

describe('an auction is refused', () => {
  const root = zone('top')
  const refusals: [string, string, AuctionInput][] = [
    ['ZONE_ROOT_MISSING', '', { zones: [], orders: [] }],
    ['ZONE_SECOND_ROOT', 'z2', { zones: [root, zone('z2')], orders: [] }],
    ['ZONE_DUPLICATE', 'top', { zones: [root, zone('top', { parent: 'top' })], orders: [] }],
    ['ZONE_PARENT', 'c', { zones: [root, zone('c', { parent: 'nowhere' })], orders: [] }],
    ['ZONE_CYCLE', 'a', { zones: [root, zone('a', { parent: 'a' })], orders: [] }],
    ['ZONE_CYCLE', 'a', { zones: [zone('a', { parent: 'b' }), zone('b', { parent: 'a' })], orders: [] }],
    ['ZONE_FEE', 'c', { zones: [root, zone('c', { parent: 'top', feeTicksPerKwh: -1 })], orders: [] }],
    ['ZONE_FEE', 'c', { zones: [root, zone('c', { parent: 'top', feeTicksPerKwh: 0.5 })], orders: [] }],
    ['ZONE_CAPACITY', 'c', { zones: [root, zone('c', { parent: 'top', capacityWh: -1 })], orders: [] }],
    ['ORDER_DUPLICATE', 'x', oneZone([order('x', 'buy', 1, 1), order('x', 'sell', 1, 1)])],
    ['ORDER_ZONE', 'x', oneZone([order('x', 'buy', 1, 1, 'elsewhere')])],
    ['ORDER_SIDE', 'x', oneZone([order('x', 'hold' as 'buy', 1, 1)])],
    ['ORDER_ENERGY', 'x', oneZone([order('x', 'buy', 0, 1)])],
    ['ORDER_ENERGY', 'x', oneZone([order('x', 'buy', -3, 1)])],
    ['ORDER_ENERGY', 'x', oneZone([order('x', 'buy', 1.5, 1)])],
    ['ORDER_ENERGY', 'x', oneZone([order('x', 'buy', 2 ** 53, 1)])],
    ['ORDER_PRICE', 'x', oneZone([order('x', 'buy', 1, 0.5)])],
    ['ORDER_PRICE', 'x', oneZone([order('x', 'buy', 1, 2 ** 30)])],
    ['AUCTION_ENERGY', 'y', oneZone([order('x', 'buy', 2 ** 53 - 1, 1), order('y', 'sell', 1, 1)])],
  ]
  test.each(refusals)('%s names %j', (code, subject, input) => {
    expect(() => clearAuction(input)).toThrow(expect.objectContaining({ code, ...(subject && { subject }) }))
    if (subject) expect(() => clearAuction(input)).toThrow(subject)
  })
})

function zone(id: string, rest: Partial<Zone> = {}): Zone {
  return { id, feeTicksPerKwh: 0, capacityWh: null, ...rest }
}

function order(
  id: string,
  side: AuctionOrder['side'],
  energyWh: number,
  limitTicks: number,
  zone = 'market',
): AuctionOrder {
  return { id, side, zone, energyWh, limitTicks }
}

function oneZone(orders: AuctionOrder[]): AuctionInput {
  return { zones: [zone('market')], orders }
}

function fillsOf(input: AuctionInput): Record<string, number> {
  return Object.fromEntries(clearAuction(input).fills.map((fill) => [fill.order, fill.energyWh]))
}

/** The solver works in doubles with a tolerance, so prices far from zero are moved near it; fees and gaps stay. */
function nearZero(input: AuctionInput): AuctionInput {
  const far = input.orders.some((each) => Math.abs(each.limitTicks) > 1_000_000)
  if (!far) return input
  return { ...input, orders: input.orders.map((each) => ({ ...each, limitTicks: each.limitTicks + 300_000_000 })) }
}

/** Up to three zones, five orders of at most 3 Wh and prices within a few ticks of zero. */
function tinyAuction(seed: number): AuctionInput {
  const dice = new Dice(seed)
  const zones: Zone[] = []
  for (let i = dice.between(1, 3); i > 0; i--) {
    const above = zones.length === 0 ? {} : { parent: dice.oneOf(zones).id }
    zones.push(
      zone(`z${i}`, { ...above, feeTicksPerKwh: dice.between(0, 2), capacityWh: dice.oneOf([null, 0, 1, 2, 5]) }),
    )
  }
  const orders = Array.from({ length: dice.between(1, 5) }, (_, i) =>
    order(`o${i}`, dice.oneOf(['buy', 'sell'] as const), dice.between(1, 3), dice.between(-2, 5), dice.oneOf(zones).id),
  )
  return { zones, orders }
}
