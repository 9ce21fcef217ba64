/** Cutting batches: intervals become final, their fills are netted per seat, and every seat's base moves up. */
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { BatchNetting, spansOf } from '../../settlement/netting.ts'
import type { AreaConfig, BatchCut, ChainSeat, CommandOf, Event, SeatSpan } from '../area/area.ts'
import { longestWaitMs, settlesOnBilling } from '../area/energy.ts'
import { bind, costOf, owedIn, release, reservedIn } from '../area/funds.ts'
import type { Interval } from '../area/interval.ts'
import { noId, refused } from '../area/refusal.ts'
import {
  type AreaState,
  type Configured,
  configAt,
  configNow,
  intervalsBetween,
  lengthOf,
  type SeatState,
  type UnsettledBatch,
} from '../area/state.ts'
import { waitsForDeclaration } from './declarations.ts'
import { forgetOld } from './forgetting.ts'
import { clearingDueMs, giveUp } from './intervals.ts'

/**
 * The batch that begins with the first interval that is not final, once all of its intervals have started; else null. It is
 * shorter than others where the chain has settled a part of its time already.
 */
export function openBatch(state: AreaState): { start: UtcSeconds; end: UtcSeconds } | null {
  const { batchSeconds } = configNow(state).rules
  const start = state.cutUntil
  const end = (Math.floor(start / batchSeconds) + 1) * batchSeconds
  return state.nextStart >= end ? { start, end } : null
}

/**
 * When a batch can be cut: some time after its last readings were waited for, and what the grid operator has to declare. Never before
 * a counted block of the chain at or after its end has been seen, so that every change of its terms is known: infinite until then.
 */
export function batchDueMs(state: AreaState, { start, end }: { start: UtcSeconds; end: UtcSeconds }): number {
  if (state.chain.time < end) return Number.POSITIVE_INFINITY
  let dueMs = 0
  for (const interval of intervalsBetween(state, start, end)) {
    if (interval.status === 'started') return Number.POSITIVE_INFINITY
    const config = configAt(state, interval.start)
    dueMs = Math.max(dueMs, clearingDueMs(interval, config) + config.graceMs + signingMs(config))
    if (waitsForDeclaration(state, interval.start, config)) {
      const endMs = (interval.start + config.rules.intervalSeconds) * 1000
      dueMs = Math.max(dueMs, endMs + config.sharing!.waitMs)
    }
  }
  return dueMs
}

/** What the metering operator has told is signed when the grace has passed, for which there is some time. */
function signingMs(config: AreaConfig): number {
  return settlesOnBilling(config) ? Math.min(config.graceMs, longestWaitMs.signing) : 0
}

/** Cuts a batch. One in which no meter was read is final but has nothing to settle. */
export function cutBatch(state: AreaState, { start, end }: { start: UtcSeconds; end: UtcSeconds }, seal: Hex): Event[] {
  const provisional = [...intervalsBetween(state, start, end)].filter(({ status }) => status === 'provisional')
  release(state, reservedIn(state, provisional))
  const events = provisional.map((interval): Event => {
    for (const trade of state.forward.get(interval.start)?.trades ?? []) release(state, costOf(trade))
    interval.finish()
    return { type: 'interval-final', start: interval.start, run: interval.run }
  })
  bind(state, owedIn(state, provisional))
  const spans = batchSpans(state, { start, end })
  const cut: UnsettledBatch = { start, end, number: 1, seal, leftOut: [], leaving: [], leavingFrom: end, spans }
  state.cutUntil = end
  if (spans.length > 0) {
    events.push({ type: 'batch-cut', batch: netted(state, cut), number: 1, leftOut: [], seal })
    state.batches.set(end, cut)
    for (const { seat, epoch, time, importWh, exportWh } of spans) {
      const own = state.seats.get(seat)!
      own.base = { epoch, time, importWh, exportWh }
      if (time > own.newest.time) own.newest = { ...own.base, quality: 0 }
    }
  }
  return [...events, ...forgetOld(state)]
}

interface Boundary {
  time: UtcSeconds
  /** The interval that ends at this boundary. */
  interval: Interval
}

/** Where the entries of a batch begin and end, once its intervals were computed; a seat of which nothing was measured has none. */
export function batchSpans(
  state: Configured & Pick<AreaState, 'intervals' | 'seats'>,
  { start, end }: { start: UtcSeconds; end: UtcSeconds },
): SeatSpan[] {
  const length = lengthOf(state)
  const boundaries: Boundary[] = []
  for (let time = start; time <= end; time += length) {
    const interval = state.intervals.get(time - length)
    if (interval !== undefined) boundaries.push({ time, interval })
  }
  const trading = new Set(state.intervals.get(start)?.fills.slot)
  const all: SeatSpan[] = []
  for (const seat of state.seats.values()) {
    const { slot, base, chain } = seat
    const startTrades = trading.has(slot)
    // No entry that trades runs across a change of terms, nor across a mandate's expiry.
    const changes: UtcSeconds[] = []
    for (const { from, validUntil } of chain.terms) {
      if (from > base.time && from < end) changes.push(from)
      if (validUntil > base.time && validUntil < end) changes.push(validUntil)
    }
    const measured =
      changes.length > 0 ? measuredOf(seat, boundaries) : outermostOf(seat, boundaries, { start, startTrades })
    if (measured.length === 0 || measured.at(-1)! <= start) continue
    if (isClosedBetween(chain, Math.max(base.time, start), end)) continue
    for (const span of spansOf({ base: base.time, measured, changes, startTrades }, start)) {
      const { epoch, importWh, exportWh } = state.intervals.get(span.time - length)!.registersAt(slot, span.time)!
      all.push({ seat: chain.seat, ...span, epoch, importWh, exportWh })
    }
  }
  return all
}

