/** Forward trading: books, what they bind, how their trades are honoured, and what voids them. */
import { describe, expect, it } from 'vitest'
import type { Command, Event, IntervalRun, OrderFields } from '../../../server/market/area/area.ts'
import { committedFunds } from '../../../server/market/area/funds.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { encodeEvents } from '../../../server/market/engine/journal.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import {
  addressOf,
  boundary,
  cleared,
  eventsOf,
  following,
  intervalSeconds,
  open,
  order,
  placing,
  reading,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from './street.ts'

const before = t0 * 1000 - 1_000
const end = boundary(1)
const justAfterEnd = end * 1000 + 1_000

let nonce = before
function forward(number: number, side: 'buy' | 'sell', change: Partial<OrderFields> = {}) {
  nonce += 1
  return placing(before, order(number, side, { market: 1, start: t0, end, nonce, ...change }))
}

function read(run: (command: Command) => Event[], exportWh: number, importWh: number): IntervalRun {
  const readings = [reading(1, end, 0, exportWh), reading(2, end, importWh, 0)]
  return cleared(run({ type: 'readings', atMs: justAfterEnd, readings })).at(-1)!
}

describe('money that is asked back', () => {
  const asking = (number: number, amount: bigint) =>
    seat(number, { balance: 1_000_000n, withdrawal: { amount, to: addressOf('a', number), claimableAt: t0 } })
  const purse = (number: number) => seat(number, { balance: 1_000_000n })

  it('pays for no trade: what rests beyond it is taken out, the newest first', () => {
    const { run, state } = open([seat(1), purse(2)])
    run(forward(2, 'buy', { limitPrice: 1_400, maxWh: 300 }))
    run(forward(2, 'buy', { limitPrice: 1_300, maxWh: 200 }))
    run(forward(2, 'sell', { limitPrice: 1_900, maxWh: 100 }))
    const events = run(following(before, [asking(2, 500_000n)]))
    expect(eventsOf(events, 'forward-cancelled')).toMatchObject([
      { seat: 2, arrival: 2, energyWh: 200, reason: 'money-asked-back' },
    ])
    expect(committedFunds(state).get(2)).toBe(420_000n)
    expect(eventsOf(run(following(before, [asking(2, 1_000_000n)])), 'forward-cancelled')).toMatchObject([
      { arrival: 1, energyWh: 300, reason: 'money-asked-back' },
    ])
    expect(committedFunds(state).get(2) ?? 0n).toBe(0n)
    // What it sells costs it nothing, and stays.
    expect(eventsOf(run(forward(1, 'buy', { limitPrice: 1_900, maxWh: 100 })), 'forward-trade')).toHaveLength(1)
    expect(eventsOf(run(forward(1, 'sell', { limitPrice: 1_300, maxWh: 100 })), 'forward-trade')).toEqual([])
  })

  it('takes out nothing where enough is left', () => {
    const { run } = open([seat(1), purse(2)])
    run(forward(2, 'buy', { limitPrice: 1_000, maxWh: 300 }))
    expect(eventsOf(run(following(before, [asking(2, 700_000n)])), 'forward-cancelled')).toEqual([])
    expect(eventsOf(run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 300 })), 'forward-trade')).toHaveLength(1)
  })
})

const cancelling = (id: string, by: string, atMs = before) =>
  ({ type: 'cancel', atMs, id, by, signature: '0x' }) as const

