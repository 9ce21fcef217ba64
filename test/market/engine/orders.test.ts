/** Standing orders: when they count, what gives way to what, what is refused by name, and what funds leave of them. */
import { describe, expect, it } from 'vitest'
import type { CommandOf, Event, SessionGrant } from '../../../server/market/area/area.ts'
import { committedFunds, freeFunds } from '../../../server/market/area/funds.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { hashState } from '../../../server/market/engine/snapshot.ts'
import {
  addressOf,
  boundary,
  cleared,
  eventsOf,
  following,
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
const day = 86_400

const reasonOf = (events: readonly Event[]) => eventsOf(events, 'refused')[0]?.code

describe('an order', () => {
  it('counts only for intervals that start after it was accepted', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    const [accepted] = eventsOf(run(placing(t0 * 1000 + 1, order(2, 'buy'))), 'order-accepted')
    expect(accepted).toMatchObject({ order: { activeFrom: end } })
    const readings = [reading(1, end, 0, 300), reading(2, end, 300, 0)]
    expect(cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))[0]!.matchedWh).toBe(0)
  })

  it('gives way to a newer one of the same meter and side, which is at once forgotten', () => {
    const { state, run } = open([seat(1)])
    run(placing(before, order(1, 'sell')))
    const events = run(placing(before, order(1, 'sell', { nonce: 2, limitPrice: 1_500 })))
    expect(events).toMatchObject([
      { type: 'order-accepted', order: { arrival: 2 } },
      { type: 'order-ended', arrival: 1, status: 'replaced' },
    ])
    expect(state.orders.size).toBe(1)
    run(waiting(t0 * 1000))
    expect(state.intervals.get(t0)!.reservation(0, 'sell')).toMatchObject({ arrival: 2, limitTicks: 1_500 })
  })

  it('stands beside one that lasts longer: in every interval the newest counts', () => {
    const { state, run } = open([seat(1)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(1, 'sell', { nonce: 2, start: boundary(1), end: boundary(2) })))
    run(waiting(boundary(2) * 1000))
    const counting = [0, 1, 2].map((number) => state.intervals.get(boundary(number))!.reservation(0, 'sell')!.arrival)
    expect(counting).toEqual([1, 2, 1])
    expect([...state.orders.values()].map(({ arrival }) => arrival)).toEqual([1])
  })

  it('that is cancelled ends with the interval that runs', () => {
    const { state, run } = open([seat(1)])
    const placed = placing(before, order(1, 'sell'))
    run(placed)
    run({ type: 'cancel', atMs: t0 * 1000 + 10, id: placed.id, by: addressOf('a', 1), signature: '0x' })
    run(waiting(end * 1000))
    expect(state.intervals.get(t0)!.reservation(0, 'sell')).not.toBeNull()
    expect(state.intervals.get(end)!.reservation(0, 'sell')).toBeNull()
  })

  it('expires by itself and says so', () => {
    const { state, run } = open([seat(1)])
    run(placing(before, order(1, 'sell', { end: boundary(2) })))
    const ended = eventsOf(run(waiting(boundary(3) * 1000)), 'order-ended')
    expect(ended).toMatchObject([{ arrival: 1, status: 'expired', activeUntil: boundary(2) }])
    expect(state.orders.size).toBe(0)
    expect(state.seats.get(1)!.orders).toEqual([])
  })

  it.each([
    ['ORDER_NO_SEAT', order(7, 'sell')],
    ['ORDER_RULES', order(1, 'sell', { rules: `0x${'0'.repeat(64)}` })],
    ['ORDER_SIDE', order(1, 'sell', { side: 2 })],
    ['ORDER_MARKET', order(1, 'sell', { market: 2 })],
    ['ORDER_TIME_IN_FORCE', order(1, 'sell', { timeInForce: 1 })],
    ['ORDER_ENERGY', order(1, 'sell', { maxWh: 0 })],
    ['ORDER_TIME', order(1, 'sell', { start: t0 + 1 })],
    ['ORDER_TIME', order(1, 'sell', { start: end, end })],
    ['ORDER_EXPIRED', order(1, 'sell', { start: boundary(-2), end: boundary(-1) })],
    ['ORDER_EXPIRED', order(1, 'sell', { start: boundary(-2), end: t0 })],
    ['ORDER_HORIZON', order(1, 'sell', { end: t0 + 371 * day })],
    ['ORDER_AFTER_MANDATE', order(1, 'sell', { end: t0 + 366 * day })],
    ['ORDER_NONCE', order(1, 'sell', { nonce: -1 })],
    ['ORDER_ABOVE_MANDATE_ENERGY', order(1, 'sell', { maxWh: 2_001 })],
    ['ORDER_BELOW_FLOOR', order(1, 'sell', { limitPrice: 499 })],
    ['ORDER_ABOVE_CEILING', order(1, 'buy', { limitPrice: 3_001 })],
  ])('is refused with %s and leaves no trace, not even the time', (code, placed) => {
    const { state } = open([seat(1)])
    const hash = hashState(state)
    expect(apply(state, placing(before, placed))).toMatchObject([{ type: 'refused', code }])
    expect(hashState(state)).toBe(hash)
  })

  it('keeps to the mandate of its time, not to one that is over', () => {
    const tightened = terms({ from: boundary(2), validUntil: t0 + 2 * day, version: 2 })
    const { run } = open([seat(1, { terms: [terms(), tightened] })])
    const later = order(1, 'sell', { start: boundary(4), end: t0 + 3 * day, nonce: 1 })
    expect(reasonOf(run(placing(before, later)))).toBe('ORDER_AFTER_MANDATE')
  })
})

