/** Cutting batches: intervals become final, their fills are netted per seat, and every seat's base moves up. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { type IntervalFill, netBatch, type SeatFills } from '../../settlement/netting.ts'
import type { AreaConfig, BatchCut, Event, IntervalRun } from './area.ts'
import { bind, costOf, owedIn, release, reservedFor } from './funds.ts'
import { clearingDueMs, rerunStale } from './intervals.ts'
import type { AreaState, IntervalState, SeatState, UnsettledBatch, UnsettledInterval } from './state.ts'
import { hasTraded, withoutSeat } from './without-seat.ts'

/** Final costs stay known for this many batches after the chain has settled them, should a reorganisation unsettle them. */
const batchesKeptAfterSettlement = 4
const batchesOfReadingsKept = 2

/** When the batch that holds the first open interval can be cut, or null while there is none or it has not ended. */
export function batchDueMs(state: AreaState, config: AreaConfig): number | null {
  const end = nextBatchEnd(state, config)
  if (end === null || state.nextStart < end) return null
  let dueMs = 0
  for (const interval of intervalsBefore(state, end)) {
    dueMs = Math.max(dueMs, clearingDueMs(interval, config) + config.graceMs)
  }
  return dueMs
}

function nextBatchEnd(state: AreaState, config: AreaConfig): UtcSeconds | null {
  const first = state.intervals.keys().next()
  if (first.done) return null
  const { batchSeconds } = config.rules
  return (Math.floor(first.value / batchSeconds) + 1) * batchSeconds
}

function intervalsBefore(state: AreaState, end: UtcSeconds): IntervalState[] {
  return [...state.intervals.values()].filter(({ start }) => start < end)
}

/** Cuts every batch that is due, in order. A batch in which no meter was read is final but has nothing to settle. */
export function cutBatches(state: AreaState, config: AreaConfig): Event[] {
  const events: Event[] = []
  for (;;) {
    const dueMs = batchDueMs(state, config)
    if (dueMs === null || state.nowMs < dueMs) return events
    const end = nextBatchEnd(state, config)!
    const intervals = intervalsBefore(state, end)
    if (intervals.some(({ result }) => result === null)) return events
    events.push(...rerunStale(state, config, end))
    for (const { start, result } of intervals) {
      result!.status = 'final'
      events.push({ type: 'interval-final', start, run: result!.run })
    }
    const start = Math.floor(intervals[0]!.start / config.rules.batchSeconds) * config.rules.batchSeconds
    const unsettled: UnsettledBatch = {
      ...{ start, end, number: 1, leftOut: [] },
      intervals: intervals.map((interval) => ({
        result: interval.result!,
        trades: state.forward.get(interval.start)?.trades ?? [],
      })),
      seats: [...state.seats.values()].flatMap((seat) => measuredSeat(seat, start, end)),
    }
    const batch = netted(unsettled, config)
    if (batch.entries.length > 0) {
      events.push({ type: 'batch-cut', batch, number: 1, leftOut: [] })
      state.batches.set(end, unsettled)
    }
    close(state, config, intervals, batch)
  }
}

/**
 * Cuts a batch anew without what `seats` traded in it: each interval in which one of them traded gets a further,
 * final run, without one of them after the other.
 * Changes nothing where the batch is settled, has another number by now, or none of the seats traded in it.
 */
export function leaveOut(
  state: AreaState,
  config: AreaConfig,
  { end, number, seats }: { end: UtcSeconds; number: number; seats: readonly number[] },
): Event[] {
  const batch = state.batches.get(end)
  if (batch === undefined || batch.number !== number) return []
  const traded = new Set<number>()
  const events: Event[] = []
  for (const interval of batch.intervals) {
    let { result } = interval
    for (const seat of seats) {
      if (!hasTraded(result, seat)) continue
      traded.add(seat)
      result = withoutSeat(result, { config, trades: interval.trades, seat })
    }
    if (result === interval.result) continue
    interval.result = { ...result, run: interval.result.run + 1 }
    events.push({ type: 'interval-cleared', result: interval.result })
    const { start } = result
    state.unsettled = state.unsettled.flatMap((before) => {
      if (before.start !== start) return [before]
      release(state, owedIn(state, before))
      return owe(state, result)
    })
  }
  if (traded.size === 0) return []
  batch.number += 1
  batch.leftOut.push(...seats.filter((seat) => traded.has(seat)))
  const { number: newNumber, leftOut } = batch
  events.push({ type: 'batch-cut', batch: netted(batch, config), number: newNumber, leftOut: [...leftOut] })
  return events
}

