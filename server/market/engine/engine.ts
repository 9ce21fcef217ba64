/**
 * The engine of one market area: `(state, command) → (state, events)`. No clock, I/O, randomness or logger inside; time
 * arrives in commands. The state is changed in place, so a command that throws must be followed by a rebuild from the
 * journal. A command does a bounded amount of work: what is due stays due, and each `tick` does the first of it.
 */

import { clearAuction } from '../auction.ts'
import { acceptAgreements, endAgreement } from '../stages/agreements/agreements.ts'
import { cancelForward, placeForward } from '../stages/forward/book.ts'
import type { AreaConfig, Command, CommandOf, Event, Terms } from './area.ts'
import { batchDueMs, cutBatch, followChain, openBatch } from './batches.ts'
import { EngineError } from './error.ts'
import { clearInterval, firstStale, nextToClear, rerunInterval, startInterval } from './intervals.ts'
import { batchInWork, leaveOut, leaveOutNext } from './leaving-out.ts'
import { acceptOrder, cancelOrder } from './orders.ts'
import { takeLateReadings, takeReading } from './readings.ts'
import { refused } from './refusal.ts'
import { giveUpOn, type SeatChange, syncSeat } from './seats.ts'
import { revokeSession } from './sessions.ts'
import { type AreaState, configNow, firstStartAfter, intervalsBetween } from './state.ts'

/** What is due by itself, and from when on; a `tick` at or after that time does it. */
export interface Due {
  atMs: number
  work: 'start' | 'clear' | 'leave-out' | 'cut' | 'rerun'
}

/** Applies one command and says what followed from it, in order. */
export function apply(state: AreaState, command: Command): Event[] {
  state.nowMs = Math.max(state.nowMs, command.atMs)
  if (command.type === 'configure') return configure(state, command)
  if (state.configs.length === 0) {
    throw new EngineError('ENGINE_NOT_CONFIGURED', 'the first command of an area configures it')
  }
  switch (command.type) {
    case 'barrier':
      return [{ type: 'owned', owner: command.owner }]
    case 'chain':
      return syncChain(state, command)
    case 'order':
      return placeOrder(state, command)
    case 'cancel':
      return state.orders.has(command.id) ? cancelOrder(state, command) : cancelForward(state, command)
    case 'agreements':
      return acceptAgreements(state, command)
    case 'end-agreement':
      return endAgreement(state, command)
    case 'revoke-session':
      return revokeSession(state, command)
    case 'readings':
      return command.readings.flatMap((reading) => takeReading(state, reading))
    case 'late-readings':
      return takeLateReadings(state, command.readings)
    case 'leave-out':
      return leaveOut(state, command)
    case 'tick':
      return doNext(state, command)
  }
}

function placeOrder(state: AreaState, command: CommandOf<'order'>): Event[] {
  const { market } = command.order
  if (market === 0) return acceptOrder(state, command)
  return market === 1 ? placeForward(state, command) : refused(command.id, 'ORDER_MARKET', [market])
}

/** What comes due next by itself, or null for an area that has not been configured. */
export function nextDue(state: AreaState): Due | null {
  if (state.configs.length === 0) return null
  // What is promised rests on the chain as it was at one block.
  let next: Due = { atMs: state.chain.isPartial ? Number.POSITIVE_INFINITY : state.nextStart * 1000, work: 'start' }
  const sooner = (due: Due) => {
    if (due.atMs < next.atMs) next = due
  }
  const waiting = nextToClear(state)
  if (waiting !== null) sooner({ atMs: waiting.dueMs, work: 'clear' })
  if (batchInWork(state) !== null) sooner({ atMs: state.nowMs, work: 'leave-out' })
  const batch = openBatch(state)
  const cutMs = batch === null ? Number.POSITIVE_INFINITY : batchDueMs(state, batch)
  if (batch !== null && cutMs < Number.POSITIVE_INFINITY) {
    const isStale = firstStale(state, batch.end) !== null
    sooner({ atMs: Math.max(cutMs, state.nowMs), work: isStale ? 'rerun' : 'cut' })
  }
  if (firstStale(state, Number.POSITIVE_INFINITY) !== null) {
    sooner({ atMs: Math.max(state.rerunsFromMs, state.nowMs), work: 'rerun' })
  }
  return next
}

