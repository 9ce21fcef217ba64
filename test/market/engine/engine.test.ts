/** The area's engine as examples. */
import { describe, expect, it } from 'vitest'
import type { Event, IntervalRun } from '../../../server/market/engine/area.ts'
import { nextDueMs } from '../../../server/market/engine/engine.ts'
import { committedFunds, freeFunds } from '../../../server/market/engine/funds.ts'
import { batchSeconds, intervalSeconds, open, order, placing, reading, seat, t0, terms } from './street.ts'

const before = t0 * 1000 - 1_000
const end = t0 + intervalSeconds
const justAfterEnd = end * 1000 + 1_000

function cleared(events: Event[]): IntervalRun[] {
  return events.flatMap((event) => (event.type === 'interval-cleared' ? [event.result] : []))
}

function seatOf(result: IntervalRun, number: number) {
  return result.seats.find((candidate) => candidate.seat === number)!
}

describe('an interval', () => {
  it('trades what was metered, at one price a zone, as soon as every reading is in', () => {
    const { run } = open([seat(1), seat(2, { terms: [terms({ zone: 'south' })] })])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    const first = run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, 0, 300)] })
    expect(cleared(first)).toEqual([])
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd + 1, readings: [reading(2, end, 500, 0)] }))
    // The buyer goes short, so its own limit of 2,500 is its zone's price; the seller's is two fees of 100 below.
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 300, paid: 300n * 2_500n, importWh: 500 })
    expect(seatOf(result!, 1)).toMatchObject({ soldWh: 300, received: 300n * 2_300n, exportWh: 300 })
    expect(result).toMatchObject({ run: 1, matchedWh: 300, gridTake: 300n * 200n })
    expect(seatOf(result!, 1).outcomes[0]).toMatchObject({ code: 'filled', filledWh: 300 })
  })

  it('waits for a missing reading until the grace has passed, then explains it', () => {
    const { state, run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    run({ type: 'readings', atMs: justAfterEnd, readings: [reading(2, end, 500, 0)] })
    const due = nextDueMs(state)
    expect(due).toBe(end * 1000 + 60_000)
    expect(cleared(run({ type: 'tick', atMs: due - 1 }))).toEqual([])
    const [result] = cleared(run({ type: 'tick', atMs: due }))
    expect(seatOf(result!, 1)).toMatchObject({ quality: 'missing', outcomes: [{ code: 'no-reading' }] })
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 0, importWh: 500 })
  })

  it('is computed again, as the next run, when the reading comes before the batch is cut', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    run({ type: 'readings', atMs: justAfterEnd, readings: [reading(2, end, 500, 0)] })
    run({ type: 'tick', atMs: end * 1000 + 60_000 })
    const [result] = cleared(run({ type: 'readings', atMs: end * 1000 + 90_000, readings: [reading(1, end, 0, 200)] }))
    expect(result).toMatchObject({ run: 2, matchedWh: 200 })
  })

  it('keeps to a mandate that was tightened too late to be known when it started', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    const tightened = seat(2, { terms: [terms({ buyCeiling: 1_200, version: 2 })] })
    run({ type: 'chain', atMs: t0 * 1000 + 1, block: 2, settledUntil: 0, seats: [tightened] })
    const readings = [reading(1, end, 0, 300), reading(2, end, 500, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 300, paid: 300n * 1_200n })
  })

  it('sells nothing that is not measured at both ends', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    const events = run({
      type: 'readings',
      atMs: justAfterEnd,
      readings: [reading(1, end, 0, 300, 1), reading(2, end, 300, 0)],
    })
    const [result] = cleared(events)
    expect(seatOf(result!, 1)).toMatchObject({
      quality: 'estimated',
      exportWh: 300,
      soldWh: 0,
      outcomes: [{ code: 'not-measured' }],
    })
  })
})

