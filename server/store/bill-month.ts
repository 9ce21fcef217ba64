/** A month of an area as its documents rest on it: sums of days by point, and what is not complete. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { BilledDay } from '../billing/documents.ts'
import { BillingError } from '../billing/error.ts'
import { isoDay, secondsPerDay } from '../exchange/instants.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { pointsOf } from '../reports/roster-facts.ts'
import { ReportError } from '../reports/row.ts'
import { settledRow } from '../reports/settled-row.ts'
import { requireKept } from './archives.ts'
import { settledBatches } from './billing-store.ts'
import type { Database } from './database.ts'
import { reportRowsByPoint } from './queries-report.ts'
import { areaPlace, rosterOf } from './roster-store.ts'
import { settingsFor, settingsHistory } from './settings-store.ts'

/** How much of a point's month is there. */
export interface Coverage {
  point: string
  /** Intervals from its first one in the month on. */
  expected: number
  measured: number
  final: number
}

export interface BilledMonth {
  from: UtcSeconds
  to: UtcSeconds
  priceDecimals: number
  currency: string
  days: BilledDay[]
  coverage: Coverage[]
  /** What is missing, each in a sentence; empty where the month is complete. */
  gaps: string[]
  /** Ends of the settled batches. */
  batches: UtcSeconds[]
}

/** Reads a month (`2026-11`) by the area's own calendar. Throws `BILL_MONTH` for one that has not ended, or none, and `STORE_ARCHIVED`. */
export async function readMonth(database: Database, areaId: number, month: string, now: Date): Promise<BilledMonth> {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? []
  if (year === undefined) throw new BillingError('BILL_MONTH', `${JSON.stringify(month)} is no month (2026-11)`)
  const timeZone = new TimeZone((await areaPlace(database, areaId))?.timeZone ?? 'UTC')
  const [from, to] = [0, 1].map((after) =>
    timeZone.startOfDay(Date.UTC(Number(year), Number(number) - 1 + after, 1) / 1000 / secondsPerDay),
  ) as [number, number]
  if (now.getTime() < to * 1000) throw new BillingError('BILL_MONTH', `${month} has not ended`)
  await requireKept(database, areaId, from)
  const history = await settingsHistory(database, areaId)
  if (history.length === 0) throw new BillingError('BILL_NOTHING', 'the area has no settings yet')
  const settingsAt = (start: UtcSeconds) => settingsFor(history, start)
  const { rules, priceDecimals, currency } = settingsAt(to - 1)
  const points = pointsOf(await rosterOf(database, areaId), timeZone)
  const zoneAt = (start: UtcSeconds, zone: number) => settingsAt(start).zones[zone]!.zone
  const range = { area: areaId, from, to, intervalSeconds: rules.intervalSeconds, zoneAt, meters: null }
  const days = new Map<string, BilledDay>()
  const coverage = new Map<string, Coverage & { first: UtcSeconds }>()
  const gaps: string[] = []
  for await (const page of reportRowsByPoint(database, range)) {
    for (const settled of page) {
      const { start, meter } = settled
      const facts = points.factsOf(meter, start)
      try {
        const row = settledRow(settingsAt(start), facts, settled)
        const day = isoDay(Math.floor(timeZone.local(start) / secondsPerDay))
        addDay(days, { day, account: settled.account as Address, ...row.facts, ...row })
        const known = coverage.get(row.facts.point) ?? {
          point: row.facts.point,
          expected: 0,
          measured: 0,
          final: 0,
          first: start,
        }
        known.measured += row.quality === 'measured' ? 1 : 0
        known.final += row.status === 'final' ? 1 : 0
        known.expected = (to - known.first) / rules.intervalSeconds
        coverage.set(row.facts.point, known)
      } catch (error) {
        if (!(error instanceof ReportError)) throw error
        gaps.push(`${facts?.point ?? meter}: ${error.message}`)
      }
    }
  }
  if (days.size === 0) throw new BillingError('BILL_NOTHING', `the area has no result in ${month}`)
  for (const { point, expected, measured, final } of coverage.values()) {
    if (measured < expected) gaps.push(`${point}: ${expected - measured} of ${expected} intervals are not measured`)
    if (final < expected) gaps.push(`${point}: ${expected - final} of ${expected} intervals are not final`)
  }
  const { ends, unsettled } = await settledBatches(database, areaId, { from, to })
  if (unsettled > 0) gaps.push(`${unsettled} intervals with money lie in batches that are not settled`)
  return {
    ...{ from, to, priceDecimals, currency, days: [...days.values()], gaps, batches: ends },
    coverage: [...coverage.values()].map(({ first: _, ...rest }) => rest),
  }
}

function addDay(
  days: Map<string, BilledDay>,
  { day, account, point, exportPoint, importWh, exportWh, boughtWh, soldWh, paid, received }: BilledDay,
): void {
  const key = JSON.stringify([day, account, point, exportPoint])
  const before = days.get(key)
  const sum = (name: 'importWh' | 'exportWh' | 'boughtWh' | 'soldWh', wh: Wh) => (before?.[name] ?? 0) + wh
  days.set(key, {
    ...{ day, account, point, exportPoint, importWh: sum('importWh', importWh), exportWh: sum('exportWh', exportWh) },
    ...{ boughtWh: sum('boughtWh', boughtWh), soldWh: sum('soldWh', soldWh) },
    ...{ paid: (before?.paid ?? 0n) + paid, received: (before?.received ?? 0n) + received },
  })
}
