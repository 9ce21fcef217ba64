/** What is read of standing orders and of session keys that were taken back. */

import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { wantedSeats } from './queries-seats.ts'
import type { AcceptedPlace, OrderRow, SeatKey } from './rows.ts'
import { decodeSignedOrder } from './signed.ts'

type StoredOrder = Omit<OrderRow, 'order_id' | 'signed'> & { order_id: Buffer; signed: Buffer }

function decoded(rows: readonly StoredOrder[]): OrderRow[] {
  return rows.map((row) => ({ ...row, order_id: hexOf(row.order_id), signed: decodeSignedOrder(row.signed) }))
}

/** Active orders of the seats, in order of arrival. */
export async function activeOrders(sql: Queries, seats: readonly SeatKey[]): Promise<OrderRow[]> {
  return decoded(
    await sql<StoredOrder[]>`
      select orders.* from ${wantedSeats(sql, seats)} join orders using (area_id, seat)
      where status = 'active' order by area_id, arrival`,
  )
}

export async function orderById(sql: Queries, areas: readonly number[], id: Hex): Promise<OrderRow | null> {
  const rows = await sql<StoredOrder[]>`
    select * from orders where area_id = any(${numbers(areas, (area) => area)}::int[]) and order_id = ${bytesOf(id)}`
  return decoded(rows)[0] ?? null
}

/** Orders of the seats, newest first, from those that arrived before `before`. */
export async function ordersOfSeats(
  sql: Queries,
  { seats, before, limit }: { seats: readonly SeatKey[]; before?: AcceptedPlace | undefined; limit: number },
): Promise<OrderRow[]> {
  return decoded(
    await sql<StoredOrder[]>`
      select own.* from ${wantedSeats(sql, seats)} cross join lateral (
        select * from orders
        where orders.area_id = wanted.area_id and orders.seat = wanted.seat ${acceptedBefore(sql, before)}
        order by arrival desc limit ${limit}
      ) own
      order by accepted_at desc, arrival desc, area_id desc limit ${limit}`,
  )
}

/** Rows of one area that come after a place: what is accepted later arrives later. */
export function acceptedBefore(sql: Queries, before: AcceptedPlace | undefined) {
  if (before === undefined) return sql``
  const { acceptedAtMs, arrival, area } = before
  return sql`
    and (wanted.area_id <> ${area} or arrival < ${arrival})
    and (accepted_at, arrival, area_id) < (${new Date(acceptedAtMs)}::timestamptz, ${arrival}::bigint, ${area}::int)`
}

/** From which boundary on a session key signs nothing for the account any more, or null. */
export async function sessionRevocation(
  sql: Queries,
  area: number,
  { account, key }: { account: Address; key: Address },
): Promise<UtcSeconds | null> {
  const [row] = await sql<{ from: UtcSeconds | null }[]>`
    select min(from_start) as "from" from session_revocations
    where area_id = ${area} and account = ${account} and key = ${key}`
  return row!.from
}
