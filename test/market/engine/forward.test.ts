/** Forward trading in the area's engine. */
import { describe, expect, it } from 'vitest'
import type { Command, Event, IntervalRun } from '../../../server/market/engine/area.ts'
import { encode } from '../../../server/market/engine/codec.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { committedFunds } from '../../../server/market/engine/funds.ts'
import { decodeState, encodeState } from '../../../server/market/engine/snapshot.ts'
import { intervalSeconds, open, order, placing, reading, seat, t0, terms } from './street.ts'

const before = t0 * 1000 - 1_000
const end = t0 + intervalSeconds
const justAfterEnd = end * 1000 + 1_000

type Order = Parameters<typeof order>[2]

function forward(number: number, side: 'buy' | 'sell', change: Order, timeInForce: 'GTC' | 'IOC' | 'FOK' = 'GTC') {
  const placed = placing(before, order(number, side, { start: t0, end, nonce: before, ...change }))
  return { ...placed, type: 'forward-order' as const, timeInForce }
}

function cleared(events: Event[]): IntervalRun {
  return events.flatMap((event) => (event.type === 'interval-cleared' ? [event.result] : []))[0]!
}

function read(run: (command: Command) => Event[], exportWh: number, importWh: number): IntervalRun {
  run({ type: 'tick', atMs: t0 * 1000 })
  const readings = [reading(1, end, 0, exportWh), reading(2, end, importWh, 0)]
  return cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
}

describe('a forward trade', () => {
  it('is made at the resting order’s price and honoured before the spot auction', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    const [trade] = run(forward(2, 'buy', { limitPrice: 2_000, maxWh: 300 })).filter(
      ({ type }) => type === 'forward-trade',
    )
    expect(trade).toMatchObject({ trade: { priceTicks: 1_500, energyWh: 200, buyer: 2, seller: 1 } })
    run(placing(before, order(1, 'sell', { nonce: before + 1 })))
    run(placing(before, order(2, 'buy', { nonce: before + 1 })))
    const result = read(run, 500, 450)
    // 200 Wh at 1,500 forward; then 250 of the 300 left over the counter, where the seller is at the margin at 1,000.
    expect(result.seats).toMatchObject([
      { soldWh: 450, received: 200n * 1_500n + 250n * 1_000n, deviationWh: 0 },
      { boughtWh: 450, paid: 200n * 1_500n + 250n * 1_000n, deviationWh: 0 },
    ])
    expect(result.seats[0]!.outcomes.map(({ code, filledWh }) => [code, filledWh])).toEqual([
      ['forward-delivered', 200],
      ['partly-filled-at-margin', 250],
    ])
  })

  it('that is not delivered is not charged, and is recorded as a deviation', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
    const result = read(run, 120, 500)
    expect(result.seats).toMatchObject([
      { soldWh: 120, received: 120n * 1_500n, deviationWh: 80 },
      { boughtWh: 120, paid: 120n * 1_500n, deviationWh: 80 },
    ])
    expect(result.seats[1]!.outcomes[0]).toMatchObject({ code: 'forward-short', offeredWh: 200, filledWh: 120 })
    expect(result.forward).toEqual([{ number: 1, deliveredWh: 120 }])
  })

  it('is honoured in the order the trades were made', () => {
    const { run } = open([seat(1), seat(2), seat(3)])
    run(forward(2, 'buy', { limitPrice: 1_600, maxWh: 100 }))
    run(forward(3, 'buy', { limitPrice: 1_500, maxWh: 100 }))
    run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 200 }))
    run({ type: 'tick', atMs: t0 * 1000 })
    const readings = [reading(1, end, 0, 130), reading(2, end, 100, 0), reading(3, end, 100, 0)]
    const result = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(result.seats.map(({ boughtWh, soldWh }) => [boughtWh, soldWh])).toEqual([
      [0, 130],
      [100, 0],
      [30, 0],
    ])
  })

  it('of a meter that is revoked before delivery is void', () => {
    const { run } = open([seat(1), seat(2)])
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 200 }))
    run(forward(2, 'buy', { limitPrice: 1_500, maxWh: 200 }))
    const revoked = seat(1, { terms: [terms(), terms({ from: t0, nameplateWh: null, closed: true })] })
    run({ type: 'chain', atMs: before, block: 2, settledUntil: 0, seats: [revoked] })
    const result = read(run, 300, 300)
    expect(result.matchedWh).toBe(0)
    expect(result.seats[1]!.outcomes[0]).toMatchObject({ code: 'forward-void' })
    expect(result.seats[1]!.outcomes[0]!.message).toContain('closed or suspended')
  })
})

