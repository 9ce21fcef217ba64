/** What watchers of an area read and say: the batch that waits for them, and their word of it. */
import { z } from 'zod'
import { refusalReasons } from '../../../contracts/protocol/batch.ts'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import type { WaitingBatch } from '../../chain/watching-desk.ts'
import { formOfShown, shownBatchForm } from '../../settlement/shown-batch.ts'
import { hex32Form } from '../../settlement/signed-forms.ts'
import { areaInput } from '../paging.ts'
import { type ApiParts, areaOf } from '../parts.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { type WatchersResource, watchersSchema } from '../watching-resources.ts'

const areaParams = z.object({ area: areaInput })
const tag = 'Watchers'
const compact = z.string().regex(/^0x[0-9a-fA-F]{128}$/, 'a compact signature: 0x and 128 hexadecimal digits')
const reason = z.enum(refusalReasons)
const sentence = z.string().min(1).max(500)
const wordSchema = z
  .discriminatedUnion('says', [
    z.strictObject({ says: z.literal('approved'), header: hex32Form, signature: compact }),
    z.strictObject({ says: z.literal('refused'), header: hex32Form, reason, sentence, signature: compact }),
    z.strictObject({ says: z.literal('withheld'), header: hex32Form, reason, sentence }),
  ])
  .meta({ id: 'WatcherWord' })

/** Throws `NOT_WATCHER` where the account is none of the area's watchers. */
export function requireWatcher(
  { areas, servicesOf }: Pick<ApiParts, 'areas' | 'servicesOf'>,
  area: number,
  account: Address,
) {
  areaOf(areas, area)
  const watchers = servicesOf(area).watching.watchersOf(area)
  if (watchers?.keys.includes(account)) return
  const named = watchers === null ? 'nobody watches it' : `its watchers are ${watchers.keys.join(', ')}`
  throw new ApiError('NOT_WATCHER', `${account} is no watcher of area ${area}: ${named}`)
}

export function watchingRoutes(parts: ApiParts): Route[] {
  const { areas, servicesOf } = parts
  return [
    route({
      id: 'getWatchers',
      method: 'get',
      path: '/areas/:area/watchers',
      tag,
      summary: 'Who must compute each batch of the area itself, and the batch that waits for them',
      params: areaParams,
      answers: { 200: watchersSchema },
      async handle({ params: { area } }) {
        areaOf(areas, area)
        const { watching } = servicesOf(area)
        const { keys, quorum } = watching.watchersOf(area) ?? { keys: [], quorum: 0 }
        const waiting = watching.waiting(area)
        const body: WatchersResource = {
          area,
          keys: [...keys],
          quorum,
          waiting: waiting && presentWaiting(waiting),
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'getWatchedBatch',
      method: 'get',
      path: '/areas/:area/watchers/batch',
      tag,
      summary: 'The batch that waits for the area’s watchers, with all its entries; for them alone',
      private: true,
      params: areaParams,
      answers: { 200: shownBatchForm.meta({ id: 'WatchedBatch' }) },
      async handle({ params: { area }, session }) {
        requireWatcher(parts, area, (await session()).account)
        const waiting = servicesOf(area).watching.waiting(area)
        if (waiting === null) throw new ApiError('NOTHING_TO_WATCH', `no batch of area ${area} waits for its watchers`)
        return { status: 200, body: formOfShown(waiting.batch) }
      },
    }),
    route({
      id: 'sayOfBatch',
      method: 'post',
      path: '/areas/:area/watchers/words',
      tag,
      summary: 'What a watcher says of the batch that waits: its signature, or why it does not sign',
      private: true,
      params: areaParams,
      body: wordSchema,
      answers: { 204: null },
      async handle({ params: { area }, body, session }) {
        const { account } = await session()
        requireWatcher(parts, area, account)
        await servicesOf(area).watching.take(area, account, body)
        return { status: 204, body: null }
      },
    }),
  ]
}

function presentWaiting({ batch, words, settlesFrom }: WaitingBatch): NonNullable<WatchersResource['waiting']> {
  return {
    start: isoTime(batch.start),
    end: isoTime(batch.end),
    header: batch.header,
    since: batch.since.toISOString(),
    settlesFrom: settlesFrom === null ? null : isoTime(settlesFrom),
    words: words.map(({ watcher, reason, sentence }) => ({ watcher, reason, sentence })),
  }
}
