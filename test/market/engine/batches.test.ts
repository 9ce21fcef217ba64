/** Batches: when one is cut, what it nets, what stays owed, and what happens when the chain knows more than the journal. */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../server/market/area/area.ts'
import { committedFunds, worstCase } from '../../../server/market/area/funds.ts'
import { apply, nextDue } from '../../../server/market/engine/engine.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import {
  batchSeconds,
  boundary,
  cleared,
  eventsOf,
  following,
  intervalSeconds,
  open,
  order,
  passTime,
  placing,
  reading,
  seal,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from './street.ts'

const before = t0 * 1000 - 1_000
const batchEnd = t0 + batchSeconds
/** Two graces after its end. */
const cutMs = batchEnd * 1000 + 120_000

/** One home sells 100 Wh an interval to another, for an hour. */
function tradeAnHour(seats = [seat(1), seat(2), seat(3)]) {
  const street = open(seats)
  street.run(placing(before, order(1, 'sell')))
  street.run(placing(before, order(2, 'buy')))
  const events: Event[] = []
  for (let number = 1; number <= 4; number += 1) {
    const time = boundary(number)
    const readings = [reading(1, time, 0, 100 * number), reading(2, time, 100 * number, 0)]
    events.push(...street.run({ type: 'readings', atMs: time * 1000 + 500, readings }))
  }
  return { ...street, events }
}

function cutHour() {
  const street = tradeAnHour()
  street.events.push(...street.run(waiting(cutMs)))
  return street
}