describe('an order', () => {
  it('counts only for intervals that start after it was accepted', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    const [accepted] = run(placing(t0 * 1000 + 1, order(2, 'buy'))).filter(({ type }) => type === 'order-accepted')
    expect(accepted).toMatchObject({ order: { activeFrom: end } })
    const [result] = cleared(
      run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, 0, 300), reading(2, end, 300, 0)] }),
    )
    expect(result!.matchedWh).toBe(0)
  })

  it('gives way to a newer one of the same meter and side', () => {
    const { state, run } = open([seat(1)])
    run(placing(before, order(1, 'sell')))
    const events = run(placing(before, order(1, 'sell', { nonce: 2, limitPrice: 1_500 })))
    expect(events.map(({ type }) => type)).toEqual(['order-accepted', 'order-ended'])
    run({ type: 'tick', atMs: t0 * 1000 })
    expect(state.intervals.get(t0)!.reservations).toMatchObject([{ limitTicks: 1_500 }])
  })

  it('that is cancelled ends with the interval that runs', () => {
    const { state, run } = open([seat(1)])
    const placed = placing(before, order(1, 'sell'))
    run(placed)
    run({ type: 'cancel', atMs: t0 * 1000 + 10, id: placed.id, signature: '0x' })
    run({ type: 'tick', atMs: end * 1000 })
    expect(state.intervals.get(t0)!.reservations).toHaveLength(1)
    expect(state.intervals.get(end)!.reservations).toHaveLength(0)
  })

  it.each([
    ['ORDER_NO_SEAT', order(7, 'sell')],
    ['ORDER_RULES', order(1, 'sell', { rules: `0x${'0'.repeat(64)}` })],
    ['ORDER_SIDE', order(1, 'sell', { side: 2 })],
    ['ORDER_ENERGY', order(1, 'sell', { maxWh: 0 })],
    ['ORDER_ENERGY', order(1, 'sell', { maxWh: 1.5 })],
    ['ORDER_TIME', order(1, 'sell', { start: t0 + 1 })],
    ['ORDER_EXPIRED', order(1, 'sell', { start: t0 - 2 * intervalSeconds, end: t0 - intervalSeconds })],
    ['ORDER_NONCE', order(1, 'sell', { nonce: -1 })],
    ['ORDER_OUTSIDE_MANDATE', order(1, 'sell', { maxWh: 2_001 })],
    ['ORDER_OUTSIDE_MANDATE', order(1, 'sell', { limitPrice: 499 })],
    ['ORDER_OUTSIDE_MANDATE', order(1, 'buy', { limitPrice: 3_001 })],
  ])('is refused with %s and disturbs nothing', (code, placed) => {
    const { state, run } = open([seat(1)])
    const [event] = run(placing(before, placed))
    expect(event).toMatchObject({ type: 'refused', code })
    expect(state.orders.size).toBe(0)
  })
})

