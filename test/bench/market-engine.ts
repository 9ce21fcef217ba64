/**
 * What the engine of a large area costs: by the command, and whether that grows with the area; and what one day of 10,000 homes
 * costs that nobody has settled: its memory, its snapshot, and the longest commands in it.
 */
import type { Command, CommandOf, Event, IntervalRun } from '../../server/market/area/area.ts'
import { committedFunds } from '../../server/market/area/funds.ts'
import { type AreaState, emptyState } from '../../server/market/area/state.ts'
import { apply, nextDue } from '../../server/market/engine/engine.ts'
import { encodeEvents } from '../../server/market/engine/journal.ts'
import { snapshotOf, stateOf } from '../../server/market/engine/snapshot.ts'
import {
  config,
  face,
  following,
  intervalSeconds,
  order,
  placing,
  reading,
  seat,
  t0,
  terms,
  waiting,
} from '../market/engine/street.ts'
import { collectGarbage, seededDraws } from './measure.ts'

export interface EngineRow {
  name: string
  /** Of the larger of two areas, of which the other has half as many seats and commands. */
  seats: number
  commands: number
  perSecond: number
  /** How many times as long a command takes as in the smaller area: 1 where its cost does not grow. */
  growth: number
}

export interface EngineDay {
  seats: number
  intervals: number
  /** Of typed arrays. */
  bytesPerSeatInterval: number
  /** Of everything, typed arrays and objects. */
  memoryMb: number
  snapshotMb: number
  /** CPU of the whole process, ms. */
  loadMs: number
  /** The median of the day's computations, and what turning one into its journal's bytes takes. */
  computeMs: number
  encodeMs: number
  /** The slowest of each kind of command, by CPU. */
  slowest: { name: string; ms: number }[]
}

const seatCount = 10_000
const rounds = 5

export function benchEngine(): { rows: EngineRow[]; day: EngineDay } {
  const day = playDay()
  collectGarbage()
  return { rows: benchCommands(), day }
}

/** The fastest of some rounds of each phase, an area and one of half its size in turns. */
function benchCommands(): EngineRow[] {
  const runs = Array.from({ length: rounds }, () => ({ small: play(seatCount / 2), large: play(seatCount) }))
  const fastest = (size: 'small' | 'large', phase: number) => Math.min(...runs.map((run) => run[size][phase]!.seconds))
  return runs[0]!.large.map(({ name, commands }, phase) => {
    const seconds = fastest('large', phase)
    const growth = seconds / 2 / fastest('small', phase)
    return { name, seats: seatCount, commands, perSecond: commands / seconds, growth }
  })
}

interface Phase {
  name: string
  commands: number
  seconds: number
}

/** One area's morning: everybody trades ahead, cancels half of what rests, gives standing orders, and is metered. */
function play(seats: number): Phase[] {
  const state = openArea(seats)
  const ahead = forwardOrders(seats)
  const spot = [1, 2].flatMap((number) => eachSeat(seats, (own) => standingOrder(own, number === 1 ? 'buy' : 'sell')))
  const end = t0 + intervalSeconds
  const readings = eachSeat(seats, (own): Command => {
    const energies: [number, number] = own % 2 === 0 ? [300, 0] : [0, 300]
    return { type: 'readings', atMs: end * 1000 + 1, readings: [reading(own, end, ...energies)] }
  })
  return [
    timed('forward orders', state, ahead),
    timed('forward cancels', state, ahead.filter((_, i) => i % 2 === 0).map(cancelling)),
    timed('spot orders', state, spot),
    { ...timed('an interval starts', state, [waiting(t0 * 1000)]), commands: seats },
    timed('readings one by one', state, readings),
    { ...timed('an interval is computed', state, [waiting(end * 1000 + 2)]), commands: seats },
  ]
}

function eachSeat<T>(seats: number, make: (seat: number) => T): T[] {
  return Array.from({ length: seats }, (_, i) => make(i + 1))
}

