/** The life of an interval: reservations when it starts, a computation when its readings are in, a new one when one comes late. */
import type { UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { AreaConfig, Event, OrderState, Reservation } from './area.ts'
import { closeGate } from './forward.ts'
import { tradedWh } from './forward-positions.ts'
import { bind, committedFunds, freeFunds } from './funds.ts'
import { computeInterval } from './interval-result.ts'
import { forgetOrders } from './orders.ts'
import {
  type AreaState,
  buyableWh,
  countingOrder,
  type IntervalState,
  type SeatState,
  sellableWh,
  termsAt,
} from './state.ts'

/** After an outage meters need time to deliver their backlog: an interval started late waits this much longer at most. */
const longestBacklogWaitMs = 30_000

/**
 * Starts every interval whose time has come, in order, and sets each order's worst case aside from free escrow funds in
 * order of arrival: buying at most limit × energy, selling at a negative limit likewise.
 */
export function startIntervals(state: AreaState, config: AreaConfig): Event[] {
  const events: Event[] = []
  const length = config.rules.intervalSeconds
  while (state.nextStart * 1000 <= state.nowMs) {
    const start = state.nextStart
    events.push(...closeGate(state, start))
    const reservations = reserve(state, config, start)
    state.intervals.set(start, { start, startedAtMs: state.nowMs, reservations, result: null })
    state.nextStart = start + length
    events.push({ type: 'interval-started', start, reservations }, ...forgetOrders(state, state.nextStart))
  }
  return events
}

function reserve(state: AreaState, config: AreaConfig, start: UtcSeconds): Reservation[] {
  const bySeatAndSide = new Map<string, OrderState[]>()
  for (const order of state.orders.values()) {
    const key = `${order.seat} ${order.side}`
    const group = bySeatAndSide.get(key)
    if (group === undefined) bySeatAndSide.set(key, [order])
    else group.push(order)
  }
  const counting: OrderState[] = []
  for (const group of bySeatAndSide.values()) {
    const order = countingOrder(group, start)
    if (order !== null) counting.push(order)
  }
  counting.sort((a, b) => a.arrival - b.arrival)

  const committed = committedFunds(state)
  const reservations: Reservation[] = []
  for (const order of counting) {
    const seat = state.seats.get(order.seat)!
    const terms = termsAt(seat, start)
    if (terms === null || terms.closed || seat.suspended) continue
    const limitTicks =
      order.side === 'buy'
        ? Math.min(order.limitTicks, terms.buyCeiling, config.highestTicks)
        : Math.max(order.limitTicks, terms.sellFloor, config.lowestTicks)
    const mandatedWh = order.side === 'buy' ? buyableWh(terms, config) : sellableWh(terms, config)
    const forwardWh = tradedWh(state.forward.get(start), order.seat, order.side)
    const wantedWh: Wh = Math.max(0, Math.min(order.maxWh, mandatedWh - forwardWh))
    const available = freeFunds(seat, committed)
    const worstPerWh = BigInt(order.side === 'buy' ? limitTicks : -limitTicks)
    let reservedWh = wantedWh
    let reserved = 0n
    if (worstPerWh > 0n) {
      const payable = available / worstPerWh
      if (payable < BigInt(wantedWh)) reservedWh = Number(payable)
      reserved = worstPerWh * BigInt(reservedWh)
    }
    bind(state, [[order.seat, reserved]])
    reservations.push({
      order: order.id,
      seat: order.seat,
      side: order.side,
      limitTicks,
      wantedWh,
      reservedWh,
      reserved,
    })
  }
  return reservations
}

/** Until when an interval waits for readings that are missing. */
export function clearingDueMs(interval: IntervalState, config: AreaConfig): number {
  const endMs = (interval.start + config.rules.intervalSeconds) * 1000
  const latenessMs = interval.startedAtMs - interval.start * 1000
  const backlogMs = latenessMs > config.rules.intervalSeconds * 1000 ? Math.min(latenessMs, longestBacklogWaitMs) : 0
  return Math.max(endMs, interval.startedAtMs) + config.graceMs + backlogMs
}

/**
 * Computes, in order of start, every interval that has ended and whose readings are all in or whose grace has passed, and
 * when that may be again those that are stale.
 */
export function clearIntervals(state: AreaState, config: AreaConfig): Event[] {
  const events = state.nowMs < (state.rerunsFromMs ?? 0) ? [] : rerunStale(state, config)
  for (const interval of state.intervals.values()) {
    if (interval.result !== null) continue
    const end = interval.start + config.rules.intervalSeconds
    if (end * 1000 > state.nowMs) break
    if (state.nowMs < clearingDueMs(interval, config) && !isComplete(state, interval, end)) continue
    events.push(run(state, config, interval))
  }
  return events
}

/** How far the look for a seat that lacks its reading has come: all before `waitingFor` had theirs when looked at. */
interface Search {
  seats: Iterator<number>
  waitingFor: number | undefined
}

/** The search is only resumed, so that not every reading makes all seats be looked at. */
const searches = new WeakMap<IntervalState, Search>()

function isComplete(state: AreaState, interval: IntervalState, end: UtcSeconds): boolean {
  const lacks = (seat: number) => lacksReading(state.seats.get(seat)!, interval, end)
  const search = searches.get(interval) ?? { seats: state.seats.keys(), waitingFor: undefined }
  searches.set(interval, search)
  do {
    if (search.waitingFor !== undefined && lacks(search.waitingFor)) return false
    search.waitingFor = search.seats.next().value
  } while (search.waitingFor !== undefined)
  // What the chain shows may have made a seat lack one after it was looked at.
  for (const seat of state.seats.keys()) {
    if (!lacks(seat)) continue
    searches.set(interval, { seats: state.seats.keys(), waitingFor: seat })
    return false
  }
  return true
}

function lacksReading(seat: SeatState, interval: IntervalState, end: UtcSeconds): boolean {
  if (seat.suspended || termsAt(seat, interval.start)?.closed !== false) return false
  return seat.base.time < end && seat.readings.findLast(({ time }) => time <= end)?.time !== end
}

/** After computing again an area rests for this long per seat and interval. */
const restMsPerSeat = 1

/**
 * An interval that has been computed from something else than is known now is to be computed again, unless it is final.
 * Version 1 of the rules did so at once, for every single reading.
 */
export function outdate(state: AreaState, config: AreaConfig, start: UtcSeconds): Event[] {
  const interval = state.intervals.get(start)
  if (interval === undefined || interval.result === null) return []
  if (state.engineVersion === 1) return [run(state, config, interval)]
  interval.isStale = true
  return []
}

/** Computes the stale intervals that start before `until` again, whether or not the area rests. */
export function rerunStale(state: AreaState, config: AreaConfig, until = Number.POSITIVE_INFINITY): Event[] {
  const stale = [...state.intervals.values()].filter(({ start, isStale }) => isStale === true && start < until)
  if (stale.length > 0) state.rerunsFromMs = state.nowMs + stale.length * state.seats.size * restMsPerSeat
  return stale.map((interval) => run(state, config, interval))
}

function run(state: AreaState, config: AreaConfig, interval: IntervalState): Event {
  const result = computeInterval(state, config, interval)
  interval.result = result
  delete interval.isStale
  return { type: 'interval-cleared', result }
}