describe('a forward order', () => {
  it('reserves its worst case, gives it back when cancelled, and its trade reserves the price', () => {
    const { state, run } = open([seat(1), seat(2)])
    const bid = forward(2, 'buy', { limitPrice: 2_000, maxWh: 300 })
    run(bid)
    expect(committedFunds(state).get(2)).toBe(600_000n)
    run({ type: 'forward-cancel', atMs: before, id: bid.id, signature: '0x' })
    expect(committedFunds(state).get(2) ?? 0n).toBe(0n)
    run(forward(1, 'sell', { limitPrice: 1_000, maxWh: 300 }))
    run(forward(2, 'buy', { limitPrice: 2_000, maxWh: 100, nonce: before + 1 }))
    expect(committedFunds(state).get(2)).toBe(100_000n)
  })

  it('rests until the gate closes at the interval’s start', () => {
    const { state, run } = open([seat(1)])
    const ask = forward(1, 'sell', { maxWh: 300 })
    run(ask)
    const events = run({ type: 'tick', atMs: t0 * 1000 })
    expect(events).toContainEqual({
      type: 'forward-cancelled',
      id: ask.id,
      start: t0,
      energyWh: 300,
      reason: 'gate-closed',
    })
    expect(state.forward.size).toBe(0)
  })

  it('keeps its place in the book across a snapshot', () => {
    const { state, run } = open([seat(1), seat(2), seat(3)])
    run(forward(2, 'sell', { limitPrice: 1_500, maxWh: 100 }))
    run(forward(1, 'sell', { limitPrice: 1_500, maxWh: 100 }))
    const restored = decodeState(encodeState(state))
    const bid = forward(3, 'buy', { limitPrice: 1_500, maxWh: 150 })
    const live = apply(state, bid)
    expect(encode(apply(restored, bid))).toBe(encode(live))
    expect(live.flatMap((event) => (event.type === 'forward-trade' ? [event.trade.seller] : []))).toEqual([2, 1])
  })

  it.each([
    ['ORDER_GATE_CLOSED', forward(1, 'sell', { start: t0 - intervalSeconds, end: t0 })],
    ['ORDER_TIME', forward(1, 'sell', { end: end + intervalSeconds })],
    ['ORDER_TIME', forward(1, 'sell', { start: t0 + 800_000 * intervalSeconds, end: end + 800_000 * intervalSeconds })],
    ['ORDER_OUTSIDE_MANDATE', forward(1, 'sell', { maxWh: 2_001 })],
    ['ORDER_FUNDS', forward(2, 'buy', { maxWh: 1_000, limitPrice: 2_500 })],
    ['ORDER_NO_SEAT', forward(9, 'buy', {})],
  ])('is refused with %s', (code, command) => {
    const { state, run } = open([seat(1), seat(2, { balance: 1_000n })])
    expect(run(command)[0]).toMatchObject({ type: 'refused', code })
    // A refusal is not journaled, so it may leave no trace.
    expect(state.forward.size).toBe(0)
  })

  it('may not add up with others to more than the mandate allows for the interval', () => {
    const { run } = open([seat(1)])
    run(forward(1, 'sell', { maxWh: 1_500 }))
    const [event] = run(forward(1, 'sell', { maxWh: 600, nonce: before + 1 }))
    expect(event).toMatchObject({ type: 'refused', code: 'ORDER_OUTSIDE_MANDATE' })
  })
})
