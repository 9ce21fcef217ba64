/** Where an official value and the home's own agent both say something of an interval: for the owner, and for who meters the area. */
import { z } from 'zod'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { TimeZone } from '../../exchange/time-zone.ts'
import { witnessedPoints } from '../../official/witnessed-points.ts'
import { requireKept } from '../../store/archives.ts'
import { seatsOfAccount } from '../../store/queries-seats.ts'
import { areaPlace, rosterOf } from '../../store/roster-store.ts'
import { contradictions, type WitnessedHome, type WitnessInterval, witnessDays } from '../../store/witness-store.ts'
import { presentWitnesses, type WitnessesResource, witnessesSchema } from '../official-resources.ts'
import { areaInput, timeInput } from '../paging.ts'
import type { ApiParts } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { ApiError } from '../problem.ts'
import { addressSchema, seatId } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { visibilityOf } from '../visibility.ts'
import { meteredAreaOf } from './official.ts'

const tag = 'Official values'
const daySeconds = 86_400
const mostDays = 92
/** At most so many seats of one account in an area are looked at. */
const mostSeats = 1_000
const shown = { days: 2_000, contradictions: 500 }
const range = { from: timeInput, to: timeInput }

type WitnessParts = OrderParts & Pick<ApiParts, 'meteringOperator' | 'witnessTolerance'>

export function witnessRoutes(parts: WitnessParts): Route[] {
  const { database, tables } = parts
  const { readable } = visibilityOf(parts)
  return [
    route({
      id: 'getAreaWitnesses',
      method: 'get',
      path: '/areas/:area/witnesses',
      isSlow: true,
      tag,
      summary: 'What the metering operator and the homes’ agents say of the same intervals, for who meters the area',
      private: true,
      params: z.object({ area: areaInput }),
      query: z.object(range),
      answers: { 200: witnessesSchema },
      async handle({ params, query, session }) {
        requireRange(query)
        const { area } = await meteredAreaOf(parts, params.area, session)
        return { status: 200, body: await witnesses(parts, area, query, null) }
      },
    }),
    route({
      id: 'getSeatWitnesses',
      method: 'get',
      path: '/accounts/:account/witnesses',
      isSlow: true,
      tag,
      summary: 'What the metering operator and the home’s agent say of the same intervals of a seat’s metering points',
      private: true,
      params: z.object({ account: addressSchema }),
      query: z.object({ seat: seatId, ...range }),
      answers: { 200: witnessesSchema },
      async handle({ params: { account }, query: { seat, ...asked }, session }) {
        requireRange(asked)
        const read = await readable(await session(), account, { what: 'readings', seat, ...asked })
        const [row] = read.seats
        const within = { from: read.from ?? asked.from, to: read.to ?? asked.to }
        const { area_id: areaId, meter } = row!
        // A meter outlives its owner: of what others read by it before and afterwards nothing is shown.
        const own = await seatsOfAccount(database, { account, areas: [areaId], limit: mostSeats })
        const home = { meter, agentSeats: own.map((each) => each.seat) }
        return { status: 200, body: await witnesses(parts, tables.areaWith(areaId), within, home) }
      },
    }),
  ]
}

function requireRange({ from, to }: { from: number; to: number }): void {
  if (to <= from) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
  if (to - from > mostDays * daySeconds) throw new ApiError('RANGE_TOO_LONG', `ask for at most ${mostDays} days`)
}

/** The witnesses of all points of an area, or of a home's; days only where all of them is asked for and may be seen. */
async function witnesses(
  { database, tables, witnessTolerance: tolerance }: WitnessParts,
  area: AreaHandle,
  { from, to }: { from: number; to: number },
  home: WitnessedHome | null,
): Promise<WitnessesResource> {
  const areaId = await tables.idOf(area)
  await requireKept(database, areaId, from)
  const around = { from: Math.floor(from / daySeconds), to: Math.ceil(to / daySeconds), home }
  const touched = await witnessDays(database, areaId, around, shown.days)
  const days = touched.filter(({ day }) => day * daySeconds >= from && (day + 1) * daySeconds <= to)
  let found: WitnessInterval[] = []
  const place = await areaPlace(database, areaId)
  if (place !== null && touched.some(({ beyond }) => beyond > 0)) {
    const rows = (await rosterOf(database, areaId)).filter((row) => home === null || row.meter === home.meter)
    const now = Math.floor(Date.now() / 1000)
    const all = await witnessedPoints(database, areaId, { rows, zone: new TimeZone(place.timeZone), now })
    const points = all.filter(({ agentSeat }) => home === null || home.agentSeats.includes(agentSeat))
    const { intervalSeconds } = area.settings.rules
    found = await contradictions(
      database,
      areaId,
      { points, from, to, intervalSeconds, tolerance },
      shown.contradictions,
    )
  }
  return presentWitnesses(tolerance, days, found)
}
