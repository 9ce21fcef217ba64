/** The meters of an area, as its grid operator knows them: where each is, what it may feed in, and whether it still sends. */
import { z } from 'zod'
import { invitedMembers, membersByZone } from '../../store/queries-members.ts'
import { allSeats } from '../../store/queries-seats.ts'
import type { SeatRow } from '../../store/rows.ts'
import { type MeterResource, membersSchema, meterSchema } from '../joining.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor } from '../paging.ts'
import { areaOf, gridOperatorOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { presentSeat } from '../present.ts'
import { ApiError } from '../problem.ts'
import { pageOf } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { visibilityOf } from '../visibility.ts'

const params = z.object({ area: areaInput })

export function meterRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables, servicesOf } = parts
  const { noteAreaRead } = visibilityOf(parts)
  return [
    route({
      id: 'getMembers',
      method: 'get',
      path: '/areas/:area/members',
      tag: 'Joining',
      summary:
        'How many meters and accounts take part in each zone, and how many took an invitation; for the grid operator and the operator',
      private: true,
      params,
      answers: { 200: membersSchema },
      async handle({ params: { area: number }, session }) {
        const area = areaOf(areas, number)
        const { grid, operator } = servicesOf(number).officesOf(number)
        const { account } = await session()
        if (account !== grid && account !== operator) {
          throw new ApiError(
            'NOT_GRID_ACCOUNT',
            `only those who hold an office of area ${number} may read of its members`,
          )
        }
        const areaId = await tables.idOf(area)
        const [zones, { newestAt, ...invited }] = await Promise.all([
          membersByZone(database, areaId),
          invitedMembers(database, areaId, [grid, operator]),
        ])
        // Numbers alone, of nobody in particular: nobody's data is read.
        const root = area.settings.zones.find(({ parent }) => parent === null)!.zone
        const body = {
          zones: zones.map(({ zone, ...counts }) => ({ zone: zone ?? root, ...counts })),
          invitations: { ...invited, newestAt: newestAt?.toISOString() ?? null },
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'listMeters',
      method: 'get',
      path: '/areas/:area/meters',
      tag: 'Joining',
      summary: 'The meters of an area with zone, nameplate and newest reading; for its grid operator',
      private: true,
      params,
      query: z.object(pageQuery),
      answers: { 200: pageOf(meterSchema) },
      async handle({ params: { area: number }, query: { limit, cursor }, session }) {
        const area = areaOf(areas, number)
        if ((await session()).account !== gridOperatorOf(parts, area)) {
          throw new ApiError('NOT_GRID_ACCOUNT', `only the grid operator of area ${number} may read of its meters`)
        }
        const after = readCursor('meters', z.object({ seat: placeForm.number }), cursor)?.seat ?? 0
        const rows = await allSeats(database, { area: await tables.idOf(area), after, limit: limit + 1 })
        const nowSeconds = Math.floor(Date.now() / 1000)
        const seats = rows.slice(0, limit)
        if (seats.length > 0) await noteAreaRead(area, 'seats', { from: nowSeconds, until: nowSeconds, seats })
        const item = (row: SeatRow): MeterResource => {
          const seat = presentSeat(area.settings, row, { active: [], nowSeconds, movesTo: null })
          const { meter, account, zone, nameplateWh, confirmed, suspended, closed, lastReadingAt, next } = seat
          return {
            ...{ seat: seat.seat, meter, account, zone, nameplateWh, confirmed, suspended, closed, lastReadingAt },
            closesAt: next?.closed === true ? next.validFrom : null,
            nextVersion: servicesOf(number).nextVersionOf(number, row.meter),
          }
        }
        return { status: 200, body: pageOfRows('meters', rows, { limit, item, place: ({ seat }) => ({ seat }) }) }
      },
    }),
  ]
}