describe('a forward trade', () => {
  it('is made at the resting order’s price and honoured before the spot auction', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    const [trade] = eventsOf(run(forward(2, 'buy', { limitPrice: 2_000, maxWh: 300 })), 'forward-trade')
    expect(trade!.trade).toMatchObject({
      ...{ number: 1, zone: 'north', priceTicks: 1_500, energyWh: 200, buyer: 2, seller: 1 },
      ...{ maker: 1, taker: 2, sellOrder: 1, buyOrder: 2 },
    })
    run(placing(before, order(1, 'sell', { nonce: nonce + 1 })))
    run(placing(before, order(2, 'buy', { nonce: nonce + 2 })))
    const result = read(run, 500, 450)
    // 200 Wh at 1,500 forward; then 250 of the 300 left in the auction, where the seller is at the margin at 1,000.
    expect(result.seats).toMatchObject([
      { soldWh: 450, received: 200n * 1_500n + 250n * 1_000n, deviationWh: 0 },
      { boughtWh: 450, paid: 200n * 1_500n + 250n * 1_000n, deviationWh: 0 },
    ])
    expect(result.seats[0]!.outcomes.map(({ stage, code, filledWh }) => [stage, code, filledWh])).toEqual([
      ['forward', 'honoured', 200],
      ['spot', 'partly-filled-at-margin', 250],
    ])
    expect(result.forward).toEqual([{ number: 1, deliveredWh: 200 }])
  })

  it.each([
    [120, 500, 'less-delivered'],
    [500, 120, 'less-taken'],
  ])(
    'of which not all is metered (%i of %i Wh) is charged in part, and the rest is a deviation',
    (sold, bought, code) => {
      const { run } = open([seat(1), seat(2)])
      run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
      run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
      const result = read(run, sold, bought)
      expect(result).toMatchObject({ deviationWh: 80, matchedWh: 120 })
      expect(result.seats).toMatchObject([
        { soldWh: 120, received: 120n * 1_500n, deviationWh: 80 },
        { boughtWh: 120, paid: 120n * 1_500n, deviationWh: 80 },
      ])
      expect(result.seats[1]!.outcomes[0]).toMatchObject({ code, offeredWh: 200, filledWh: 120 })
      expect(result.forward).toEqual([{ number: 1, deliveredWh: 120 }])
    },
  )

  it('is honoured in the order in which the trades were made', () => {
    const { run } = open([seat(1), seat(2), seat(3)])
    run(forward(2, 'buy', { limitPrice: 1_600, maxWh: 100 }))
    run(forward(3, 'buy', { limitPrice: 1_500, maxWh: 100 }))
    run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 200 }))
    run(waiting(t0 * 1000))
    const readings = [reading(1, end, 0, 130), reading(2, end, 100, 0), reading(3, end, 100, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(result!.seats.map(({ boughtWh, soldWh }) => [boughtWh, soldWh])).toEqual([
      [0, 130],
      [100, 0],
      [30, 0],
    ])
    // One order that was filled at two prices is told with its average, rounded down, and the exact amount.
    expect(seatOf(result!, 1).outcomes).toMatchObject([
      { offeredWh: 200, filledWh: 130, amount: 100n * 1_600n + 30n * 1_500n, priceTicks: 1_576, limitTicks: 1_500 },
    ])
  })

  it.each([
    ['closed', [terms(), terms({ closed: true })], 'seller-side'],
    ['under a mandate that asks for more', [terms({ sellFloor: 1_501, version: 2 })], 'outside-mandate'],
    ['in another zone', [terms({ zone: 'south', version: 2 })], 'zone-changed'],
  ])('of a seat that is %s by then is void', (_, changed, code) => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
    run(following(before, [seat(1, { terms: changed })]))
    const result = read(run, 300, 300)
    expect(result).toMatchObject({ matchedWh: 0, deviationWh: 200 })
    expect(seatOf(result, 2).outcomes[0]).toMatchObject({ code, filledWh: 0, priceTicks: null })
  })

  it('is told to a closed seat also where its reading comes late', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
    run(following(before, [seat(1, { terms: [terms(), terms({ closed: true })] })]))
    const readAt = (atMs: number, ...readings: ReturnType<typeof reading>[]) =>
      run({ type: 'readings', atMs, readings })
    expect(cleared(readAt(justAfterEnd, reading(2, end, 300, 0)))).toHaveLength(1)
    const [again] = cleared(readAt(justAfterEnd + 62_000, reading(1, end, 0, 300)))
    expect(seatOf(again!, 1)).toMatchObject({ exportWh: 300, outcomes: [{ stage: 'forward', code: 'seller-side' }] })
  })

  it('says on both sides whose meter or seat kept it from being honoured', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
    const readings = [reading(1, end, 0, 300, { quality: 1 }), reading(2, end, 300, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    // The place of `estimated` among the codes of outcomes.
    for (const number of [1, 2]) {
      expect(seatOf(result!, number).outcomes).toMatchObject([{ code: 'seller-side', details: [14] }])
    }
  })
})

