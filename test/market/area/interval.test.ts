/** An interval from its start to its newest computation: what it trades, whom it waits for, and when it is computed again. */
import { describe, expect, it } from 'vitest'
import type { ChainSeat } from '../../../server/market/area/area.ts'
import { nextDue } from '../../../server/market/engine/engine.ts'
import {
  boundary,
  cleared,
  eventsOf,
  following,
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
} from '../engine/street.ts'

const before = t0 * 1000 - 1_000
const end = boundary(1)
const justAfterEnd = end * 1000 + 1_000
const graceOver = end * 1000 + 60_000

/** One seller at 1,000 and one buyer at 2,500 ticks, in one zone. */
function twoHomes(change: { seller?: Partial<ChainSeat>; buyer?: Partial<ChainSeat> } = {}) {
  const area = open([seat(1, change.seller), seat(2, change.buyer)])
  // Both have been read before, so that they are waited for.
  for (const number of [1, 2]) area.state.seats.get(number)!.missed = 0
  area.run(placing(before, order(1, 'sell')))
  area.run(placing(before, order(2, 'buy')))
  const read = (atMs: number, ...readings: ReturnType<typeof reading>[]) =>
    area.run({ type: 'readings', atMs, readings })
  return { ...area, read }
}

describe('an interval', () => {
  it('trades what was metered, at one price a zone, as soon as every reading is in', () => {
    const { read } = twoHomes({ buyer: { terms: [terms({ zone: 'south' })] } })
    expect(cleared(read(justAfterEnd, reading(1, end, 0, 300)))).toEqual([])
    const [result] = cleared(read(justAfterEnd + 1, reading(2, end, 500, 0)))
    // The buyer goes short, so its own limit of 2,500 is its zone's price; the seller's is two fees of 100 below.
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 300, paid: 300n * 2_500n, importWh: 500 })
    expect(seatOf(result!, 1)).toMatchObject({ soldWh: 300, received: 300n * 2_300n, exportWh: 300 })
    expect(result).toMatchObject({ run: 1, matchedWh: 300, gridTake: 300n * 200n, gridFees: 300n * 200n })
    expect(seatOf(result!, 1).outcomes).toMatchObject([
      { stage: 'spot', code: 'filled', filledWh: 300, priceTicks: 2_300, amount: 690_000n },
    ])
    expect(
      result!.zones.map(({ zone, soldWh, boughtWh, importWh, exportWh }) => [
        zone,
        soldWh,
        boughtWh,
        importWh,
        exportWh,
      ]),
    ).toEqual([
      ['street', 0, 0, 0, 0],
      ['north', 300, 0, 0, 300],
      ['south', 0, 300, 500, 0],
    ])
  })

  it('waits for a missing reading until the grace has passed, then says so', () => {
    const { state, run, read } = twoHomes()
    read(justAfterEnd, reading(2, end, 500, 0))
    expect(nextDue(state)).toEqual({ atMs: graceOver, work: 'clear' })
    expect(cleared(run(waiting(graceOver - 1)))).toEqual([])
    const [result] = cleared(run(waiting(graceOver)))
    expect(seatOf(result!, 1)).toMatchObject({ quality: 'missing', outcomes: [{ code: 'no-reading' }] })
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 0, importWh: 500, outcomes: [{ code: 'no-counterparty' }] })
    expect(result!.missingReadings).toBe(1)
  })

  it('is computed again, as the next run, when the reading comes before the batch is cut', () => {
    const { run, read } = twoHomes()
    read(justAfterEnd, reading(2, end, 500, 0))
    run(waiting(graceOver))
    const [result] = cleared(read(graceOver + 30_000, reading(1, end, 0, 200)))
    expect(result).toMatchObject({ run: 2, matchedWh: 200 })
  })

  it('keeps to a mandate that was tightened too late to be known when it started', () => {
    const { run, read } = twoHomes()
    run(waiting(t0 * 1000))
    run(following(t0 * 1000 + 1, [seat(2, { terms: [terms({ buyCeiling: 1_200, version: 2 })] })]))
    const [result] = cleared(read(justAfterEnd, reading(1, end, 0, 300), reading(2, end, 500, 0)))
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 300, paid: 300n * 1_200n })
  })

  it.each([
    [1, 'estimated'],
    [2, 'doubtful'],
  ] as const)('sells nothing that is not measured at both ends (quality %i)', (quality, code) => {
    const { read } = twoHomes()
    const [result] = cleared(read(justAfterEnd, reading(1, end, 0, 300, { quality }), reading(2, end, 300, 0)))
    expect(seatOf(result!, 1)).toMatchObject({ quality: code, exportWh: 300, soldWh: 0, outcomes: [{ code }] })
    expect(result!.missingReadings).toBe(1)
    const next = boundary(2)
    const [second] = cleared(read(next * 1000, reading(1, next, 0, 500), reading(2, next, 600, 0)))
    expect(seatOf(second!, 1)).toMatchObject({ quality: code, exportWh: 200, soldWh: 0, outcomes: [{ code }] })
  })

  it('trades energy of no other grade than the one on which the area settles', () => {
    const { read } = twoHomes({ seller: { terms: [terms({ grade: 1 })] } })
    const [result] = cleared(read(justAfterEnd, reading(1, end, 0, 300), reading(2, end, 500, 0)))
    expect(seatOf(result!, 1)).toMatchObject({ soldWh: 0, exportWh: 300, outcomes: [{ code: 'grade-not-settling' }] })
    const billing = open([seat(1, { terms: [terms({ grade: 1 })] }), seat(2, { terms: [terms({ grade: 1 })] })], {
      rules: { ...rules, settlingGrade: 1 },
    })
    billing.run(placing(before, order(1, 'sell')))
    billing.run(placing(before, order(2, 'buy')))
    const readings = [reading(1, end, 0, 300), reading(2, end, 500, 0)]
    // Nobody had been read before, so nobody was waited for: the first result came at the interval's end.
    expect(cleared(billing.run({ type: 'readings', atMs: justAfterEnd, readings })).at(-1)).toMatchObject({
      matchedWh: 300,
    })
  })

  it('says why an order offered nothing', () => {
    const codeOf = (
      change: Partial<ReturnType<typeof terms>>,
      {
        importWh = 0,
        exportWh = 300,
        settingsChange = {},
      }: { importWh?: number; exportWh?: number; settingsChange?: object } = {},
    ) => {
      const { run } = open([seat(1, { terms: [terms(change)] })], { rules: { ...rules, ...settingsChange } })
      run(placing(before, order(1, 'sell', { maxWh: 1_000, end: t0 + 20 * 900 })))
      const events = run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, importWh, exportWh)] })
      const told = cleared(events).flatMap(({ seats }) => seats.map(({ outcomes }) => outcomes))
      return [...told, ...eventsOf(events, 'interval-amended').map(({ outcomes }) => outcomes)].at(-1)![0]!.code
    }
    expect(codeOf({})).toBe('no-counterparty')
    expect(codeOf({}, { exportWh: 0 })).toBe('nothing-to-sell')
    expect(codeOf({}, { importWh: 300 })).toBe('used-at-home')
    expect(codeOf({ nameplateWh: null })).toBe('meter-not-confirmed')
    expect(codeOf({ nameplateWh: null }, { settingsChange: { confirmation: 0 } })).toBe('no-counterparty')
    expect(codeOf({ nameplateWh: 0 }, { exportWh: 10 })).toBe('mandate-zero')
    expect(codeOf({ zone: 'elsewhere' })).toBe('zone-unknown')
  })
})

