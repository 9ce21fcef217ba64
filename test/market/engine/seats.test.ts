/** Seats as the chain shows them, in whatever order: numbers, places in memory, what is forgotten and what is not. */
import { describe, expect, it } from 'vitest'
import type { ChainSeat } from '../../../server/market/area/area.ts'
import { termsAt } from '../../../server/market/area/state.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import {
  addressOf,
  batchSeconds,
  boundary,
  cleared,
  eventsOf,
  following,
  newId,
  open,
  order,
  placing,
  reading,
  rules,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from './street.ts'

const before = t0 * 1000 - 1_000
const end = boundary(1)
/** Long after everything of the first hours is settled. */
const muchLater = t0 + 20 * batchSeconds

const closedFrom = (number: number, from: number): ChainSeat =>
  seat(number, { terms: [terms(), terms({ from, closed: true })] })

describe('a seat', () => {
  it('may have any number below 2^32 in any area below 2^32', () => {
    const number = 2 ** 32 - 1
    const { state, run } = open([seat(number), seat(2)], { rules: { ...rules, area: 2 ** 32 - 1 } })
    run(placing(before, order(number, 'sell')))
    run(placing(before, order(2, 'buy')))
    const readings = [reading(number, end, 0, 100), reading(2, end, 100, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: end * 1000, readings }))
    expect(result!.seats.map((own) => own.seat)).toEqual([2, number])
    const restored = stateOf(snapshotOf(state) as never)
    expect(hashState(restored)).toBe(hashState(state))
    expect([...restored.seats.keys()]).toEqual([2, number])
  })

  it('stands in the order of its number, in whatever order the chain shows it', () => {
    const { state, run } = open([seat(5), seat(2)])
    run(following(before, [seat(3), seat(1)]))
    expect([...state.seats.keys()]).toEqual([1, 2, 3, 5])
    expect(state.slots).toEqual([5, 2, 3, 1])
  })

  it('shown twice is changed once; an older view moves no base back', () => {
    const { state, run } = open([seat(1)])
    const base = { epoch: 1, time: end, importWh: 5, exportWh: 6 }
    const moved = seat(1, { base })
    run(following(end * 1000, [moved]))
    const hash = hashState(state)
    apply(state, following(state.nowMs, [moved]))
    expect(hashState(state)).toBe(hash)
    apply(state, following(state.nowMs, [seat(1)]))
    expect(state.seats.get(1)).toMatchObject({ base, newest: { time: end } })
  })

  it('keeps the terms that intervals in memory go by, though the chain tells them no more', () => {
    const { state, run } = open([seat(1)])
    const second = terms({ from: boundary(2), sellFloor: 700, version: 2 })
    run(following(end * 1000, [seat(1, { terms: [terms(), second] })]))
    const base = { epoch: 1, time: boundary(3), importWh: 0, exportWh: 0 }
    run(following(boundary(3) * 1000, [seat(1, { terms: [second], base })]))
    expect(termsAt(state.seats.get(1)!, end)).toMatchObject({ sellFloor: 500 })
    expect(termsAt(state.seats.get(1)!, boundary(2))).toMatchObject({ sellFloor: 700 })
    const restored = stateOf(snapshotOf(state) as never)
    expect(termsAt(restored.seats.get(1)!, end)).toMatchObject({ sellFloor: 500 })
    // Once no interval in memory goes by them, the next that the chain shows lets them go.
    run(waiting(muchLater * 1000))
    run(following(muchLater * 1000, [seat(1, { terms: [second], base, balance: 5n })]))
    expect(state.seats.get(1)!.earlierTerms).toEqual([])
  })

  it('that closes later is still waited for until then', () => {
    const { state, run } = open([seat(1)])
    run(placing(before, order(1, 'sell')))
    run(following(t0 * 1000 + 1, [closedFrom(1, end)]))
    expect(state.intervals.get(t0)!.waitsFor).toBe(1)
    run(waiting(end * 1000))
    expect(state.intervals.get(end)!.waitsFor).toBe(0)
  })
})

