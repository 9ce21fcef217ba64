/**
 * A month of an area as its documents rest on it: what each point did by day, of that what settled batches moved, and what is not
 * complete.
 */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { BilledDay } from '../billing/documents.ts'
import { BillingError } from '../billing/error.ts'
import { DaySum } from '../billing/line-proof.ts'
import { isoDay, isoSeconds, secondsPerDay } from '../exchange/instants.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { RefusalLog } from '../reports/refusals.ts'
import { pointsOf, type RosterPoints } from '../reports/roster-facts.ts'
import { ReportError, type ReportRow } from '../reports/row.ts'
import { type SettledInterval, settledRow } from '../reports/settled-row.ts'
import { requireKept } from './archives.ts'
import { monthIn } from './bill-changes.ts'
import { CoverageOfSeats, type PointCoverage } from './bill-coverage.ts'
import { BatchComparison, type BilledBatch, billedBatches, filled } from './billed-batches.ts'
import type { Database, Queries } from './database.ts'
import { reportRowsByPoint } from './queries-report.ts'
import { areaPlace, rosterOf } from './roster-store.ts'
import { settingsFor, settingsHistory } from './settings-store.ts'

/** The months of an area by its own calendar, with what held in each. */
export interface MonthCalendar {
  from: UtcSeconds
  to: UtcSeconds
  /** The local day of an interval that starts then: `2026-11-05`. */
  dayOf(start: UtcSeconds): string
  points: RosterPoints
  settingsAt(start: UtcSeconds): ReturnType<typeof settingsFor>
}

export interface BilledMonth {
  from: UtcSeconds
  to: UtcSeconds
  area: number
  priceDecimals: number
  currency: string
  days: BilledDay[]
  coverage: PointCoverage[]
  /** What is missing, each in a sentence; empty where the month is complete. */
  gaps: string[]
  /** Settled batches that hold some of it. */
  batches: BilledBatch[]
}

/** Throws `BILL_MONTH` for a text that is no month, and `BILL_NOTHING` for an area that was never configured. */
export async function calendarOf(sql: Queries, areaId: number, month: string): Promise<MonthCalendar> {
  const timeZone = new TimeZone((await areaPlace(sql, areaId))?.timeZone ?? 'UTC')
  const { from, to } = monthIn(timeZone, month)
  const history = await settingsHistory(sql, areaId)
  if (history.length === 0) throw new BillingError('BILL_NOTHING', 'the area has no settings yet')
  const points = pointsOf(await rosterOf(sql, areaId), timeZone)
  // A month has few intervals and many rows of each, and calendars are slow.
  const days = new Map<UtcSeconds, string>()
  const dayOf = (start: UtcSeconds) => {
    const day = days.get(start) ?? isoDay(Math.floor(timeZone.local(start) / secondsPerDay))
    days.set(start, day)
    return day
  }
  return { from, to, dayOf, points, settingsAt: (start) => settingsFor(history, start) }
}

/**
 * Reads a month (`2026-11`) by the area's own calendar. Throws `BILL_MONTH` for one that has not ended, or none, `BILL_NOTHING`,
 * `BILL_DIFFERS` where the tables say something else than the settled batches, and `STORE_ARCHIVED`.
 */
