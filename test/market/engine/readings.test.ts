/** Readings as an area takes them: what is stored, what they change, late ones, and meters that sign two values. */
import { describe, expect, it } from 'vitest'
import type { ChainSeat, Event, LateReading } from '../../../server/market/area/area.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { hashState } from '../../../server/market/engine/snapshot.ts'
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

type Reading = ReturnType<typeof reading>

function street(seats: ChainSeat[] = [seat(1), seat(2)]) {
  const area = open(seats)
  const read = (atMs: number, ...readings: Reading[]) => area.run({ type: 'readings', atMs, readings })
  return { ...area, read }
}

const answersOf = (events: readonly Event[]) => eventsOf(events, 'reading')
const corrections = (events: readonly Event[]) => eventsOf(events, 'interval-corrected')

describe('a reading', () => {
  it.each([
    ['READING_UNKNOWN_METER', 0, reading(9, end, 0, 0)],
    ['READING_MISALIGNED', 1, reading(1, end + 1, 0, 0)],
    ['READING_FUTURE', 1, reading(1, boundary(10), 0, 0)],
    ['READING_EPOCH_UNKNOWN', 1, reading(1, end, 0, 0, { epoch: 2 })],
    ['READING_EPOCH_ENDED', 1, reading(1, end, 0, 0, { epoch: 0 })],
    ['READING_BEFORE_EPOCH', 1, reading(1, t0, 0, 1)],
    ['READING_BEFORE_EPOCH', 1, reading(1, 900, 0, 0)],
    ['READING_IMPLAUSIBLE', 1, reading(1, end, 0, 2_411)],
    ['READING_IMPLAUSIBLE', 1, reading(1, end, 1_000_000, 0)],
  ])('is refused with %s beside a good neighbour that is stored', (code, number, bad) => {
    const { read } = street()
    const answers = answersOf(read(justAfterEnd, bad, reading(2, end, 5, 0)))
    expect(answers).toMatchObject([
      { status: 'refused', code, seat: number },
      { status: 'stored', seat: 2, code: null, isLate: false, nextSeat: 0 },
    ])
  })

  it('that is refused or repeated leaves no trace', () => {
    const { state, read } = street()
    read(justAfterEnd, reading(1, end, 5, 0))
    const hash = hashState(state)
    const readings = [reading(1, end, 5, 0), reading(9, end, 0, 0), reading(1, end + 1, 0, 0)]
    apply(state, { type: 'readings', atMs: justAfterEnd + 5, readings })
    expect(hashState(state)).toBe(hash)
  })

  it('dated before the epoch began fills no memory, however many there are', () => {
    const { state, read } = street()
    read(justAfterEnd, ...Array.from({ length: 1_000 }, (_, number) => reading(1, 900 * (number + 1), 0, 0)))
    // The two that time has brought.
    expect(state.intervals.size).toBe(2)
  })

  it('of a time that the engine no longer holds is kept by the tables alone', () => {
    const start = { epoch: 1, time: boundary(-40_000), importWh: 0, exportWh: 0 }
    const { state, read } = street([seat(1, { openedAt: start.time, epochStart: start, base: start })])
    const size = state.intervals.size
    const old = reading(1, boundary(-30_000), 10, 0)
    expect(answersOf(read(before, old))).toMatchObject([{ status: 'stored', isLate: true, seat: 1 }])
    expect(state.intervals.size).toBe(size)
    // What comes after it lies above it.
    expect(answersOf(read(before, reading(1, t0 - 900, 9, 0)))).toMatchObject([{ code: 'READING_FALLING' }])
  })

  it('is no further from the base than can be stored and settled, or it would hold up everybody’s batch', () => {
    const most = terms({ maxBuyWh: 2 ** 24 - 1, nameplateWh: 2 ** 24 - 1 })
    const base = { epoch: 1, time: boundary(-200), importWh: 7, exportWh: 7 }
    const { read } = street([seat(1, { openedAt: base.time, epochStart: base, base, terms: [most] })])
    const refused = { status: 'refused', code: 'READING_IMPLAUSIBLE', seat: 1 }
    const energyWh = 2 ** 31
    const answers = [
      reading(1, end, energyWh + 7, 7),
      reading(1, end, 7, energyWh + 7),
      reading(1, end, energyWh + 6, 7),
      reading(1, boundary(2), energyWh + 7, 7),
    ].flatMap((each) => answersOf(read(boundary(2) * 1000, each)))
    expect(answers).toMatchObject([
      { ...refused, details: [0, energyWh, 201] },
      { ...refused, details: [1, energyWh, 201] },
      { status: 'stored', seat: 1 },
      { ...refused, details: [0, energyWh, 202] },
    ])
  })

  it('never lies below the base, though the engine holds no reading between the two', () => {
    const begun = { epoch: 1, time: boundary(-4_000), importWh: 0, exportWh: 0 }
    const base = { epoch: 1, time: boundary(-50), importWh: 1_000, exportWh: 0 }
    const { read } = street([seat(1, { openedAt: begun.time, epochStart: begun, base })])
    read(boundary(3) * 1000, reading(1, boundary(3), 1_500, 0))
    const answers = answersOf(read(boundary(3) * 1000, reading(1, end, 999, 0), reading(1, end, 1_000, 0)))
    expect(answers).toMatchObject([{ code: 'READING_FALLING' }, { status: 'stored' }])
  })
})