describe('nonces', () => {
  it('belong to account and meter: a seat that opens anew takes no order that was signed before', () => {
    const first = placing(before, order(1, 'sell', { nonce: 5 }))
    const cancelled = placing(before, order(1, 'sell', { nonce: 6, limitPrice: 900 }))
    const { state, run } = open([seat(1)])
    run(first)
    run(cancelled)
    run({ type: 'cancel', atMs: before, id: cancelled.id, by: addressOf('a', 1), signature: '0x' })
    const closed = seat(1, { terms: [terms(), terms({ from: end, closed: true })] })
    const reopened = seat(2, {
      ...{ account: addressOf('a', 1), meter: addressOf('b', 1), openedAt: boundary(2) },
      terms: [terms({ from: boundary(2), version: 2 })],
    })
    run(following(t0 * 1000 + 1, [closed, reopened]))
    for (const old of [first, cancelled]) expect(reasonOf(run({ ...old, atMs: t0 * 1000 + 2 }))).toBe('ORDER_NONCE')
    expect(run(placing(t0 * 1000 + 3, order(1, 'sell', { nonce: 7 })))[0]).toMatchObject({
      type: 'order-accepted',
      order: { seat: 2, activeFrom: end },
    })
    // The first seat is forgotten in the end, its nonces are not as long as anything signed under them may be valid.
    const month = (t0 + 30 * day) * 1000
    run(waiting(month))
    expect(state.seats.has(1)).toBe(false)
    expect(reasonOf(run({ ...first, atMs: month }))).toBe('ORDER_EXPIRED')
    expect(reasonOf(run(placing(month, order(1, 'sell', { nonce: 7, end: t0 + 40 * day }))))).toBe('ORDER_NONCE')
  })

  it('grow by a bounded step, so that no single signature uses them up', () => {
    const { run } = open([seat(1)])
    const last = before + 60_000
    expect(reasonOf(run(placing(before, order(1, 'sell', { nonce: 2 ** 52 }))))).toBe('ORDER_NONCE_STEP')
    expect(reasonOf(run(placing(before, order(1, 'sell', { nonce: last + 1 }))))).toBe('ORDER_NONCE_STEP')
    run(placing(before, order(1, 'sell', { nonce: last })))
    expect(reasonOf(run(placing(before, order(1, 'sell', { nonce: last + 2 ** 20 + 1 }))))).toBe('ORDER_NONCE_STEP')
    expect(run(placing(before, order(1, 'sell', { nonce: last + 2 ** 20 })))[0]).toMatchObject({
      type: 'order-accepted',
    })
    // The other side has nonces of its own.
    expect(run(placing(before, order(1, 'buy', { nonce: 0 })))[0]).toMatchObject({ type: 'order-accepted' })
  })
})

describe('limits', () => {
  it('are 32 open orders a side, of which the ones that give way do not count', () => {
    const { run } = open([seat(1)])
    const window = (number: number, nonce: number) =>
      placing(before, order(1, 'sell', { nonce, start: boundary(2 * number), end: boundary(2 * number + 1) }))
    for (let number = 0; number < 32; number += 1) {
      expect(run(window(number, number))[0]).toMatchObject({ type: 'order-accepted' })
    }
    expect(eventsOf(run(window(32, 32)), 'refused')).toMatchObject([{ code: 'ORDER_LIMIT', details: [32] }])
    expect(run(placing(before, order(1, 'buy')))[0]).toMatchObject({ type: 'order-accepted' })
    const all = run(placing(before, order(1, 'sell', { nonce: 40 })))
    expect(eventsOf(all, 'order-ended')).toHaveLength(32)
    expect(run(window(33, 41))[0]).toMatchObject({ type: 'order-accepted' })
  })

  it('are 60 orders at once and one a second after that, whoever signs them', () => {
    const { state, run } = open([seat(1)])
    const place = (atMs: number, nonce: number) => {
      const events = run(placing(atMs, order(1, 'sell', { nonce, end: boundary(9_000) })))
      return events.filter(({ type }) => type !== 'interval-started')
    }
    for (let nonce = 0; nonce < 60; nonce += 1)
      expect(place(before, nonce)[0]).toMatchObject({ type: 'order-accepted' })
    expect(eventsOf(place(before, 60), 'refused')).toMatchObject([{ code: 'ORDER_RATE', details: [60] }])
    expect(place(before + 999, 60)[0]).toMatchObject({ code: 'ORDER_RATE' })
    expect(place(before + 1_000, 60)[0]).toMatchObject({ type: 'order-accepted' })
    expect(place(before + 1_001, 61)[0]).toMatchObject({ code: 'ORDER_RATE' })
    // Only the newest of all of them is kept.
    expect(state.seats.get(1)!.orders).toHaveLength(1)
    expect(state.orders.size).toBe(1)
  })
})

