/** Older versions of the rules compute what they always did. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Command, Event, IntervalRun } from '../../../server/market/engine/area.ts'
import { decodeCommand, encode, genesisHash, rollHash } from '../../../server/market/engine/codec.ts'
import { apply, nextDueMs } from '../../../server/market/engine/engine.ts'
import { emptyState } from '../../../server/market/engine/state.ts'
import { batchSeconds, intervalSeconds, open, order, placing, reading, seat, t0 } from './street.ts'

it('a journal of version 1, written by a program that knew no other, replays to its hash', () => {
  const journal = readFileSync(join(import.meta.dirname, 'version-1.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const state = emptyState()
  let hash = genesisHash
  for (const text of journal) {
    const events = apply(state, decodeCommand(text))
    hash = rollHash(hash, state.engineVersion, text, encode(events))
  }
  expect(hash.toString('hex')).toBe('82132e9cf5191ba8b77b7738df7bc52aeb27ea564ddea785557ca2762069c00e')
})

const before = t0 * 1000 - 1_000
const end = t0 + intervalSeconds
const graceOver = end * 1000 + 60_000

function runsOf(events: Event[]): IntervalRun[] {
  return events.flatMap((event) => (event.type === 'interval-cleared' ? [event.result] : []))
}

describe('from version 2 on', () => {
  /** Three seats, of which the first sells and the others buy; the first interval is cleared without any reading. */
  function clearedEmpty() {
    const { state, run } = open([seat(1), seat(2), seat(3)])
    run(placing(before, order(1, 'sell')))
    run(placing(before, order(2, 'buy')))
    run(placing(before, order(3, 'buy')))
    run({ type: 'tick', atMs: t0 * 1000 })
    expect(runsOf(run({ type: 'tick', atMs: graceOver }))).toMatchObject([{ run: 1, matchedWh: 0 }])
    const read = (atMs: number, ...readings: Extract<Command, { type: 'readings' }>['readings']) =>
      run({ type: 'readings', atMs, readings })
    return { state, run, read }
  }

  it('late readings that come together make one further run', () => {
    const { read } = clearedEmpty()
    const runs = runsOf(read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0)))
    expect(runs).toMatchObject([{ run: 2, matchedWh: 500 }])
  })

  it('an area rests after it has computed an interval again, longer the more seats it has', () => {
    const { state, run, read } = clearedEmpty()
    expect(runsOf(read(graceOver, reading(1, end, 0, 500)))).toMatchObject([{ run: 2, matchedWh: 0 }])
    expect(runsOf(read(graceOver + 1, reading(2, end, 300, 0)))).toEqual([])
    expect(runsOf(read(graceOver + 2, reading(3, end, 300, 0)))).toEqual([])
    expect(nextDueMs(state)).toBe(graceOver + 3)
    expect(runsOf(run({ type: 'tick', atMs: graceOver + 3 }))).toMatchObject([{ run: 3, matchedWh: 500 }])
    expect(nextDueMs(state)).toBeGreaterThan(graceOver + 3)
  })

  it('a batch is cut from what is known then, also while the area rests', () => {
    const { state, run, read } = clearedEmpty()
    for (let start = end; start <= t0 + batchSeconds; start += intervalSeconds)
      run({ type: 'tick', atMs: start * 1000 })
    const due = (t0 + batchSeconds) * 1000 + 120_000
    read(due - 1, reading(1, end, 0, 500))
    read(due - 1, reading(2, end, 300, 0))
    expect(state.intervals.get(t0)!.isStale).toBe(true)
    const events = run({ type: 'tick', atMs: due })
    expect(runsOf(events).filter(({ start }) => start === t0)).toMatchObject([{ run: 3, matchedWh: 300 }])
    expect(events).toContainEqual(expect.objectContaining({ type: 'batch-cut' }))
  })

  it('what was traded on readings of an epoch that has ended meanwhile is not settled, and the batch is cut', () => {
    const { run, read } = clearedEmpty()
    const all = read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    expect(runsOf(all)).toMatchObject([{ matchedWh: 500 }])
    const anew = seat(1, { base: { epoch: 2, time: end, importWh: 0, exportWh: 0 } })
    run({ type: 'chain', atMs: graceOver + 1, block: 2, settledUntil: 0, seats: [anew] })
    const events: Event[] = []
    for (let second = 0; second < 2 * batchSeconds; second += 60) {
      events.push(...run({ type: 'tick', atMs: graceOver + 1_000 * second }))
    }
    expect(runsOf(events).findLast(({ start }) => start === t0)).toMatchObject({ run: 3, matchedWh: 0 })
    expect(events).toContainEqual(expect.objectContaining({ type: 'batch-cut' }))
  })

  it('terms that were in force while the chain was behind bind as soon as they are known', () => {
    const { run, read } = clearedEmpty()
    read(graceOver, reading(1, end, 0, 500), reading(2, end, 300, 0), reading(3, end, 300, 0))
    const [terms] = seat(2).terms
    const runsAfter = (atMs: number, from: number) => {
      const changed = { ...terms!, from, buyCeiling: 0, version: 2 }
      const seats = [seat(2, { terms: [terms!, changed] })]
      const heard = run({ type: 'chain', atMs, block: 2, settledUntil: 0, seats })
      return runsOf([...heard, ...run({ type: 'tick', atMs: atMs + 10 })])
    }
    expect(runsAfter(graceOver + 20, end)).toEqual([])
    expect(runsAfter(graceOver + 40, t0)).toMatchObject([{ start: t0, run: 3, matchedWh: 300 }])
    expect(runsAfter(graceOver + 60, t0)).toEqual([])
  })

  it('an interval waits for the seat as the chain shows it now', () => {
    const { run } = open([seat(1), seat(2)])
    run({ type: 'tick', atMs: t0 * 1000 })
    run({ type: 'readings', atMs: end * 1000, readings: [reading(2, end, 0, 0)] })
    const anew = seat(1, { base: { epoch: 2, time: end, importWh: 0, exportWh: 0 } })
    run({ type: 'chain', atMs: end * 1000 + 1, block: 2, settledUntil: 0, seats: [anew] })
    expect(runsOf(run({ type: 'tick', atMs: end * 1000 + 2 }))).toHaveLength(1)
  })
})
