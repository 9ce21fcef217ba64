/** What is read of forward trading: orders, trades and books. */

import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { numbers, texts } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import { acceptedBefore } from './queries-orders.ts'
import { wantedSeats } from './queries-seats.ts'
import type {
  AcceptedPlace,
  ForwardLevelRow,
  ForwardOrderRow,
  ForwardStatus,
  ForwardTradeRow,
  OwnForwardTradeRow,
  SeatKey,
} from './rows.ts'
import { decodeSignedOrder } from './signed.ts'

type StoredOrder = Omit<ForwardOrderRow, 'order_id' | 'signed'> & { order_id: Buffer; signed: Buffer }

function decoded(rows: readonly StoredOrder[]): ForwardOrderRow[] {
  return rows.map((row) => ({ ...row, order_id: hexOf(row.order_id), signed: decodeSignedOrder(row.signed) }))
}

export async function forwardOrderById(
  sql: Queries,
  areas: readonly number[],
  id: Hex,
): Promise<ForwardOrderRow | null> {
  const rows = await sql<StoredOrder[]>`
    select orders.*, ${tradedWh(sql)} from forward_orders orders
    where area_id = any(${numbers(areas, (area) => area)}::int[]) and order_id = ${bytesOf(id)}`
  return decoded(rows)[0] ?? null
}

/** Orders of the seats, newest first, from those that arrived before `before`; only those of a status where it is given. */
export async function forwardOrdersOfSeats(
  sql: Queries,
  options: {
    seats: readonly SeatKey[]
    status?: ForwardStatus | undefined
    before?: AcceptedPlace | undefined
    limit: number
  },
): Promise<ForwardOrderRow[]> {
  const { seats, status, before, limit } = options
  return decoded(
    await sql<StoredOrder[]>`
      select orders.*, ${tradedWh(sql)} from ${wantedSeats(sql, seats)} cross join lateral (
        select * from forward_orders
        where forward_orders.area_id = wanted.area_id and forward_orders.seat = wanted.seat
          ${status === undefined ? sql`` : sql`and ${hasStatus(sql, status)}`} ${acceptedBefore(sql, before)}
        order by arrival desc limit ${limit}
      ) orders
      order by accepted_at desc, arrival desc, area_id desc limit ${limit}`,
  )
}

/** Those of the orders that belong to one of the accounts, in order of arrival. */
export async function forwardOrdersByArrival(
  sql: Queries,
  { area, arrivals, accounts }: { area: number; arrivals: readonly number[]; accounts: readonly Address[] },
): Promise<ForwardOrderRow[]> {
  return decoded(
    await sql<StoredOrder[]>`
      select orders.*, ${tradedWh(sql)} from forward_orders orders join seats using (area_id, seat)
      where area_id = ${area} and arrival = any(${numbers(arrivals, (arrival) => arrival)}::bigint[])
        and seats.account = any(${texts(accounts, (account) => account)}::text[])
      order by arrival`,
  )
}

/** The energy that `orders` have traded. */
function tradedWh(sql: Queries) {
  return sql`
    (select coalesce(sum(energy_wh), 0)::bigint from forward_trades trade
      where trade.area_id = orders.area_id and trade.start = orders.start
        and orders.arrival in (trade.buy_order, trade.sell_order)) as traded_wh`
}

function hasStatus(sql: Queries, status: ForwardStatus) {
  if (status === 'open') return sql`open_wh > 0`
  return status === 'filled' ? sql`open_wh = 0 and cancelled is null` : sql`cancelled is not null`
}

/**
 * The seats' trades, newest interval first, then by area, newest trade first; from the one after `after`; only those of one
 * order where it is given. No trade has both its sides in one account.
 */