describe('waiting for readings', () => {
  const dueOf = (seats: ChainSeat[], place: (run: ReturnType<typeof open>['run']) => void, missed = 0) => {
    const { state, run } = open(seats)
    for (const own of state.seats.values()) own.missed = missed
    place(run)
    run(waiting(t0 * 1000))
    return { state, dueMs: nextDue(state)!.atMs, waitsFor: state.intervals.get(t0)!.waitsFor }
  }
  const selling = (run: ReturnType<typeof open>['run']) => void run(placing(before, order(1, 'sell')))

  it('is for those that have something to trade and were read lately', () => {
    expect(dueOf([seat(1)], selling)).toMatchObject({ waitsFor: 1 })
    expect(dueOf([seat(1)], () => {})).toMatchObject({ waitsFor: 0, dueMs: end * 1000 })
    expect(dueOf([seat(1)], selling, 4)).toMatchObject({ waitsFor: 0, dueMs: end * 1000 })
  })

  it.each([
    ['nobody has confirmed', seat(1, { terms: [terms({ nameplateWh: null })] })],
    ['is of a grade that does not settle', seat(1, { terms: [terms({ grade: 1 })] })],
    [
      'has a mandate that ends before the interval does',
      seat(1, { terms: [terms({ validUntil: end + 1 }), terms({ from: t0, validUntil: t0 })] }),
    ],
    ['is closed', seat(1, { terms: [terms(), terms({ from: t0 - 900, closed: true })] })],
  ])('is not for a seat that %s', (_, own) => {
    expect(dueOf([own], selling)).toMatchObject({ waitsFor: 0, dueMs: end * 1000 })
  })

  it('begins for a seat that may trade unconfirmed once it has been read', () => {
    const free = seat(1, { confirmations: 0, terms: [terms({ nameplateWh: null })] })
    const { state, run } = open([free], { rules: { ...rules, confirmation: 0 } })
    run(placing(before, order(1, 'sell')))
    run(waiting(end * 1000))
    expect(state.intervals.get(t0)!.waitsFor).toBe(0)
    run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, 0, 5)] })
    run(waiting(boundary(2) * 1000))
    expect(state.intervals.get(boundary(2))!.waitsFor).toBe(1)
  })

  it('is not for a seat whose money covers none of what it would buy', () => {
    const buying = (run: ReturnType<typeof open>['run']) => void run(placing(before, order(1, 'buy')))
    expect(dueOf([seat(1, { balance: 2_499n })], buying)).toMatchObject({ waitsFor: 0 })
    expect(dueOf([seat(1, { balance: 2_500n })], buying)).toMatchObject({ waitsFor: 1 })
  })

  it('ends for a seat that stays silent after four intervals, until it is read again', () => {
    const { state, run, read } = twoHomes()
    const waits: number[] = []
    for (let number = 1; number <= 7; number += 1) {
      run(waiting(boundary(number) * 1000))
      waits.push(state.intervals.get(boundary(number - 1))!.waitsFor)
      read(boundary(number) * 1000 + 1_000, reading(2, boundary(number), 0, 0))
    }
    // At its end, before the other reading came: both were waited for four times, then only the one that answers.
    expect(waits).toEqual([2, 2, 2, 2, 2, 1, 1])
    read(boundary(7) * 1000 + 2_000, reading(1, boundary(7), 0, 0))
    run(waiting(boundary(8) * 1000))
    expect(state.intervals.get(boundary(8))!.waitsFor).toBe(2)
  })

  it('is worth no row for a seat that says nothing and is not waited for', () => {
    const { run } = open([seat(1), seat(2), seat(3)])
    run(placing(before, order(1, 'sell')))
    run({ type: 'readings', atMs: justAfterEnd, readings: [reading(2, end, 0, 0)] })
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings: [reading(1, end, 0, 0)] }))
    expect(result!.seats.map((own) => own.seat)).toEqual([1, 2])
    expect(result!.missingReadings).toBe(0)
  })
})

