/** A report from the tables: its head with the version, its rows in the order of the format, and its manifest kept. */
import { createHash } from 'node:crypto'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { checkReportHead, type ReportFormat, reportFormat, reportPeriod } from '../reports/formats.ts'
import type { ReportManifest } from '../reports/manifest.ts'
import type { Period } from '../reports/periods.ts'
import type { Refusal } from '../reports/refusals.ts'
import { pointsOf } from '../reports/roster-facts.ts'
import { ReportError, type ReportRow } from '../reports/row.ts'
import { presentSelection, type RowSelection, readChangedSince } from '../reports/selection.ts'
import { settledRow } from '../reports/settled-row.ts'
import { writeReport } from '../reports/write-report.ts'
import type { MarketParties, ReportHead } from '../reports/writer.ts'
import { requireKept } from './archives.ts'
import type { Database } from './database.ts'
import { isRangeFinal, reportRows, reportRowsByPoint, sourcesOf } from './queries-report.ts'
import { isNewestVersion, keepManifest, type ReportVersion, versionFor } from './report-versions.ts'
import { areaPlace, rosterOf } from './roster-store.ts'
import { settingsFor, settingsHistory } from './settings-store.ts'

export interface ReportRequest {
  format: ReportFormat
  from: UtcSeconds
  to: UtcSeconds
  by: Period
  selection: RowSelection
  /** A time zone instead of the area's own. */
  timeZone?: string | undefined
  parties?: Partial<MarketParties>
}

/** More refusals than these are counted, and told to whoever writes the report, but not kept. */
const mostKeptRefusals = 1_000
/** The place of an area of which nobody has said where it lies. */
const nowhere = { country: null, timeZone: 'UTC', sender: null, receiver: null, domain: null }

export interface OpenReport {
  head: ReportHead
  /** The meters that it is about; null where it is about all. */
  meters: readonly string[] | null
  /** The report in pieces, and its manifest at the end. */
  write(onRefused: (refusal: Refusal) => void): AsyncGenerator<string, ReportManifest>
}

/** What a report is asked of the tables: what it is called, and the SHA-256 of what it rests on now. */
async function sourcesOfReport(database: Database, areaId: number, request: ReportRequest) {
  const { format, from, to, by, selection } = request
  const range = { from, to }
  await requireKept(database, areaId, from)
  const history = await settingsHistory(database, areaId)
  if (history.length === 0) throw new ReportError('REPORT_AREA_UNKNOWN', 'the area has no settings yet')
  const place = (await areaPlace(database, areaId)) ?? nowhere
  const timeZone = new TimeZone(request.timeZone ?? place.timeZone)
  const settings = settingsFor(history, to - 1)
  const undated = { settings, from, to, by, selection, timeZone, parties: partiesOf(place, request.parties) }
  const probe: ReportHead = { ...undated, version: 1, createdAt: 0, isFinal: false }
  checkReportHead(format, probe)
  const roster = await rosterOf(database, areaId)
  const rests = [await sourcesOf(database, areaId, range), roster, place, history, undated.parties]
  const sources = createHash('sha256').update(JSON.stringify(rests)).digest()
  const name = JSON.stringify({
    format: format.name,
    from,
    to,
    by,
    ...presentSelection(selection),
    timeZone: timeZone.id,
  })
  return { name, sources, undated, history, roster }
}

/** Whether a version that was given out is still what the tables say. Throws what `openReport` throws. */
export async function isReportCurrent(database: Database, areaId: number, version: ReportVersion): Promise<boolean> {
  const { name, sources } = await sourcesOfReport(database, areaId, requestOf(version.name))
  return name === version.name && (await isNewestVersion(database, { ...version, areaId, sources }))
}

/** What was asked for, by the name of what was given out. */
function requestOf(name: string): ReportRequest {
  const { format, from, to, by, zone, point, changedSince, timeZone } = JSON.parse(name)
  const selection = {
    ...{ ...(zone === undefined ? {} : { zone }), ...(point === undefined ? {} : { point }) },
    ...(changedSince === undefined ? {} : { changedSince: readChangedSince(changedSince) }),
  }
  return { format: reportFormat(format), from, to, by: reportPeriod(by), selection, timeZone }
}

/** Throws `ReportError` for a report that cannot be, and `StoreError` `STORE_ARCHIVED`. */
export async function openReport(
  database: Database,
  areaId: number,
  request: ReportRequest,
  now: Date,
): Promise<OpenReport> {
  const { format, from, to, selection } = request
  const range = { from, to }
  const { name, sources, undated, history, roster } = await sourcesOfReport(database, areaId, request)
  const { settings, timeZone } = undated
  const { version, createdAt } = await versionFor(database, { areaId, name, sources, now })
  const isFinal = await isRangeFinal(database, areaId, range)
  const head: ReportHead = { ...undated, version, createdAt: Math.floor(createdAt.getTime() / 1000), isFinal }
  checkReportHead(format, head)
  const points = pointsOf(roster, timeZone)
  const settingsAt = (start: UtcSeconds) => settingsFor(history, start)
  const zoneAt = (start: UtcSeconds, zone: number) => settingsAt(start).zones[zone]!.zone
  const { intervalSeconds } = settings.rules
  const meters = selection.point === undefined ? null : points.metersWith(selection.point)
  const read = format.order === 'time' ? reportRows : reportRowsByPoint
  return {
    head,
    meters,
    async *write(onRefused) {
      const refusals: Refusal[] = []
      const pages = read(database, { area: areaId, ...range, intervalSeconds, zoneAt, meters })
      const manifest = yield* writeReport(format, head, { pages, settingsAt, factsOf: points.factsOf }, (refusal) => {
        if (refusals.length < mostKeptRefusals) refusals.push(refusal)
        onRefused(refusal)
      })
      await keepManifest(database, { areaId, name, version }, { manifest, refusals })
      return manifest
    },
  }
}

/** The rows of a range by themselves, without a format. Throws `ReportError` and `StoreError` as a report does, and for a row that cannot be. */
export async function rowsOfRange(
  database: Database,
  areaId: number,
  { from, to, order }: { from: UtcSeconds; to: UtcSeconds; order: ReportFormat['order'] },
): Promise<{ intervalSeconds: number; rows: AsyncGenerator<ReportRow> }> {
  await requireKept(database, areaId, from)
  const history = await settingsHistory(database, areaId)
  if (history.length === 0) throw new ReportError('REPORT_AREA_UNKNOWN', 'the area has no settings yet')
  const place = (await areaPlace(database, areaId)) ?? nowhere
  const points = pointsOf(await rosterOf(database, areaId), new TimeZone(place.timeZone))
  const settingsAt = (start: UtcSeconds) => settingsFor(history, start)
  const zoneAt = (start: UtcSeconds, zone: number) => settingsAt(start).zones[zone]!.zone
  const { intervalSeconds } = settingsAt(to - 1).rules
  const read = order === 'time' ? reportRows : reportRowsByPoint
  const pages = read(database, { area: areaId, from, to, intervalSeconds, zoneAt, meters: null })
  async function* rows() {
    for await (const page of pages) {
      for (const own of page) yield settledRow(settingsAt(own.start), points.factsOf(own.meter, own.start), own)
    }
  }
  return { intervalSeconds, rows: rows() }
}

function partiesOf(
  place: Record<keyof MarketParties, string | null>,
  given: Partial<MarketParties> = {},
): MarketParties | null {
  const [sender, receiver, domain] = [
    given.sender ?? place.sender,
    given.receiver ?? place.receiver,
    given.domain ?? place.domain,
  ]
  return sender === null || receiver === null || domain === null ? null : { sender, receiver, domain }
}