describe('a meter that signs two values for one boundary', () => {
  const contradicted = (seats?: ChainSeat[]) => {
    const area = street(seats)
    for (const number of [1, 2]) area.run(placing(before, order(number, number === 1 ? 'sell' : 'buy')))
    area.read(justAfterEnd, reading(1, end, 40, 60))
    const events = area.read(justAfterEnd + 1, reading(1, end, 40, 61))
    return { ...area, events }
  }

  it('is suspended: the first value stands, nothing of it is read or traded, nobody waits for it', () => {
    const { state, read, events } = contradicted()
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'reading', status: 'refused', code: 'READING_EQUIVOCATION', seat: 1 },
      { type: 'meter-suspended', seat: 1, epoch: 1, time: end },
    ])
    expect(answersOf(read(justAfterEnd + 2, reading(1, end, 40, 60)))).toMatchObject([{ code: 'READING_SUSPENDED' }])
    const [result] = cleared(read(justAfterEnd + 3, reading(2, end, 90, 0)))
    expect(seatOf(result!, 1)).toMatchObject({ exportWh: 60, soldWh: 0, outcomes: [{ code: 'suspended' }] })
    expect(state.intervals.get(end)!.waitsFor).toBe(1)
  })

  it('trades again once the grid operator has confirmed it once more, and not before', () => {
    const { state, run, read } = contradicted()
    expect(eventsOf(run(following(justAfterEnd + 5, [seat(1, { balance: 7n })])), 'suspension-lifted')).toEqual([])
    const lifted = run(following(justAfterEnd + 6, [seat(1, { confirmations: 2 })]))
    expect(lifted).toContainEqual({ type: 'suspension-lifted', meter: addressOf('b', 1) })
    const later = boundary(2)
    expect(answersOf(read(later * 1000, reading(1, later, 40, 90)))).toMatchObject([{ status: 'stored' }])
    expect(state.suspensions.size).toBe(0)
    const [result] = cleared(read(later * 1000 + 1, reading(2, later, 120, 0))).filter(({ start }) => start === end)
    expect(seatOf(result!, 1)).toMatchObject({ quality: 'measured', exportWh: 30 })
  })

  it('takes its suspension along to another seat, where one confirmation lifts it', () => {
    const { run } = contradicted()
    const closed = terms({ from: boundary(2), closed: true })
    const moved = seat(3, {
      ...{ account: addressOf('a', 3), meter: addressOf('b', 1), openedAt: boundary(2), confirmations: 0 },
      terms: [terms({ from: boundary(2), nameplateWh: null })],
    })
    run(following(justAfterEnd + 5, [seat(1, { terms: [terms(), closed] }), moved]))
    const start = boundary(5)
    const ahead = order(3, 'buy', { meter: addressOf('b', 1), market: 1, start, end: start + 900 })
    expect(run(placing(justAfterEnd + 6, ahead))).toMatchObject([{ code: 'ORDER_SEAT_CLOSED' }])
    const confirmed = { ...moved, confirmations: 1, terms: [...moved.terms, terms({ from: boundary(3) })] }
    const events = run(following(justAfterEnd + 7, [confirmed]))
    expect(eventsOf(events, 'suspension-lifted')).toHaveLength(1)
    expect(run(placing(justAfterEnd + 8, ahead))).toMatchObject([{ type: 'forward-accepted' }])
  })

  it('is not freed by what another seat of it was confirmed for before', () => {
    const second = seat(3, {
      ...{ account: addressOf('a', 3), meter: addressOf('b', 1), openedAt: boundary(2), confirmations: 5 },
      terms: [terms({ from: boundary(2) })],
    })
    const { run } = contradicted([seat(1), seat(2), second])
    const changed = { ...second, balance: 1n }
    expect(eventsOf(run(following(justAfterEnd + 9, [changed])), 'suspension-lifted')).toEqual([])
  })

  it('has no orders left in the forward books', () => {
    const { state, run, read } = street()
    const start = boundary(5)
    run(placing(before, order(1, 'sell', { market: 1, start, end: start + 900 })))
    read(justAfterEnd, reading(1, end, 40, 60))
    const events = read(justAfterEnd + 1, reading(1, end, 40, 61))
    expect(eventsOf(events, 'forward-cancelled')).toMatchObject([{ arrival: 1, start, reason: 'seat-closed' }])
    expect(state.forward.get(start)!.orders.size).toBe(0)
  })
})

