/** What the grid operator allocates is taken as it is, as far as it can be: what does not fit stays with the supplier and says why. */
import { describe, expect, it } from 'vitest'
import { batchDueMs, openBatch } from '../../../../server/market/engine/batches.ts'
import { apply } from '../../../../server/market/engine/engine.ts'
import { hashState, snapshotOf, stateOf } from '../../../../server/market/engine/snapshot.ts'
import {
  batchSeconds,
  boundary,
  config,
  eventsOf,
  following,
  order,
  placing,
  reading,
  rules,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from '../street.ts'
import { declaring, firstResult, fixedPrice, meteredIn, openShared, quantitiesOf, tradedBy } from './members.ts'

const end = boundary(1)
const later = end * 1000 + 2_000
const plain = [
  [1, 0, 500],
  [2, 300, 0],
  [3, 400, 0],
] as const

/** The interval is metered, then this is declared of it. */
function shared(area: ReturnType<typeof openShared>, rows: readonly (readonly [number, number, number])[]) {
  area.run(meteredIn(0, plain))
  return firstResult(area.run(declaring(later, quantitiesOf(t0, rows), { start: t0, end })))
}

const codesOf = (result: ReturnType<typeof firstResult>, number: number) =>
  seatOf(result, number).outcomes.map(({ code }) => code)

describe('quantities of the grid operator', () => {
  it('are taken as they are, at the price of the area, with the grid fee of the way for whoever buys', () => {
    const seats = [seat(1), seat(2), seat(3, { terms: [terms({ zone: 'south' })] })]
    const result = shared(openShared(1, seats), [
      [1, 0, 500],
      [2, 200, 0],
      [3, 300, 0],
    ])
    expect(tradedBy(result, [1, 2, 3])).toEqual([
      { bought: 0, sold: 500 },
      { bought: 200, sold: 0 },
      { bought: 300, sold: 0 },
    ])
    // From the north to the south feeder: two links of 100 ticks.
    expect(seatOf(result, 1).received).toBe(1_200n * 500n)
    expect([2, 3].map((own) => seatOf(result, own).paid)).toEqual([1_200n * 200n, 1_400n * 300n])
    expect(result).toMatchObject({ matchedWh: 500, gridFees: 60_000n, gridTake: 60_000n, congestionRent: 0n })
    expect(result.flows).toEqual([
      { zone: 'north', exportWh: 300, congestionTicks: 0 },
      { zone: 'south', exportWh: -300, congestionTicks: 0 },
    ])
    expect(codesOf(result, 1)).toEqual(['allocated'])
  })

  it('that are more than the meter measured are cut to it, on both sides', () => {
    const result = shared(openShared(1, 3), [
      [1, 0, 700],
      [2, 350, 0],
      [3, 350, 0],
    ])
    expect(tradedBy(result, [1, 2, 3])).toEqual([
      { bought: 0, sold: 500 },
      { bought: 231, sold: 0 },
      { bought: 269, sold: 0 },
    ])
    expect([1, 2, 3].map((own) => codesOf(result, own))).toEqual([
      ['above-metered'],
      ['partner-short'],
      ['partner-short'],
    ])
  })

  it('go nowhere where there is no reading, funds or mandate for them, and each says so', () => {
    const seats = [
      seat(1),
      seat(2, { balance: 100_000n }),
      seat(3, { terms: [terms({ maxBuyWh: 150 })] }),
      seat(4, { terms: [terms({ buyCeiling: 1_100 })] }),
      seat(5),
    ]
    const area = openShared(1, seats)
    area.run(
      meteredIn(0, [
        [1, 0, 900],
        [2, 300, 0],
        [3, 300, 0],
        [4, 300, 0],
      ]),
    )
    const rows = [
      [1, 0, 900],
      [2, 200, 0],
      [3, 200, 0],
      [4, 200, 0],
      [5, 300, 0],
    ] as const
    area.run(waiting(end * 1000 + 61_000))
    const result = firstResult(area.run(declaring(end * 1000 + 62_000, quantitiesOf(t0, rows), { start: t0, end })))
    // 100,000 ledger units pay for 71 Wh at the worst price: 1,200 ticks and two links.
    expect([2, 3, 4, 5].map((own) => codesOf(result, own))).toEqual([
      ['escrow-low'],
      ['above-mandate'],
      ['price-outside-mandate'],
      ['no-reading'],
    ])
    expect(tradedBy(result, [1, 2, 3, 4, 5]).map(({ bought, sold }) => bought + sold)).toEqual([221, 71, 150, 0, 0])
    expect(codesOf(result, 1)).toEqual(['partner-short'])
    const [outside] = seatOf(result, 4).outcomes
    expect(outside).toMatchObject({ limitTicks: 1_100, details: [1_200], filledWh: 0, offeredWh: 200 })
  })

  it('are waited for: the interval is provisional without them, and its batch is cut once they came or the wait is over', () => {
    const area = openShared(1, 3, { sharing: { ...fixedPrice, waitMs: 40_000_000 } })
    const first = firstResult(area.run(meteredIn(0, plain)))
    expect(first.matchedWh).toBe(0)
    expect([1, 2, 3].map((own) => codesOf(first, own))).toEqual([['not-declared'], ['not-declared'], ['not-declared']])
    area.run(waiting((t0 + batchSeconds) * 1000 + 1_000_000))
    const batch = openBatch(area.state)!
    expect(batchDueMs(area.state, batch)).toBe((t0 + batchSeconds) * 1000 + 40_000_000)
    const rest = [1, 2, 3].map((own) => boundary(own))
    const intervals = [
      {
        start: t0,
        seats: [
          { seat: 1, allocatedWh: 0, sharedWh: 10 },
          { seat: 2, allocatedWh: 10, sharedWh: 0 },
        ],
      },
      ...rest.map((start) => ({ start, seats: [] })),
    ]
    const atMs = (t0 + batchSeconds) * 1000 + 2_000_000
    const events = area.run(declaring(atMs, { type: 'quantities', intervals }, { start: t0, end: t0 + batchSeconds }))
    expect(firstResult(events)).toMatchObject({ run: 2, matchedWh: 10 })
    expect(eventsOf(events, 'batch-cut').map(({ batch: own }) => own.energyWh)).toEqual([10])
  })

  it('of a newer version compute the interval again; once it is final they are a correction of which nothing moves', () => {
    const area = openShared(1, 3)
    expect(
      shared(area, [
        [1, 0, 100],
        [2, 100, 0],
      ]).matchedWh,
    ).toBe(100)
    const again = firstResult(
      area.run(
        declaring(
          later + 1_000,
          quantitiesOf(t0, [
            [1, 0, 200],
            [3, 200, 0],
          ]),
          { start: t0, end },
        ),
      ),
    )
    expect(again).toMatchObject({ run: 3, matchedWh: 200 })
    const rest = { type: 'quantities' as const, intervals: [1, 2, 3].map((n) => ({ start: boundary(n), seats: [] })) }
    const endMs = (t0 + batchSeconds) * 1000
    area.run(declaring(endMs + 1_000, rest, { start: end, end: t0 + batchSeconds }))
    const events = area.run(waiting(endMs + 200_000))
    expect(eventsOf(events, 'batch-cut')).toHaveLength(1)
    const before = area.state.intervals.get(t0)!.fills
    const corrected = area.run(
      declaring(
        endMs + 201_000,
        quantitiesOf(t0, [
          [1, 0, 250],
          [2, 50, 0],
          [3, 200, 0],
        ]),
        { start: t0, end },
      ),
    )
    expect(eventsOf(corrected, 'interval-redeclared')).toMatchObject([
      {
        start: t0,
        run: 4,
        changes: [
          { seat: 1, side: 'sell', declaredWh: 250 },
          { seat: 2, side: 'buy', declaredWh: 50 },
        ],
      },
    ])
    expect(area.state.intervals.get(t0)!.fills).toBe(before)
    expect(eventsOf(corrected, 'interval-cleared')).toEqual([])
    const restored = stateOf(snapshotOf(area.state) as { name: string; bytes: Buffer }[])
    expect(hashState(restored)).toBe(hashState(area.state))
  })

  it('of intervals that only the tables know are a correction under their next number', () => {
    const area = openShared(1, 3)
    area.run(waiting((t0 + 10 * batchSeconds) * 1000))
    expect(area.state.firstStart).toBeGreaterThan(t0)
    const quantities = quantitiesOf(t0, [
      [1, 0, 40],
      [9, 40, 0],
    ])
    const declare = (forgotten: ReturnType<typeof declaring>['forgotten'], version: number) =>
      apply(area.state, { ...declaring(area.state.nowMs, quantities, { start: t0, end, version }), forgotten })
    expect(declare([], 5)).toMatchObject([{ type: 'refused', code: 'DECLARATION_TIME' }])
    const known = { start: t0, run: 3, version: 5, seats: [{ seat: 1, allocatedWh: 0, sharedWh: 40 }] }
    expect(declare([known], 5)).toMatchObject([{ type: 'refused', code: 'DECLARATION_VERSION', details: [5, 5] }])
    const changes = [{ seat: 9, side: 'buy', declaredWh: 40 }]
    expect(declare([known], 6)).toMatchObject([
      { type: 'declared', start: t0, version: 6 },
      { type: 'interval-redeclared', start: t0, run: 4, changes },
    ])
    expect(area.state.declared.has(t0)).toBe(false)
  })

  it.each([
    [
      'DECLARATION_VERSION',
      quantitiesOf(t0, [
        [1, 0, 1],
        [2, 1, 0],
      ]),
      { start: t0, end, version: 0 },
    ],
    // The highest version that there is would have the last word for ever.
    ['DECLARATION_AHEAD', quantitiesOf(t0, []), { start: t0, end, version: 2 ** 32 - 1 }],
    [
      'DECLARATION_UNBALANCED',
      quantitiesOf(t0, [
        [1, 0, 7],
        [2, 6, 0],
      ]),
      { start: t0, end },
    ],
    [
      'DECLARATION_SEAT',
      quantitiesOf(t0, [
        [1, 0, 7],
        [9, 7, 0],
      ]),
      { start: t0, end },
    ],
    [
      'DECLARATION_SEAT',
      quantitiesOf(t0, [
        [2, 7, 0],
        [1, 0, 7],
      ]),
      { start: t0, end },
    ],
    ['DECLARATION_INTERVALS', quantitiesOf(boundary(1), []), { start: t0, end }],
    ['DECLARATION_INTERVALS', quantitiesOf(t0, []), { start: t0, end: t0 + 1 }],
    ['DECLARATION_TIME', quantitiesOf(boundary(1), []), { start: boundary(1), end: boundary(2) }],
    ['DECLARATION_KIND', { type: 'prices', stepSeconds: 900, ticks: [1] } as const, { start: t0, end }],
  ] as const)('that contradict are refused by name: %s', (code, body, stretch) => {
    const area = openShared(1, 3)
    area.run(meteredIn(0, plain))
    area.run(declaring(later - 1, quantitiesOf(t0, []), { start: t0, end, version: 0 }))
    const before = hashState(area.state)
    const events = apply(area.state, declaring(later, structuredClone(body) as never, stretch))
    expect(eventsOf(events, 'refused').map((event) => event.code)).toEqual([code])
    expect(hashState(area.state)).toBe(before)
  })

  it('are left without whoever cannot pay, and nobody gets more for it', () => {
    const area = openShared(1, 3)
    shared(area, [
      [1, 0, 500],
      [2, 200, 0],
      [3, 300, 0],
    ])
    const endMs = (t0 + batchSeconds) * 1000
    const rest = { type: 'quantities' as const, intervals: [1, 2, 3].map((n) => ({ start: boundary(n), seats: [] })) }
    area.run(declaring(endMs + 1_000, rest, { start: end, end: t0 + batchSeconds }))
    area.run(waiting(endMs + 200_000))
    const events = area.run({ type: 'leave-out', atMs: endMs + 201_000, end: t0 + batchSeconds, number: 1, seats: [3] })
    const [reduced] = eventsOf(events, 'interval-reduced')
    expect(reduced).toMatchObject({ matchedWh: 200, gridTake: 0n })
    expect(reduced!.changes.map(({ seat: own, boughtWh, soldWh }) => [own, boughtWh, soldWh])).toEqual([
      [1, 0, 200],
      [3, 0, 0],
    ])
    expect(eventsOf(events, 'batch-cut')[0]!.batch).toMatchObject({ energyWh: 200, paid: 240_000n, received: 240_000n })
  })
})

describe('the price of shared energy', () => {
  const rows = [
    [1, 0, 500],
    [2, 200, 0],
    [3, 300, 0],
  ] as const
  const priceOf = (result: ReturnType<typeof firstResult>) =>
    result.zones.find(({ zone }) => zone === 'north')!.priceTicks

  it('goes by the local time of the area', () => {
    // t0 is a Friday, 08:00 UTC.
    expect(new Date(t0 * 1000).toISOString()).toBe('2027-01-15T08:00:00.000Z')
    const clock = [{ from: 0, offsetSeconds: 3_600 }]
    const byTime = (periods: { days: number; fromMinute: number; toMinute: number; ticks: number }[]) => ({
      ...{ waitMs: 0, price: { type: 'by-time' as const, clock, periods, otherwiseTicks: 900 } },
    })
    const at = (periods: Parameters<typeof byTime>[0]) =>
      priceOf(shared(openShared(1, 3, { sharing: byTime(periods) }), rows))
    const nine = { fromMinute: 9 * 60, toMinute: 9 * 60 + 1, ticks: 1_000 }
    expect(at([{ ...nine, days: 1 << 4 }])).toBe(1_000)
    expect(at([{ ...nine, days: 1 << 5 }])).toBe(900)
    expect(at([{ days: 127, fromMinute: 0, toMinute: 9 * 60, ticks: 1_000 }])).toBe(900)
  })

  it.each([
    [700, 1_000],
    [1_500, 1_500],
    [2_900, 2_000],
  ])('is the exchange’s between floor and ceiling: %i', (ticks, expected) => {
    const sharing = { waitMs: 0, price: { type: 'exchange' as const, floorTicks: 1_000, ceilingTicks: 2_000 } }
    const area = openShared(1, 3, { sharing })
    const without = shared(area, rows)
    expect(codesOf(without, 2)).toEqual(['no-price'])
    const prices = { type: 'prices' as const, stepSeconds: 3_600, ticks: [ticks] }
    const result = firstResult(area.run(declaring(later + 1_000, prices, { start: t0, end: boundary(4) })))
    expect([result.matchedWh, priceOf(result)]).toEqual([500, expected])
  })

  it('is what an auction among those concerned gives: orders are bids, whoever has none bids its mandate', () => {
    const sharing = { waitMs: 0, price: { type: 'auction' as const } }
    const area = openShared(1, 3, { sharing })
    const early = t0 * 1000 - 2_000
    area.run(placing(early, order(1, 'sell', { limitPrice: 1_400, maxWh: 10_000 })))
    area.run(placing(early, order(2, 'buy', { limitPrice: 1_600, maxWh: 10_000 })))
    area.run(placing(early, order(3, 'buy', { limitPrice: 1_800, maxWh: 100 })))
    const result = shared(area, rows)
    // Seat 3 wants no more than 100 Wh, so the seller has 300 Wh to give: anything between 1,400 and 1,600 clears.
    expect(priceOf(result)).toBe(1_500)
    expect(tradedBy(result, [1, 2, 3]).map(({ bought, sold }) => bought + sold)).toEqual([300, 200, 100])
  })

  it('is refused by whoever placed an order at another one, and orders limit the energy too', () => {
    const area = openShared(1, 3)
    const early = t0 * 1000 - 2_000
    area.run(placing(early, order(2, 'buy', { limitPrice: 1_100, maxWh: 10_000 })))
    area.run(placing(early, order(3, 'buy', { limitPrice: 1_800, maxWh: 120 })))
    const result = shared(area, rows)
    expect([2, 3].map((own) => codesOf(result, own))).toEqual([['price-outside-mandate'], ['above-mandate']])
    expect(tradedBy(result, [1, 2, 3]).map(({ bought, sold }) => bought + sold)).toEqual([120, 0, 120])
  })

  it('is not made by agreements or trades ahead', () => {
    const area = openShared(1, 3)
    const forward = order(1, 'sell', { market: 1, start: boundary(2), end: boundary(3) })
    const placed = area.run(placing(t0 * 1000 - 2_000, forward))
    expect(eventsOf(placed, 'refused')).toMatchObject([{ code: 'ORDER_ALLOCATION', details: [1] }])
    const events = area.run({ type: 'agreements', atMs: t0 * 1000 - 1_000, items: [] })
    expect(eventsOf(events, 'refused')).toMatchObject([{ code: 'ORDER_ALLOCATION' }])
  })
})

it('nothing is promised that cannot be paid: the worst price of each side is set aside', () => {
  const zones = config.zones.map((zone) => ({ ...zone, capacityWh: null }))
  const area = openShared(1, [seat(1, { balance: 100_000n })], { zones, rules: { ...rules, allocation: 1 } })
  area.run(following(t0 * 1000 - 1_000, []))
  area.run(waiting(t0 * 1000))
  expect(area.state.intervals.get(t0)!.reservation(0, 'buy')).toMatchObject({
    ...{ limitTicks: 1_400, reservedWh: 71, isCut: true },
  })
  expect(reading(1, end, 1, 1).quality).toBe(0)
})
