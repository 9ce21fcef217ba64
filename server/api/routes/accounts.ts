/** What belongs to one account: for itself, and for the grid operator as far as the seats lie in its area. */
import { z } from 'zod'
import { partsOfSeatId } from '../../../contracts/protocol/entry.ts'
import { requireKept, requireKeptBatch } from '../../store/archives.ts'
import type { Database } from '../../store/database.ts'
import { eraseNotices } from '../../store/notice-store.ts'
import { activeOrders, ordersOfSeats } from '../../store/queries-orders.ts'
import { productionByTime, seatBatches, seatIntervals, seatsOfAccount } from '../../store/queries-seats.ts'
import type { SeatIntervalRow, SeatKey, SeatRow } from '../../store/rows.ts'
import { seatSummary } from '../../store/seat-sums.ts'
import { eraseLeaves } from '../../store/statement-store.ts'
import type { AreaTables, SettingsHistory } from '../area-tables.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor, requireSpan, timeInput } from '../paging.ts'
import { type ApiParts, areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
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
  erasedSchema,
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

export function accountRoutes(parts: OrderParts & Pick<ApiParts, 'statements'>): Route[] {
  const { database, areas, tables, servicesOf, statements } = parts
  const { visibleAreas, noteOfGrid, readable } = visibilityOf(parts)
  const settingsOf = (row: { area_id: number }) => tables.areaWith(row.area_id).settings
  const { number, seconds, ms, arrival } = placeForm
  const seatPlace = z.object({ area: number, seat: number })
  const intervalPlace = seatPlace.extend({ start: seconds })
  const batchPlace = seatPlace.extend({ end: seconds })
  const orderPlace = z.object({ acceptedAtMs: ms, arrival, area: number })

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
        const caller = await session()
        const visible = await visibleAreas(caller, account)
        const after = readCursor('seats', seatPlace, cursor)
        const rows = await seatsOfAccount(database, { account, areas: visible, after, limit: limit + 1 })
        await noteOfGrid(caller, account, { what: 'seats' }, rows.map(keyOf))
        const active = await activeOrders(database, rows.map(keyOf))
        const nowSeconds = Date.now() / 1000
        const item = (row: SeatRow) => {
          const settings = settingsOf(row)
          const movesTo = servicesOf(settings.area).moveOf(settings.area, row.seat)
          return presentSeat(settings, row, { active, nowSeconds, movesTo })
        }
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
        const seats = (await readable(await session(), account, { what: 'orders', seat })).seats.map(keyOf)
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
        requireSpan({ from, to })
        const read = await readable(await session(), account, { what: 'intervals', seat, from, to })
        const after = readCursor('seat-intervals', intervalPlace, cursor)
        if (from !== undefined) {
          for (const { area_id: area } of read.seats) await requireKept(database, area, read.from ?? from)
        }
        const rows = await seatIntervals(database, { ...read, seats: read.seats.map(keyOf), after, limit: limit + 1 })
        const histories = new Map<number, SettingsHistory>()
        for (const { area_id: id } of rows) {
          if (!histories.has(id)) histories.set(id, await tables.history(tables.areaWith(id)))
        }
        const production = await productionOf(database, tables, rows)
        const item = (row: SeatIntervalRow): SeatIntervalResource =>
          presentSeatInterval(histories.get(row.area_id)!.at(row.start), row, production.get(nameOf(row)) ?? new Map())
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
        requireSpan({ from, to })
        const read = await readable(await session(), account, { what: 'summary', seat, from, to })
        const [row] = read.seats
        const range = { from: read.from!, to: read.to! }
        const area = tables.areaWith(row!.area_id)
        await requireKept(database, row!.area_id, range.from)
        const periods = (await tables.history(area)).within(range.from, range.to)
        const sums = await Promise.all(
          periods.map(async ({ settings, ...period }) => {
            return { settings, row: await seatSummary(database, { ...keyOf(row!), ...period }) }
          }),
        )
        return { status: 200, body: presentSummary(area.settings, sums, { seat: row!.seat, ...range }) }
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
        const read = await readable(await session(), account, { what: 'batches', seat })
        const after = readCursor('seat-batches', batchPlace, cursor)
        const rows = await seatBatches(database, { ...read, seats: read.seats.map(keyOf), after, limit: limit + 1 })
        const item = (row: (typeof rows)[number]) => presentSeatBatch(settingsOf(row), row)
        const place = (row: (typeof rows)[number]) => ({ ...keyOf(row), end: row.end_at })
        return { status: 200, body: pageOfRows('seat-batches', rows, { limit, item, place }) }
      },
    }),
    route({
      id: 'eraseStatements',
      method: 'post',
      path: '/accounts/:account/erasures',
      tag,
      summary:
        'Erases what links a seat to its leaves in settled batches that end until then, and its notices until then: no statement shows them again, others keep theirs',
      private: true,
      params,
      body: z.strictObject({ seat: seatId, until: timeInput }).meta({ id: 'Erasure' }),
      answers: { 200: erasedSchema },
      async handle({ params: { account }, body: { seat, until }, session }) {
        const own = await session()
        // The grid operator may look, and no more.
        if (own.account !== account)
          throw new ApiError('ACCOUNT_FOREIGN', 'only the account itself may erase its statements')
        const [row] = (await readable(own, account, { what: 'statement', seat })).seats
        const { area_id: areaId, seat: number } = row!
        const batches = await eraseLeaves(database, { areaId, seat: number, until })
        await eraseNotices(database, { areaId, seat: number, until })
        return { status: 200, body: { batches: batches.map(isoTime) } }
      },
    }),
    route({
      id: 'getStatement',
      method: 'get',
      path: '/accounts/:account/statements/:end',
      isSlow: true,
      tag,
      summary:
        'A seat’s statement of the batch that ends then, with the proofs and readings that `commonwatt verify` checks',
      private: true,
      params: params.extend({ end: timeInput }),
      query: z.object({ seat: seatId }),
      answers: { 200: statementSchema },
      keptByNobody: 'It shows what an erasure takes away: nothing of it lies in a cache',
      async handle({ params: { account, end }, query: { seat }, session }) {
        const { area: number } = partsOfSeatId(BigInt(seat))
        const from = end - areaOf(areas, number).settings.rules.batchSeconds
        const read = await readable(await session(), account, { what: 'statement', seat, from, to: end })
        // A grant opens whole batches.
        if (read.from !== from || read.to !== end) {
          throw new ApiError('GRANT_COARSER', `the grant does not hold all of the batch that ends at ${isoTime(end)}`)
        }
        const [row] = read.seats
        const { area } = settingsOf(row!)
        await requireKeptBatch(database, row!.area_id, end)
        const statement = await statements.file({ area, seat: row!.seat, end })
        if (statement === null) throw new ApiError('BATCH_UNKNOWN', `no batch ends at ${isoTime(end)}`)
        return { status: 200, body: statement }
      },
    }),
    route({
      id: 'getWallet',
      method: 'get',
      path: '/accounts/:account/wallet',
      tag,
      summary: 'The account’s tokens outside the escrow, of the kind in which the area is paid',
      private: true,
      params,
      query: z.object({ area: areaInput }),
      asksNode: true,
      answers: { 200: walletSchema },
      async handle({ params: { account }, query: { area }, session }) {
        const caller = await session()
        const { seats } = await readable(caller, account, { what: 'wallet' })
        if (caller.account !== account && seats.length === 0) {
          throw new ApiError('ACCOUNT_FOREIGN', `account ${account} has no seat in an area of ${caller.account}`)
        }
        return { status: 200, body: await servicesOf(areaOf(areas, area).settings.area).wallet(account) }
      },
    }),
  ]
}

/** Production at the boundaries of the intervals, by seat as `nameOf` names it. */
async function productionOf(
  database: Database,
  tables: AreaTables,
  rows: readonly SeatIntervalRow[],
): Promise<Map<string, Production>> {
  const ranges = new Map<string, SeatKey & { from: number; to: number }>()
  for (const row of rows) {
    const { start } = row
    const end = start + tables.areaWith(row.area_id).settings.rules.intervalSeconds
    const range = ranges.get(nameOf(row)) ?? { ...keyOf(row), from: start, to: end }
    ranges.set(nameOf(row), { ...range, from: Math.min(range.from, start), to: Math.max(range.to, end) })
  }
  const entries = await Promise.all(
    [...ranges].map(async ([name, range]) => [name, await productionByTime(database, range)] as const),
  )
  return new Map(entries)
}

function nameOf({ area_id, seat }: { area_id: number; seat: number }): string {
  return `${area_id} ${seat}`
}