describe('a forward order', () => {
  it('reserves its worst case, gives it back when cancelled, and its trade reserves the price', () => {
    const { state, run } = open([seat(1), seat(2)])
    const bid = forward(2, 'buy', { limitPrice: 2_000, maxWh: 300 })
    run(bid)
    expect(committedFunds(state).get(2)).toBe(600_000n)
    expect(run(cancelling(bid.id, addressOf('a', 1)))).toMatchObject([{ code: 'ORDER_FOREIGN' }])
    expect(run(cancelling(bid.id, addressOf('a', 2)))).toMatchObject([
      { type: 'forward-cancelled', arrival: 1, energyWh: 300, reason: 'requested' },
    ])
    expect(committedFunds(state).get(2)).toBeUndefined()
    run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 300 }))
    run(forward(2, 'buy', { limitPrice: 2_000, maxWh: 100 }))
    expect(committedFunds(state).get(2)).toBe(100_000n)
  })

  it('is filled at once or cancelled, wholly or in part, as it asks', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 100 }))
    expect(run(forward(2, 'buy', { maxWh: 150, timeInForce: 2 })).slice(1)).toMatchObject([
      { type: 'forward-cancelled', energyWh: 150, reason: 'fill-or-kill' },
    ])
    expect(run(forward(2, 'buy', { maxWh: 150, timeInForce: 1 })).slice(1)).toMatchObject([
      { type: 'forward-trade', trade: { energyWh: 100 } },
      { type: 'forward-cancelled', energyWh: 50, reason: 'immediate-or-cancel' },
    ])
  })

  it('rests until the gate closes at the interval’s start', () => {
    const { state, run } = open([seat(1)])
    run(forward(1, 'sell', { maxWh: 300 }))
    expect(eventsOf(run(waiting(t0 * 1000)), 'forward-cancelled')).toEqual([
      {
        type: 'forward-cancelled',
        arrival: 1,
        seat: 1,
        zone: 'north',
        start: t0,
        energyWh: 300,
        reason: 'gate-closed',
      },
    ])
    expect(state.forward.size).toBe(0)
  })

  it('keeps its place in the book across a snapshot', () => {
    const { state, run } = open([seat(1), seat(2), seat(3)])
    run(forward(2, 'sell', { limitPrice: 1_500, maxWh: 100 }))
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 100 }))
    run(forward(1, 'sell', { limitPrice: 1_400, maxWh: 10, start: end, end: boundary(2) }))
    const restored = stateOf(snapshotOf(state) as never)
    const bid = forward(3, 'buy', { limitPrice: 1_500, maxWh: 150 })
    const live = apply(state, bid)
    expect(encodeEvents(apply(restored, bid)).equals(encodeEvents(live))).toBe(true)
    expect(eventsOf(live, 'forward-trade').map(({ trade }) => trade.seller)).toEqual([2, 1])
    expect(hashState(restored)).toBe(hashState(state))
  })

  it.each([
    ['ORDER_GATE_CLOSED', { start: boundary(-1), end: t0 }],
    ['ORDER_TIME', { end: boundary(2) }],
    ['ORDER_HORIZON', { start: t0 + 8 * 86_400, end: t0 + 8 * 86_400 + intervalSeconds }],
    ['ORDER_ABOVE_MANDATE_ENERGY', { maxWh: 2_001 }],
    ['ORDER_TIME_IN_FORCE', { timeInForce: 3 }],
  ])('is refused with %s', (code, change) => {
    const { state, run } = open([seat(1)])
    expect(run(forward(1, 'sell', change))[0]).toMatchObject({ type: 'refused', code })
    expect(state.forward.size).toBe(0)
  })

  it('lies inside the window of prices of its interval', () => {
    const mandate = terms({ sellFloor: -2_000, buyCeiling: 5_000 })
    const { run } = open([seat(1, { terms: [mandate] })])
    expect(run(forward(1, 'buy', { limitPrice: 3_401, maxWh: 1 }))[0]).toMatchObject({ code: 'ORDER_OUTSIDE_WINDOW' })
    expect(run(forward(1, 'sell', { limitPrice: -601, maxWh: 1 }))[0]).toMatchObject({ code: 'ORDER_OUTSIDE_WINDOW' })
  })

  it('has funds or a confirmed meter behind it', () => {
    const unconfirmed = terms({ nameplateWh: null, buyCeiling: 3_000, sellFloor: -600 })
    const { state, run } = open([seat(1, { balance: 0n, terms: [unconfirmed] }), seat(2, { balance: 1_000n })], {
      rules: { ...open([]).state.configs[0]!.config.rules, confirmation: 0 },
    })
    for (let count = 0; count < 400; count += 1) {
      const [event] = run(forward(1, 'buy', { limitPrice: 0, maxWh: 1 }))
      expect(event).toMatchObject({ code: 'ORDER_UNCONFIRMED' })
    }
    expect(run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 1 }))[0]).toMatchObject({ code: 'ORDER_UNCONFIRMED' })
    expect(run(forward(1, 'buy', { limitPrice: 1, maxWh: 1 }))[0]).toMatchObject({
      code: 'ORDER_FUNDS',
      details: [1, 0],
    })
    expect(run(forward(2, 'buy', { limitPrice: 500, maxWh: 3 }))[0]).toMatchObject({ code: 'ORDER_FUNDS' })
    expect(run(forward(2, 'buy', { limitPrice: 500, maxWh: 2 }))[0]).toMatchObject({ type: 'forward-accepted' })
    expect(state.forward.get(t0)!.orders.size).toBe(1)
  })

  it('may not add up with others to more than the mandate allows for the interval, nor be one of too many', () => {
    const { run } = open([seat(1)])
    run(forward(1, 'sell', { maxWh: 1_500 }))
    expect(run(forward(1, 'sell', { maxWh: 600 }))[0]).toMatchObject({
      ...{ code: 'ORDER_ABOVE_MANDATE_ENERGY', details: [600, 500] },
    })
    for (let count = 1; count < 16; count += 1) run(forward(1, 'sell', { maxWh: 1 }))
    expect(run(forward(1, 'sell', { maxWh: 1 }))[0]).toMatchObject({ code: 'ORDER_LIMIT', details: [16] })
    expect(run(forward(1, 'sell', { maxWh: 1, start: end, end: boundary(2) }))[0]).toMatchObject({
      type: 'forward-accepted',
    })
  })

  it('shares its account’s quota with all others', () => {
    const { run } = open([seat(1)])
    const events: Event[] = []
    for (let count = 0; count < 61; count += 1) {
      const start = boundary(count)
      events.push(...run(forward(1, 'sell', { maxWh: 1, start, end: start + intervalSeconds })))
    }
    expect(eventsOf(events, 'refused')).toMatchObject([{ code: 'ORDER_RATE', details: [60] }])
  })
})

