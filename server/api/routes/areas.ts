/** Public results of market areas. */
import { z } from 'zod'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { uint32 } from '../../settlement/signed-forms.ts'
import { requireKept } from '../../store/archives.ts'
import { batchEndingAt, batches, intervals, missedBatches, runsOfInterval } from '../../store/queries.ts'
import type { IntervalRow } from '../../store/rows.ts'
import { areaAt, areaSlugs, foundBy } from '../area-places.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor, requireSpan, timeInput } from '../paging.ts'
import { areaOf, gridOperatorOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime, presentArea, presentBatch, presentInterval } from '../present.ts'
import { ApiError } from '../problem.ts'
import { type AreaResource, addressSchema, areaSchema, batchSchema, intervalSchema, pageOf } from '../resources.ts'
import { type Route, route } from '../route.ts'

/** What an area is looked for by, and where it lies: its number, or its name as a part of an address. */
const searchInput = z.string().max(100).meta({ description: 'Words of the area’s name, number or zones' })
const placeInput = z.string().regex(/^[a-z0-9-]{1,200}$/, 'an area’s number, or its name in addresses')
const areaParams = z.object({ area: areaInput })
const tag = 'Market areas'
/** Times without results that an area lists. */
const shownMissed = 20

export function areaRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables, servicesOf } = parts
  const present = async (area: AreaHandle, slugs = areaSlugs(areas.all())): Promise<AreaResource> => {
    const missed = await missedBatches(database, { area: await tables.idOf(area), limit: shownMissed })
    const { revocations, officesOf } = servicesOf(area.settings.area)
    const { grid, operator } = officesOf(area.settings.area)
    const slug = slugs.get(area.settings.area)!
    const now = { slug, settledUntil: area.status.settledUntil, missed, revocations, offices: { grid, operator } }
    return presentArea(area.settings, now)
  }
  return [
    route({
      id: 'listAreas',
      method: 'get',
      path: '/areas',
      tag,
      summary:
        'The market areas of this server, as it was told of them; those that a search or a grid operator names, where one is given',
      query: z.object({ search: searchInput.optional(), grid: addressSchema.optional(), ...pageQuery }),
      answers: { 200: pageOf(areaSchema) },
      async handle({ query: { search, grid, limit, cursor } }) {
        const after = readCursor('areas', uint32, cursor)
        const all = areas.all()
        const last = all.findIndex(({ settings }) => settings.area === after)
        if (after !== undefined && last === -1)
          throw new ApiError('CURSOR_INVALID', `area ${after} is not here any more`)
        const rows = all
          .slice(last + 1)
          .filter(search === undefined ? () => true : foundBy(search))
          .filter((area) => grid === undefined || gridOperatorOf(parts, area) === grid)
        const place = ({ settings }: AreaHandle) => settings.area
        const page = pageOfRows('areas', rows, { limit, item: (area) => area, place })
        const slugs = areaSlugs(all)
        const items = await Promise.all(page.items.map((area) => present(area, slugs)))
        return { status: 200, body: { ...page, items } }
      },
    }),
    route({
      id: 'getArea',
      method: 'get',
      path: '/areas/:area',
      tag,
      summary: 'A market area, by its number or its name in addresses: its rules, zones, tariffs and chain',
      params: z.object({ area: placeInput }),
      answers: { 200: areaSchema },
      async handle({ params: { area: place } }) {
        const area = areaAt(areas, place)
        if (area === undefined) throw new ApiError('AREA_UNKNOWN', `this server does not serve area ${place}`)
        return { status: 200, body: await present(area) }
      },
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
      async handle({ params: { area: number }, query: { from, to, limit, cursor }, member }) {
        requireSpan({ from, to })
        const area = areaOf(areas, number)
        const reader = readerOf(gridOperatorOf(parts, area), member)
        const before = readCursor('intervals', placeForm.seconds, cursor) ?? to
        const history = await tables.history(area)
        if (from !== undefined) await requireKept(database, await tables.idOf(area), from)
        const rows = await intervals(database, { area: await tables.idOf(area), from, to: before, limit: limit + 1 })
        const item = (row: IntervalRow) => presentInterval(history.at(row.start), row, reader)
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
      async handle({ params: { area: number, start }, member }) {
        const area = areaOf(areas, number)
        const reader = readerOf(gridOperatorOf(parts, area), member)
        await requireKept(database, await tables.idOf(area), start)
        const rows = await runsOfInterval(database, await tables.idOf(area), start)
        if (rows.length === 0)
          throw new ApiError('INTERVAL_UNKNOWN', `no interval that starts at ${isoTime(start)} has a result`)
        const settings = (await tables.history(area)).at(start)
        return { status: 200, body: { items: rows.map((row) => presentInterval(settings, row, reader)), cursor: null } }
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
      async handle({ params: { area: number }, query: { limit, cursor } }) {
        const area = areaOf(areas, number)
        const endsBefore = readCursor('batches', placeForm.seconds, cursor)
        const rows = await batches(database, { area: await tables.idOf(area), endsBefore, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentBatch(area.settings, row)
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
      async handle({ params: { area: number, end } }) {
        const area = areaOf(areas, number)
        const row = await batchEndingAt(database, await tables.idOf(area), end)
        if (row === null) throw new ApiError('BATCH_UNKNOWN', `no batch ends at ${isoTime(end)}`)
        return { status: 200, body: presentBatch(area.settings, row) }
      },
    }),
  ]
}

/** The grid operator knows its zones; to others small ones are told together. */
function readerOf(grid: string, account: string | null): 'public' | 'grid' {
  return account === grid ? 'grid' : 'public'
}
