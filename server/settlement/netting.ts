/**
 * Netting: the final fills of a batch become one entry per seat, from the seat's base to its last measured reading.
 *
 * Rules: design "Seats". No entry spans a change of terms; where one lies between two measured readings, the energy between
 * them is not sold and a `rebase` moves the base up. Every seat with a measured reading in the batch gets an entry, also
 * without energy, so that unsold surplus is never carried into a later batch.
 */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { BatchCut, BatchEntry, SeatSpan } from '../market/area/area.ts'
import type { Fills } from '../market/area/interval.ts'
import { MoneySum } from '../market/money-sum.ts'
import { SettlementError } from './error.ts'

/** Where the entries of one seat in a batch end. */
export interface SpanInput {
  /** The last settled boundary. */
  base: UtcSeconds
  /** Boundaries of measured readings of the base's epoch in `(base, end]`, ascending. */
  measured: readonly UtcSeconds[]
  /** Starts of changed terms, and ends of mandates in force, in any order. */
  changes: readonly UtcSeconds[]
  /** Whether something was traded right from the batch's start. */
  startTrades: boolean
}

/**
 * The spans of one seat in the batch that starts at `start`. A span with trades must begin inside the batch: a base before the batch is
 * first moved up, and it is moved to the batch's own start only where something was traded right from there.
 */
export function spansOf(
  { base, measured, changes, startTrades }: SpanInput,
  start: UtcSeconds,
): Pick<SeatSpan, 'from' | 'kind' | 'time'>[] {
  const readings = measured.filter((time) => time > start || (time === start && startTrades))
  const ascending = [...changes].sort((a, b) => a - b)
  const spans: Pick<SeatSpan, 'from' | 'kind' | 'time'>[] = []
  let from = base
  let next = 0
  while (next < readings.length) {
    const change = from < start ? from : ascending.find((time) => time > from)
    let joined = 0
    while (next + joined < readings.length && (change === undefined || readings[next + joined]! <= change)) joined += 1
    const time = readings[next + Math.max(joined, 1) - 1]!
    spans.push({ from, kind: joined > 0 ? 'settle' : 'rebase', time })
    from = time
    next += Math.max(joined, 1)
  }
  return spans
}

/** The fills of an interval, column by column. */
type FillColumns = Pick<Fills, 'slot' | 'kind' | 'energyWh' | 'amount'>

/** Adds fills up to the entries of a batch. */
export class BatchNetting {
  private readonly batch: { start: UtcSeconds; end: UtcSeconds; intervalSeconds: number }
  private readonly sums: Sum[]
  private readonly ofSeat = new Map<number, Sum[]>()
  /** What was looked up last for each place. */
  private readonly ofPlace: { seat: number; sums: Sum[] | undefined }[] = []

  /** `spans` in any order of seats; those of one seat ascend. */
  constructor(batch: { start: UtcSeconds; end: UtcSeconds; intervalSeconds: number }, spans: readonly SeatSpan[]) {
    this.batch = batch
    this.sums = spans.map((span) => ({
      ...{ span, soldWh: 0, boughtWh: 0, paid: new MoneySum(), received: new MoneySum() },
    }))
    for (const sum of this.sums) {
      const known = this.ofSeat.get(sum.span.seat)
      if (known === undefined) this.ofSeat.set(sum.span.seat, [sum])
      else known.push(sum)
    }
  }

  /**
   * Adds a fill of the interval that begins at `start`; `amount` was paid or received. Throws `SettlementError`:
   * `SETTLEMENT_INPUT` (it lies outside the batch) or `SETTLEMENT_FILL_UNCOVERED` (no entry covers it: one of its
   * interval's ends is not a measured reading).
   */
  add(seat: number, start: UtcSeconds, fill: { isSale: boolean; energyWh: Wh; amount: number }): void {
    const sum = this.covering(this.ofSeat.get(seat), seat, start)
    give(sum, fill.isSale, fill.energyWh, fill.amount)
  }