describe('a batch', () => {
  it('nets each seat over its intervals and moves its base to the last measured reading', () => {
    const { events, state } = cutHour()
    const [cut] = eventsOf(events, 'batch-cut')
    const paid = 400n * 1_750n
    expect(cut).toMatchObject({ number: 1, leftOut: [], seal })
    expect(cut!.batch).toMatchObject({ start: t0, end: batchEnd, energyWh: 400, paid, received: paid })
    expect(cut!.batch.entries).toMatchObject([
      { seat: 1, kind: 'settle', time: batchEnd, exportWh: 400, soldWh: 400, received: paid },
      { seat: 2, kind: 'settle', time: batchEnd, importWh: 400, boughtWh: 400, paid },
    ])
    expect(state.seats.get(1)!.base).toEqual({ epoch: 1, time: batchEnd, importWh: 0, exportWh: 400 })
    expect(eventsOf(events, 'interval-final').map(({ start, run }) => [start, run])).toEqual(
      [0, 1, 2, 3].map((number) => [boundary(number), 1]),
    )
  })

  it('is cut two graces after its end, with a seal, and not without one', () => {
    const { state } = tradeAnHour()
    passTime(state, cutMs - 1)
    expect(nextDue(state)).toEqual({ atMs: cutMs, work: 'cut' })
    expect(apply(state, { type: 'tick', atMs: cutMs, seal: null })).toEqual([])
    expect(state.cutUntil).toBe(t0)
    expect(eventsOf(apply(state, waiting(cutMs)), 'batch-cut')).toHaveLength(1)
  })

  it('is not cut before a counted block at its end has been seen', () => {
    const { state, run } = tradeAnHour()
    state.chain.time = batchEnd - 1
    expect(eventsOf(run(waiting(cutMs + 600_000)), 'batch-cut')).toEqual([])
    const block = { ...following(cutMs + 600_001, [], 0, 2), time: batchEnd - 1 }
    expect(eventsOf(run(block), 'batch-cut')).toEqual([])
    expect(eventsOf(run({ ...block, block: 3, time: batchEnd, atMs: cutMs + 600_002 }), 'batch-cut')).toHaveLength(1)
  })

  it('waits for nobody whose key changed while nothing was heard of the chain: what the former one signed is not in it', () => {
    const { state, run } = tradeAnHour()
    state.chain.time = t0
    run(waiting(cutMs + 1_000))
    const key = `0x${'9'.repeat(40)}` as const
    const events = run(following(cutMs + 2_000, [seat(2, { keys: [{ key, from: boundary(2) }] })]))
    expect(eventsOf(events, 'reading-voided').map(({ time }) => time)).toEqual([boundary(3), boundary(4)])
    const [cut] = eventsOf([...events, ...run(waiting(cutMs + 10_000))], 'batch-cut')
    expect(cut!.batch.entries).toMatchObject([
      { seat: 1, time: batchEnd, soldWh: 200 },
      { seat: 2, time: boundary(2), boughtWh: 200 },
    ])
    expect(state.cutUntil).toBe(batchEnd)
  })

  it('keeps to a mandate that was tightened while nothing was heard of the chain', () => {
    const { state, run } = tradeAnHour()
    state.chain.time = t0
    run(waiting(cutMs + 1_000))
    const tightened = seat(2, { terms: [terms(), terms({ from: boundary(2), buyCeiling: 1_200, version: 2 })] })
    const events = run(following(cutMs + 2_000, [tightened]))
    const [cut] = eventsOf([...events, ...run(waiting(cutMs + 10_000))], 'batch-cut')
    expect(cut!.batch.entries.map(({ seat: own, time, paid }) => [own, time, paid])).toEqual([
      [1, batchEnd, 0n],
      [2, boundary(2), 200n * 1_750n],
      [2, batchEnd, 200n * 1_100n],
    ])
  })

  it('leaves what it cost owed until the chain says that it is settled', () => {
    const { state, run } = cutHour()
    const owed = () => committedFunds(state).get(2)! - worstCase('buy', 2_500, 1_000)
    expect(owed()).toBe(400n * 1_750n)
    expect(state.batches.size).toBe(1)
    run(following(cutMs + 10_000, [], batchEnd))
    expect(owed()).toBe(0n)
    expect(state.batches.size).toBe(0)
    // An older view of the chain changes nothing.
    run(following(cutMs + 11_000, [], 0, 0))
    expect(owed()).toBe(0n)
    expect(state.chain).toMatchObject({ block: 1, settledUntil: batchEnd })
  })

  it('in which nothing was measured has nothing to settle, and is forgotten like others', () => {
    const { state, run } = open([seat(1)])
    const events = run(waiting((t0 + 100 * batchSeconds) * 1000))
    expect(eventsOf(events, 'batch-cut')).toEqual([])
    expect(state.cutUntil).toBe(t0 + 99 * batchSeconds)
    expect(state.intervals.size).toBeLessThan(20)
  })

  it('is of the length of its first day where the area begins within one', () => {
    const street = open([seat(1), seat(2)])
    expect(street.state.cutUntil).toBe(t0)
    const later = open([seat(1)])
    later.state.configs = []
    const { config, face } = street.state.configs[0]!
    apply(later.state, { type: 'configure', atMs: boundary(6) * 1000 - 10, config, face })
    expect(later.state).toMatchObject({ nextStart: boundary(6), cutUntil: boundary(4), firstStart: boundary(5) })
    const events = passTime(later.state, boundary(20) * 1000)
    expect(eventsOf(events, 'interval-final')[0]).toMatchObject({ start: boundary(6) })
  })
})