export async function forwardTradesOfSeats(
  sql: Queries,
  options: {
    seats: readonly SeatKey[]
    /** The order by its arrival. */
    order?: number
    after?: { start: UtcSeconds; area: number; number: number } | undefined
    limit: number
  },
): Promise<OwnForwardTradeRow[]> {
  const { seats, order, after, limit } = options
  const side = (name: 'buy' | 'sell', party: ReturnType<typeof sql>, own: ReturnType<typeof sql>) => sql`
    (select trade.area_id, wanted.seat, trade.${own} as arrival, ${name}::text as side, zone, start, number, price_ticks,
        energy_wh, delivered_wh, made_at
      from forward_trades trade
      where trade.area_id = wanted.area_id and trade.${party} = wanted.seat
        ${order === undefined ? sql`` : sql`and trade.${own} = ${order}`} ${isAfter(sql, after)}
      order by start desc, number desc limit ${limit})`
  const rows = await sql<(Omit<OwnForwardTradeRow, 'outcome'> & { outcomes: Buffer | null })[]>`
    select own.*, newest.status, result.outcomes
    from ${wantedSeats(sql, seats)} cross join lateral (
      ${side('buy', sql`buyer`, sql`buy_order`)} union all ${side('sell', sql`seller`, sql`sell_order`)}
    ) own
    left join lateral (
      select status from intervals
      where intervals.area_id = own.area_id and intervals.start = own.start order by run desc limit 1
    ) newest on true
    left join lateral (
      select outcomes from seat_intervals
      where seat_intervals.area_id = own.area_id and seat_intervals.start = own.start and seat_intervals.seat = own.seat
        and current limit 1
    ) result on true
    order by own.start desc, own.area_id, own.number desc limit ${limit}`
  return rows.map(({ outcomes, ...row }) => ({
    ...row,
    outcome:
      (outcomes === null ? [] : decodeOutcomes(outcomes)).find(({ stage, arrival }) => {
        return stage === 'forward' && arrival === row.arrival
      }) ?? null,
  }))
}

function isAfter(sql: Queries, after: { start: UtcSeconds; area: number; number: number } | undefined) {
  if (after === undefined) return sql``
  const { start, area, number } = after
  return sql`
    and (trade.start < ${start} or (trade.start = ${start} and
      (trade.area_id > ${area} or (trade.area_id = ${area} and number < ${number}))))`
}

interface Book {
  area: number
  start: UtcSeconds
  zone: string
}

/** The best `limit` levels of each side, best price first. */
export function forwardLevels(
  sql: Queries,
  { area, start, zone, limit }: Book & { limit: number },
): Promise<ForwardLevelRow[]> {
  return sql<ForwardLevelRow[]>`
    select zone, start, side, limit_ticks, energy_wh, orders from (
      select zone, start, side, limit_ticks, sum(open_wh)::bigint as energy_wh, count(*)::int as orders,
        row_number() over (partition by side order by case side when 'buy' then -limit_ticks else limit_ticks end) as rank
      from forward_orders where area_id = ${area} and start = ${start} and zone = ${zone} and open_wh > 0
      group by zone, start, side, limit_ticks
    ) level where rank <= ${limit} order by side, rank`
}

/** The levels at which the orders stand or stood, as they are now; one where nothing rests any more has no energy. */
export function forwardLevelsOfOrders(
  sql: Queries,
  area: number,
  arrivals: readonly number[],
): Promise<ForwardLevelRow[]> {
  return sql<ForwardLevelRow[]>`
    select level.zone, level.start, level.side, level.limit_ticks,
      coalesce(sum(resting.open_wh), 0)::bigint as energy_wh, count(resting.arrival)::int as orders
    from (
      select distinct zone, start, side, limit_ticks from forward_orders
      where area_id = ${area} and arrival = any(${numbers(arrivals, (arrival) => arrival)}::bigint[])
    ) level
    left join forward_orders resting on resting.area_id = ${area} and resting.start = level.start
      and resting.zone = level.zone and resting.side = level.side and resting.limit_ticks = level.limit_ticks
      and resting.open_wh > 0
    group by level.zone, level.start, level.side, level.limit_ticks
    order by level.start, level.zone, level.side, level.limit_ticks`
}

/** The newest trades of one book, newest first. */
export function newestForwardTrades(
  sql: Queries,
  { area, start, zone, limit }: Book & { limit: number },
): Promise<ForwardTradeRow[]> {
  return sql<ForwardTradeRow[]>`
    select area_id, zone, start, number, price_ticks, energy_wh, made_at from forward_trades
    where area_id = ${area} and start = ${start} and zone = ${zone} order by number desc limit ${limit}`
}

/** These trades, in the order they were made. */
export function forwardTradesByNumber(
  sql: Queries,
  area: number,
  trades: readonly { start: UtcSeconds; number: number }[],
): Promise<ForwardTradeRow[]> {
  return sql<ForwardTradeRow[]>`
    select area_id, zone, start, number, price_ticks, energy_wh, made_at
    from unnest(
      ${numbers(trades, ({ start }) => start)}::bigint[], ${numbers(trades, ({ number }) => number)}::int[]
    ) as wanted (start, number)
    join forward_trades trade using (start, number)
    where area_id = ${area} order by start, number`
}