describe('a meter that moves from one seat to another', () => {
  const moveAt = boundary(2)
  const closing = seat(1, { terms: [terms(), terms({ from: moveAt, closed: true })] })
  const next = (epochStart: ChainSeat['epochStart']) =>
    seat(2, {
      ...{ account: addressOf('a', 2), meter: addressOf('b', 1), openedAt: moveAt, epochStart, base: epochStart },
      terms: [terms({ from: moveAt })],
    })

  it('has every reading counted for the seat that its boundary belongs to, and the shared one for both', () => {
    const { state, read } = street([closing, next({ epoch: 1, time: t0, importWh: 0, exportWh: 0 })])
    const readings = [1, 2, 3].map((number) => reading(1, boundary(number), 0, 100 * number))
    const answers = answersOf(read(boundary(3) * 1000, ...readings))
    expect(answers.map(({ seat: own, nextSeat }) => [own, nextSeat])).toEqual([
      [1, 0],
      [1, 2],
      [2, 0],
    ])
    const [first, second] = [1, 2].map((number) => state.seats.get(number)!.slot) as [number, number]
    const isRead = (number: number, slot: number) => state.intervals.get(boundary(number - 1))!.isRead(slot)
    expect([1, 2, 3].map((number) => [isRead(number, first), isRead(number, second)])).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ])
  })

  it('has the shared reading taken for the next seat as well where that was heard of later, once it is sent again', () => {
    const { state, read, run } = street([closing])
    const shared = reading(1, moveAt, 0, 200)
    const after = moveAt * 1000 + 1_000
    expect(answersOf(read(after, reading(1, end, 0, 100), shared))).toMatchObject([
      { seat: 1 },
      { seat: 1, nextSeat: 0 },
    ])
    run(following(after, [next({ epoch: 1, time: t0, importWh: 0, exportWh: 0 })]))
    expect(answersOf(read(after, shared))).toMatchObject([{ status: 'stored', seat: 2, nextSeat: 0 }])
    const { slot } = state.seats.get(2)!
    expect(state.intervals.get(end)!.isRead(slot)).toBe(true)
    expect(answersOf(read(after, shared))).toMatchObject([{ status: 'duplicate', seat: 1 }])
  })

  it('has the shared reading taken once both seats know the key that signs it', () => {
    const start = { epoch: 1, time: t0, importWh: 0, exportWh: 0 }
    const key = addressOf('b', 101)
    const keys = [{ key, from: end }]
    const { read, run } = street([closing, { ...next(start), keys }])
    const shared = reading(1, moveAt, 0, 250)
    for (const own of [null, key]) {
      expect(answersOf(read(moveAt * 1000, { ...shared, key: own }))).toMatchObject([{ code: 'READING_KEY' }])
    }
    run(following(moveAt * 1000, [{ ...closing, keys }]))
    const answers = answersOf(read(moveAt * 1000, shared, { ...shared, key }))
    expect(answers).toMatchObject([{ code: 'READING_KEY' }, { status: 'stored', seat: 1, nextSeat: 2 }])
  })

  it('is measured in both seats on their own side of the move', () => {
    const { run, read } = street([closing, next({ epoch: 1, time: t0, importWh: 0, exportWh: 0 })])
    run(placing(before, order(1, 'sell', { end: moveAt })))
    const seller = order(2, 'sell', { meter: addressOf('b', 1), start: moveAt })
    run(placing(before, seller))
    read(end * 1000, reading(1, end, 0, 100))
    const [last] = cleared(read(moveAt * 1000, reading(1, moveAt, 0, 250))).filter(({ start }) => start === end)
    expect(last!.seats).toMatchObject([{ seat: 1, exportWh: 150 }])
    const third = boundary(3)
    const [first] = cleared(read(third * 1000, reading(1, third, 0, 300))).filter(({ start }) => start === moveAt)
    expect(first!.seats).toMatchObject([{ seat: 2, exportWh: 50 }])
  })

  it('counts by its epoch where it began a new one for the new seat', () => {
    const { read } = street([closing, next({ epoch: 2, time: end, importWh: 0, exportWh: 0 })])
    const readings = [
      reading(1, end, 0, 100),
      reading(1, moveAt, 0, 200),
      reading(1, moveAt, 0, 7, { epoch: 2 }),
      reading(1, boundary(3), 0, 9, { epoch: 2 }),
    ]
    const answers = answersOf(read(boundary(3) * 1000, ...readings))
    expect(answers.map(({ status, seat: own, nextSeat }) => [status, own, nextSeat])).toEqual([
      ['stored', 1, 0],
      ['stored', 1, 0],
      ['stored', 2, 0],
      ['stored', 2, 0],
    ])
  })

  it('is done with an epoch that nobody told the chain of before its next seat began a later one', () => {
    const { read } = street([closing, next({ epoch: 3, time: end, importWh: 0, exportWh: 0 })])
    const [answer] = answersOf(read(end * 1000, reading(1, end, 0, 100, { epoch: 2 })))
    expect(answer).toMatchObject({ status: 'refused', code: 'READING_EPOCH_ENDED', details: [2, 3] })
  })
})