describe('a computation that is not the first', () => {
  /** Three homes, of which the first sells; the first interval is cleared without any reading. */
  function clearedEmpty() {
    const area = open([seat(1), seat(2), seat(3)])
    for (const own of area.state.seats.values()) own.missed = 0
    area.run(placing(before, order(1, 'sell')))
    area.run(placing(before, order(2, 'buy')))
    area.run(placing(before, order(3, 'buy')))
    expect(cleared(area.run(waiting(graceOver)))).toMatchObject([{ run: 1, matchedWh: 0 }])
    const read = (atMs: number, ...readings: ReturnType<typeof reading>[]) =>
      area.run({ type: 'readings', atMs, readings })
    return { ...area, read }
  }

  it('is one for late readings that come together', () => {
    const { read } = clearedEmpty()
    const runs = cleared(read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0)))
    expect(runs).toMatchObject([{ run: 2, matchedWh: 500 }])
  })

  it('comes after a rest, the longer the more seats the area has', () => {
    const { state, run, read } = clearedEmpty()
    expect(cleared(read(graceOver, reading(1, end, 0, 500)))).toMatchObject([{ run: 2, matchedWh: 0 }])
    expect(cleared(read(graceOver + 1, reading(2, end, 300, 0)))).toEqual([])
    expect(cleared(read(graceOver + 2, reading(3, end, 300, 0)))).toEqual([])
    expect(nextDue(state)).toEqual({ atMs: graceOver + 3, work: 'rerun' })
    expect(cleared(run(waiting(graceOver + 3)))).toMatchObject([{ run: 3, matchedWh: 500 }])
    expect(nextDue(state)!.work).toBe('start')
  })

  it('is not made where a reading cannot change any trade: what it tells is added to the run', () => {
    const area = open([seat(1), seat(2), seat(3, { balance: 0n })])
    for (const own of area.state.seats.values()) own.missed = 0
    area.run(placing(before, order(1, 'sell')))
    area.run(placing(before, order(2, 'buy')))
    area.run(placing(before, order(3, 'buy')))
    area.run(waiting(t0 * 1000))
    const read = (atMs: number, ...readings: ReturnType<typeof reading>[]) =>
      area.run({ type: 'readings', atMs, readings })
    const [first] = cleared(read(justAfterEnd, reading(1, end, 0, 500), reading(2, end, 300, 0)))
    expect(first).toMatchObject({ run: 1, matchedWh: 300 })
    const events = read(justAfterEnd + 1_000, reading(3, end, 70, 0))
    expect(cleared(events)).toEqual([])
    expect(eventsOf(events, 'interval-corrected')).toEqual([])
    expect(eventsOf(events, 'interval-amended')).toEqual([
      {
        ...{ type: 'interval-amended', start: t0, run: 1, seat: 3, zone: 'north', quality: 'measured' },
        ...{ importWh: 70, exportWh: 0, importChangeWh: 70, exportChangeWh: 0, missingChange: 0 },
        outcomes: [
          {
            ...{ stage: 'spot', arrival: 3, side: 'buy', limitTicks: 2_500, offeredWh: 0, filledWh: 0 },
            ...{ priceTicks: null, amount: 0n, code: 'escrow-low', details: [0] },
          },
        ],
      },
    ])
    // A later computation is the next run, and its sums hold what was learnt.
    const tightened = seat(2, { terms: [terms({ buyCeiling: 1_200, version: 2 })] })
    const [again] = cleared(area.run(following(justAfterEnd + 2_000, [tightened])))
    expect(again).toMatchObject({ run: 2, matchedWh: 300 })
    expect(again!.zones[1]).toMatchObject({ importWh: 370, exportWh: 500 })
  })

  it('is not made for readings that say what was known', () => {
    const { state, read } = clearedEmpty()
    read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    // The next boundary's readings begin an interval that nobody has computed yet.
    expect(state.intervals.get(t0)!.isStale).toBe(false)
    read(graceOver + 20_000, reading(1, end, 0, 500))
    expect(state.intervals.get(t0)!.isStale).toBe(false)
  })

  it('follows when terms that were in force while the chain was behind become known', () => {
    const { run, read } = clearedEmpty()
    read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    const runsAfter = (atMs: number, from: number) => {
      const changed = terms({ from, buyCeiling: 0, version: 2 })
      const heard = run(following(atMs, [seat(2, { terms: [terms(), changed] })]))
      return cleared([...heard, ...run(waiting(atMs + 10))])
    }
    expect(runsAfter(graceOver + 20, end)).toEqual([])
    expect(runsAfter(graceOver + 40, t0)).toMatchObject([{ start: t0, run: 3, matchedWh: 300 }])
    expect(runsAfter(graceOver + 60, t0)).toEqual([])
  })

  it('takes back what was traded on readings of an epoch that has ended meanwhile, and still reports them', () => {
    const { run, read } = clearedEmpty()
    const second = boundary(2)
    read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    const all = [reading(1, second, 0, 600), reading(2, second, 400, 0), reading(3, second, 300, 0)]
    expect(cleared(read(second * 1000 + 1_000, ...all))).toMatchObject([{ start: end, run: 1, matchedWh: 100 }])
    const anew = { epoch: 2, time: second, importWh: 0, exportWh: 0 }
    const events = run(following(second * 1000 + 2_000, [seat(1, { base: anew, epochStart: anew })]))
    const [first, again] = cleared([...events, ...run(waiting(second * 1000 + 3_000))])
    expect([first, again]).toMatchObject([
      { start: t0, matchedWh: 0 },
      { start: end, run: 2, matchedWh: 0 },
    ])
    expect(seatOf(again!, 1)).toMatchObject({ exportWh: 100, soldWh: 0, outcomes: [{ code: 'before-base' }] })
  })

  it('takes back what lies before a base that the escrow has moved up', () => {
    const { state, run, read } = clearedEmpty()
    read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    const base = { epoch: 1, time: end, importWh: 0, exportWh: 500 }
    const events = run(following(graceOver + 100, [seat(1, { base })]))
    expect(cleared(events)).toMatchObject([{ start: t0, run: 3, matchedWh: 0 }])
    expect(state.seats.get(1)!.base).toEqual(base)
  })
})

