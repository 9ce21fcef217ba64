/** Cutting batches: intervals become final, their fills are netted per seat, and every seat's base moves up. */
import type { UtcSeconds } from '../../../contracts/units.ts'
import { netBatch, type SeatFills } from '../../settlement/netting.ts'
import type { AreaConfig, BatchCut, Event } from './area.ts'
import { clearingDueMs } from './intervals.ts'
import type { AreaState, IntervalState, SeatState } from './state.ts'

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
    for (const { start, result } of intervals) {
      result!.status = 'final'
      events.push({ type: 'interval-final', start, run: result!.run })
    }
    const start = Math.floor(intervals[0]!.start / config.rules.batchSeconds) * config.rules.batchSeconds
    const batch = netBatch({
      start,
      end,
      intervalSeconds: config.rules.intervalSeconds,
      seats: [...state.seats.values()].flatMap((seat) => seatFills(seat, intervals, start, end)),
    })
    if (batch.entries.length > 0) events.push({ type: 'batch-cut', batch })
    close(state, config, intervals, batch)
  }
}

function seatFills(seat: SeatState, intervals: IntervalState[], start: UtcSeconds, end: UtcSeconds): SeatFills[] {
  const measured = seat.readings.filter(({ time, quality }) => quality === 0 && time > seat.base.time && time <= end)
  if (measured.length === 0 || measured.at(-1)!.time <= start) return []
  const fills = intervals.flatMap((interval) => {
    const result = interval.result!.seats.find((candidate) => candidate.seat === seat.chain.seat)
    if (result === undefined || (result.soldWh === 0 && result.boughtWh === 0)) return []
    const { soldWh, boughtWh, paid, received } = result
    return [{ start: interval.start, soldWh, boughtWh, paid, received }]
  })
  // No entry that trades runs across a change of terms, nor across a mandate's expiry.
  const changes = seat.chain.terms
    .flatMap(({ from, validUntil }) => [from, validUntil])
    .filter((time) => time > seat.base.time && time < end)
  return [{ seat: seat.chain.seat, base: seat.base, measured, changes, fills }]
}

function close(state: AreaState, config: AreaConfig, intervals: IntervalState[], batch: BatchCut): void {
  for (const { start, result } of intervals) {
    const owed = new Map<number, bigint>()
    for (const { seat, paid, received } of result!.seats) if (paid > received) owed.set(seat, paid - received)
    if (owed.size > 0) state.unsettled.push({ start, owed })
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

/** Keeps the readings from the base on, and those of some batches before it, so that a contradiction is still noticed. */
function forgetReadings(seat: SeatState, batchSeconds: number): void {
  const from = seat.base.time - batchesOfReadingsKept * batchSeconds
  const first = seat.readings.findIndex(({ time }) => time >= from)
  if (first > 0) seat.readings.splice(0, first)
}