describe('a reading that comes after its batch was cut', () => {
  /** An hour that is cut and settled; the third home was silent in it. */
  function cutHour() {
    const area = street([seat(1), seat(2), seat(3)])
    area.run(placing(before, order(1, 'sell')))
    area.run(placing(before, order(2, 'buy')))
    for (let number = 1; number <= 4; number += 1) {
      const time = boundary(number)
      area.read(time * 1000 + 500, reading(1, time, 0, 100 * number), reading(2, time, 100 * number, 0))
    }
    area.run(waiting(boundary(4) * 1000 + 200_000))
    expect(area.state.cutUntil).toBe(boundary(4))
    return area
  }

  it('is stored and told as a correction, and moves nothing', () => {
    const { state, read } = cutHour()
    const atMs = boundary(4) * 1000 + 300_000
    const first = read(atMs, reading(3, end, 0, 100))
    expect(answersOf(first)).toMatchObject([{ status: 'stored', isLate: true, seat: 3 }])
    expect(corrections(first)).toEqual([
      {
        ...{ type: 'interval-corrected', start: t0, run: 2, seat: 3, zone: 'north', quality: 'measured' },
        ...{ importWh: 0, exportWh: 100, importChangeWh: 0, exportChangeWh: 100, missingChange: 0 },
      },
    ])
    expect(answersOf(read(atMs, reading(1, end, 0, 100)))).toMatchObject([{ status: 'duplicate' }])
    expect(answersOf(read(atMs, reading(1, end, 0, 99)))).toMatchObject([{ code: 'READING_EQUIVOCATION' }])
    expect(state.intervals.get(t0)!.cleared!.zones[1]).toMatchObject({ importWh: 100, exportWh: 200 })
  })

  it('of 0 Wh takes the interval out of those that miss a reading', () => {
    const area = street([seat(1), seat(2), seat(3)])
    for (const number of [1, 2, 3]) area.run(placing(before, order(number, number === 1 ? 'sell' : 'buy')))
    const events: Event[] = []
    for (let number = 1; number <= 4; number += 1) {
      const time = boundary(number)
      events.push(...area.read(time * 1000 + 500, reading(1, time, 0, 100 * number), reading(2, time, 100 * number, 0)))
    }
    events.push(...area.run(waiting(boundary(4) * 1000 + 300_000)))
    expect(cleared(events)[0]).toMatchObject({ start: t0, missingReadings: 1 })
    const [told] = corrections(area.read(boundary(4) * 1000 + 400_000, reading(3, end, 0, 0)))
    expect(told).toMatchObject({ start: t0, run: 2, quality: 'measured', importChangeWh: 0, missingChange: -1 })
  })

  it('is counted once as missing, whichever end of an interval comes first', () => {
    const { read } = cutHour()
    const atMs = boundary(4) * 1000 + 300_000
    // The end of the second interval alone tells nothing of it.
    expect(corrections(read(atMs, reading(3, boundary(2), 0, 150)))).toEqual([])
    const both = corrections(read(atMs + 1, reading(3, end, 0, 100)))
    expect(both).toMatchObject([
      { start: t0, exportWh: 100, missingChange: 0 },
      { start: end, exportWh: 50, missingChange: 0 },
    ])
  })
})