function openArea(seats: number): AreaState {
  const state = emptyState()
  apply(state, { type: 'configure', atMs: t0 * 1000 - 5_000, config, face })
  const opened = eachSeat(seats, (own) => seat(own, { terms: [terms({ zone: own % 4 < 2 ? 'north' : 'south' })] }))
  apply(state, following(t0 * 1000 - 4_000, opened))
  return state
}

const beforeMs = t0 * 1000 - 3_000

/** Two for each seat, spread over the next hours and a range of prices in which a tenth of them meet. */
function forwardOrders(seats: number): CommandOf<'order'>[] {
  const draw = seededDraws(3)
  return Array.from({ length: 2 * seats }, (_, i) => {
    const own = 1 + (i % seats)
    const side = own % 2 === 0 ? 'buy' : 'sell'
    const start = t0 + (1 + draw(16)) * intervalSeconds
    const limitPrice = side === 'buy' ? 500 + draw(1_100) : 1_500 + draw(1_100)
    const window = { start, end: start + intervalSeconds, nonce: i, limitPrice, maxWh: 1 + draw(900) }
    return placing(beforeMs, order(own, side, { market: 1, ...window }))
  })
}

function cancelling({ id, order: { account } }: CommandOf<'order'>): Command {
  return { type: 'cancel', atMs: beforeMs, id, by: account, signature: '0x' }
}

function standingOrder(own: number, side: 'buy' | 'sell'): Command {
  return placing(beforeMs, order(own, side, { nonce: 1_000_000, limitPrice: 1_000 + (own % 1_000) }))
}

function timed(name: string, state: AreaState, commands: readonly Command[]): Phase {
  collectGarbage()
  const start = process.hrtime.bigint()
  for (const command of commands) apply(state, command)
  return { name, commands: commands.length, seconds: Number(process.hrtime.bigint() - start) / 1e9 }
}

const daySeconds = 86_400
const dayStart = Math.ceil(t0 / daySeconds) * daySeconds
const intervals = daySeconds / intervalSeconds

/** CPU of the whole process that a call takes, ms, with what it returns. */
function cpuOf<T>(call: () => T): { ms: number; value: T } {
  const before = process.cpuUsage()
  const value = call()
  const { user, system } = process.cpuUsage(before)
  return { ms: (user + system) / 1000, value }
}

/** A batch of a day in which everybody trades in every interval, from its first minute to its settlement. */
function playDay(): EngineDay {
  const slowest = new Map<string, number>()
  const measured = <T>(name: string, call: () => T): T => {
    const { ms, value } = cpuOf(call)
    slowest.set(name, Math.max(slowest.get(name) ?? 0, ms))
    return value
  }
  collectGarbage()
  const memoryBefore = process.memoryUsage()
  const state = openDay(measured)
  const computed: number[] = []
  let encodeMs = Number.POSITIVE_INFINITY
  for (let number = 0; number <= intervals; number += 1) {
    const time = dayStart + number * intervalSeconds
    measured('an interval starts', () => apply(state, waiting(time * 1000)))
    if (number === 0) continue
    for (const command of dayReadings(number)) measured('100 readings', () => apply(state, command))
    const { ms, value } = cpuOf(() => apply(state, waiting(time * 1000 + 501)))
    computed.push(ms)
    expectComputed(value)
    slowest.set('an interval is computed', Math.max(slowest.get('an interval is computed') ?? 0, ms))
    encodeMs = Math.min(encodeMs, cpuOf(() => encodeEvents(value)).ms)
  }
  collectGarbage()
  const memory = process.memoryUsage()
  const arrays = memory.arrayBuffers - memoryBefore.arrayBuffers
  const heap = memory.heapUsed - memoryBefore.heapUsed
  const pieces = snapshotOf(state) as { name: string; hash: string; bytes: Buffer }[]
  const known = new Set(pieces.map(({ hash }) => hash))
  const one = [reading(1, dayStart + (intervals + 1) * intervalSeconds, 0, 300 * (intervals + 1))]
  apply(state, { type: 'readings', atMs: one[0]!.time * 1000, readings: one })
  measured('a snapshot with one changed interval', () => snapshotOf(state, (hash) => known.has(hash)))
  const loadMs = cpuOf(() => committedFunds(stateOf(pieces))).ms
  settleDay(state, measured)
  return {
    ...{ seats: seatCount, intervals, bytesPerSeatInterval: arrays / seatCount / intervals },
    memoryMb: (arrays + heap) / 1e6,
    snapshotMb: pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1e6,
    ...{ loadMs, computeMs: computed.sort((a, b) => a - b)[intervals / 2]!, encodeMs },
    slowest: [...slowest].map(([name, ms]) => ({ name, ms })),
  }
}

