/** Standing orders as a table. */
import type { CommandOf, EventOf } from '../market/area/area.ts'
import { encodeCommand } from '../market/engine/journal.ts'
import { bytes, hexes, names, numbers, parts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** What is inserted and ended within one commit is inserted as it is at its end. */
export function projectOrders(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const placed = new Map(
    told.of('order-accepted').map(({ event, command }) => {
      const { order } = event
      const row = { order, command: command as CommandOf<'order'>, status: 'active', activeUntil: order.activeUntil }
      return [order.arrival, row]
    }),
  )
  const ended = new Map<number, EventOf<'order-ended'>>()
  for (const { event } of told.of('order-ended')) {
    const own = placed.get(event.arrival)
    if (own === undefined) ended.set(event.arrival, event)
    else Object.assign(own, { status: event.status, activeUntil: event.activeUntil })
  }
  const statements: Statement[] = []
  for (const rows of parts([...placed.values()])) {
    statements.push(sql`
      insert into orders (
        area_id, arrival, order_id, seat, side, limit_ticks, max_wh, active_from, active_until, nonce, status, accepted_at,
        signed)
      select ${areaId}, arrival, order_id, seat, side, limit_ticks, max_wh, active_from, active_until, nonce, status,
        to_timestamp(accepted_ms / 1000), signed
      from unnest(
        ${numbers(rows, ({ order }) => order.arrival)}::bigint[],
        ${hexes(rows, ({ order }) => order.id)}::bytea[],
        ${numbers(rows, ({ order }) => order.seat)}::int[],
        ${names(rows, ({ order }) => order.side)}::text[],
        ${numbers(rows, ({ order }) => order.limitTicks)}::int[],
        ${numbers(rows, ({ order }) => order.maxWh)}::int[],
        ${numbers(rows, ({ order }) => order.activeFrom)}::bigint[],
        ${numbers(rows, ({ activeUntil }) => activeUntil)}::bigint[],
        ${numbers(rows, ({ order }) => order.nonce)}::bigint[],
        ${names(rows, ({ status }) => status)}::text[],
        ${numbers(rows, ({ order }) => order.acceptedAtMs)}::float8[],
        ${bytes(rows, ({ command }) => encodeCommand(command))}::bytea[]
      ) as row (
        arrival, order_id, seat, side, limit_ticks, max_wh, active_from, active_until, nonce, status, accepted_ms, signed)`)
  }
  for (const rows of parts([...ended.values()])) {
    statements.push(sql`
      update orders set status = ended.status, active_until = ended.active_until
      from unnest(
        ${numbers(rows, ({ arrival }) => arrival)}::bigint[],
        ${names(rows, ({ status }) => status)}::text[],
        ${numbers(rows, ({ activeUntil }) => activeUntil)}::bigint[]
      ) as ended (arrival, status, active_until)
      where area_id = ${areaId} and orders.arrival = ended.arrival`)
  }
  return statements
}