/** The boundaries at which a seat was measured since its base, ascending. */
function measuredOf({ slot, base }: SeatState, boundaries: readonly Boundary[]): UtcSeconds[] {
  const measured: UtcSeconds[] = []
  for (const { time, interval } of boundaries) {
    if (time > base.time && interval.isMeasured(slot, base.epoch)) measured.push(time)
  }
  return measured
}

/**
 * The last boundary at which a seat was measured and, where an entry has to begin at it, the first: where no terms change, the spans
 * follow from these two. A day has many boundaries, and most seats were measured at all of them.
 */
function outermostOf(
  { slot, base }: SeatState,
  boundaries: readonly Boundary[],
  { start, startTrades }: { start: UtcSeconds; startTrades: boolean },
): UtcSeconds[] {
  const isMeasured = (place: number) => {
    const { time, interval } = boundaries[place]!
    return time > base.time && interval.isMeasured(slot, base.epoch)
  }
  let last = boundaries.length - 1
  while (last >= 0 && !isMeasured(last)) last -= 1
  if (last < 0) return []
  const times = [boundaries[last]!.time]
  if (base.time >= start) return times
  let first = boundaries[0]!.time > start || startTrades ? 0 : 1
  while (first < last && !isMeasured(first)) first += 1
  return first < last ? [boundaries[first]!.time, ...times] : times
}

/** A seat that trades in no interval of a batch, whatever comes, has nothing to settle there; it may be forgotten by then. */
function isClosedBetween({ terms }: Pick<ChainSeat, 'terms'>, from: UtcSeconds, until: UtcSeconds): boolean {
  return !terms.some((own, place) => {
    return !own.closed && own.from < until && (terms[place + 1]?.from ?? Number.POSITIVE_INFINITY) > from
  })
}

/** Nets the newest fills of a batch's intervals. */
function netted(state: AreaState, { start, end, spans }: UnsettledBatch): BatchCut {
  const netting = new BatchNetting({ start, end, intervalSeconds: lengthOf(state) }, spans)
  for (const { start: from, fills } of intervalsBetween(state, start, end)) {
    netting.addAll(from, fills, state.slots)
  }
  return netting.finish()
}

/** The batch as it stands once seats have been left out. */
export function cutAnew(state: AreaState, batch: UnsettledBatch): Event[] {
  batch.number += 1
  batch.leftOut.push(...batch.leaving)
  batch.leaving = []
  const { number, leftOut, seal } = batch
  return [{ type: 'batch-cut', batch: netted(state, batch), number, leftOut: [...leftOut], seal }]
}

/**
 * Takes over how far the chain has settled; an older view of it changes nothing. What was settled is no longer owed, and its
 * batches need not be cut anew. Where the chain has settled what this journal does not know (it was restored from an old
 * copy), the intervals until then are final without results: their money has moved already.
 */
export function followChain(state: AreaState, seen: Omit<AreaState['chain'], 'isPartial'>): Event[] {
  const length = lengthOf(state)
  const { chain } = state
  const block = Math.max(seen.block, chain.block)
  const time = Math.max(seen.time, chain.time)
  const settledUntil = Math.max(seen.settledUntil, chain.settledUntil)
  const settled = [...intervalsBetween(state, chain.settledUntil - length, settledUntil)].filter(
    (interval) => interval.status === 'final' && interval.start + length <= settledUntil,
  )
  release(state, owedIn(state, settled))
  state.chain = { block, time, settledUntil, isPartial: false }
  for (const end of state.batches.keys()) if (end <= settledUntil) state.batches.delete(end)
  const events: Event[] = [{ type: 'chain-followed', block, time, settledUntil }]
  return settledUntil > state.cutUntil ? [...events, ...adopt(state)] : events
}

/**
 * The chain has settled another batch of this time than the one cut here: it counts as one that only the chain knows. Refused as
 * long as the chain is not known to have settled so far, and for a time of which nothing was cut.
 */
export function disownBatch(state: AreaState, { start, end }: CommandOf<'disown-batch'>): Event[] {
  const isSettled = start < end && end <= Math.min(state.chain.settledUntil, state.cutUntil)
  return isSettled ? [{ type: 'batch-missed', start, end }] : refused(noId, 'BATCH_UNKNOWN', [end, 0])
}

/** Gives up the intervals that the chain has settled without this journal; those that have not started do so when they start. */
function adopt(state: AreaState): Event[] {
  const { settledUntil } = state.chain
  const start = state.cutUntil
  for (const interval of intervalsBetween(state, start, settledUntil)) giveUp(state, interval)
  state.cutUntil = settledUntil
  return [{ type: 'batch-missed', start, end: settledUntil }, ...forgetOld(state)]
}