type Measured = <T>(name: string, call: () => T) => T

function openDay(measured: Measured): AreaState {
  const state = emptyState()
  const zones = config.zones.map((zone) => ({ ...zone, capacityWh: null }))
  const daily = { ...config, zones, rules: { ...config.rules, batchSeconds: daySeconds } }
  apply(state, { type: 'configure', atMs: dayStart * 1000 - 5_000, config: daily, face })
  const base = { epoch: 1, time: dayStart, importWh: 0, exportWh: 0 }
  const opened = eachSeat(seatCount, (own) => {
    const mandate = terms({ from: dayStart, zone: own % 4 < 2 ? 'north' : 'south' })
    return seat(own, { openedAt: dayStart, base, epochStart: base, terms: [mandate] })
  })
  measured('the chain shows 10,000 seats', () => {
    apply(state, { ...following(dayStart * 1000 - 4_000, opened), time: dayStart })
  })
  for (const side of ['buy', 'sell'] as const) {
    for (let own = 1; own <= seatCount; own += 1) {
      const standing = { start: dayStart, end: dayStart + 2 * daySeconds, limitPrice: 1_000 + (own % 1_000) }
      apply(state, placing(dayStart * 1000 - 3_000, order(own, side, standing)))
    }
  }
  return state
}

/** Half of the homes draw and half feed in, each with some own use. */
function dayReadings(number: number): CommandOf<'readings'>[] {
  const time = dayStart + number * intervalSeconds
  const readings = eachSeat(seatCount, (own) => {
    return own % 2 === 0 ? reading(own, time, 300 * number, 10 * number) : reading(own, time, 10 * number, 310 * number)
  })
  return Array.from({ length: seatCount / 100 }, (_, part) => {
    return { type: 'readings', atMs: time * 1000 + 500, readings: readings.slice(100 * part, 100 * part + 100) }
  })
}

/** A benchmark of an interval in which nothing is traded would say nothing. */
function expectComputed(events: readonly Event[]): IntervalRun {
  const [event] = events
  if (event?.type !== 'interval-cleared' || event.result.matchedWh < 50 * seatCount) {
    throw new Error('the day does not trade as it should')
  }
  return event.result
}

/** The chain counts a block after the day; the batch is cut, and cut anew without some seats. */
function settleDay(state: AreaState, measured: Measured): void {
  const end = dayStart + daySeconds
  measured('a block of the chain', () => apply(state, { ...following(state.nowMs, [], 0, 2), time: end + 60 }))
  const tick = (work: string, name: string) => {
    const due = nextDue(state)!
    if (due.work !== work) throw new Error(`${work} should be due, but it is ${due.work}`)
    measured(name, () => apply(state, waiting(Math.max(due.atMs, state.nowMs))))
  }
  while (nextDue(state)!.work !== 'cut') tick(nextDue(state)!.work, 'an interval without readings')
  tick('cut', 'a daily batch is cut')
  const seats = Array.from({ length: 20 }, (_, place) => 1 + place * 7)
  measured('leaving out begins', () => apply(state, { type: 'leave-out', atMs: state.nowMs, end, number: 1, seats }))
  for (let number = 0; number < intervals; number += 1) tick('leave-out', 'an interval without 20 seats')
  tick('leave-out', 'the batch is cut anew')
  measured('a day is settled', () => apply(state, { ...following(state.nowMs, [], end, 3), time: end + 600 }))
}
