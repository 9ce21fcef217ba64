/** Public results of market areas, and the grid operator's report. */
import { z } from 'zod'
import { writeReport } from '../../reports/csv.ts'
import { batchEndingAt, batches, intervals, runsOfInterval, settledUntil } from '../../store/queries.ts'
import { reportRows } from '../../store/queries-report.ts'
import { pageOfRows, pageQuery, readCursor, timeInput } from '../paging.ts'
import { type ApiParts, workerOf } from '../parts.ts'
import { isoTime, presentArea, presentBatch, presentInterval } from '../present.ts'
import { ApiError } from '../problem.ts'
import { areaSchema, batchSchema, intervalSchema, pageOf } from '../resources.ts'
import { type Route, route } from '../route.ts'

const areaNumber = z.coerce.number().int().min(0).max(0xffff_ffff)
const areaParams = z.object({ area: areaNumber })
const tag = 'Market areas'

export function areaRoutes({ database, areas }: ApiParts): Route[] {
  const present = async (area: number) =>
    presentArea(workerOf(areas, area).settings, await settledUntil(database, area))
  return [
    route({
      id: 'listAreas',
      method: 'get',
      path: '/areas',
      tag,
      summary: 'The market areas of this server, by number',
      query: z.object(pageQuery),
      answers: { 200: pageOf(areaSchema) },
      async handle({ query: { limit, cursor } }) {
        const after = readCursor('areas', z.int(), cursor) ?? -1
        const numbers = areas.all().map((worker) => worker.settings.area)
        const rows = numbers.filter((area) => area > after).sort((a, b) => a - b)
        const page = pageOfRows('areas', rows, { limit, item: (area) => area, place: (area) => area })
        return { status: 200, body: { ...page, items: await Promise.all(page.items.map(present)) } }
      },
    }),
    route({
      id: 'getArea',
      method: 'get',
      path: '/areas/:area',
      tag,
      summary: 'A market area: its rules, zones, tariffs and chain',
      params: areaParams,
      answers: { 200: areaSchema },
      handle: async ({ params: { area } }) => ({ status: 200, body: await present(area) }),
    }),
    route({
      id: 'listIntervals',
      method: 'get',
      path: '/areas/:area/intervals',
      tag,
      summary: 'Results of intervals that start in [from, to), the newest run of each, newest first',
      params: areaParams,
      query: z.object({ from: timeInput.optional(), to: timeInput.optional(), ...pageQuery }),
      answers: { 200: pageOf(intervalSchema) },
      async handle({ params: { area }, query: { from, to, limit, cursor } }) {
        const { settings } = workerOf(areas, area)
        const before = readCursor('intervals', z.int(), cursor) ?? to
        const rows = await intervals(database, { area, from, to: before, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentInterval(settings, row)
        return { status: 200, body: pageOfRows('intervals', rows, { limit, item, place: ({ start }) => start }) }
      },
    }),
    route({
      id: 'getInterval',
      method: 'get',
      path: '/areas/:area/intervals/:start',
      tag,
      summary: 'Every run of the interval that starts at this time, newest first',
      params: areaParams.extend({ start: timeInput }),
      answers: { 200: pageOf(intervalSchema) },
      async handle({ params: { area, start } }) {
        const { settings } = workerOf(areas, area)
        const rows = await runsOfInterval(database, area, start)
        if (rows.length === 0)
          throw new ApiError('INTERVAL_UNKNOWN', `no interval that starts at ${isoTime(start)} has a result`)
        return { status: 200, body: { items: rows.map((row) => presentInterval(settings, row)), cursor: null } }
      },
    }),
    route({
      id: 'listBatches',
      method: 'get',
      path: '/areas/:area/batches',
      tag,
      summary: 'Settlement batches, newest first',
      params: areaParams,
      query: z.object(pageQuery),
      answers: { 200: pageOf(batchSchema) },
      async handle({ params: { area }, query: { limit, cursor } }) {
        const { settings } = workerOf(areas, area)
        const endsBefore = readCursor('batches', z.int(), cursor)
        const rows = await batches(database, { area, endsBefore, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentBatch(settings, row)
        return { status: 200, body: pageOfRows('batches', rows, { limit, item, place: (row) => row.end_at }) }
      },
    }),
    route({
      id: 'getBatch',
      method: 'get',
      path: '/areas/:area/batches/:end',
      tag,
      summary: 'The settlement batch that ends at this time',
      params: areaParams.extend({ end: timeInput }),
      answers: { 200: batchSchema },
      async handle({ params: { area, end } }) {
        const { settings } = workerOf(areas, area)
        const row = await batchEndingAt(database, area, end)
        if (row === null) throw new ApiError('BATCH_UNKNOWN', `no batch ends at ${isoTime(end)}`)
        return { status: 200, body: presentBatch(settings, row) }
      },
    }),
    route({
      id: 'getReport',
      method: 'get',
      path: '/areas/:area/report.csv',
      tag,
      summary: 'Settlement report of [from, to) for the area’s grid operator: a row per metering point and interval',
      private: true,
      params: areaParams,
      query: z.object({ from: timeInput, to: timeInput }),
      answers: { 200: 'text/csv' },
      async handle({ params: { area }, query: { from, to }, session }) {
        const { settings } = workerOf(areas, area)
        if ((await session()).account !== settings.rules.grid) {
          throw new ApiError('NOT_GRID_ACCOUNT', `sign in as ${settings.rules.grid}, the grid operator of area ${area}`)
        }
        return {
          status: 200,
          contentType: 'text/csv; charset=utf-8',
          fileName: `settlement-${area}-${fileTime(from)}-${fileTime(to)}.csv`,
          chunks: writeReport(settings, reportRows(database, { area, from, to })),
        }
      },
    }),
  ]
}

/** `20261122T080000Z`: no colons, which some file systems refuse. */
function fileTime(seconds: number): string {
  return isoTime(seconds)
    .replace(/\.000Z$/, 'Z')
    .replace(/[-:]/g, '')
}
