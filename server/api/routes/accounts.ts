/** What belongs to one account: for itself, and for the grid operator as far as the seats lie in its area. */
import { z } from 'zod'
import type { AreaWorker } from '../../areas/area-worker.ts'
import type { Database } from '../../store/database.ts'
import {
  activeOrders,
  ordersOfSeats,
  productionByTime,
  type SeatIntervalRow,
  type SeatRow,
  seatBatches,
  seatIntervals,
  seatSummary,
  seatsOfAccount,
} from '../../store/queries.ts'
import { statementFile } from '../../store/statement-store.ts'
import { pageOfRows, pageQuery, readCursor, timeInput } from '../paging.ts'
import { type ApiParts, workerOf } from '../parts.ts'
import {
  isoTime,
  type Production,
  presentOrder,
  presentSeat,
  presentSeatBatch,
  presentSeatInterval,
  presentSummary,
} from '../present.ts'
import { ApiError } from '../problem.ts'
import {
  addressSchema,
  orderSchema,
  pageOf,
  type SeatIntervalResource,
  seatBatchSchema,
  seatId,
  seatIntervalSchema,
  seatSchema,
  statementSchema,
  summarySchema,
  walletSchema,
} from '../resources.ts'
import { type Route, route } from '../route.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const params = z.object({ account: addressSchema })

const seatQuery = { seat: seatId.optional(), ...pageQuery }
const tag = 'Accounts'

