/** Forward trading: signed orders for one interval that has not started, their books, and what became of what they traded. */
import { z } from 'zod'
import type { AreaSettings } from '../../areas/settings.ts'
import {
  type ForwardOrderRow,
  forwardLevels,
  forwardOrderById,
  forwardOrdersOfAccount,
  forwardTradesOfSeats,
  newestForwardTrades,
} from '../../store/queries-forward.ts'
import { pageOfRows, pageQuery, readCursor, timeInput } from '../paging.ts'
import { type ApiParts, workerOf } from '../parts.ts'
import { checkOrderSignature, refusedBy, requireCancelSignature } from '../place-order.ts'
import { presentForwardBook, presentForwardOrder, presentOwnForwardTrade } from '../present-forward.ts'
import { ApiError, OrderRefused } from '../problem.ts'
import {
  addressSchema,
  forwardBookSchema,
  forwardOrderSchema,
  ownForwardTradeSchema,
  type PlacedForwardOrder,
  pageOf,
  placedForwardOrderSchema,
  seatId,
  timesInForce,
} from '../resources.ts'
import { type Route, route } from '../route.ts'
import { signedCancelSchema, signedForwardOrderSchema } from '../signed-requests.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Forward trading'
/** Of each side of a book, and of its trades. */
const shownLevels = 100
const shownTrades = 20
/** Trades of one order that its answer lists. */
const mostTradesOfOrder = 500

export function forwardRoutes(parts: ApiParts): Route[] {
  const { database, areas } = parts
  const { visibleSeats } = visibilityOf({ database, areas })
  const settingsOf = (row: { area_id: number }) => workerOf(areas, row.area_id).settings
  const orderPlace = z.object({ acceptedAtMs: z.int(), order: z.string() })
  const tradePlace = z.object({ start: z.int(), area: z.int(), number: z.int() })
  const accountParams = z.object({ account: addressSchema })
  const seatQuery = { seat: seatId.optional(), ...pageQuery }

  async function placed(settings: AreaSettings, row: ForwardOrderRow): Promise<PlacedForwardOrder> {
    const query = { seats: [keyOf(row)], order: row.order_id, limit: mostTradesOfOrder }
    const trades = await forwardTradesOfSeats(database, query)
    return {
      ...presentForwardOrder(settings, row),
      trades: trades.reverse().map((trade) => presentOwnForwardTrade(settings, trade)),
    }
  }

  return [
    route({
      id: 'placeForwardOrder',
      method: 'post',
      path: '/forward-orders',
      tag,
      summary:
        'Places a signed order for one interval that has not started; it trades at once with what rests in its zone',
      keyed: true,
      body: signedForwardOrderSchema,
      answers: { 201: placedForwardOrderSchema, 200: placedForwardOrderSchema },
      async handle({ body }) {
        const worker = areas.all().find(({ settings }) => settings.rulesHash === body.order.rules)
        if (worker === undefined) {
          throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${body.order.rules}`)
        }
        const { settings } = worker
        const id = await checkOrderSignature(parts, worker, body, Date.now())
        const before = await forwardOrderById(database, settings.area, id)
        if (before !== null) return { status: 200, body: await placed(settings, before) }
        const { order, signature, session = null } = body
        const events = await worker.submit({
          type: 'forward-order',
          atMs: Date.now(),
          id,
          order,
          timeInForce: timesInForce[order.timeInForce]!,
          signature,
          session,
        })
        const refusal = events.find((event) => event.type === 'refused' && event.id === id)
        const row = await forwardOrderById(database, settings.area, id)
        if (row === null) throw refusedBy(refusal)
        return { status: refusal === undefined ? 201 : 200, body: await placed(settings, row) }
      },
    }),
    route({
      id: 'cancelForwardOrder',
      method: 'post',
      path: '/forward-orders/:order/cancel',
      tag,
      summary: 'Takes what is open of a forward order out of its book; what it has traded stays agreed',
      keyed: true,
      params: z.object({ order: z.string().regex(/^0x[0-9a-f]{64}$/) }),
      body: signedCancelSchema,
      answers: { 200: forwardOrderSchema },
      async handle({ params: { order: id }, body: { signature } }) {
        const { worker, row } = await findOrder(id)
        const { settings } = worker
        await requireCancelSignature(parts, settings.chain, row, signature)
        if (row.open_wh > 0) await worker.submit({ type: 'forward-cancel', atMs: Date.now(), id, signature })
        const after = (await findOrder(id)).row
        if (after.cancelled !== 'requested') throw new OrderRefused('ORDER_ENDED', endOf(after))
        return { status: 200, body: presentForwardOrder(settings, after) }
      },
    }),
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
        const seats = (await visibleSeats(await session(), account, seat)).map(keyOf)
        const before = readCursor('forward-orders', orderPlace, cursor)
        const rows = await forwardOrdersOfAccount(database, { account, seats, status, before, limit: limit + 1 })
        const item = (row: ForwardOrderRow) => presentForwardOrder(settingsOf(row), row)
        const place = (row: ForwardOrderRow) => ({ acceptedAtMs: row.accepted_at.getTime(), order: row.order_id })
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
        const seats = (await visibleSeats(await session(), account, seat)).map(keyOf)
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
      params: z.object({ area: z.coerce.number().int().min(0).max(0xffff_ffff) }),
      query: z.object({ start: timeInput, zone: z.string().min(1).max(31) }),
      answers: { 200: forwardBookSchema },
      async handle({ params: { area }, query: { start, zone } }) {
        const { settings } = workerOf(areas, area)
        if (!settings.zones.some((each) => each.zone === zone)) {
          throw new ApiError('ZONE_UNKNOWN', `area ${area} has no zone ${zone}`)
        }
        const { intervalSeconds } = settings.rules
        if (start % intervalSeconds !== 0) {
          const message = `an interval starts every ${intervalSeconds} s, and none then`
          throw new ApiError('REQUEST_INVALID', `start: ${message}`, { errors: [{ path: 'start', message }] })
        }
        const levels = await forwardLevels(database, { area, start, zone, limit: shownLevels })
        const trades = await newestForwardTrades(database, { area, start, zone, limit: shownTrades })
        return { status: 200, body: presentForwardBook(settings, { start, zone, levels, trades }) }
      },
    }),
  ]

  async function findOrder(id: string) {
    for (const worker of areas.all()) {
      const row = await forwardOrderById(database, worker.settings.area, id)
      if (row !== null) return { worker, row }
    }
    throw new ApiError('ORDER_UNKNOWN', `there is no forward order ${id}`)
  }
}

function endOf({ cancelled }: ForwardOrderRow): string {
  return cancelled === null
    ? 'the order has been traded wholly'
    : `what was left of the order was taken out before: ${cancelled}`
}