describe('escrow funds', () => {
  it('bound what is promised: an order is cut to what its account can pay, and says so', () => {
    // 2,500 ticks × 100 Wh is what the purse holds.
    const { state, run } = open([seat(1), seat(2, { balance: 250_000n })])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    expect(state.intervals.get(t0)!.reservations[1]).toMatchObject({
      wantedWh: 1_000,
      reservedWh: 100,
      reserved: 250_000n,
    })
    expect(freeFunds(state.seats.get(2)!, committedFunds(state))).toBe(0n)
    const [result] = cleared(
      run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, 0, 300), reading(2, end, 300, 0)] }),
    )
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 100, outcomes: [{ code: 'escrow-low' }] })
  })

  it('that were asked back, or are owed for final intervals, are not promised again', () => {
    const { state, run } = open([
      seat(1),
      seat(2, { balance: 2_600_000n, withdrawal: { amount: 100_000n, to: '0x', claimableAt: t0 } }),
    ])
    run(placing(before, order(2, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    expect(state.intervals.get(t0)!.reservations[0]).toMatchObject({ reservedWh: 1_000 })
    run({ type: 'tick', atMs: end * 1000 })
    expect(state.intervals.get(end)!.reservations[0]).toMatchObject({ reservedWh: 0 })
  })
})

describe('a batch', () => {
  const batchEnd = t0 + batchSeconds

  function tradeAnHour() {
    const street = open([seat(1), seat(2), seat(3)])
    street.run(placing(before, order(1, 'sell')))
    street.run(placing(before, order(2, 'buy')))
    const events: Event[] = []
    for (let time = end, count = 1; time <= batchEnd; time += intervalSeconds, count++) {
      const readings = [reading(1, time, 0, 100 * count), reading(2, time, 100 * count, 0)]
      events.push(...street.run({ type: 'readings', atMs: time * 1000 + 500, readings }))
    }
    events.push(...street.run({ type: 'tick', atMs: nextDueMs(street.state) }))
    events.push(...street.run({ type: 'tick', atMs: batchEnd * 1000 + 120_000 }))
    return { ...street, events }
  }

  it('nets each seat over its intervals and moves its base to the last measured reading', () => {
    const { events, state } = tradeAnHour()
    const [cut] = events.flatMap((event) => (event.type === 'batch-cut' ? [event.batch] : []))
    const paid = 400n * 1_750n
    expect(cut).toMatchObject({ start: t0, end: batchEnd, energyWh: 400, paid, received: paid })
    expect(cut!.entries).toMatchObject([
      { seat: 1, kind: 'settle', time: batchEnd, exportWh: 400, soldWh: 400, received: paid },
      { seat: 2, kind: 'settle', time: batchEnd, importWh: 400, boughtWh: 400, paid },
    ])
    expect(state.seats.get(1)!.base).toEqual({ epoch: 1, time: batchEnd })
    expect(events.filter(({ type }) => type === 'interval-final')).toHaveLength(4)
  })

  it('leaves what it cost owed until the chain says it is settled', () => {
    const { state, run } = tradeAnHour()
    const committed = () => committedFunds(state).get(2)! - state.intervals.get(batchEnd)!.reservations[1]!.reserved
    expect(committed()).toBe(400n * 1_750n)
    run({ type: 'chain', atMs: batchEnd * 1000 + 130_000, block: 9, settledUntil: batchEnd, seats: [] })
    expect(committed()).toBe(0n)
  })

  it('takes a reading for a final interval as late: stored, reported, nothing moved', () => {
    const { run } = tradeAnHour()
    const send = (...sent: ReturnType<typeof reading>[]) =>
      run({ type: 'readings', atMs: batchEnd * 1000 + 200_000, readings: sent })
    expect(send(reading(3, end, 0, 100))).toMatchObject([
      { type: 'reading', status: 'stored' },
      { type: 'late-reading', time: end },
    ])
    expect(send(reading(1, end, 0, 100))).toMatchObject([{ type: 'reading', status: 'duplicate' }])
    expect(send(reading(1, end, 0, 99))[0]).toMatchObject({ code: 'READING_EQUIVOCATION' })
  })
})

describe('a reading', () => {
  it.each([
    ['READING_UNKNOWN_METER', reading(9, end, 0, 0)],
    ['READING_MISALIGNED', reading(1, end + 1, 0, 0)],
    ['READING_FUTURE', reading(1, end + 10 * intervalSeconds, 0, 0)],
    ['READING_EPOCH', { ...reading(1, end, 0, 0), epoch: 2 }],
    ['READING_BEFORE_EPOCH', reading(1, t0, 0, 1)],
    ['READING_IMPLAUSIBLE', reading(1, end, 0, 2_411)],
    ['READING_IMPLAUSIBLE', reading(1, end, 1_000_000, 0)],
  ])('is refused with %s beside a good neighbour that is stored', (code, bad) => {
    const { run } = open([seat(1), seat(2)])
    const events = run({ type: 'readings', atMs: justAfterEnd, readings: [bad, reading(2, end, 5, 0)] })
    const answers = events.filter((event) => event.type === 'reading')
    // The base itself is not a reading for the epoch's first boundary: another value there contradicts it.
    expect(answers[0]).toMatchObject({
      status: 'refused',
      code: code === 'READING_BEFORE_EPOCH' ? 'READING_EQUIVOCATION' : code,
    })
    expect(answers[1]).toMatchObject({ status: 'stored' })
  })

  it('that falls is refused, one that repeats is a duplicate, one that contradicts suspends the meter', () => {
    const { run } = open([seat(1)])
    const later = end + intervalSeconds
    const send = (sent: ReturnType<typeof reading>) =>
      run({ type: 'readings', atMs: later * 1000 + 500, readings: [sent] }).find(({ type }) => type === 'reading')
    expect(send(reading(1, later, 50, 60))).toMatchObject({ status: 'stored' })
    expect(send(reading(1, end, 51, 60))).toMatchObject({ status: 'refused', code: 'READING_FALLING' })
    expect(send(reading(1, end, 40, 60))).toMatchObject({ status: 'stored' })
    expect(send(reading(1, later, 50, 60))).toMatchObject({ status: 'duplicate' })
    expect(send(reading(1, later, 50, 61))).toMatchObject({ status: 'refused', code: 'READING_EQUIVOCATION' })
    expect(send(reading(1, end, 40, 60))).toMatchObject({ status: 'refused', code: 'READING_SUSPENDED' })
  })
})
