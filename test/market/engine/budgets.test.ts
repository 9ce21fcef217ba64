/** Daily budgets: what a local day may cost at most, whatever comes late, whenever it was set and however long the day is. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { clockOf } from '../../../server/exchange/written-clock.ts'
import type { AreaConfig, ChainSeat, CommandOf, Event, IntervalRun } from '../../../server/market/area/area.ts'
import { dayEnd, dayStart } from '../../../server/market/area/clock.ts'
import {
  addressOf,
  boundary,
  cleared,
  config,
  eventsOf,
  intervalSeconds,
  newId,
  open,
  order,
  placing,
  reading,
  seat,
  seatOf,
  t0,
  waiting,
} from './street.ts'

const vienna = clockOf('Europe/Vienna', 'timeZone', [])
let nonce = 0

function budgeting(atMs: number, account: number, amount: number, meter = account): CommandOf<'budget'> {
  nonce += 1
  const budget = {
    ...{ account: addressOf('a', account), meter: addressOf('b', meter), rules: config.rulesHash, amount, nonce },
  }
  return { type: 'budget', atMs, id: newId(), budget, signature: '0x' }
}

/** Home 1 feeds in and sells from 10 ct, which is the price where it has more than is bought; home 2 buys up to 25 ct. */
function streetOf(seats: ChainSeat[] = [seat(1), seat(2)], change: Partial<AreaConfig> = {}) {
  const area = open(seats, change)
  const atMs = t0 * 1000 - 3_000
  const end = t0 + 400 * intervalSeconds
  area.run(placing(atMs, order(1, 'sell', { maxWh: 2_000, end })))
  return { ...area, buy: (change = {}) => area.run(placing(atMs, order(2, 'buy', { maxWh: 2_000, end, ...change }))) }
}

/** Registers after so many intervals in each of which home 1 fed in and home 2 drew this much. */
function readingsAt(number: number, wh: number) {
  return [reading(1, boundary(number), 0, number * wh), reading(2, boundary(number), number * wh, 0)]
}

const second = (number: number) => boundary(number) * 1000 + 500
const own = (result: IntervalRun | undefined, number = 2) => seatOf(result!, number)

