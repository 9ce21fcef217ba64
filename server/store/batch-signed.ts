/** What accounts signed that counted in a batch: orders, agreements, trades made ahead, session keys that were taken back. */

import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { numbers, texts } from './arrays.ts'
import type { BatchSpan } from './batch-store.ts'
import type { Queries } from './database.ts'
import {
  decodeSignedAgreement,
  decodeSignedOrder,
  decodeSignedRevocation,
  type SignedByBoth,
  type SignedOrder,
  type SignedRevocation,
} from './signed.ts'

/** A standing order that could count in intervals of a batch, and in which of them. */
export interface BatchOrder extends SignedOrder {
  arrival: number
  id: Hex
  seat: number
  activeFrom: UtcSeconds
  activeUntil: UtcSeconds
}

/** In order of arrival. */
export async function ordersOfBatch(sql: Queries, areaId: number, { start, end }: BatchSpan): Promise<BatchOrder[]> {
  const rows = await sql<(Omit<BatchOrder, keyof SignedOrder | 'id'> & { id: Buffer; signed: Buffer })[]>`
    select arrival, order_id as id, seat, greatest(active_from, ${start}) as "activeFrom",
      least(active_until, ${end}) as "activeUntil", signed
    from orders where area_id = ${areaId} and active_until > ${start} and active_from < ${end} and active_from < active_until
    order by arrival`
  return rows.map(({ id, signed, ...row }) => ({ ...row, id: hexOf(id), ...decodeSignedOrder(signed) }))
}

/** An order for one interval of a batch that traded. */
export interface BatchForwardOrder extends SignedOrder {
  arrival: number
  id: Hex
  seat: number
}

/** The forward orders that traded in the batch, in order of arrival. */
export async function forwardOrdersOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
): Promise<BatchForwardOrder[]> {
  const rows = await sql<{ arrival: number; id: Buffer; seat: number; signed: Buffer }[]>`
    select arrival, order_id as id, seat, signed from forward_orders
    where area_id = ${areaId} and arrival in (
      select unnest(array[buy_order, sell_order]) from forward_trades
      where area_id = ${areaId} and start >= ${start} and start < ${end})
    order by arrival`
  return rows.map(({ id, signed, ...row }) => ({ ...row, id: hexOf(id), ...decodeSignedOrder(signed) }))
}

export interface BatchForwardTrade {
  start: UtcSeconds
  /** The two orders by their arrivals. */
  buyOrder: number
  sellOrder: number
  priceTicks: Ticks
  energyWh: Wh
}

/** Trades by interval, in the order in which they were made. */
export function forwardTradesOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
): Promise<BatchForwardTrade[]> {
  return sql<BatchForwardTrade[]>`
    select start, buy_order as "buyOrder", sell_order as "sellOrder", price_ticks as "priceTicks", energy_wh as "energyWh"
    from forward_trades where area_id = ${areaId} and start >= ${start} and start < ${end} order by start, number`
}

/** An agreement that covered intervals of a batch, and which. */
export interface BatchAgreement extends SignedByBoth {
  arrival: number
  id: Hex
  group: number
  seller: number
  buyer: number
  activeFrom: UtcSeconds
  activeUntil: UtcSeconds
  acceptedAtMs: number
}

/** In order of arrival. */
export async function agreementsOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
): Promise<BatchAgreement[]> {
  const rows = await sql<
    (Omit<BatchAgreement, keyof SignedByBoth | 'id' | 'acceptedAtMs'> & {
      id: Buffer
      signed: Buffer
      acceptedAt: Date
    })[]
  >`
    select arrival, agreement_id as id, group_arrival as "group", seller, buyer, greatest(start, ${start}) as "activeFrom",
      least(end_at, ${end}) as "activeUntil", accepted_at as "acceptedAt", signed
    from agreements where area_id = ${areaId} and end_at > ${start} and start < ${end} order by arrival`
  return rows.map(({ id, signed, acceptedAt, ...row }) => ({
    ...row,
    ...{ id: hexOf(id), acceptedAtMs: acceptedAt.getTime() },
    ...decodeSignedAgreement(signed),
  }))
}

/** A session key that its account took back. */
export interface BatchRevocation extends SignedRevocation {
  account: Address
  key: Address
  /** The boundary from which on it signs nothing. */
  from: UtcSeconds
}

/** Session keys of these accounts that were taken back, by account, key and boundary. */
export async function revocationsOf(
  sql: Queries,
  areaId: number,
  accounts: readonly Address[],
): Promise<BatchRevocation[]> {
  const rows = await sql<(Omit<BatchRevocation, keyof SignedRevocation> & { signed: Buffer })[]>`
    select account, key, from_start as "from", signed from session_revocations
    where area_id = ${areaId} and account = any(${texts(accounts, (account) => account)}::text[])
    order by account collate "C", key collate "C", from_start`
  return rows.map(({ signed, ...row }) => ({ ...row, ...decodeSignedRevocation(signed) }))
}

/** What was signed under these arrivals: orders, those for one interval among them, and agreements. */
export async function signedUnder(
  sql: Queries,
  areaId: number,
  arrivals: readonly number[],
): Promise<{ orders: SignedOrder[]; agreements: SignedByBoth[] }> {
  const own = numbers(arrivals, (arrival) => arrival)
  const orders = await sql<{ signed: Buffer }[]>`
    select order_id as id, signed from orders where area_id = ${areaId} and arrival = any(${own}::bigint[])
    union all
    select order_id, signed from forward_orders where area_id = ${areaId} and arrival = any(${own}::bigint[])
    order by id`
  const agreements = await sql<{ signed: Buffer }[]>`
    select signed from agreements where area_id = ${areaId} and arrival = any(${own}::bigint[]) order by agreement_id`
  return {
    orders: orders.map(({ signed }) => decodeSignedOrder(signed)),
    agreements: agreements.map(({ signed }) => decodeSignedAgreement(signed)),
  }
}
