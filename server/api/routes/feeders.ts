/** Transformers beside the homes below them, for who meters the area and for its grid operator. */
import { z } from 'zod'
import { feedersOf } from '../../store/zone-meters.ts'
import { feederSchema, presentFeeder } from '../official-resources.ts'
import { areaInput, timeInput } from '../paging.ts'
import type { ApiParts } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { meteredAreaOf } from './official.ts'

/** A month has 32 days of UTC where the clock is put back. */
const mostDays = 32
/** At most so many of the newest intervals are listed. */
const mostIntervals = 3_072

export function feederRoutes(parts: OrderParts & Pick<ApiParts, 'meteringOperator'>): Route[] {
  const { database, tables } = parts
  return [
    route({
      id: 'listFeeders',
      method: 'get',
      path: '/areas/:area/feeders',
      isSlow: true,
      tag: 'Official values',
      summary:
        'What the meters of transformers counted in intervals that start in [from, to) beside the homes below them; the difference is losses and whatever has no seat',
      private: true,
      params: z.object({ area: areaInput }),
      query: z.object({ from: timeInput, to: timeInput }),
      answers: { 200: z.object({ items: z.array(feederSchema) }) },
      async handle({ params, query: { from, to }, session }) {
        if (to <= from) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
        if (to - from > mostDays * 86_400) throw new ApiError('RANGE_TOO_LONG', `ask for at most ${mostDays} days`)
        const { area } = await meteredAreaOf(parts, params.area, session)
        const found = await feedersOf(database, await tables.idOf(area), { from, to })
        return { status: 200, body: { items: found.map((own) => presentFeeder(own, mostIntervals)) } }
      },
    }),
  ]
}