describe('readings of intervals that only the tables hold', () => {
  const standing = (number: number, change: Partial<LateReading['ending'] & object> = {}) => ({
    ...{ start: boundary(number), run: 4, zone: 'north', hasRow: false, quality: 'missing' as const },
    ...{ importWh: 0, exportWh: 0, boughtWh: 0, soldWh: 0 },
    ...change,
  })
  const late = (number: number, exportWh: number, change: Partial<LateReading> = {}): LateReading => ({
    ...{ reading: reading(1, boundary(number), 0, exportWh), seat: 1, before: null, same: null, after: null },
    ...{ startQuality: null, endQuality: null, ending: standing(number - 1), starting: standing(number) },
    ...change,
  })
  const take = (...readings: LateReading[]) => {
    const area = street([seat(1)])
    area.run(waiting(boundary(2_000) * 1000))
    return { ...area, events: area.run({ type: 'late-readings', atMs: boundary(2_000) * 1000, readings }) }
  }

  it('correct what the tables say', () => {
    const { events } = take(late(5, 700, { startQuality: { importWh: 0, exportWh: 600, quality: 1 } }))
    expect(answersOf(events)).toMatchObject([{ status: 'stored', isLate: true }])
    expect(corrections(events)).toEqual([
      {
        ...{ type: 'interval-corrected', start: boundary(4), run: 5, seat: 1, zone: 'north', quality: 'estimated' },
        ...{ importWh: 0, exportWh: 100, importChangeWh: 0, exportChangeWh: 100, missingChange: 1 },
      },
    ])
  })

  it('build on one another within a command', () => {
    const { events } = take(late(5, 700), late(6, 800), late(4, 500), late(5, 700), late(6, 801))
    expect(corrections(events).map(({ start, run, exportWh }) => [start, run, exportWh])).toEqual([
      [boundary(5), 5, 100],
      [boundary(4), 5, 200],
    ])
    expect(answersOf(events).map(({ status, code }) => code ?? status)).toEqual([
      ...['stored', 'stored', 'stored', 'duplicate', 'READING_EQUIVOCATION'],
    ])
  })

  it('never lie below what the same command holds before them, nor above what it holds after', () => {
    const { events } = take(late(5, 700), late(7, 699), late(3, 701))
    expect(answersOf(events).map(({ status, code }) => code ?? status)).toEqual([
      ...['stored', 'READING_FALLING', 'READING_FALLING'],
    ])
  })

  it('give each interval a number of its own, though two meters correct it', () => {
    const area = street([seat(1), seat(2)])
    const start = { importWh: 0, exportWh: 100, quality: 0 }
    const of2 = { ...late(5, 250, { startQuality: start }), seat: 2, reading: reading(2, boundary(5), 0, 250) }
    const readings = [late(5, 200, { startQuality: start }), of2]
    area.run(waiting(boundary(2_000) * 1000))
    const events = area.run({ type: 'late-readings', atMs: boundary(2_000) * 1000, readings })
    expect(corrections(events).map(({ seat: own, run }) => [own, run])).toEqual([
      [1, 5],
      [2, 6],
    ])
  })

  it('do not take back what was traded', () => {
    const traded = standing(4, { hasRow: true, quality: 'measured', exportWh: 150, soldWh: 150 })
    const { events } = take(late(5, 700, { startQuality: { importWh: 0, exportWh: 600, quality: 0 }, ending: traded }))
    expect(corrections(events)).toEqual([])
  })

  it('suspend a meter that contradicts what is stored', () => {
    const { state, events } = take(late(5, 700, { same: { importWh: 0, exportWh: 699, quality: 0 } }))
    expect(events).toMatchObject([{ code: 'READING_EQUIVOCATION' }, { type: 'meter-suspended', time: boundary(5) }])
    expect(state.suspensions.size).toBe(1)
  })

  it('of a seat that the area has forgotten are of an unknown meter', () => {
    const area = street([seat(1)])
    const readings = [{ ...late(5, 700), seat: 9, reading: reading(9, boundary(5), 0, 1) }]
    const events = area.run({ type: 'late-readings', atMs: boundary(9) * 1000, readings })
    expect(answersOf(events)).toMatchObject([{ code: 'READING_UNKNOWN_METER', seat: 0 }])
  })
})