describe('a closed seat', () => {
  it('leaves nothing in the forward books for the time after', () => {
    const { state, run } = open([seat(1)])
    const ahead = (number: number, nonce: number) => {
      const start = boundary(number)
      return placing(before, order(1, 'sell', { market: 1, start, end: boundary(number + 1), nonce, maxWh: 10 }))
    }
    run(ahead(1, 1))
    run(ahead(2, 2))
    run(ahead(3, 3))
    const events = run(following(before, [closedFrom(1, boundary(2))]))
    expect(eventsOf(events, 'forward-cancelled').map(({ start, reason }) => [start, reason])).toEqual([
      [boundary(2), 'seat-closed'],
      [boundary(3), 'seat-closed'],
    ])
    expect(state.forward.get(end)!.orders.size).toBe(1)
  })

  it('is forgotten with everything of it, and its place goes to the next', () => {
    const { state, run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell', { end: t0 + 300 * 86_400 })))
    // Far ahead: the book would outlast the seat.
    const start = muchLater + 40 * 900
    const ahead = placing(before, order(1, 'buy', { market: 1, start, end: start + 900, nonce: 1 }))
    run(ahead)
    run(following(before, [closedFrom(1, end)]))
    const events = run(waiting(muchLater * 1000))
    expect(eventsOf(events, 'seat-forgotten')).toEqual([{ type: 'seat-forgotten', seat: 1 }])
    expect([...state.seats.keys()]).toEqual([2])
    expect([state.orders.size, state.seatsOfMeter.size, state.seatsOfAccount.size]).toEqual([0, 1, 1])
    // An identifier that is remembered nowhere is unknown, and stops nobody.
    const cancel = {
      type: 'cancel',
      atMs: muchLater * 1000,
      id: ahead.id,
      by: addressOf('a', 1),
      signature: '0x',
    } as const
    expect(run(cancel)).toMatchObject([{ code: 'ORDER_UNKNOWN' }])
    run(following(muchLater * 1000, [seat(3, { openedAt: muchLater })]))
    expect(state.slots).toEqual([3, 2])
    const memory = [...state.intervals.values()]
    expect(memory.every((interval) => !interval.isRead(0))).toBe(true)
  })

  it('that the chain shows once more, for a payout, is told and not remembered', () => {
    const { state, run } = open([seat(1)])
    run(following(before, [closedFrom(1, end)]))
    run(waiting(muchLater * 1000))
    const hash = hashState(state)
    const paid = { ...closedFrom(1, end), balance: 0n }
    const events = apply(state, following(state.nowMs, [paid]))
    expect(events.map(({ type }) => type)).toEqual(['chain-followed', 'seat-changed', 'seat-forgotten'])
    expect(hashState(state)).toBe(hash)
  })

  it('of which only closings are told, and which nobody knows, is told and not remembered', () => {
    const { state, run } = open([seat(1)])
    // It began later than memory; what was before its base is not told any more.
    const closed = seat(2, { openedAt: t0, terms: [terms({ from: end, closed: true })] })
    const events = run(following(before, [closed]))
    expect(eventsOf(events, 'seat-forgotten')).toEqual([{ type: 'seat-forgotten', seat: 2 }])
    expect([...state.seats.keys()]).toEqual([1])
  })

  it('is remembered as long as memory holds a reading of it, so that none is stored twice', () => {
    const { state, run } = open([seat(1), seat(2)])
    run(following(before, [closedFrom(1, end)]))
    const at = (number: number) => reading(1, boundary(number), 10 * number, 0)
    for (let number = 1; number <= 40; number += 1) {
      run({ type: 'readings', atMs: boundary(number) * 1000, readings: [at(number)] })
      run(following(boundary(number) * 1000, [], state.cutUntil))
    }
    expect(state.firstStart).toBeGreaterThan(boundary(2))
    const again = run({ type: 'readings', atMs: boundary(41) * 1000, readings: [at(40)] })
    expect(again.at(-1)).toMatchObject({ type: 'reading', status: 'duplicate' })
    const later = boundary(50) * 1000
    run(waiting(later))
    run(following(later, [], state.cutUntil))
    run(waiting(later + 20 * batchSeconds * 1000))
    expect([...state.seats.keys()]).toEqual([2])
  })

  it('that was revoked and is confirmed anew comes back under its number, with its nonces', () => {
    const { run } = open([seat(1)])
    run(placing(before, order(1, 'sell', { nonce: 9 })))
    run(following(before, [closedFrom(1, end)]))
    run(waiting(muchLater * 1000))
    const from = muchLater + 900
    const back = seat(1, { confirmations: 2, terms: [...closedFrom(1, end).terms, terms({ from })] })
    run(following(muchLater * 1000, [back]))
    const placed = (nonce: number) =>
      run(placing(muchLater * 1000, order(1, 'sell', { nonce, start: from, end: from + 900 })))
    expect(placed(9)).toMatchObject([{ code: 'ORDER_NONCE' }])
    expect(placed(10)).toMatchObject([{ type: 'order-accepted', order: { seat: 1 } }])
  })

  it('leaves no nonce behind once nothing that was signed can be valid', () => {
    const { state, run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell', { end: end + 900 })))
    run(following(before, [closedFrom(1, end)]))
    run(waiting((t0 + 369 * 86_400) * 1000))
    expect(state.nonces.size).toBe(1)
    run(waiting((t0 + 371 * 86_400) * 1000))
    expect(state.nonces.size).toBe(0)
  })

  it('leaves the nonce of its budgets behind: those have no end, and none is taken up twice', () => {
    const { run } = open([seat(1), seat(2)])
    const fields = { account: addressOf('a', 1), meter: addressOf('b', 1), rules: `0x${'7'.repeat(64)}` as const }
    const budget = { ...fields, amount: 5_000, nonce: 4 }
    const set = { type: 'budget', id: newId(), budget, signature: '0x' } as const
    expect(run({ ...set, atMs: before })).toMatchObject([{ type: 'budget-set', seat: 1 }])
    run(following(before, [closedFrom(1, end)]))
    const later = t0 + 372 * 86_400
    run(waiting(later * 1000))
    const from = later + 900
    const again = { openedAt: from, terms: [terms({ from })] }
    run(following(later * 1000, [{ ...seat(3, again), account: fields.account, meter: fields.meter }]))
    expect(run({ ...set, atMs: later * 1000 })).toMatchObject([{ code: 'ORDER_NONCE', details: [4, 4] }])
  })

  it('with a partner under an agreement stops neither the partner nor the area', () => {
    const { state, run } = open([seat(1), seat(2)])
    const id = newId()
    const agreement = {
      ...{ seller: addressOf('a', 1), sellerMeter: addressOf('b', 1), buyer: addressOf('a', 2) },
      ...{ buyerMeter: addressOf('b', 2), rules: `0x${'7'.repeat(64)}`, kind: 2, amount: 0, price: 1_000 },
      ...{ start: t0, end: t0 + 100 * 86_400, noticeSeconds: 0, nonce: 1 },
    }
    run({ type: 'agreements', atMs: before, items: [{ id, agreement, sellerSignature: '0x', buyerSignature: '0x' }] })
    run(following(before, [closedFrom(1, end)]))
    run(waiting(muchLater * 1000))
    const readings = [reading(2, muchLater, 500, 0), reading(2, muchLater - 900, 400, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: muchLater * 1000 + 1, readings }))
    expect(result === undefined || seatOf(result, 2).boughtWh === 0).toBe(true)
    const notice = { type: 'end-agreement', atMs: muchLater * 1000, id, end: muchLater + 900, signature: '0x' } as const
    expect(run({ ...notice, by: addressOf('a', 1) })).toMatchObject([{ code: 'AGREEMENT_FOREIGN' }])
    expect(run({ ...notice, by: addressOf('a', 2) })).toMatchObject([{ type: 'agreement-ended' }])
    run(following((muchLater + 2 * batchSeconds) * 1000, [], muchLater + batchSeconds))
    run(waiting((muchLater + 40 * batchSeconds) * 1000))
    expect(state.agreements.size).toBe(0)
  })
})

describe('memory', () => {
  it('stays as it is, however long the area runs and whatever is asked of it', () => {
    const { state, run } = open([seat(1), seat(2)])
    const sizes: number[] = []
    for (let hour = 1; hour <= 60; hour += 1) {
      const time = t0 + hour * batchSeconds
      const atMs = time * 1000 + 1_000
      const sold = Array.from({ length: 4 }, (_, index) => reading(1, time - index * 900, 0, 400 * hour - 100 * index))
      const bought = Array.from({ length: 4 }, (_, index) =>
        reading(2, time - index * 900, 400 * hour - 100 * index, 0),
      )
      run({ type: 'readings', atMs, readings: [...sold, ...bought] })
      run(placing(atMs, order(1, 'sell', { nonce: 2 * hour, end: time + 86_400 })))
      run(placing(atMs, order(2, 'buy', { nonce: 2 * hour, end: time + 86_400 })))
      const start = time + 7_200
      for (const [number, side] of [
        [1, 'sell'],
        [2, 'buy'],
      ] as const) {
        const ahead = { market: 1, start, end: start + 900, limitPrice: 1_500, maxWh: 50, nonce: 2 * hour + 1 }
        run(placing(atMs, order(number, side, ahead)))
      }
      const [cut] = eventsOf(run(waiting(atMs + 200_000)), 'batch-cut')
      if (cut !== undefined) run(following(atMs + 200_001, [], cut.batch.end, hour))
      if (hour % 20 === 0) sizes.push(snapshotOf(state).reduce((sum, { bytes }) => sum + bytes!.length, 0))
    }
    expect(Math.abs(sizes[2]! - sizes[1]!)).toBeLessThan(50)
  })
})
