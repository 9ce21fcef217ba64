/** What is read of forward trading: orders, trades and books, as `queries.ts` reads the rest. */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { CancelReason, TimeInForce } from '../market/book/forward-market.ts'
import type { Database } from './database.ts'
import { type SeatKey, wantedSeats } from './queries.ts'

export interface ForwardOrderRow {
  area_id: number
  order_id: Hex
  seat: number
  account: Address
  meter: Address
  zone: string
  side: 'buy' | 'sell'
  start: UtcSeconds
  limit_ticks: Ticks
  max_wh: Wh
  open_wh: Wh
  traded_wh: Wh
  time_in_force: TimeInForce
  nonce: number
  cancelled: CancelReason | null
  accepted_at: Date
  signed: { session: { key: Address } | null }
}

/** One seat's side of a trade. */
export interface OwnForwardTradeRow {
  area_id: number
  seat: number
  order_id: Hex
  side: 'buy' | 'sell'
  zone: string
  start: UtcSeconds
  number: number
  price_ticks: Ticks
  energy_wh: Wh
  /** Null until the interval was computed, like `status` and `message`. */
  delivered_wh: Wh | null
  made_at: Date
  status: 'provisional' | 'final' | null
  message: string | null
}

export interface ForwardTradeRow {
  area_id: number
  zone: string
  start: UtcSeconds
  number: number
  price_ticks: Ticks
  energy_wh: Wh
  made_at: Date
}

/** What rests at one price. */
export interface ForwardLevelRow {
  zone: string
  start: UtcSeconds
  side: 'buy' | 'sell'
  limit_ticks: Ticks
  energy_wh: Wh
  orders: number
}

export type ForwardStatus = 'open' | 'filled' | 'cancelled'

export async function forwardOrderById(sql: Database, area: number, id: Hex): Promise<ForwardOrderRow | null> {
  const [row] = await sql<ForwardOrderRow[]>`
    ${selectOrders(sql)} where orders.area_id = ${area} and orders.order_id = ${id}`
  return row ?? null
}

/** Orders of one account's seats, newest first, from those accepted before `before`; only those of a status where it is given. */
export function forwardOrdersOfAccount(
  sql: Database,
  options: {
    account: Address
    seats: readonly SeatKey[]
    status?: ForwardStatus | undefined
    before?: { acceptedAtMs: number; order: Hex } | undefined
    limit: number
  },
): Promise<ForwardOrderRow[]> {
  const { account, seats, status, before, limit } = options
  return sql<ForwardOrderRow[]>`
    ${selectOrders(sql)} join ${wantedSeats(sql, seats)} using (area_id, seat)
    where orders.account = ${account}
      ${status === undefined ? sql`` : sql`and ${hasStatus(sql, status)}`}
      ${
        before === undefined
          ? sql``
          : sql`and (accepted_at, order_id) < (${new Date(before.acceptedAtMs)}::timestamptz, ${before.order})`
      }
    order by accepted_at desc, order_id desc limit ${limit}`
}

/** Those of the orders that belong to one of the accounts. */
export function forwardOrdersById(
  sql: Database,
  { area, ids, accounts }: { area: number; ids: Hex[]; accounts: Address[] },
): Promise<ForwardOrderRow[]> {
  return sql<ForwardOrderRow[]>`
    ${selectOrders(sql)}
    where orders.area_id = ${area} and orders.order_id = any(${ids}::text[]) and orders.account = any(${accounts}::text[])
    order by accepted_at, order_id`
}

function selectOrders(sql: Database) {
  const traded = sql`select sum(energy_wh) from forward_trades trade where trade.area_id = orders.area_id and trade.start = orders.start`
  return sql`
    select orders.*, coalesce(case orders.side
      when 'buy' then (${traded} and trade.buyer = orders.seat and trade.buy_order = orders.order_id)
      else (${traded} and trade.seller = orders.seat and trade.sell_order = orders.order_id)
    end, 0)::bigint as traded_wh
    from forward_orders orders`
}

function hasStatus(sql: Database, status: ForwardStatus) {
  if (status === 'open') return sql`open_wh > 0`
  return status === 'filled' ? sql`open_wh = 0 and cancelled is null` : sql`cancelled is not null`
}

/**
 * The seats' trades, newest interval first, then by area, newest trade first; from the one after `after`; only those of one
 * order where it is given. No trade has both its sides in one account.
 */
