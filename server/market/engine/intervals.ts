/** The life of an interval: promises when it starts, a computation when its readings are in, a new one when one comes late. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { AreaConfig, Event, IntervalRun, PromiseCut } from '../area/area.ts'
import { budgetsAt, countCharges, discountCharges } from '../area/budgets.ts'
import { sides } from '../area/codes.ts'
import {
  companionOf,
  type Energies,
  longestWaitMs,
  provisionalEnergies,
  settlesOnBilling,
  settlingEnergies,
} from '../area/energy.ts'
import { costOf, purseOf, release, reservedIn } from '../area/funds.ts'
import type { Interval } from '../area/interval.ts'
import { forgetOrders } from '../area/orders.ts'
import {
  type AreaState,
  configAt,
  intervalAt,
  intervalsBetween,
  isSuspended,
  lengthOf,
  suspendedSeats,
  termsAt,
} from '../area/state.ts'
import { closeGate } from '../stages/forward/book.ts'
import { positionOf } from '../stages/forward/positions.ts'
import { stagesOf } from '../stages/stages.ts'
import { computeInterval } from './compute.ts'
import { forgetOld } from './forgetting.ts'
import { mostMissed } from './seats.ts'

/** After an outage meters need time to deliver their backlog: an interval started late waits this much longer at most. */
const longestBacklogWaitMs = 30_000
/** After computing again an area rests for this long per seat. */
const restMsPerSeat = 1

/**
 * Starts the next interval: closes its gate, sets aside what may be traded, and notes whose readings it waits for. One that
 * the chain has settled already only closes its gate. A gate with a large book takes more than one call.
 */
export function startInterval(state: AreaState): Event[] {
  const start = state.nextStart
  const config = configAt(state, start)
  const gate = closeGate(state, start)
  if (!gate.isClosed) return gate.events
  state.nextStart = start + config.rules.intervalSeconds
  const interval = intervalAt(state, start)
  interval.status = 'started'
  interval.startedAtMs = state.nowMs
  interval.isChanged = true
  if (start < state.cutUntil) giveUp(state, interval)
  else {
    const purse = purseOf(state)
    for (const stage of stagesOf(config)) stage.promise(state, interval, config, purse)
    expectReadings(state, interval, config)
  }
  const ended = [...state.seats.values()].flatMap((seat) =>
    seat.orders.length === 0 ? [] : forgetOrders(state, seat, state.nextStart),
  )
  const forgotten = start < state.cutUntil ? forgetOld(state) : []
  return [...gate.events, startedEvent(state, interval), ...ended, ...forgotten]
}

/** Makes an interval final without a result of its own: the chain has settled it without this journal. */
export function giveUp(state: AreaState, interval: Interval): void {
  release(state, reservedIn(state, [interval]))
  for (const trade of state.forward.get(interval.start)?.trades ?? []) release(state, costOf(trade))
  discountCharges(state, interval)
  interval.giveUp()
}

function startedEvent(state: AreaState, interval: Interval): Event {
  let orders = 0
  for (const side of sides) for (const arrival of interval.reserved?.[side].arrival ?? []) if (arrival > 0) orders += 1
  let reserved = 0n
  for (const [, amount] of reservedIn(state, [interval])) reserved += amount
  return {
    ...{ type: 'interval-started', start: interval.start, orders, reserved, waitsFor: interval.waitsFor },
    ...{ block: state.chain.block, suspended: suspendedSeats(state), cut: cutPromises(interval) },
  }
}

/** What funds were too short for, in order of arrival. */
function cutPromises(interval: Interval): PromiseCut[] {
  const cut: PromiseCut[] = []
  for (const { arrival, energyWh, isCut } of interval.promised) if (isCut) cut.push({ arrival, energyWh })
  for (const side of sides) {
    for (let slot = 0; slot < interval.places; slot += 1) {
      const reservation = interval.reservation(slot, side)
      if (reservation?.isCut) cut.push({ arrival: reservation.arrival, energyWh: reservation.reservedWh })
    }
  }
  return cut.sort((a, b) => a.arrival - b.arrival)
}

/**
 * Waits for those that can trade something and were read lately: a seat that stays silent, whoever it is of, delays nobody for
 * longer than a few intervals. Where the metering operator's values settle they come much later: there, companions are waited for.
 */