export async function readMonth(database: Database, areaId: number, month: string, now: Date): Promise<BilledMonth> {
  const { from, to, dayOf, points, settingsAt } = await calendarOf(database, areaId, month)
  if (now.getTime() < to * 1000) throw new BillingError('BILL_MONTH', `${month} has not ended`)
  const { area, rules, priceDecimals, currency } = settingsAt(to - 1)
  const batches = await billedBatches(database, areaId, { from, to })
  // Batches are compared whole, also those of which a part lies in another month.
  const span = { from: Math.min(from, batches[0]?.start ?? from), to: Math.max(to, batches.at(-1)?.end ?? to) }
  await requireKept(database, areaId, span.from)
  const { intervalSeconds, settlingGrade } = rules
  const coverage = await CoverageOfSeats.open(database, areaId, { from, to, intervalSeconds, settlingGrade, points })
  const comparison = new BatchComparison(database, areaId, batches)
  const days = new DaysOfPoints()
  const gaps: string[] = []
  const refusals = new RefusalLog(({ point, from, to, rows, reason }) =>
    gaps.push(`${point}, ${rows} intervals from ${isoSeconds(from)} to ${isoSeconds(to)}: ${reason}`),
  )
  let unsettled = 0
  const zoneAt = (start: UtcSeconds, zone: number) => settingsAt(start).zones[zone]!.zone
  for await (const page of reportRowsByPoint(database, {
    area: areaId,
    ...span,
    intervalSeconds,
    zoneAt,
    meters: null,
  })) {
    for (const settled of page) {
      const { start, meter } = settled
      const fills = filled(settled)
      const batch = batchOf(batches, start)
      if (batch !== null) await comparison.add(settled, batch, fills)
      if (start < from || start >= to) continue
      const facts = points.factsOf(meter, start)
      try {
        const row = settledRow(settingsAt(start), facts, settled)
        coverage.add(row)
        if (batch === null && (settled.bought_wh > 0 || settled.sold_wh > 0)) unsettled += 1
        days.add(dayOf(start), settled, { row, batch, fills })
      } catch (error) {
        if (!(error instanceof ReportError)) throw error
        const end = start + intervalSeconds
        refusals.add({
          point: facts?.point ?? meter,
          meter,
          from: start,
          to: end,
          code: error.code,
          reason: error.message,
        })
      }
    }
  }
  const differences = await comparison.finish()
  if (differences.length > 0) throw new BillingError('BILL_DIFFERS', differences.join('; '))
  const billed = days.finish()
  if (billed.length === 0) throw new BillingError('BILL_NOTHING', `the area has no result in ${month}`)
  refusals.finish()
  gaps.push(...coverage.gaps())
  if (unsettled > 0) {
    gaps.push(
      `${unsettled} traded intervals of points lie in batches that are not settled: a later correction bills them`,
    )
  }
  return { from, to, area, priceDecimals, currency, days: billed, coverage: coverage.finish(), gaps, batches }
}

/** The settled batch that holds an interval. */
export function batchOf(batches: readonly BilledBatch[], start: UtcSeconds): BilledBatch | null {
  let [low, high] = [0, batches.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (batches[middle]!.end > start) high = middle
    else low = middle + 1
  }
  const found = batches[low]
  return found !== undefined && found.start <= start ? found : null
}

interface OpenDay extends Omit<BilledDay, 'bought' | 'sold'> {
  bought: DaySum
  sold: DaySum
}

/** Sums rows, which come meter by meter and ascending, by day and point. */
class DaysOfPoints {
  readonly #days = new Map<string, OpenDay>()

  add(
    day: string,
    settled: SettledInterval,
    { row, batch, fills }: { row: ReportRow; batch: BilledBatch | null; fills: ReturnType<typeof filled> },
  ): void {
    const { point, exportPoint } = row.facts
    const account = settled.account as Address
    const key = JSON.stringify([day, account, row.meter, point, exportPoint])
    let open = this.#days.get(key)
    if (open === undefined) {
      const sums = { importWh: 0, exportWh: 0, bought: new DaySum(), sold: new DaySum() }
      open = { day, account, point, exportPoint, ...sums }
      this.#days.set(key, open)
    }
    open.importWh += row.importWh
    open.exportWh += row.exportWh
    if (batch === null) return
    const of = { start: row.start, batch: batch.end, statementRoot: batch.statementRoot }
    if (fills.boughtWh > 0) open.bought.add({ ...of, energyWh: fills.boughtWh, amount: fills.paid })
    if (fills.soldWh > 0) open.sold.add({ ...of, energyWh: fills.soldWh, amount: fills.received })
  }

  finish(): BilledDay[] {
    return [...this.#days.values()].map((day) => ({ ...day, bought: day.bought.finish(), sold: day.sold.finish() }))
  }
}