describe('a budget', () => {
  test('ends buying when it is reached, says so with its numbers, and buying goes on at midnight', () => {
    // It is midnight after two intervals.
    const area = streetOf(undefined, {
      clock: [{ from: 0, offsetSeconds: 86_400 - (t0 % 86_400) - 2 * intervalSeconds }],
    })
    area.buy()
    // 80 Wh cost 200,000 at the limit.
    area.run(budgeting(t0 * 1000 - 2_000, 2, 200_000))
    const days = [1, 2, 3].map((number) => {
      const events = area.run({ type: 'readings', atMs: second(number), readings: readingsAt(number, 100) })
      return own(cleared(events)[0])
    })
    expect(days.map(({ boughtWh, paid }) => [boughtWh, paid])).toEqual([
      [80, 80_000n],
      [48, 48_000n],
      [80, 80_000n],
    ])
    expect(days[0]!.outcomes).toMatchObject([
      { code: 'budget-reached', offeredWh: 80, details: [80, 200_000, 200_000] },
    ])
    expect(days[1]!.outcomes).toMatchObject([
      { code: 'budget-reached', offeredWh: 48, details: [48, 120_000, 200_000] },
    ])
  })

  test('that is used up lets nothing be bought, and one of 0 lifts it', () => {
    const area = streetOf()
    area.buy()
    area.run(budgeting(t0 * 1000 - 2_000, 2, 1))
    const first = area.run({ type: 'readings', atMs: second(1), readings: readingsAt(1, 100) })
    expect(own(cleared(first)[0])).toMatchObject({
      boughtWh: 0,
      outcomes: [{ code: 'budget-reached', details: [0, 1, 1] }],
    })
    expect(cleared(first)[0]!.budgets).toEqual([{ seat: 2, left: 1n }])
    area.run(budgeting(second(1) + 10, 2, 0))
    area.run({ type: 'readings', atMs: second(2), readings: readingsAt(2, 100) })
    const third = area.run({ type: 'readings', atMs: second(3), readings: readingsAt(3, 100) })
    expect(own(cleared(third)[0])).toMatchObject({ boughtWh: 100, outcomes: [{ code: 'filled' }] })
    expect(cleared(third)[0]!.budgets).toEqual([])
  })

  test('that is lowered below what was spent buys nothing more on that day; one that is raised goes on from there', () => {
    const area = streetOf()
    area.buy()
    area.run({ type: 'readings', atMs: second(1), readings: readingsAt(1, 100) })
    area.run(budgeting(second(1) + 10, 2, 100_000))
    const bought = [2, 3].map((number) => {
      const events = area.run({ type: 'readings', atMs: second(number), readings: readingsAt(number, 100) })
      return own(cleared(events)[0]).boughtWh
    })
    // It counts from the interval after the one in which it came.
    expect(bought).toEqual([100, 0])
    area.run(budgeting(second(3) + 10, 2, 400_000))
    area.run({ type: 'readings', atMs: second(4), readings: readingsAt(4, 100) })
    const events = area.run({ type: 'readings', atMs: second(5), readings: readingsAt(5, 100) })
    // Twice 100 Wh at 17.5 ct cost 350,000: the other 50,000 buy 20 Wh at the limit.
    expect(own(cleared(events)[0])).toMatchObject({ boughtWh: 20, paid: 20_000n })
  })

  test('is of one meter: an account with two has one for each', () => {
    const another = seat(3, { account: addressOf('a', 2) })
    const area = streetOf([seat(1), seat(2), another])
    area.buy()
    area.run(placing(t0 * 1000 - 2_500, order(3, 'buy', { account: addressOf('a', 2), maxWh: 2_000 })))
    area.run(budgeting(t0 * 1000 - 2_000, 2, 250_000, 3))
    const readings = [reading(1, boundary(1), 0, 600), reading(2, boundary(1), 300, 0), reading(3, boundary(1), 300, 0)]
    const [result] = cleared(area.run({ type: 'readings', atMs: second(1), readings }))
    expect([own(result, 2).boughtWh, own(result, 3).boughtWh]).toEqual([300, 100])
  })

  test('never cuts what was agreed before: that counts, and leaves the auction the rest', () => {
    const area = streetOf()
    area.buy()
    area.run({
      ...{ type: 'agreements', atMs: t0 * 1000 - 2_900 },
      items: [
        {
          ...{ id: newId(), sellerSignature: '0x', buyerSignature: '0x' },
          agreement: {
            ...{ seller: addressOf('a', 1), sellerMeter: addressOf('b', 1), buyer: addressOf('a', 2) },
            ...{ buyerMeter: addressOf('b', 2), rules: config.rulesHash, kind: 0, amount: 50, price: 2_000 },
            ...{ start: t0, end: boundary(90), noticeSeconds: 0, nonce: 1 },
          },
        },
      ],
    })
    area.run(budgeting(t0 * 1000 - 2_000, 2, 125_000))
    const bought = [1, 2, 3].map((number) => {
      const events = area.run({ type: 'readings', atMs: second(number), readings: readingsAt(number, 100) })
      return own(cleared(events)[0]).outcomes.map(({ stage, filledWh }) => [stage, filledWh])
    })
    expect(bought).toEqual([
      [
        ['agreements', 50],
        ['spot', 10],
      ],
      [
        ['agreements', 50],
        ['spot', 0],
      ],
      [
        ['agreements', 50],
        ['spot', 0],
      ],
    ])
  })

  test('is refused with a nonce of before, for another area and for a meter that is not there', () => {
    const area = streetOf()
    const set = budgeting(t0 * 1000 - 2_000, 2, 100)
    const codes = (change: object) => eventsOf(area.run({ ...set, ...change }), 'refused').map(({ code }) => code)
    expect(codes({})).toEqual([])
    expect(codes({})).toEqual(['ORDER_NONCE'])
    expect(codes({ budget: { ...set.budget, nonce: 2 ** 52 } })).toEqual(['ORDER_NONCE_STEP'])
    expect(codes({ budget: { ...set.budget, rules: `0x${'1'.repeat(64)}` } })).toEqual(['ORDER_RULES'])
    expect(codes({ budget: { ...set.budget, meter: addressOf('b', 1) } })).toEqual(['ORDER_NO_SEAT'])
  })
})

