/** Forward trading: the books of intervals that have not started, own orders, and what became of what they traded. */
import { z } from 'zod'
import {
  forwardLevels,
  forwardOrdersOfSeats,
  forwardTradesOfSeats,
  newestForwardTrades,
} from '../../store/queries-forward.ts'
import type { ForwardOrderRow } from '../../store/rows.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor, timeInput } from '../paging.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { presentForwardBook, presentForwardOrder, presentOwnForwardTrade } from '../present-forward.ts'
import { ApiError } from '../problem.ts'
import {
  addressSchema,
  forwardBookSchema,
  forwardOrderSchema,
  ownForwardTradeSchema,
  pageOf,
  seatId,
} from '../resources.ts'
import { type Route, route } from '../route.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Forward trading'
/** At most so many levels of each side of a book, and so many trades. */
const shownLevels = 100
const shownTrades = 20

export function forwardRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables } = parts
  const { readable } = visibilityOf(parts)
  const settingsOf = (row: { area_id: number }) => tables.areaWith(row.area_id).settings
  const { number, seconds, ms, arrival } = placeForm
  const orderPlace = z.object({ acceptedAtMs: ms, arrival, area: number })
  const tradePlace = z.object({ start: seconds, area: number, number })
  const accountParams = z.object({ account: addressSchema })
  const seatQuery = { seat: seatId.optional(), ...pageQuery }

  return [
    route({
      id: 'listForwardOrders',
      method: 'get',
      path: '/accounts/:account/forward-orders',
      tag,
      summary: 'The account’s forward orders, newest first',
      private: true,
      params: accountParams,
      query: z.object({ ...seatQuery, status: forwardOrderSchema.shape.status.optional() }),
      answers: { 200: pageOf(forwardOrderSchema) },
      async handle({ params: { account }, query: { seat, status, limit, cursor }, session }) {
        const seats = (await readable(await session(), account, { what: 'forward orders', seat })).seats.map(keyOf)
        const before = readCursor('forward-orders', orderPlace, cursor)
        const rows = await forwardOrdersOfSeats(database, { seats, status, before, limit: limit + 1 })
        const item = (row: ForwardOrderRow) => presentForwardOrder(settingsOf(row), row)
        const place = (row: ForwardOrderRow) => ({
          acceptedAtMs: row.accepted_at.getTime(),
          arrival: row.arrival,
          area: row.area_id,
        })
        return { status: 200, body: pageOfRows('forward-orders', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'listForwardTrades',
      method: 'get',
      path: '/accounts/:account/forward-trades',
      tag,
      summary: 'What the account has traded ahead, with what was delivered and the deviation; newest interval first',
      private: true,
      params: accountParams,
      query: z.object(seatQuery),
      answers: { 200: pageOf(ownForwardTradeSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor }, session }) {
        const seats = (await readable(await session(), account, { what: 'forward trades', seat })).seats.map(keyOf)
        const after = readCursor('forward-trades', tradePlace, cursor)
        const rows = await forwardTradesOfSeats(database, { seats, after, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentOwnForwardTrade(settingsOf(row), row)
        const place = ({ start, area_id, number }: (typeof rows)[number]) => ({ start, area: area_id, number })
        return { status: 200, body: pageOfRows('forward-trades', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'getForwardBook',
      method: 'get',
      path: '/areas/:area/forward-book',
      tag,
      summary:
        'What is offered and asked ahead in one zone for the interval that starts then, and what was last traded',
      params: z.object({ area: areaInput }),
      query: z.object({ start: timeInput, zone: z.string().min(1).max(31) }),
      answers: { 200: forwardBookSchema },
      async handle({ params: { area: number }, query: { start, zone } }) {
        const handle = areaOf(areas, number)
        const { settings } = handle
        if (!settings.zones.some((each) => each.zone === zone)) {
          throw new ApiError('ZONE_UNKNOWN', `area ${number} has no zone ${zone}`)
        }
        const { intervalSeconds } = settings.rules
        if (start % intervalSeconds !== 0) {
          const message = `an interval starts every ${intervalSeconds} s, and none then`
          throw new ApiError('REQUEST_INVALID', `start: ${message}`, { errors: [{ path: 'start', message }] })
        }
        const area = await tables.idOf(handle)
        const levels = await forwardLevels(database, { area, start, zone, limit: shownLevels })
        const trades = await newestForwardTrades(database, { area, start, zone, limit: shownTrades })
        return { status: 200, body: presentForwardBook(settings, { start, zone, levels, trades }) }
      },
    }),
  ]
}