export function accountRoutes({ database, areas, wallet }: ApiParts): Route[] {
  const { visibleAreas, visibleSeats } = visibilityOf({ database, areas })
  const settingsOf = (row: { area_id: number }): AreaWorker['settings'] => workerOf(areas, row.area_id).settings
  const seatPlace = z.object({ area: z.int(), seat: z.int() })
  const intervalPlace = seatPlace.extend({ start: z.int() })
  const batchPlace = seatPlace.extend({ end: z.int() })
  const orderPlace = z.object({ acceptedAtMs: z.int(), arrival: z.int(), area: z.int() })

  return [
    route({
      id: 'listSeats',
      method: 'get',
      path: '/accounts/:account/seats',
      tag,
      summary: 'The account’s seats: purse, mandate, active orders',
      private: true,
      params,
      query: z.object(pageQuery),
      answers: { 200: pageOf(seatSchema) },
      async handle({ params: { account }, query: { limit, cursor }, session }) {
        const visible = visibleAreas(await session(), account)
        const after = readCursor('seats', seatPlace, cursor)
        const rows = await seatsOfAccount(database, { account, areas: visible, after, limit: limit + 1 })
        const active = await activeOrders(database, rows.map(keyOf))
        const now = Date.now() / 1000
        const item = (row: SeatRow) => presentSeat(settingsOf(row), row, active, now)
        return { status: 200, body: pageOfRows('seats', rows, { limit, item, place: keyOf }) }
      },
    }),
    route({
      id: 'listOrders',
      method: 'get',
      path: '/accounts/:account/orders',
      tag,
      summary: 'The account’s orders, newest first',
      private: true,
      params,
      query: z.object(seatQuery),
      answers: { 200: pageOf(orderSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor }, session }) {
        const seats = (await visibleSeats(await session(), account, seat)).map(keyOf)
        const before = readCursor('orders', orderPlace, cursor)
        const rows = await ordersOfSeats(database, { seats, before, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentOrder(settingsOf(row), row)
        const place = ({ accepted_at, arrival, area_id }: (typeof rows)[number]) => ({
          acceptedAtMs: accepted_at.getTime(),
          arrival,
          area: area_id,
        })
        return { status: 200, body: pageOfRows('orders', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'listSeatIntervals',
      method: 'get',
      path: '/accounts/:account/intervals',
      tag,
      summary: 'The account’s intervals: metered = matched + residual, money, and every order’s outcome; newest first',
      private: true,
      params,
      query: z.object({ ...seatQuery, from: timeInput.optional(), to: timeInput.optional() }),
      answers: { 200: pageOf(seatIntervalSchema) },
      async handle({ params: { account }, query: { seat, from, to, limit, cursor }, session }) {
        const seats = (await visibleSeats(await session(), account, seat)).map(keyOf)
        const after = readCursor('seat-intervals', intervalPlace, cursor)
        const rows = await seatIntervals(database, { seats, from, to, after, limit: limit + 1 })
        const production = await productionOf(database, areas, rows)
        const item = (row: SeatIntervalRow): SeatIntervalResource =>
          presentSeatInterval(settingsOf(row), row, production.get(row.meter) ?? new Map())
        const place = (row: SeatIntervalRow) => ({ ...keyOf(row), start: row.start })
        return { status: 200, body: pageOfRows('seat-intervals', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'getSummary',
      method: 'get',
      path: '/accounts/:account/summary',
      tag,
      summary: 'Sums over the intervals of a seat that start in [from, to), with what the tariffs would have given',
      private: true,
      params,
      query: z.object({ seat: seatId, from: timeInput, to: timeInput }),
      answers: { 200: summarySchema },
      async handle({ params: { account }, query: { seat, from, to }, session }) {
        const [row] = await visibleSeats(await session(), account, seat)
        const sums = await seatSummary(database, { ...keyOf(row!), from, to })
        return { status: 200, body: presentSummary(settingsOf(row!), sums, { seat, from, to }) }
      },
    }),
    route({
      id: 'listSeatBatches',
      method: 'get',
      path: '/accounts/:account/batches',
      tag,
      summary: 'What each settlement batch netted for the account, newest first',
      private: true,
      params,
      query: z.object(seatQuery),
      answers: { 200: pageOf(seatBatchSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor }, session }) {
        const seats = (await visibleSeats(await session(), account, seat)).map(keyOf)
        const after = readCursor('seat-batches', batchPlace, cursor)
        const rows = await seatBatches(database, { seats, after, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentSeatBatch(settingsOf(row), row)
        const place = (row: (typeof rows)[number]) => ({ ...keyOf(row), end: row.end_at })
        return { status: 200, body: pageOfRows('seat-batches', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'getStatement',
      method: 'get',
      path: '/accounts/:account/statements/:end',
      tag,
      summary:
        'A seat’s statement of the batch that ends then, with the proofs and readings that `commonwatt verify` checks',
      private: true,
      params: params.extend({ end: timeInput }),
      query: z.object({ seat: seatId }),
      answers: { 200: statementSchema },
      async handle({ params: { account, end }, query: { seat }, session }) {
        const [row] = await visibleSeats(await session(), account, seat)
        const { chainId, escrow } = settingsOf(row!).chain
        const statement = await statementFile(database, { chainId, escrow, ...keyOf(row!), end })
        if (statement === null) throw new ApiError('BATCH_UNKNOWN', `no batch ends at ${isoTime(end)}`)
        return { status: 200, body: statement }
      },
    }),
    route({
      id: 'getWallet',
      method: 'get',
      path: '/accounts/:account/wallet',
      tag,
      summary: 'The account’s tokens outside the escrow',
      private: true,
      params,
      answers: { 200: walletSchema },
      async handle({ params: { account }, session }) {
        const caller = await session()
        const seats = await visibleSeats(caller, account, undefined)
        if (caller.account !== account && seats.length === 0) {
          throw new ApiError('ACCOUNT_FOREIGN', `account ${account} has no seat in an area of ${caller.account}`)
        }
        return { status: 200, body: await wallet(account) }
      },
    }),
  ]
}

/** Production at the boundaries of the intervals, by meter. */
async function productionOf(
  database: Database,
  areas: ApiParts['areas'],
  rows: readonly SeatIntervalRow[],
): Promise<Map<string, Production>> {
  const ranges = new Map<string, { meter: string; from: number; to: number }>()
  for (const { meter, start, area_id } of rows) {
    const end = start + workerOf(areas, area_id).settings.rules.intervalSeconds
    const range = ranges.get(meter) ?? { meter, from: start, to: end }
    ranges.set(meter, { meter, from: Math.min(range.from, start), to: Math.max(range.to, end) })
  }
  const entries = await Promise.all(
    [...ranges.values()].map(async (range) => [range.meter, await productionByTime(database, range)] as const),
  )
  return new Map(entries)
}