describe('after an outage of a day', () => {
  it('every command does one thing, and homes have half a minute to deliver', () => {
    const { state } = open([seat(1), seat(2)])
    apply(state, placing(before, order(1, 'sell', { end: boundary(200) })))
    apply(state, placing(before, order(2, 'buy', { end: boundary(200) })))
    const backMs = boundary(96) * 1000 + 5_000
    const works: string[] = []
    const tick = (atMs: number) => {
      const due = nextDue(state)!
      if (due.atMs > atMs) return null
      works.push(due.work)
      return apply(state, waiting(atMs))
    }
    for (let events = tick(backMs); events !== null; events = tick(backMs)) {
      expect(eventsOf(events, 'interval-started').length + cleared(events).length).toBe(1)
    }
    expect(works).toEqual(Array.from({ length: 97 }, () => 'start'))
    const readings = Array.from({ length: 96 }, (_, index) => [
      reading(1, boundary(index + 1), 0, 50 * (index + 1)),
      reading(2, boundary(index + 1), 70 * (index + 1), 0),
    ]).flat()
    apply(state, { type: 'readings', atMs: backMs + 20_000, readings })
    works.length = 0
    const events: Event[] = []
    for (let did = tick(backMs + 20_001); did !== null; did = tick(backMs + 20_001)) {
      expect(did.length).toBeLessThan(20)
      events.push(...did)
    }
    expect(cleared(events).map(({ matchedWh }) => matchedWh)).toEqual(Array.from({ length: 96 }, () => 50))
    expect(works.filter((work) => work === 'clear')).toHaveLength(96)
    // Batches are cut once the graces are over, one a command.
    const cuttingMs = backMs + 2 * 60_000 + 30_000
    expect(works).not.toContain('cut')
    works.length = 0
    for (let did = tick(cuttingMs); did !== null; did = tick(cuttingMs)) {
      expect(eventsOf(did, 'batch-cut').length).toBeLessThan(2)
    }
    expect(works.filter((work) => work === 'cut')).toHaveLength(24)
  })

  it('those whose backlog does not come are not waited for for longer', () => {
    const { state } = open([seat(1)])
    apply(state, placing(before, order(1, 'sell', { end: boundary(200) })))
    const backMs = boundary(96) * 1000 + 5_000
    passTime(state, boundary(96) * 1000 - 1)
    const { state: late } = open([seat(1)])
    apply(late, placing(before, order(1, 'sell', { end: boundary(200) })))
    late.nowMs = backMs
    while (nextDue(late)!.atMs <= backMs) apply(late, waiting(backMs))
    expect(nextDue(late)).toEqual({ atMs: backMs + 60_000 + 30_000, work: 'clear' })
  })
})