describe('a day of readings that comes at once', () => {
  it('has each interval computed once more, one a command', () => {
    const day = 96
    const { state, run, read } = street()
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    // The chain stands still, so nothing is cut.
    state.chain.time = 0
    for (let number = 1; number <= day; number += 1) {
      const time = boundary(number)
      read(time * 1000 + 500, reading(2, time, 100 * number, 0))
      run(waiting(time * 1000 + 61_000))
    }
    const atMs = boundary(day) * 1000 + 100_000
    const backlog = Array.from({ length: day }, (_, index) => reading(1, boundary(index + 1), 0, 50 * (index + 1)))
    const stored = apply(state, { type: 'readings', atMs, readings: backlog })
    expect(stored.map(({ type }) => type)).toEqual(backlog.map(() => 'reading'))
    let ticks = 0
    const runs = new Map<number, number>()
    for (let nowMs = atMs; ticks < day + 5; nowMs += intervalSeconds) {
      const events = apply(state, waiting(nowMs))
      if (events.length === 0) break
      expect(events.length).toBe(1)
      for (const { start, run: own, matchedWh } of cleared(events)) {
        runs.set(start, own)
        expect(matchedWh).toBe(50)
      }
      ticks += 1
    }
    expect(ticks).toBe(day)
    expect([...runs.values()].every((own) => own === 2)).toBe(true)
  })
})

describe('a key that followed before the server heard of it', () => {
  const key = addressOf('b', 101)
  const later = (from: number) => seat(1, { keys: [{ key, from }] })
  const voided = (events: readonly Event[]) => eventsOf(events, 'reading-voided')

  it('voids what was read since then, until it is signed again', () => {
    const { state, read, run } = street()
    const all = [1, 2, 3].map((number) => reading(1, boundary(number), 10 * number, 0))
    read(boundary(3) * 1000 + 1_000, ...all)
    expect(voided(run(following(boundary(3) * 1000 + 2_000, [later(boundary(1))])))).toEqual(
      [boundary(2), boundary(3)].map((time) => ({ type: 'reading-voided', seat: 1, epoch: 1, time })),
    )
    expect(state.seats.get(1)!.newest.time).toBe(boundary(1))
    const signedAgain = [all[0]!, ...all.slice(1).map((each) => ({ ...each, key }))]
    const again = () => answersOf(read(boundary(3) * 1000 + 3_000, ...signedAgain)).map(({ status }) => status)
    expect(again()).toEqual(['duplicate', 'stored', 'stored'])
    expect(state.seats.get(1)!.newest.time).toBe(boundary(3))
    expect(again()).toEqual(['duplicate', 'duplicate', 'duplicate'])
    expect(voided(run(following(boundary(3) * 1000 + 4_000, [later(boundary(1))])))).toEqual([])
  })

  it('refuses what its former key signed for its time and the area hears only then, and blames nobody for it', () => {
    const { state, read, run } = street()
    read(justAfterEnd, reading(1, end, 10, 0))
    run(following(justAfterEnd, [later(end)]))
    const after = end + intervalSeconds
    const afterMs = after * 1000 + 1_000
    const own = { key }
    expect(answersOf(read(afterMs, reading(1, after, 20, 0)))).toMatchObject([{ code: 'READING_KEY' }])
    expect(answersOf(read(afterMs, reading(1, after, 20, 0, own)))).toMatchObject([{ status: 'stored' }])
    expect(answersOf(read(afterMs, reading(1, after, 21, 0)))).toMatchObject([{ code: 'READING_KEY' }])
    expect(answersOf(read(afterMs, reading(1, end, 11, 0, own)))).toMatchObject([{ code: 'READING_KEY' }])
    expect(state.suspensions.size).toBe(0)
  })

  it('proves nothing against a meter by what another key signed, and keeps what is read afterwards', () => {
    const { read, run } = street()
    read(justAfterEnd, reading(1, end, 10, 0))
    run(following(justAfterEnd, [later(t0)]))
    expect(answersOf(read(justAfterEnd, reading(1, end, 11, 0, { key })))).toMatchObject([{ status: 'stored' }])
    const second = street()
    second.run(following(justAfterEnd, [later(t0)]))
    second.read(justAfterEnd, reading(1, end, 10, 0, { key }))
    expect(voided(second.run(following(justAfterEnd, [later(t0)])))).toEqual([])
  })
})
