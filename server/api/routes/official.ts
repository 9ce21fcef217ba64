/** Official values of the metering operator: it brings files, and reads what became of them. */
import { z } from 'zod'
import { isPlainText, notPlainText } from '../../../contracts/protocol/plain-text.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { TimeZone } from '../../exchange/time-zone.ts'
import { pointOverviews } from '../../store/metering-overview.ts'
import { officialDifferences, officialFiles } from '../../store/official-store.ts'
import { areaPlace, rosterOf } from '../../store/roster-store.ts'
import {
  meteringPointSchema,
  officialDifferenceSchema,
  officialFileSchema,
  presentDifference,
  presentMeteringPoint,
  presentOfficialFile,
  presentTaken,
  takenFileSchema,
} from '../official-resources.ts'
import { areaInput, timeInput } from '../paging.ts'
import { type ApiParts, areaOf, gridOperatorOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { ApiError } from '../problem.ts'
import { type Route, type RouteInput, route } from '../route.ts'

const areaParams = z.object({ area: areaInput })
const tag = 'Official values'
const billing = 1
/** Held in memory while the files before it are taken: larger ones are for the command. */
export const mostSentBytes = 4 * 2 ** 20
/** A month has 32 days of UTC where the clock is put back. */
const mostDays = 32
const shown = { files: 200, differences: 1_000 }

type Session = RouteInput<unknown, unknown, unknown>['session']

/** The area, for its metering operator and its grid operator. Rejects with `NOT_METERING_ACCOUNT` for anybody else. */
export async function meteredAreaOf(
  parts: OrderParts & Pick<ApiParts, 'meteringOperator'>,
  number: number,
  session: Session,
): Promise<{ area: AreaHandle; account: string }> {
  const { areas, meteringOperator } = parts
  const area = areaOf(areas, number)
  const { account } = await session()
  const grid = gridOperatorOf(parts, area)
  if (account === grid || account === meteringOperator) return { area, account }
  const who = meteringOperator === null ? grid : `${meteringOperator} or ${grid}`
  throw new ApiError('NOT_METERING_ACCOUNT', `sign in as ${who}, who meters area ${number}`)
}

export function officialRoutes(parts: OrderParts & Pick<ApiParts, 'meteringOperator' | 'takeFile'>): Route[] {
  const { database, tables, takeFile } = parts
  const ofMetering = (number: number, session: Session) => meteredAreaOf(parts, number, session)
  return [
    route({
      id: 'importOfficialValues',
      method: 'post',
      path: '/areas/:area/official-values',
      isSlow: true,
      tag,
      summary:
        'Takes a file of official values (at most 4 MiB) in any of the formats. The same content is taken once; the newest valid value of an interval counts; what the roster does not know is refused by name, and the others are taken',
      private: true,
      params: areaParams,
      query: z.object({
        name: z
          .string()
          .min(1)
          .max(200)
          .refine(isPlainText, notPlainText)
          .meta({ description: 'The file’s name, by which people find it' }),
        format: z.string().min(1).max(40).optional().meta({ description: 'Refuse a file of another format' }),
        timezone: z.string().min(1).max(60).optional().meta({ description: 'Of its local times' }),
      }),
      mostFileBytes: mostSentBytes,
      admits: ({ params, session }) => ofMetering(params.area, session),
      answers: { 200: takenFileSchema },
      async handle({ params, query: { name, format, timezone }, body, session }) {
        const { area, account } = await ofMetering(params.area, session)
        const reading = { ...(format === undefined ? {} : { format }), ...(timezone === undefined ? {} : { timezone }) }
        const sent = { name, content: body as unknown as Buffer, by: account, now: new Date(), ...reading }
        return { status: 200, body: presentTaken(await takeFile(await tables.idOf(area), sent)) }
      },
    }),
    route({
      id: 'listOfficialFiles',
      method: 'get',
      path: '/areas/:area/official-values/files',
      tag,
      summary: 'The files of official values that were taken, newest first, with what was refused of them',
      private: true,
      params: areaParams,
      answers: { 200: z.object({ items: z.array(officialFileSchema) }) },
      async handle({ params, session }) {
        const { area } = await ofMetering(params.area, session)
        const files = await officialFiles(database, await tables.idOf(area), shown.files)
        return { status: 200, body: { items: files.map(presentOfficialFile) } }
      },
    }),
    route({
      id: 'listMeteringPoints',
      method: 'get',
      path: '/areas/:area/metering-points',
      isSlow: true,
      tag,
      summary:
        'The metering points of the roster with how complete their official values are in intervals that start in [from, to)',
      private: true,
      params: areaParams,
      query: z.object({ from: timeInput, to: timeInput }),
      answers: {
        200: z.object({
          dueSeconds: z.number().nullable().meta({ description: 'Null where official values do not settle' }),
          items: z.array(meteringPointSchema),
        }),
      },
      async handle({ params, query: { from, to }, session }) {
        if (to <= from) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
        if (to - from > mostDays * 86_400) throw new ApiError('RANGE_TOO_LONG', `ask for at most ${mostDays} days`)
        const { area } = await ofMetering(params.area, session)
        const { settings, status } = area
        const { intervalSeconds, settlingGrade } = settings.rules
        const [areaId, graceSeconds] = [await tables.idOf(area), settings.graceMs / 1000]
        const isDue = settlingGrade === billing
        const dueSeconds = isDue ? graceSeconds : null
        const place = await areaPlace(database, areaId)
        if (place === null) return { status: 200, body: { dueSeconds, items: [] } }
        const now = status.nowMs / 1000
        const zone = new TimeZone(place.timeZone)
        const range = { from, to, now, dueSeconds: graceSeconds, intervalSeconds, zone }
        const found = await pointOverviews(database, areaId, await rosterOf(database, areaId), range)
        return { status: 200, body: { dueSeconds, items: found.map((own) => presentMeteringPoint(own, { isDue })) } }
      },
    }),
    route({
      id: 'listOfficialDifferences',
      method: 'get',
      path: '/areas/:area/official-values/differences',
      tag,
      summary: 'Where files contradict each other in intervals that start in [from, to): the first 1,000',
      private: true,
      params: areaParams,
      query: z.object({ from: timeInput, to: timeInput }),
      answers: { 200: z.object({ items: z.array(officialDifferenceSchema) }) },
      async handle({ params, query: { from, to }, session }) {
        if (to <= from) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
        const { area } = await ofMetering(params.area, session)
        const found = await officialDifferences(database, await tables.idOf(area), { from, to }, shown.differences)
        return { status: 200, body: { items: found.map(presentDifference) } }
      },
    }),
  ]
}