  /** Adds all fills of the interval that begins at `start`; `seats` names the seat of each place. Throws as `add`. */
  addAll(start: UtcSeconds, fills: FillColumns, seats: readonly (number | null)[]): void {
    // A day of a large area has a million fills: no object is made for one of them, and nothing is looked up twice.
    const { slot, kind, energyWh, amount } = fills
    for (let index = 0; index < slot.length; index += 1) {
      const place = slot[index]!
      const seat = seats[place]!
      let own = this.ofPlace[place]
      if (own === undefined || own.seat !== seat) {
        own = { seat, sums: this.ofSeat.get(seat) }
        this.ofPlace[place] = own
      }
      give(this.covering(own.sums, seat, start), (kind[index]! & 1) === 1, energyWh[index]!, amount[index]!)
    }
  }

  private covering(sums: readonly Sum[] | undefined, seat: number, start: UtcSeconds): Sum {
    const end = start + this.batch.intervalSeconds
    if (start < this.batch.start || end > this.batch.end) {
      throw new SettlementError('SETTLEMENT_INPUT', `seat ${seat}: fill at ${start} lies outside the batch`)
    }
    for (const sum of sums ?? []) {
      if (sum.span.kind === 'settle' && sum.span.from <= start && end <= sum.span.time) return sum
    }
    throw new SettlementError(
      'SETTLEMENT_FILL_UNCOVERED',
      `seat ${seat}: the fill at ${start} has no measured reading at both ends of its interval`,
    )
  }

  /**
   * The batch. Throws `SettlementError`: `SETTLEMENT_UNBALANCED` (energy sold ≠ energy bought) or `SETTLEMENT_GRID_TAKE`
   * (more is received than paid).
   */
  finish(): BatchCut {
    const entries = this.sums
      .map(({ span, soldWh, boughtWh, paid, received }): BatchEntry => {
        const { seat, kind, epoch, time, importWh, exportWh } = span
        const money = { paid: paid.total(), received: received.total() }
        return { seat, kind, epoch, time, importWh, exportWh, soldWh, boughtWh, ...money }
      })
      .sort((a, b) => a.seat - b.seat || a.time - b.time)
    const total = { soldWh: 0, boughtWh: 0, paid: 0n, received: 0n }
    for (const { soldWh, boughtWh, paid, received } of entries) {
      total.soldWh += soldWh
      total.boughtWh += boughtWh
      total.paid += paid
      total.received += received
    }
    if (total.soldWh !== total.boughtWh) {
      throw new SettlementError('SETTLEMENT_UNBALANCED', `sold ${total.soldWh} Wh but bought ${total.boughtWh} Wh`)
    }
    if (total.paid < total.received) {
      throw new SettlementError(
        'SETTLEMENT_GRID_TAKE',
        `paid ${total.paid} but received ${total.received} ledger units`,
      )
    }
    const { start, end } = this.batch
    const { paid, received } = total
    return { start, end, ...tightestBand(entries), energyWh: total.soldWh, paid, received, entries }
  }
}

function give(sum: Sum, isSale: boolean, energyWh: Wh, amount: number): void {
  if (isSale) {
    sum.soldWh += energyWh
    sum.received.add(amount, 1)
  } else {
    sum.boughtWh += energyWh
    sum.paid.add(amount, 1)
  }
}

interface Sum {
  span: SeatSpan
  soldWh: Wh
  boughtWh: Wh
  paid: MoneySum
  received: MoneySum
}

/** The tightest whole ticks that contain the average price of every entry's sides; 0 and 0 when nothing was traded. */
function tightestBand(entries: readonly BatchEntry[]): { bandLow: Ticks; bandHigh: Ticks } {
  let low: bigint | null = null
  let high: bigint | null = null
  const widen = (amount: LedgerUnits, energyWh: Wh) => {
    if (energyWh === 0) return
    const wh = BigInt(energyWh)
    // Most averages lie inside the band already, and comparing is cheaper than dividing.
    if (low !== null && high !== null && low * wh <= amount && amount <= high * wh) return
    const floor = floorDivide(amount, wh)
    const ceiling = -floorDivide(-amount, wh)
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