describe('a gate with a very large book', () => {
  it('closes in more than one command, in order of arrival, and the interval starts after the last', () => {
    const homes = 700
    const { state, run } = open(Array.from({ length: homes }, (_, index) => seat(index + 1)))
    for (let count = 0; count < 16; count += 1) {
      for (let number = 1; number <= homes; number += 1) run(forward(number, 'sell', { maxWh: 1 }))
    }
    const counts: number[] = []
    while (state.nextStart === t0) {
      const events = apply(state, waiting(t0 * 1000))
      counts.push(eventsOf(events, 'forward-cancelled').length)
      const restored = stateOf(snapshotOf(state) as never)
      expect(hashState(restored)).toBe(hashState(state))
    }
    expect(counts).toEqual([5_000, 5_000, 1_200])
    expect(committedFunds(state).size).toBe(0)
  })
})

describe('a book in which one seat places and cancels all day', () => {
  it('remembers no more than what rests, and orders keep their places', () => {
    const { state, run } = open([seat(1), seat(2), seat(3)])
    const start = boundary(300)
    const at = { start, end: start + intervalSeconds, maxWh: 10, limitPrice: 1_500 }
    run(forward(2, 'sell', at))
    for (let count = 0; count < 2_500; count += 1) {
      const atMs = before + 1_000 * count
      const placed = { ...forward(1, 'sell', { ...at, nonce: before + 10_000 + count }), atMs }
      expect(eventsOf(run(placed), 'forward-accepted')).toHaveLength(1)
      run(cancelling(placed.id, addressOf('a', 1), atMs))
    }
    const kept = { ...forward(1, 'sell', { ...at, nonce: before + 20_000 }), atMs: before + 2_500_000 }
    run(kept)
    const taking = { ...forward(3, 'buy', { ...at, maxWh: 15, nonce: before + 30_000 }), atMs: before + 2_500_001 }
    const trades = eventsOf(run(taking), 'forward-trade')
    expect(trades.map(({ trade }) => [trade.seller, trade.energyWh])).toEqual([
      [2, 10],
      [1, 5],
    ])
    expect(state.forward.get(start)!.orders.size).toBe(1)
  })
})