/**
 * Takes over how far the chain has settled, which a reorganisation may turn back: what was settled is no longer owed, and
 * its batches need not be cut anew.
 */
export function followChain(state: AreaState, chain: AreaState['chain']): void {
  for (const interval of state.unsettled) {
    const before = owedIn(state, interval)
    const after = owedIn({ config: state.config, chain }, interval)
    if (before === after) continue
    release(state, before)
    bind(state, after)
  }
  state.chain = chain
  for (const end of state.batches.keys()) if (end <= chain.settledUntil) state.batches.delete(end)
}

/** Nets the fills of a batch's newest results, from where its entries began. */
export function netted({ start, end, intervals, seats }: UnsettledBatch, config: AreaConfig): BatchCut {
  const fillsOf = new Map<number, IntervalFill[]>(seats.map(({ seat }) => [seat, []]))
  for (const { result } of intervals) {
    for (const { seat, soldWh, boughtWh, paid, received } of result.seats) {
      if (soldWh + boughtWh > 0) fillsOf.get(seat)?.push({ start: result.start, soldWh, boughtWh, paid, received })
    }
  }
  return netBatch({
    ...{ start, end, intervalSeconds: config.rules.intervalSeconds },
    seats: seats.map((seat) => ({ ...seat, fills: fillsOf.get(seat.seat)! })),
  })
}

/** Where a seat's entry in a batch begins and what was measured; nothing where that is nothing. */
export function measuredSeat(seat: SeatState, start: UtcSeconds, end: UtcSeconds): Omit<SeatFills, 'fills'>[] {
  const measured = seat.readings.filter(({ time, quality }) => quality === 0 && time > seat.base.time && time <= end)
  if (measured.length === 0 || measured.at(-1)!.time <= start) return []
  // No entry that trades runs across a change of terms, nor across a mandate's expiry.
  const changes = seat.chain.terms
    .flatMap(({ from, validUntil }) => [from, validUntil])
    .filter((time) => time > seat.base.time && time < end)
  return [{ seat: seat.chain.seat, base: seat.base, measured, changes }]
}

function close(state: AreaState, config: AreaConfig, intervals: IntervalState[], batch: BatchCut): void {
  for (const interval of intervals) {
    const { start, result } = interval
    release(state, reservedFor(interval))
    for (const trade of state.forward.get(start)?.trades ?? []) release(state, costOf(trade))
    state.unsettled.push(...owe(state, result!))
    state.intervals.delete(start)
    state.forward.delete(start)
  }
  for (const entry of batch.entries) {
    state.seats.get(entry.seat)!.base = { epoch: entry.epoch, time: entry.time }
  }
  state.cutUntil = batch.end
  for (const seat of state.seats.values()) forgetReadings(seat, config.rules.batchSeconds)
  const kept = state.chain.settledUntil - batchesKeptAfterSettlement * config.rules.batchSeconds
  state.unsettled = state.unsettled.filter(({ start }) => start >= kept)
}

/** What an interval's result costs each seat on balance, committed from here on; nothing where nobody pays. */
function owe(state: AreaState, { start, seats }: IntervalRun): UnsettledInterval[] {
  const owed = new Map<number, bigint>()
  for (const { seat, paid, received } of seats) if (paid > received) owed.set(seat, paid - received)
  if (owed.size === 0) return []
  bind(state, owedIn(state, { start, owed }))
  return [{ start, owed }]
}

/** Keeps the readings from the base on, and those of some batches before it, so that a contradiction is still noticed. */
function forgetReadings(seat: SeatState, batchSeconds: number): void {
  const from = seat.base.time - batchesOfReadingsKept * batchSeconds
  const first = seat.readings.findIndex(({ time }) => time >= from)
  if (first > 0) seat.readings.splice(0, first)
}