export function forwardTradesOfSeats(
  sql: Database,
  options: {
    seats: readonly SeatKey[]
    order?: Hex
    after?: { start: UtcSeconds; area: number; number: number } | undefined
    limit: number
  },
): Promise<OwnForwardTradeRow[]> {
  const { seats, order, after, limit } = options
  return sql<OwnForwardTradeRow[]>`
    select own.*, newest.status, outcome.message
    from ${wantedSeats(sql, seats)} cross join lateral (
      select trade.area_id, wanted.seat, trade.start, number, zone, price_ticks, energy_wh, delivered_wh, made_at,
        case wanted.seat when buyer then buy_order else sell_order end as order_id,
        case wanted.seat when buyer then 'buy' else 'sell' end as side
      from forward_trades trade
      where trade.area_id = wanted.area_id and (buyer = wanted.seat or seller = wanted.seat)
        ${order === undefined ? sql`` : sql`and (buy_order = ${order} or sell_order = ${order})`}
        ${
          after === undefined
            ? sql``
            : sql`and (trade.start < ${after.start} or (trade.start = ${after.start} and
                (trade.area_id > ${after.area} or (trade.area_id = ${after.area} and number < ${after.number}))))`
        }
      order by trade.start desc, number desc limit ${limit}
    ) own
    left join lateral (
      select status from intervals
      where intervals.area_id = own.area_id and intervals.start = own.start order by run desc limit 1
    ) newest on true
    left join lateral (
      select outcome ->> 'message' as message from seat_intervals, jsonb_array_elements(outcomes) outcome
      where seat_intervals.area_id = own.area_id and seat_intervals.seat = own.seat
        and seat_intervals.start = own.start and current and outcome ->> 'order' = own.order_id
    ) outcome on true
    order by own.start desc, own.area_id, own.number desc limit ${limit}`
}

interface Book {
  area: number
  start: UtcSeconds
  zone: string
}

/** The best `limit` levels of each side, best price first. */
export function forwardLevels(
  sql: Database,
  { area, start, zone, limit }: Book & { limit: number },
): Promise<ForwardLevelRow[]> {
  return sql<ForwardLevelRow[]>`
    select * from (
      select zone, start, side, limit_ticks, sum(open_wh)::bigint as energy_wh, count(*) as orders,
        row_number() over (partition by side order by case side when 'buy' then -limit_ticks else limit_ticks end) as rank
      from forward_orders where area_id = ${area} and start = ${start} and zone = ${zone} and open_wh > 0
      group by zone, start, side, limit_ticks
    ) level where rank <= ${limit} order by side, rank`
}

/** The levels at which the orders stand or stood, as they are now; one where nothing rests any more has no energy. */
export function forwardLevelsOfOrders(sql: Database, area: number, ids: Hex[]): Promise<ForwardLevelRow[]> {
  return sql<ForwardLevelRow[]>`
    select level.zone, level.start, level.side, level.limit_ticks,
      coalesce(sum(resting.open_wh), 0)::bigint as energy_wh, count(resting.order_id) as orders
    from (
      select distinct zone, start, side, limit_ticks from forward_orders
      where area_id = ${area} and order_id = any(${ids}::text[])
    ) level
    left join forward_orders resting on resting.area_id = ${area} and resting.start = level.start
      and resting.zone = level.zone and resting.side = level.side and resting.limit_ticks = level.limit_ticks
      and resting.open_wh > 0
    group by level.zone, level.start, level.side, level.limit_ticks
    order by level.start, level.zone, level.side, level.limit_ticks`
}

/** The newest trades of one book, newest first. */
export function newestForwardTrades(
  sql: Database,
  { area, start, zone, limit }: Book & { limit: number },
): Promise<ForwardTradeRow[]> {
  return sql<ForwardTradeRow[]>`
    select * from forward_trades where area_id = ${area} and start = ${start} and zone = ${zone}
    order by number desc limit ${limit}`
}

/** These trades, in the order they were made. */
export function forwardTradesByNumber(
  sql: Database,
  area: number,
  trades: readonly { start: UtcSeconds; number: number }[],
): Promise<ForwardTradeRow[]> {
  return sql<ForwardTradeRow[]>`
    select trade.* from forward_trades trade
    join unnest(${trades.map(({ start }) => start)}::bigint[], ${trades.map(({ number }) => number)}::int[])
      as wanted (start, number) using (start, number)
    where area_id = ${area} order by start, number`
}