describe('local days', () => {
  const march = Date.UTC(2027, 2, 27, 23) / 1000
  const october = Date.UTC(2027, 9, 30, 22) / 1000
  test.each([
    [march, 23],
    [october, 25],
    [march + 23 * 3_600, 24],
  ])('the one that begins at %i has %i hours', (start, hours) => {
    const end = start + hours * 3_600
    for (const time of [start, start + 3_600, start + 2 * 3_600, end - 1]) {
      expect([dayStart(vienna, time), dayEnd(vienna, time)]).toEqual([start, end])
    }
    expect(dayStart(vienna, end)).toBe(end)
  })

  it('are the calendar’s, in zones of either hemisphere and where midnight is skipped or comes twice', () => {
    const zones = ['UTC', 'Europe/Vienna', 'Australia/Lord_Howe', 'Africa/Cairo']
    const form = (timeZone: string) => new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
    const cases = zones.map((timeZone) => ({ clock: clockOf(timeZone, 'timeZone', []), dateOf: form(timeZone) }))
    const times = fc.integer({ min: Date.UTC(2024, 0) / 1000, max: Date.UTC(2030, 0) / 1000 })
    const law = fc.property(times, fc.constantFrom(...cases), (time, { clock, dateOf }) => {
      const [start, end] = [dayStart(clock, time), dayEnd(clock, time)]
      const date = (seconds: number) => dateOf.format(seconds * 1000)
      expect([start <= time, time < end]).toEqual([true, true])
      expect([date(start), date(end - 1)]).toEqual([date(time), date(time)])
      expect([date(start - 1), date(end)]).not.toContain(date(time))
    })
    fc.assert(law, { numRuns: 300 })
  })
})

/**
 * A day with its readings in any order, some late or never, budgets that change, and prices that differ: whatever is computed when,
 * what the intervals of the day cost as they stand is never more than the highest budget that counted in it.
 */
test('a local day never costs more than its budget, as first computed and whenever something comes late', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  const interval = fc.record({
    wh: fc.integer({ min: 0, max: 900 }),
    delay: fc.constantFrom(0, 0, 0, 0, 1, 2, 5),
    isLost: fc.constantFrom(false, false, false, false, true),
    limit: fc.integer({ min: -300, max: 2_900 }),
    budget: fc.option(fc.integer({ min: 0, max: 900_000 }), { freq: 8 }),
  })
  const days = fc.record({
    intervals: fc.array(interval, { minLength: 20, maxLength: 40, size: 'max' }),
    midnight: fc.integer({ min: 1, max: 20 }),
    first: fc.integer({ min: 1, max: 3_000_000 }),
  })
  let limited = 0
  const law = fc.property(days, ({ intervals, midnight, first }) => {
    const offsetSeconds = 86_400 - ((t0 + midnight * intervalSeconds) % 86_400)
    const clock = [{ from: 0, offsetSeconds }]
    const area = streetOf(undefined, { clock })
    area.buy({ maxWh: 2_000 })
    let nonceOfOrder = 1
    let importWh = 0
    let budgets = [{ from: t0, amount: first }]
    const paid = new Map<number, bigint>()
    const look = (events: readonly Event[]) => {
      for (const result of cleared(events)) {
        const day = dayStart(clock, result.start)
        const before = sumOf(paid, clock, day)
        paid.set(result.start, seatOf(result, 2)?.paid ?? 0n)
        limited += result.budgets.length
        const counting = budgets.findLast(({ from }) => from <= result.start)!.amount
        if (counting === 0) continue
        const after = sumOf(paid, clock, day)
        const most = before > BigInt(counting) ? before : BigInt(counting)
        expect(after <= most, `the day of ${day} after the interval of ${result.start}`).toBe(true)
      }
    }
    look(area.run(budgeting(t0 * 1000 - 1_000, 2, first)))
    const waits = new Map<number, ReturnType<typeof reading>[]>()
    for (const [place, { wh, delay, isLost, limit, budget }] of intervals.entries()) {
      const number = place + 1
      const time = boundary(number)
      importWh += wh
      const due = number + delay
      if (!isLost) waits.set(due, [...(waits.get(due) ?? []), reading(2, time, importWh, 0)])
      const sent = [reading(1, time, 0, number * 1_000), ...(waits.get(number) ?? [])]
      look(area.run({ type: 'readings', atMs: second(number), readings: sent }))
      nonceOfOrder += 1
      const end = t0 + 400 * intervalSeconds
      const change = { limitPrice: limit, maxWh: 2_000, nonce: nonceOfOrder, end }
      look(area.run(placing(second(number) + 100, order(2, 'buy', change))))
      if (budget !== null) {
        budgets = [...budgets, { from: time + intervalSeconds, amount: budget }]
        look(area.run(budgeting(second(number) + 200, 2, budget)))
      }
      look(area.run(waiting(time * 1000 + 120_000)))
    }
  })
  fc.assert(law, { seed, numRuns: 40, verbose: 1 })
  expect(limited).toBeGreaterThan(40)
})

function sumOf(paid: ReadonlyMap<number, bigint>, clock: AreaConfig['clock'], day: number): bigint {
  let sum = 0n
  for (const [start, amount] of paid) if (amount > 0n && dayStart(clock, start) === day) sum += amount
  return sum
}