function expectReadings(state: AreaState, interval: Interval, config: AreaConfig): void {
  const promised = new Set<number>()
  for (const { seller, buyer, energyWh } of interval.promised) if (energyWh > 0) promised.add(seller).add(buyer)
  const forward = state.forward.get(interval.start)
  const end = interval.start + config.rules.intervalSeconds
  for (const [number, seat] of state.seats) {
    if (isSuspended(state, seat) || seat.base.time >= end) continue
    const terms = termsAt(seat, interval.start)
    if (terms === null || terms.closed || terms.validUntil < end) continue
    if (terms.grade !== config.rules.settlingGrade) continue
    const read = settlesOnBilling(config) ? companionOf(state, seat, interval.start) : seat
    if (read === null || read.missed >= mostMissed || isSuspended(state, read)) continue
    const { tradedWh } = positionOf(forward, number)
    const trades = sides.some(
      (side) => tradedWh[side] > 0 || (interval.reservation(seat.slot, side)?.reservedWh ?? 0) > 0,
    )
    if (trades || promised.has(number)) interval.expect(read.slot)
  }
}

/** Until when an interval waits for its first result, where readings are missing. */
export function clearingDueMs(interval: Interval, config: AreaConfig): number {
  const endMs = (interval.start + config.rules.intervalSeconds) * 1000
  const waitMs = settlesOnBilling(config) ? Math.min(config.graceMs, longestWaitMs.companion) : config.graceMs
  const latenessMs = interval.startedAtMs - interval.start * 1000
  const backlogMs = latenessMs > config.rules.intervalSeconds * 1000 ? Math.min(latenessMs, longestBacklogWaitMs) : 0
  return Math.max(endMs, interval.startedAtMs) + waitMs + backlogMs
}

/** The first interval that waits for its first computation, with when that is due. */
export function nextToClear(state: AreaState): { interval: Interval; dueMs: number } | null {
  const length = lengthOf(state)
  let first: { interval: Interval; dueMs: number } | null = null
  for (const interval of intervalsBetween(state, state.cutUntil, state.nextStart)) {
    if (interval.status !== 'started') continue
    const endMs = (interval.start + length) * 1000
    const dueMs = interval.waitsFor === 0 ? endMs : clearingDueMs(interval, configAt(state, interval.start))
    if (first === null || dueMs < first.dueMs) first = { interval, dueMs }
    if (endMs > state.nowMs) break
  }
  return first
}

/** The first interval that was computed from something else than is known now. */
export function firstStale(state: AreaState, until: UtcSeconds): Interval | null {
  for (const interval of intervalsBetween(state, state.cutUntil, until)) if (interval.isStale) return interval
  return null
}

/** The first interval that can be final only once it has been computed from what is signed alone. */
export function firstUnsettled(state: AreaState, until: UtcSeconds): Interval | null {
  for (const interval of intervalsBetween(state, state.cutUntil, until)) {
    if (interval.isStale || interval.isLent) return interval
  }
  return null
}

/** Computes an interval for the first time. Those who were waited for in vain are waited for a little less. */
export function clearInterval(state: AreaState, interval: Interval): Event[] {
  for (const seat of state.seats.values()) {
    if (interval.isExpected(seat.slot) && !interval.isRead(seat.slot)) seat.missed += 1
  }
  interval.status = 'provisional'
  return [cleared(computed(state, interval, provisionalEnergies(state, interval.start)))]
}

/** Computes a stale interval again; in a large area not all the time, unless it is about to become final. */
export function rerunInterval(state: AreaState, interval: Interval): Event[] {
  state.rerunsFromMs = state.nowMs + state.seats.size * restMsPerSeat
  return [cleared(computed(state, interval, provisionalEnergies(state, interval.start)))]
}

/** Computes an interval from what settles alone. */
export function settleInterval(state: AreaState, interval: Interval): Event[] {
  state.rerunsFromMs = state.nowMs + state.seats.size * restMsPerSeat
  return [cleared(computed(state, interval, settlingEnergies(state, interval.start)))]
}

function computed(state: AreaState, interval: Interval, energies: Energies): IntervalRun {
  const { start } = interval
  discountCharges(state, interval)
  const budgets = budgetsAt(state, start)
  const result = computeInterval(state, configAt(state, start), interval, { energies, budgets })
  countCharges(state, interval)
  return result
}

function cleared(result: IntervalRun): Event {
  return { type: 'interval-cleared', result }
}