describe('a chain that has settled what the journal does not know', () => {
  const settledUntil = t0 + 2 * batchSeconds
  const base = { epoch: 1, time: settledUntil, importWh: 0, exportWh: 5_000 }

  it('is believed: the intervals until then are given up, and the area trades on from its bases', () => {
    const { state, run } = tradeAnHour()
    const start = boundary(9)
    const ahead = { market: 1, start, end: start + intervalSeconds, maxWh: 100, limitPrice: 1_500 }
    run(placing(boundary(4) * 1000 + 600, order(1, 'sell', { ...ahead, nonce: 2 })))
    const atMs = boundary(8) * 1000 + 10_000
    run(waiting(boundary(4) * 1000 + 700))
    state.nowMs = atMs
    const buyerBase = { ...base, importWh: 5_000, exportWh: 0 }
    const chain = following(atMs, [seat(1, { base }), seat(2, { base: buyerBase })], settledUntil, 9)
    const events = apply(state, chain)
    expect(eventsOf(events, 'batch-missed')).toEqual([{ type: 'batch-missed', start: t0, end: settledUntil }])
    expect(state.cutUntil).toBe(settledUntil)
    expect(cleared(passTime(state, atMs))).toEqual([])
    expect(state.nextStart).toBe(boundary(9))
    expect(state.seats.get(1)!.base).toEqual(base)
    // What it holds for what is to come is what the interval that runs has set aside.
    expect(committedFunds(state).get(2)).toBe(2_500_000n)
    const sent = [reading(1, boundary(9), 0, 5_060), reading(2, boundary(9), 5_100, 0)]
    const [result] = cleared(run({ type: 'readings', atMs: boundary(9) * 1000 + 1_000, readings: sent }))
    expect(result).toMatchObject({ start: boundary(8), matchedWh: 60 })
    for (const number of [10, 11, 12]) {
      const readings = [reading(1, boundary(number), 0, 5_060), reading(2, boundary(number), 5_100, 0)]
      run({ type: 'readings', atMs: boundary(number) * 1000 + 1_000, readings })
    }
    const [cut] = eventsOf(run(waiting(boundary(12) * 1000 + 130_000)), 'batch-cut')
    expect(cut!.batch).toMatchObject({ start: settledUntil, energyWh: 60 })
    expect(cut!.batch.entries).toMatchObject([{ exportWh: 5_060 }, { importWh: 5_100 }])
  })

  it('leaves no promise behind: what rested and what was traded ahead for that time is free again', () => {
    const { state, run } = open([seat(1), seat(2)])
    const start = boundary(5)
    const ahead = { market: 1, start, end: start + intervalSeconds, maxWh: 100, limitPrice: 1_500 }
    run(placing(before, order(1, 'sell', ahead)))
    run(placing(before, order(2, 'buy', ahead)))
    run(placing(before, order(2, 'buy', { ...ahead, start: boundary(6), end: boundary(7), nonce: 2 })))
    expect(committedFunds(state).get(2)).toBe(300_000n)
    const atMs = boundary(8) * 1000 + 10_000
    const events = [...apply(state, following(atMs, [], settledUntil, 9)), ...passTime(state, atMs)]
    expect(eventsOf(events, 'forward-cancelled')).toMatchObject([{ start: boundary(6), reason: 'gate-closed' }])
    expect(committedFunds(state).size).toBe(0)
    expect(committedFunds(stateOf(snapshotOf(state) as never)).size).toBe(0)
  })

  it('keeps a late reading from correcting what it has no result of', () => {
    const { state, run } = tradeAnHour()
    apply(state, following(boundary(4) * 1000 + 600, [seat(1, { base: { ...base, time: batchEnd } })], batchEnd, 9))
    const events = run({
      type: 'readings',
      atMs: cutMs,
      readings: [reading(3, boundary(1), 5, 0), reading(3, boundary(2), 9, 0)],
    })
    expect(eventsOf(events, 'reading').map(({ status, isLate }) => [status, isLate])).toEqual([
      ['stored', true],
      ['stored', true],
    ])
    expect(eventsOf(events, 'interval-corrected')).toEqual([])
  })

  it('may have settled a part of a batch: the next one begins there', () => {
    const { state, run } = tradeAnHour()
    apply(state, following(boundary(4) * 1000 + 600, [], boundary(3), 9))
    const [cut] = eventsOf(run(waiting(cutMs)), 'batch-cut')
    expect(cut!.batch).toMatchObject({ start: boundary(3), end: batchEnd, energyWh: 100 })
    expect(cut!.batch.entries.map(({ seat: own, kind, time }) => [own, kind, time])).toEqual([
      [1, 'rebase', boundary(3)],
      [1, 'settle', batchEnd],
      [2, 'rebase', boundary(3)],
      [2, 'settle', batchEnd],
    ])
  })

  it('may be a month ahead: what was missed is passed by in small steps and fills no memory', () => {
    const { state } = open([seat(1), seat(2)])
    const month = t0 + 30 * 86_400
    apply(state, following(month * 1000 + 1, [], month, 9))
    let ticks = 0
    while (nextDue(state)!.atMs <= month * 1000 + 1) {
      expect(apply(state, waiting(month * 1000 + 1)).length).toBeLessThan(5)
      ticks += 1
      expect(state.intervals.size).toBeLessThan(15)
    }
    expect(ticks).toBe((30 * 86_400) / intervalSeconds + 1)
    expect(state.cutUntil).toBe(month)
  })
})