describe('a session key', () => {
  const key = addressOf('b', 99)
  const grant = (change: Partial<SessionGrant> = {}): SessionGrant => ({
    ...{ key, sides: 3, lowestPrice: 500, highestPrice: 3_000, validFrom: t0 - day, validUntil: t0 + day },
    signature: '0x',
    ...change,
  })
  const revoking = (atMs: number, from = 0, account = addressOf('a', 1)): CommandOf<'revoke-session'> => {
    return { type: 'revoke-session', atMs, account, key, from, signature: '0x' }
  }

  it.each([
    ['SESSION_KEY_SIDE', 'sell', { sides: 1 }],
    ['SESSION_KEY_SIDE', 'buy', { sides: 2 }],
    ['SESSION_KEY_PRICE', 'sell', { lowestPrice: 1_001 }],
    ['SESSION_KEY_PRICE', 'buy', { highestPrice: 2_499 }],
    ['SESSION_KEY_EXPIRED', 'sell', { validFrom: t0 }],
    ['SESSION_KEY_EXPIRED', 'sell', { validUntil: t0 - 1 }],
    ['SESSION_KEY_EXPIRED', 'sell', { validUntil: end - 1 }],
    ['SESSION_KEY_HORIZON', 'sell', { validUntil: t0 + 371 * day }],
  ] as const)('signs nothing beyond its grant: %s (%s)', (code, side, change) => {
    const { run } = open([seat(1)])
    expect(reasonOf(run(placing(before, order(1, side), grant(change))))).toBe(code)
  })

  it('has orders that end with its grant', () => {
    const { run } = open([seat(1)])
    const [accepted] = eventsOf(
      run(placing(before, order(1, 'sell'), grant({ validUntil: end + 10 }))),
      'order-accepted',
    )
    expect(accepted!.order).toMatchObject({ activeFrom: t0, activeUntil: end, session: { key, validUntil: end + 10 } })
  })

  it('cancels its own orders as long as it is valid, and no others', () => {
    const { run } = open([seat(1)])
    const owners = placing(before, order(1, 'sell'))
    const own = placing(before, order(1, 'buy', { end: boundary(5) }), grant({ validUntil: boundary(5) }))
    run(owners)
    run(own)
    const cancel = (atMs: number, id: string, by: string) => run({ type: 'cancel', atMs, id, by, signature: '0x' })
    expect(reasonOf(cancel(before, owners.id, key))).toBe('ORDER_FOREIGN')
    expect(reasonOf(cancel(before, own.id, addressOf('b', 98)))).toBe('ORDER_FOREIGN')
    expect(eventsOf(cancel(t0 * 1000 + 1, own.id, key), 'order-ended')).toMatchObject([{ status: 'cancelled' }])
    const short = placing(t0 * 1000 + 2, order(1, 'buy', { nonce: 2 }), grant({ validUntil: boundary(2) + 5 }))
    run(short)
    // Its last interval runs: the order is still there, the key is not.
    const expired = (boundary(2) + 5) * 1000
    expect(reasonOf(cancel(expired, short.id, key))).toBe('ORDER_UNKNOWN')
    expect(reasonOf(cancel(expired, owners.id, key))).toBe('ORDER_FOREIGN')
  })

  it('that has expired cancels nothing of what it placed', () => {
    const { run } = open([seat(1)])
    const start = boundary(4)
    const ahead = placing(
      before,
      order(1, 'sell', { market: 1, start, end: start + 900 }),
      grant({ validUntil: start + 900 }),
    )
    expect(run(ahead)[0]).toMatchObject({ type: 'forward-accepted' })
    const { run: later, state } = open([seat(1)])
    later(ahead)
    const resting = state.forward.get(start)!.orders.get(ahead.id)!
    resting.session = { key, validUntil: t0 }
    expect(reasonOf(later({ type: 'cancel', atMs: t0 * 1000, id: ahead.id, by: key, signature: '0x' }))).toBe(
      'SESSION_KEY_EXPIRED',
    )
  })

  it('that was taken back signs nothing more, and what it signed ends at the next boundary', () => {
    const { state, run } = open([seat(1)])
    const start = boundary(3)
    run(placing(before, order(1, 'sell'), grant()))
    run(placing(before, order(1, 'buy', { market: 1, start, end: start + 900 }), grant()))
    run(placing(before, order(1, 'buy', { nonce: 2 })))
    run(waiting(t0 * 1000))
    const events = run(revoking(t0 * 1000 + 1))
    expect(events).toMatchObject([
      { type: 'session-revoked', from: end },
      { type: 'order-ended', arrival: 1, status: 'revoked', activeUntil: end },
      { type: 'forward-cancelled', arrival: 2, reason: 'session-revoked' },
    ])
    expect(reasonOf(run(placing(t0 * 1000 + 2, order(1, 'sell', { nonce: 3 }), grant())))).toBe('SESSION_KEY_REVOKED')
    expect([...state.orders.values()].map(({ arrival }) => arrival)).toEqual([3])
    expect(committedFunds(state).get(1)).toBe(2_500_000n)
    // Said again it changes nothing.
    expect(run(revoking(t0 * 1000 + 3))).toEqual([])
  })

  it('that is taken back from a later boundary on signs until then', () => {
    const { run } = open([seat(1)])
    expect(run(revoking(before, boundary(3) - 1))).toMatchObject([{ type: 'session-revoked', from: boundary(3) }])
    const [accepted] = eventsOf(run(placing(before, order(1, 'sell'), grant())), 'order-accepted')
    expect(accepted!.order).toMatchObject({ activeFrom: t0, activeUntil: boundary(3) })
    const start = boundary(3)
    const ahead = order(1, 'buy', { market: 1, start, end: start + 900 })
    expect(reasonOf(run(placing(before, ahead, grant())))).toBe('SESSION_KEY_REVOKED')
    // Sooner counts, later does not.
    expect(run(revoking(before, boundary(5)))).toEqual([])
    expect(run(revoking(before))).toMatchObject([{ type: 'session-revoked', from: t0 }, { type: 'order-ended' }])
  })

  it('is taken back by an account that has a seat, and not without end', () => {
    const { state, run } = open([seat(1)])
    expect(reasonOf(run(revoking(before, 0, addressOf('a', 7))))).toBe('ORDER_NO_SEAT')
    for (let number = 0; number < 1_000; number += 1) run({ ...revoking(before), key: addressOf('b', 1_000 + number) })
    expect(reasonOf(run(revoking(before)))).toBe('ORDER_LIMIT')
    run(waiting((t0 + 372 * day) * 1000))
    expect(state.revoked.size).toBe(0)
  })
})

