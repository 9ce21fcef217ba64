/**
 * Netting: the final fills of a batch become one entry per seat, from the seat's base to its last measured reading.
 *
 * Rules: design "Seats". No entry spans a change of terms; where one lies between two measured readings, the energy between
 * them is not sold and a `rebase` moves the base up. Every seat with a measured reading in the batch gets an entry, also
 * without energy, so that unsold surplus is never carried into a later batch.
 */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { BatchCut, BatchEntry, MeterReading } from '../market/engine/area.ts'
import { SettlementError } from './error.ts'

/** What one seat bought and sold, all its orders together, in the interval that begins at `start`. */
export interface IntervalFill {
  start: UtcSeconds
  soldWh: Wh
  boughtWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
}

export interface SeatFills {
  seat: number
  /** Where the seat's entry starts: the last settled registers. */
  base: { epoch: number; time: UtcSeconds }
  /** Boundary readings of quality 0 with `base.time < time ≤ end`, ascending by time. Those of another epoch than the base's are ignored. */
  measured: MeterReading[]
  /** Starts of changed terms, and ends of mandates in force, inside `(base.time, end)`, in any order. */
  changes: UtcSeconds[]
  fills: IntervalFill[]
}

/**
 * Nets the final fills of `[start, end)`. Deterministic; the order of `seats` and of a seat's fills does not matter.
 *
 * Throws `SettlementError`: `SETTLEMENT_INPUT` (a reading or fill outside the batch, readings not ascending),
 * `SETTLEMENT_FILL_UNCOVERED` (a fill that no entry covers: one of its interval's ends is not a measured reading),
 * `SETTLEMENT_UNBALANCED` (energy sold ≠ energy bought), `SETTLEMENT_GRID_TAKE` (more is received than paid).
 */
export function netBatch(input: {
  start: UtcSeconds
  end: UtcSeconds
  intervalSeconds: number
  seats: SeatFills[]
}): BatchCut {
  const { start, end } = input
  const seats = [...input.seats].sort((a, b) => a.seat - b.seat)
  const entries = seats.flatMap((seat) => netSeat(seat, input))
  const total = { soldWh: 0, boughtWh: 0, paid: 0n, received: 0n }
  for (const entry of entries) addTo(total, entry)
  if (total.soldWh !== total.boughtWh) {
    throw new SettlementError('SETTLEMENT_UNBALANCED', `sold ${total.soldWh} Wh but bought ${total.boughtWh} Wh`)
  }
  if (total.paid < total.received) {
    throw new SettlementError('SETTLEMENT_GRID_TAKE', `paid ${total.paid} but received ${total.received} ledger units`)
  }
  return {
    start,
    end,
    ...tightestBand(entries),
    energyWh: total.soldWh,
    paid: total.paid,
    received: total.received,
    entries,
  }
}

type Batch = { start: UtcSeconds; end: UtcSeconds; intervalSeconds: number }

function netSeat(seat: SeatFills, batch: Batch): BatchEntry[] {
  const spans = spansOf(seat, batch)
  for (const fill of seat.fills) {
    const fillEnd = fill.start + batch.intervalSeconds
    if (fill.start < batch.start || fillEnd > batch.end) {
      throw new SettlementError('SETTLEMENT_INPUT', `seat ${seat.seat}: fill at ${fill.start} lies outside the batch`)
    }
    const span = spans.find(({ from, entry }) => entry.kind === 'settle' && from <= fill.start && fillEnd <= entry.time)
    if (span === undefined) {
      if (fill.soldWh === 0 && fill.boughtWh === 0 && fill.paid === 0n && fill.received === 0n) continue
      throw new SettlementError(
        'SETTLEMENT_FILL_UNCOVERED',
        `seat ${seat.seat}: the fill at ${fill.start} has no measured reading at both ends of its interval`,
      )
    }
    addTo(span.entry, fill)
  }
  return spans.map(({ entry }) => entry)
}

interface Span {
  from: UtcSeconds
  entry: BatchEntry
}

/**
 * The seat's entries, still without energy, each with the time where it starts. What trades must begin inside the batch:
 * a base before it is first moved up, to the batch's own start only where something was traded right from there.
 */
function spansOf({ seat, base, measured, changes, fills }: SeatFills, batch: Batch): Span[] {
  const ascending = [...changes].sort((a, b) => a - b)
  const startTrades = fills.some(({ start, soldWh, boughtWh }) => start === batch.start && soldWh + boughtWh > 0)
  assertReadings(seat, base.time, measured, batch.end)
  const readings = measured.filter(
    ({ epoch, time }) => epoch === base.epoch && (time > batch.start || (time === batch.start && startTrades)),
  )
  const spans: Span[] = []
  let from = base.time
  let next = 0
  while (next < readings.length) {
    const change = from < batch.start ? from : ascending.find((time) => time > from)
    const joined = countWhile(readings, next, ({ time }) => change === undefined || time <= change)
    const reading = readings[next + Math.max(joined, 1) - 1]!
    spans.push({ from, entry: emptyEntry(seat, joined > 0 ? 'settle' : 'rebase', reading) })
    from = reading.time
    next += Math.max(joined, 1)
  }
  return spans
}

function assertReadings(seat: number, base: UtcSeconds, measured: MeterReading[], end: UtcSeconds) {
  let before = base
  for (const { time, quality } of measured) {
    if (time <= before || time > end || quality !== 0) {
      throw new SettlementError('SETTLEMENT_INPUT', `seat ${seat}: the reading of ${time} cannot end an entry`)
    }
    before = time
  }
}

function countWhile<Item>(items: Item[], from: number, holds: (item: Item) => boolean): number {
  let index = from
  while (index < items.length && holds(items[index]!)) index += 1
  return index - from
}

function emptyEntry(seat: number, kind: BatchEntry['kind'], reading: MeterReading): BatchEntry {
  const { epoch, time, importWh, exportWh } = reading
  return { seat, kind, epoch, time, importWh, exportWh, soldWh: 0, boughtWh: 0, paid: 0n, received: 0n }
}

type Quantities = Pick<BatchEntry, 'soldWh' | 'boughtWh' | 'paid' | 'received'>

function addTo(sum: Quantities, part: Quantities) {
  sum.soldWh += part.soldWh
  sum.boughtWh += part.boughtWh
  sum.paid += part.paid
  sum.received += part.received
}

/** The tightest whole ticks that contain the average price of every entry's sides; 0 and 0 when nothing was traded. */
function tightestBand(entries: BatchEntry[]): { bandLow: Ticks; bandHigh: Ticks } {
  let low: bigint | null = null
  let high: bigint | null = null
  const widen = (amount: LedgerUnits, energyWh: Wh) => {
    if (energyWh === 0) return
    const floor = floorDivide(amount, BigInt(energyWh))
    const ceiling = -floorDivide(-amount, BigInt(energyWh))
    if (low === null || floor < low) low = floor
    if (high === null || ceiling > high) high = ceiling
  }
  for (const entry of entries) {
    widen(entry.paid, entry.boughtWh)
    widen(entry.received, entry.soldWh)
  }
  return { bandLow: Number(low ?? 0n), bandHigh: Number(high ?? 0n) }
}

/** Rounds towards minus infinity; the divisor is positive. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient
}