describe('own use', () => {
  it('leaves nothing to a home that fed in and drew as much: it sets no price for its neighbours', () => {
    // The first home bids 0.30 and asks 0.10, its neighbour bids 0.25: the price was the middle of 0.25 and 0.30.
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell', { limitPrice: 1_000 })))
    run(placing(before, order(1, 'buy', { limitPrice: 3_000, nonce: 2 })))
    run(placing(before, order(2, 'buy', { limitPrice: 2_500 })))
    const readings = [reading(1, end, 100, 100), reading(2, end, 100, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(result).toMatchObject({ matchedWh: 0 })
    expect(result!.zones.map(({ priceTicks }) => priceTicks)).toEqual([null, null, null])
    expect(seatOf(result!, 1)).toMatchObject({
      ...{ importWh: 100, exportWh: 100, soldWh: 0, boughtWh: 0, paid: 0n, received: 0n },
      outcomes: [{ code: 'used-at-home' }, { code: 'used-at-home' }],
    })
    expect(seatOf(result!, 2).outcomes).toMatchObject([{ code: 'no-counterparty' }])
  })

  it('is taken off both sides first: a home trades its net side only', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(1, 'buy', { nonce: 2, limitPrice: 3_000 })))
    run(placing(before, order(2, 'buy')))
    const readings = [reading(1, end, 30, 130), reading(2, end, 250, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    // 130 exported = 30 own use + 100 sold + 0 residual; 30 imported = 30 own use.
    expect(seatOf(result!, 1)).toMatchObject({ soldWh: 100, boughtWh: 0, received: 250_000n })
    expect(seatOf(result!, 2)).toMatchObject({ boughtWh: 100 })
  })

  it('comes before agreements and forward trades as well', () => {
    const { run } = open([seat(1), seat(2)])
    run(placing(before, order(1, 'sell', { market: 1, start: t0, end, maxWh: 200, limitPrice: 1_500 })))
    run(placing(before, order(2, 'buy', { market: 1, start: t0, end, maxWh: 200, limitPrice: 1_500 })))
    const readings = [reading(1, end, 150, 200), reading(2, end, 250, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: justAfterEnd, readings }))
    expect(seatOf(result!, 1)).toMatchObject({ soldWh: 50, deviationWh: 150, received: 50n * 1_500n })
    expect(result!.forward).toEqual([{ number: 1, deliveredWh: 50 }])
  })
})