describe('leaving out', () => {
  /** Two sellers and two buyers trade for an hour. */
  function busyHour() {
    const street = open([seat(1), seat(2), seat(3), seat(4)])
    street.run(placing(before, order(1, 'sell', { limitPrice: 1_000 })))
    street.run(placing(before, order(2, 'sell', { limitPrice: 1_200 })))
    street.run(placing(before, order(3, 'buy', { limitPrice: 2_000 })))
    street.run(placing(before, order(4, 'buy', { limitPrice: 2_500 })))
    for (let number = 1; number <= 4; number += 1) {
      const readings = [
        reading(1, boundary(number), 0, 100 * number),
        reading(2, boundary(number), 0, 60 * number),
        reading(3, boundary(number), 90 * number, 0),
        reading(4, boundary(number), 120 * number, 0),
      ]
      street.run({ type: 'readings', atMs: boundary(number) * 1000 + 500, readings })
    }
    const [cut] = eventsOf(street.run(waiting(cutMs)), 'batch-cut')
    return { ...street, cut: cut! }
  }

  it('takes one interval a command, then cuts the batch anew without those seats', () => {
    const { state, cut } = busyHour()
    expect(cut.batch.energyWh).toBe(640)
    const events = apply(state, { type: 'leave-out', atMs: cutMs + 5, end: batchEnd, number: 1, seats: [4, 4, 9] })
    expect(events).toEqual([{ type: 'leaving-out', end: batchEnd, number: 1, seats: [4] }])
    for (let number = 0; number < 4; number += 1) {
      expect(nextDue(state)!.work).toBe('leave-out')
      const [reduced, ...others] = eventsOf(apply(state, waiting(cutMs + 5)), 'interval-reduced')
      expect(others).toEqual([])
      // The other buyer keeps the 40 Wh that it had: nobody gets more than before.
      expect(reduced).toMatchObject({ start: boundary(number), run: 2, matchedWh: 40 })
      expect(reduced!.changes.map(({ seat: own, boughtWh, soldWh }) => [own, boughtWh, soldWh])).toMatchObject([
        [1, 0, expect.any(Number)],
        [2, 0, expect.any(Number)],
        [4, 0, 0],
      ])
    }
    const [anew] = eventsOf(apply(state, waiting(cutMs + 5)), 'batch-cut')
    expect(anew).toMatchObject({ number: 2, leftOut: [4], batch: { energyWh: 160 } })
    expect(anew!.batch.entries.map(({ seat: own, time }) => [own, time])).toEqual(
      cut.batch.entries.map(({ seat: own, time }) => [own, time]),
    )
  })

  it('is refused for a batch that is not there, has another number, or in which nobody of them traded', () => {
    const { state, run } = busyHour()
    const leave = (number: number, seats: number[], end = batchEnd) =>
      apply(state, { type: 'leave-out', atMs: cutMs + 5, end, number, seats })
    expect(leave(1, [4], batchEnd + batchSeconds)).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    expect(leave(2, [4])).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    expect(leave(1, [7])).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    expect(leave(1, [4])).toMatchObject([{ type: 'leaving-out' }])
    expect(leave(1, [3])).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    run(waiting(cutMs + 6))
    expect(leave(2, [4])).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    run(following(cutMs + 7, [], batchEnd))
    expect(leave(2, [3])).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
  })

  it('is disowned once the chain has settled another one of its time, and not before', () => {
    const { state, run } = busyHour()
    const [start, end] = [batchEnd - batchSeconds, batchEnd]
    const disown = (times = { start, end }) => apply(state, { type: 'disown-batch', atMs: cutMs + 8, ...times })
    expect(disown()).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    run(following(cutMs + 7, [], batchEnd))
    expect(disown({ start, end: end + batchSeconds })).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    expect(disown({ start: end, end })).toMatchObject([{ code: 'BATCH_UNKNOWN' }])
    expect(disown()).toEqual([{ type: 'batch-missed', start, end }])
  })

  it('of everybody leaves entries without energy', () => {
    const { state, run } = busyHour()
    apply(state, { type: 'leave-out', atMs: cutMs + 5, end: batchEnd, number: 1, seats: [1, 2] })
    const [anew] = eventsOf(run(waiting(cutMs + 6)), 'batch-cut')
    expect(anew).toMatchObject({ number: 2, leftOut: [1, 2], batch: { energyWh: 0, paid: 0n, received: 0n } })
    expect(anew!.batch.entries).toHaveLength(4)
    const owed = [...state.intervals.values()].filter(({ status }) => status === 'final')
    expect(owed.every(({ fills }) => fills.length === 0)).toBe(true)
  })

  it('uses the fees of the interval’s time, not those of today', () => {
    const street = open([seat(1), seat(2, { terms: [terms({ zone: 'south' })] }), seat(3)])
    street.run(placing(before, order(1, 'sell')))
    street.run(placing(before, order(2, 'buy', { limitPrice: 2_500 })))
    street.run(placing(before, order(3, 'buy', { limitPrice: 2_500 })))
    for (let number = 1; number <= 4; number += 1) {
      const energies = [reading(1, boundary(number), 0, 100 * number), reading(2, boundary(number), 80 * number, 0)]
      const readings = [...energies, reading(3, boundary(number), 30 * number, 0)]
      street.run({ type: 'readings', atMs: boundary(number) * 1000 + 500, readings })
    }
    street.run(waiting(cutMs))
    const { config, face } = street.state.configs[0]!
    const dearer = config.zones.map((zone) => ({ ...zone, feeTicksPerKwh: 7 * zone.feeTicksPerKwh }))
    street.run({ type: 'configure', atMs: cutMs + 1, config: { ...config, zones: dearer }, face })
    apply(street.state, { type: 'leave-out', atMs: cutMs + 5, end: batchEnd, number: 1, seats: [3] })
    const reduced = eventsOf(street.run(waiting(cutMs + 6)), 'interval-reduced')
    expect(reduced.map(({ matchedWh, gridFees }) => [matchedWh, gridFees])).toEqual(
      [1, 2, 3, 4].map(() => [70, 70n * 200n]),
    )
  })

  it('keeps what became known of energy in the meantime', () => {
    const { state, run } = busyHour()
    run({ type: 'readings', atMs: cutMs + 1, readings: [reading(4, boundary(5), 600, 0)] })
    const late = seat(5, { terms: [terms()] })
    run(following(cutMs + 2, [late]))
    run({ type: 'readings', atMs: cutMs + 3, readings: [reading(5, boundary(1), 70, 0)] })
    apply(state, { type: 'leave-out', atMs: cutMs + 5, end: batchEnd, number: 1, seats: [4] })
    const [first] = eventsOf(run(waiting(cutMs + 6)), 'interval-reduced')
    expect(first).toMatchObject({ start: t0, run: 3 })
    expect(first!.zones[1]).toMatchObject({ importWh: 90 + 120 + 70, exportWh: 160, boughtWh: 40, soldWh: 40 })
  })

  it('goes on across a snapshot', () => {
    const { state } = busyHour()
    apply(state, { type: 'leave-out', atMs: cutMs + 5, end: batchEnd, number: 1, seats: [4] })
    apply(state, waiting(cutMs + 5))
    const restored = stateOf(snapshotOf(state) as never)
    for (let number = 0; number < 5; number += 1) {
      expect(apply(restored, waiting(cutMs + 6))).toEqual(apply(state, waiting(cutMs + 6)))
    }
    expect(hashState(restored)).toBe(hashState(state))
  })
})

describe('a mandate', () => {
  it('is of its own interval: what is sold keeps to each of two that follow one another in a batch', () => {
    const changed = terms({ from: boundary(2), sellFloor: 2_400, version: 2 })
    const street = open([seat(1, { terms: [terms(), changed] }), seat(2)])
    street.run(placing(before, order(1, 'sell')))
    street.run(placing(before, order(2, 'buy', { limitPrice: 2_600 })))
    const events: Event[] = []
    for (let number = 1; number <= 4; number += 1) {
      const readings = [reading(1, boundary(number), 0, 100 * number), reading(2, boundary(number), 100 * number, 0)]
      events.push(...street.run({ type: 'readings', atMs: boundary(number) * 1000 + 500, readings }))
    }
    expect(cleared(events).map((result) => seatOf(result, 1).received)).toEqual([
      ...[180_000n, 180_000n, 250_000n, 250_000n],
    ])
    const [cut] = eventsOf(street.run(waiting(cutMs)), 'batch-cut')
    expect(cut!.batch.entries.filter(({ seat: own }) => own === 1)).toMatchObject([
      { time: boundary(2), soldWh: 200, received: 360_000n },
      { time: batchEnd, soldWh: 200, received: 500_000n },
    ])
  })
})