describe('escrow funds', () => {
  it('bound what is promised: an order is cut to what its account can pay, and says so', () => {
    // 2,500 ticks × 100 Wh is what the purse holds.
    const { state, run } = open([seat(1), seat(2, { balance: 250_000n })])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    const [started] = eventsOf(run(waiting(t0 * 1000)), 'interval-started')
    expect(started).toMatchObject({ orders: 2, reserved: 250_000n, cut: [{ arrival: 2, energyWh: 100 }] })
    expect(freeFunds(state.seats.get(2)!, committedFunds(state))).toBe(0n)
    const readings = [reading(1, end, 0, 300), reading(2, end, 300, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 100, outcomes: [{ code: 'escrow-low', details: [100] }] })
  })

  it('that were asked back, or are promised for another interval, are not promised again', () => {
    const withdrawal = { amount: 100_000n, to: addressOf('a', 2), claimableAt: t0 }
    const { state, run } = open([seat(1), seat(2, { balance: 2_600_000n, withdrawal })])
    run(placing(before, order(2, 'buy')))
    run(waiting(t0 * 1000))
    expect(state.intervals.get(t0)!.reservation(1, 'buy')).toMatchObject({ reservedWh: 1_000, isCut: false })
    run(waiting(end * 1000))
    expect(state.intervals.get(end)!.reservation(1, 'buy')).toMatchObject({ reservedWh: 0, isCut: true })
  })

  it('also stand behind what is sold at a negative price', () => {
    const { state, run } = open([seat(1, { balance: 30_000n, terms: [terms({ sellFloor: -600 })] })])
    run(placing(before, order(1, 'sell', { limitPrice: -300 })))
    run(waiting(t0 * 1000))
    expect(state.intervals.get(t0)!.reservation(0, 'sell')).toMatchObject({ reservedWh: 100, isCut: true })
  })
})