/** Does the first thing that is due, if anything is. */
function doNext(state: AreaState, { seal }: CommandOf<'tick'>): Event[] {
  const due = nextDue(state)!
  if (due.atMs > state.nowMs) return []
  switch (due.work) {
    case 'start':
      return startInterval(state)
    case 'clear':
      return clearInterval(state, nextToClear(state)!.interval)
    case 'leave-out':
      return leaveOutNext(state, batchInWork(state)!)
    case 'rerun':
      return rerunInterval(state, firstStale(state, Number.POSITIVE_INFINITY)!)
    case 'cut':
      return seal === null ? [] : cutBatch(state, openBatch(state)!, seal)
  }
}

function configure(state: AreaState, { config, face }: CommandOf<'configure'>): Event[] {
  // Throws where the zones are no tree.
  clearAuction({
    zones: config.zones.map(({ parent, ...zone }) => (parent === null ? zone : { ...zone, parent })),
    orders: [],
  })
  const { intervalSeconds, batchSeconds } = config.rules
  if (state.configs.length === 0) {
    state.nextStart = Math.ceil(state.nowMs / 1000 / intervalSeconds) * intervalSeconds
    state.cutUntil = Math.floor(state.nextStart / batchSeconds) * batchSeconds
    state.firstStart = state.nextStart - intervalSeconds
    state.configs = [{ from: state.nextStart, config, face }]
    return [{ type: 'configured', from: state.nextStart, config, face }]
  }
  requireSameArea(state, config)
  const from = firstStartAfter(state.nowMs, intervalSeconds)
  state.configs = [...state.configs.filter((known) => known.from < from), { from, config, face }]
  return [{ type: 'configured', from, config, face }]
}

/** An area keeps its rules, and every zone in which somebody lives. */
function requireSameArea(state: AreaState, config: AreaConfig): void {
  const before = configNow(state)
  if (before.rulesHash !== config.rulesHash) {
    throw new EngineError(
      'ENGINE_AREA_CHANGED',
      'an area keeps the rules that its participants signed: open a new area',
    )
  }
  const zones = new Set(config.zones.map(({ id }) => id))
  for (const { id } of before.zones) {
    if (zones.has(id)) continue
    const living = [...state.seats.values()].filter(({ chain }) => chain.terms.some((terms) => livesIn(terms, id)))
    if (living.length === 0) continue
    const seats = living.map(({ chain }) => chain.seat).join(', ')
    throw new EngineError(
      'ENGINE_ZONE_IN_USE',
      `zone ${id} cannot be taken away: seats ${seats} are in it. Have the grid operator place them elsewhere first`,
    )
  }
}

function livesIn({ zone, closed }: Terms, id: string): boolean {
  return zone === id && !closed
}

function syncChain(state: AreaState, { block, time, settledUntil, seats, isPart }: CommandOf<'chain'>): Event[] {
  const chain = { block, time: Math.max(time, state.chain.time), settledUntil }
  const followed = isPart ? [] : followChain(state, chain)
  state.chain.isPartial = isPart
  const synced = seats.map((seat) => syncSeat(state, seat))
  for (const { change } of synced) outdate(state, change)
  return [...followed, ...synced.flatMap(({ events }) => events)]
}

/**
 * What was traded on readings that are gone, or by terms that were not in force any more when the chain was behind, could
 * never be settled: such intervals are to be computed again.
 */
function outdate(state: AreaState, { seat, before, beginsEpoch }: SeatChange): void {
  const { terms } = seat.chain
  if (terms.at(-1)!.closed) giveUpOn(state, seat)
  if (before === undefined) return
  for (const interval of intervalsBetween(state, state.cutUntil, state.nextStart)) {
    if (interval.status !== 'provisional') continue
    const isBound = !bindsAlike(inForce(before, interval.start), inForce(terms, interval.start))
    if (isBound || (beginsEpoch && interval.fills.slot.includes(seat.slot))) {
      interval.isStale = true
      interval.isChanged = true
    }
  }
}

function inForce(schedule: readonly Terms[], time: number): Terms | null {
  return schedule.findLast(({ from }) => from <= time) ?? null
}

/** Whether terms bind as those before them, whenever each began; terms that ended before the seat's base are not told any more. */
function bindsAlike(before: Terms | null, after: Terms | null): boolean {
  if (after === null) return true
  if (before === null) return false
  return (Object.keys(after) as (keyof Terms)[]).every((name) => name === 'from' || before[name] === after[name])
}
