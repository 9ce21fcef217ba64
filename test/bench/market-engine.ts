/** What the engine of a large area costs by the command, and whether that grows with the area. */
import type { Command } from '../../server/market/engine/area.ts'
import { apply, newestEngineVersion } from '../../server/market/engine/engine.ts'
import { type AreaState, emptyState } from '../../server/market/engine/state.ts'
import { config, intervalSeconds, order, placing, reading, seat, t0, terms } from '../market/engine/street.ts'
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

const seatCount = 10_000
const rounds = 5

/** The fastest of some rounds of each phase, an area and one of half its size in turns. */
export function benchEngine(): EngineRow[] {
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
    { ...timed('an interval starts', state, [{ type: 'tick', atMs: t0 * 1000 }]), commands: seats },
    timed('readings one by one, then cleared', state, readings),
  ]
}

function eachSeat<T>(seats: number, make: (seat: number) => T): T[] {
  return Array.from({ length: seats }, (_, i) => make(i + 1))
}

function openArea(seats: number): AreaState {
  const state = emptyState()
  apply(state, { type: 'engine-version', atMs: 0, engineVersion: newestEngineVersion })
  apply(state, { type: 'configure', atMs: t0 * 1000 - 5_000, config })
  const opened = eachSeat(seats, (own) => seat(own, { terms: [terms({ zone: own % 4 < 2 ? 'north' : 'south' })] }))
  apply(state, { type: 'chain', atMs: t0 * 1000 - 4_000, block: 1, settledUntil: 0, seats: opened })
  return state
}

const beforeMs = t0 * 1000 - 3_000

/** Two for each seat, spread over the next hours and a range of prices in which a tenth of them meet. */
function forwardOrders(seats: number): Extract<Command, { type: 'forward-order' }>[] {
  const draw = seededDraws(3)
  return Array.from({ length: 2 * seats }, (_, i) => {
    const own = 1 + (i % seats)
    const side = own % 2 === 0 ? 'buy' : 'sell'
    const start = t0 + (1 + draw(16)) * intervalSeconds
    const limitPrice = side === 'buy' ? 500 + draw(1_100) : 1_500 + draw(1_100)
    const window = { start, end: start + intervalSeconds, nonce: i, limitPrice, maxWh: 1 + draw(900) }
    return { ...placing(beforeMs, order(own, side, window)), type: 'forward-order', timeInForce: 'GTC' }
  })
}

function cancelling({ id }: { id: string }): Command {
  return { type: 'forward-cancel', atMs: beforeMs, id, signature: '0x' }
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
