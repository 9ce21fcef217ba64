/** Sums of rows over the days or months of a calendar, point by point, while the rows go by. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { dayOf, secondsPerDay } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import { added, type ReportRow, rowQualities, rowStatuses } from './row.ts'

export const periods = ['interval', 'day', 'month'] as const
export type Period = (typeof periods)[number]

/** The day or month of the zone in which an instant lies. */
function periodOf(period: 'day' | 'month', instant: UtcSeconds, zone: TimeZone) {
  const local = new Date(zone.local(instant) * 1000)
  const [year, month] = [local.getUTCFullYear(), local.getUTCMonth()]
  const firstDay = (month: number) => new Date(Date.UTC(year, month, 1)).getTime() / 1000 / secondsPerDay
  const day = dayOf(year, month + 1, local.getUTCDate())!
  const [first, next] = period === 'day' ? [day, day + 1] : [firstDay(month), firstDay(month + 1)]
  return { start: zone.startOfDay(first), end: zone.startOfDay(next) }
}

/**
 * Sums rows that come in order of time: all of a period are given out once the first row of a later one is there, in the order
 * in which their points first came. A point that changes its supplier, or its zone where zones are told apart, within a period
 * has a row for each. Rows may also come point by point. What is held is a row per point of one period.
 */
export class PeriodSums {
  readonly #period: 'day' | 'month'
  readonly #zone: TimeZone
  readonly #apart: 'points' | 'zones'
  #current: { start: UtcSeconds; end: UtcSeconds } | null = null
  #sums = new Map<string, ReportRow>()

  constructor(period: 'day' | 'month', zone: TimeZone, apart: 'points' | 'zones') {
    this.#period = period
    this.#zone = zone
    this.#apart = apart
  }

  /** Takes a row; returns the sums of a period that has ended with it. */
  add(row: ReportRow): ReportRow[] {
    const ended = this.#current !== null && !this.#holds(row.start) ? this.finish() : []
    this.#current ??= periodOf(this.#period, row.start, this.#zone)
    const { settings, meter, facts, zone, zoneName } = row
    const place = this.#apart === 'zones' ? [zone, zoneName, settings.name] : []
    const key = JSON.stringify([meter, facts, settings.currency, settings.priceDecimals, ...place])
    const sum = this.#sums.get(key)
    this.#sums.set(key, sum === undefined ? { ...row, ...this.#current } : withRow(sum, row))
    return ended
  }

  /** The sums of the last period. */
  finish(): ReportRow[] {
    const all = [...this.#sums.values()]
    this.#sums = new Map()
    this.#current = null
    return all
  }

  #holds(start: UtcSeconds): boolean {
    return start >= this.#current!.start && start < this.#current!.end
  }
}

function withRow(sum: ReportRow, row: ReportRow): ReportRow {
  const { registersAtEnd } = row
  // What was measured and is in no register was corrected later: the registers of the period do not say its energy either.
  const isInRegisters = row.quality !== 'measured' || (row.registersAtStart !== null && registersAtEnd !== null)
  const oneBatch = sum.batch === row.batch && sum.statementRoot === row.statementRoot
  return {
    ...sum,
    ...added(sum, row),
    intervals: sum.intervals + row.intervals,
    run: Math.max(sum.run, row.run),
    computedAt: Math.max(sum.computedAt, row.computedAt),
    status: laterOf(rowStatuses, sum.status, row.status),
    quality: laterOf(rowQualities, sum.quality, row.quality),
    registersAtStart: isInRegisters ? sum.registersAtStart : null,
    registersAtEnd,
    batch: oneBatch ? sum.batch : null,
    statementRoot: oneBatch ? sum.statementRoot : null,
  }
}

function laterOf<Name>(order: readonly Name[], a: Name, b: Name): Name {
  return order.indexOf(a) < order.indexOf(b) ? b : a
}
