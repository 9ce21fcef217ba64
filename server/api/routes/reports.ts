/** What the grid operator takes away: reports in every format of one table, their versions, and batches to verify. */
import { z } from 'zod'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { type ReportFormat, reportFormat, reportFormats, reportPeriod } from '../../reports/formats.ts'
import { periods } from '../../reports/periods.ts'
import { checkRange, readChangedSince } from '../../reports/selection.ts'
import { areaFileLines } from '../../store/area-export.ts'
import { transact } from '../../store/database.ts'
import { openReport } from '../../store/report-source.ts'
import { reportVersions } from '../../store/report-versions.ts'
import { areaInput, timeInput } from '../paging.ts'
import { areaOf, gridOperatorOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { reportFormatSchema, reportVersionSchema } from '../report-resources.ts'
import { type Route, type RouteInput, route } from '../route.ts'
import { visibilityOf } from '../visibility.ts'
import { requireWatcher } from './watching.ts'

const areaParams = z.object({ area: areaInput })
const tag = 'Reports'
const name = z.string().min(1).max(200)
const shownVersions = 200

export function reportRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables } = parts
  const { noteAreaRead } = visibilityOf(parts)
  /** The area, for its grid operator alone. */
  const ofClerk = async (
    number: number,
    session: RouteInput<unknown, unknown, unknown>['session'],
  ): Promise<AreaHandle> => {
    const area = areaOf(areas, number)
    const grid = gridOperatorOf(parts, area)
    if ((await session()).account === grid) return area
    throw new ApiError('NOT_GRID_ACCOUNT', `sign in as ${grid}, the grid operator of area ${number}`)
  }
  return [
    route({
      id: 'listReportFormats',
      method: 'get',
      path: '/report-formats',
      tag,
      summary: 'The formats of the settlement report',
      answers: { 200: z.object({ items: z.array(reportFormatSchema) }) },
      handle: async () => ({ status: 200, body: { items: reportFormats.map(presentFormat) } }),
    }),
    route({
      id: 'getReport',
      method: 'get',
      path: '/areas/:area/report',
      isSlow: true,
      tag,
      summary: 'Settlement report of [from, to) for the area’s grid operator: a row per metering point and interval',
      private: true,
      params: areaParams,
      query: z.object({
        from: timeInput,
        to: timeInput,
        format: name.default('csv').meta({ enum: reportFormats.map((format) => format.name) }),
        by: name.default('interval').meta({ enum: [...periods] }),
        zone: name.optional(),
        point: name.optional().meta({ description: 'Official identifier, or the meter’s address' }),
        changedSince: name.optional().meta({ description: 'The number of a run, or a time' }),
        timeZone: name.optional().meta({ description: 'Instead of the area’s own' }),
      }),
      answers: { 200: 'text/csv' },
      version: 'the version of the report, which is another one as soon as anything that it rests on has changed',
      async handle({ params, query, session }) {
        const area = await ofClerk(params.area, session)
        const { from, to, zone, point, changedSince, timeZone } = query
        checkRange(from, to)
        const [format, by] = [reportFormat(query.format), reportPeriod(query.by)]
        const selection = {
          ...(zone === undefined ? {} : { zone }),
          ...(point === undefined ? {} : { point }),
          ...(changedSince === undefined ? {} : { changedSince: readChangedSince(changedSince) }),
        }
        const request = { format, from, to, by, selection, timeZone }
        const opened = await openReport(database, await tables.idOf(area), request, new Date())
        const seats = opened.meters?.flatMap((meter) => area.seatsOfMeter(meter))
        await noteAreaRead(area, 'report', { from, until: to, ...(seats === undefined ? {} : { seats }) })
        const pieces = opened.write(() => {})
        // What refuses the report as a whole does so before its first piece, and is an answer of its own.
        const first = await pieces.next()
        const { version, createdAt, isFinal } = opened.head
        const part = `${fileTime(from)}-${fileTime(to)}-v${version}`
        return {
          status: 200,
          version: JSON.stringify([opened.head.timeZone.id, version, createdAt, isFinal]),
          contentType: format.mediaType,
          fileName: `settlement-${params.area}-${part}.${format.ending}`,
          chunks: withFirst(first.done ? '' : first.value, pieces),
        }
      },
    }),
    route({
      id: 'listReports',
      method: 'get',
      path: '/areas/:area/reports',
      tag,
      summary:
        'Versions of reports that were given out, newest first, with manifests and the rows that could not be written',
      private: true,
      params: areaParams,
      answers: { 200: z.object({ items: z.array(reportVersionSchema) }) },
      async handle({ params, session }) {
        const area = await ofClerk(params.area, session)
        const rows = await reportVersions(database, await tables.idOf(area), shownVersions)
        const items = rows.map(({ name, version, createdAt, manifest, refusals }) => ({
          report: JSON.parse(name),
          version,
          createdAt: createdAt.toISOString(),
          manifest,
          refusals: (refusals ?? []).map(({ from, to, ...rest }) => ({
            ...rest,
            from: isoTime(from),
            to: isoTime(to),
          })),
        }))
        return { status: 200, body: { items } }
      },
    }),
    route({
      id: 'exportBatch',
      method: 'get',
      path: '/areas/:area/batches/:end/export',
      isSlow: true,
      tag,
      summary:
        'The batch that ends at this time with all that `commonwatt verify` computes it again from; for the grid operator and the watchers, since it shows all accounts',
      private: true,
      params: areaParams.extend({ end: timeInput }),
      answers: { 200: 'application/jsonl' },
      keptByNobody: 'All accounts of a batch, whose statements may be erased: nothing of it lies in a cache',
      async handle({ params: { area: number, end }, session }) {
        const area = areaOf(areas, number)
        const { account } = await session()
        if (account !== gridOperatorOf(parts, area)) requireWatcher(parts, number, account)
        const { chainId, escrow } = area.settings.chain
        const stored = { areaId: await tables.idOf(area), chainId, escrow, area: number }
        const { batchSeconds } = area.settings.rules
        await noteAreaRead(area, 'batch export', { from: end - batchSeconds, until: end })
        const lines: string[] = []
        // In one view of the tables; read to its end before it is sent, so that who receives slowly holds no transaction open.
        await transact(
          database,
          async (sql) => {
            for await (const line of areaFileLines(sql, stored, end)) lines.push(line)
          },
          'isolation level repeatable read',
        )
        if (lines.length === 0) throw new ApiError('BATCH_UNKNOWN', `no batch ends at ${isoTime(end)}`)
        return {
          status: 200,
          contentType: 'application/jsonl; charset=utf-8',
          fileName: `batch-${number}-${fileTime(end)}.jsonl`,
          chunks: withFirst('', lines.values()),
        }
      },
    }),
  ]
}

function presentFormat({ name, about, mediaType, ending }: ReportFormat) {
  return { name, about, mediaType, ending }
}

async function* withFirst(first: string, rest: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield first
  yield* rest
}

/** `20261122T080000Z`: no colons, which some file systems refuse. */
function fileTime(seconds: number): string {
  return isoTime(seconds)
    .replace(/\.000Z$/, 'Z')
    .replace(/[-:]/g, '')
}
