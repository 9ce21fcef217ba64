/** Orders and trades of intervals that had not started, as tables. */
import type { CommandOf, ForwardOrder } from '../market/area/area.ts'
import { encodeCommand } from '../market/engine/journal.ts'
import { bytes, hexes, names, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** By the number that stands in a signed order. */
const timesInForce = ['GTC', 'IOC', 'FOK'] as const

interface PlacedRow {
  order: ForwardOrder
  command: CommandOf<'order'>
  openWh: number
  cancelled: string | null
}

/** What trades and cancellations leave of an order that came in an earlier commit. */
interface Change {
  arrival: number
  tradedWh: number
  cancelled: string | null
}

export function projectForward(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const placed = new Map<number, PlacedRow>()
  for (const { event, command } of told.of('forward-accepted')) {
    const { order } = event
    placed.set(order.arrival, { order, command: command as CommandOf<'order'>, openWh: order.openWh, cancelled: null })
  }
  const changes = new Map<number, Change>()
  const changeOf = (arrival: number): Change => {
    let change = changes.get(arrival)
    if (change === undefined) {
      change = { arrival, tradedWh: 0, cancelled: null }
      changes.set(arrival, change)
    }
    return change
  }
  for (const { event } of told.of('forward-trade')) {
    const { buyOrder, sellOrder, energyWh } = event.trade
    for (const arrival of [buyOrder, sellOrder]) {
      const own = placed.get(arrival)
      if (own === undefined) changeOf(arrival).tradedWh += energyWh
      else own.openWh -= energyWh
    }
  }
  for (const { event } of told.of('forward-cancelled')) {
    const own = placed.get(event.arrival)
    if (own === undefined) changeOf(event.arrival).cancelled = event.reason
    else Object.assign(own, { openWh: 0, cancelled: event.reason })
  }
  return [
    ...insertOrders(sql, areaId, [...placed.values()]),
    ...changeOrders(sql, areaId, [...changes.values()]),
    ...projectTrades(sql, areaId, told),
  ]
}

function insertOrders(sql: Transaction, areaId: number, all: readonly PlacedRow[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      insert into forward_orders (
        area_id, arrival, order_id, seat, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce, cancelled,
        accepted_at, signed)
      select ${areaId}, arrival, order_id, seat, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce,
        cancelled, to_timestamp(accepted_ms / 1000), signed
      from unnest(
        ${numbers(rows, ({ order }) => order.arrival)}::bigint[],
        ${hexes(rows, ({ order }) => order.id)}::bytea[],
        ${numbers(rows, ({ order }) => order.seat)}::int[],
        ${texts(rows, ({ order }) => order.zone)}::text[],
        ${names(rows, ({ order }) => order.side)}::text[],
        ${numbers(rows, ({ order }) => order.start)}::bigint[],
        ${numbers(rows, ({ order }) => order.limitTicks)}::int[],
        ${numbers(rows, ({ order }) => order.maxWh)}::int[],
        ${numbers(rows, ({ openWh }) => openWh)}::int[],
        ${names(rows, ({ command }) => timesInForce[command.order.timeInForce]!)}::text[],
        ${numbers(rows, ({ command }) => command.order.nonce)}::bigint[],
        ${names(rows, ({ cancelled }) => cancelled)}::text[],
        ${numbers(rows, ({ order }) => order.acceptedAtMs)}::float8[],
        ${bytes(rows, ({ command }) => encodeCommand(command))}::bytea[]
      ) as row (
        arrival, order_id, seat, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce, cancelled,
        accepted_ms, signed)`,
  )
}

/** A cancelled order trades no more. */
function changeOrders(sql: Transaction, areaId: number, all: readonly Change[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      update forward_orders set
        open_wh = case when changed.cancelled is null then open_wh - changed.traded_wh else 0 end,
        cancelled = changed.cancelled
      from unnest(
        ${numbers(rows, ({ arrival }) => arrival)}::bigint[],
        ${numbers(rows, ({ tradedWh }) => tradedWh)}::int[],
        ${names(rows, ({ cancelled }) => cancelled)}::text[]
      ) as changed (arrival, traded_wh, cancelled)
      where area_id = ${areaId} and forward_orders.arrival = changed.arrival`,
  )
}

/** New trades, and what the newest runs have honoured of trades. */
function projectTrades(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const honoured = new Map<string, { start: number; number: number; deliveredWh: number; place: number }>()
  const note = (place: number, run: { start: number; forward: readonly { number: number; deliveredWh: number }[] }) => {
    for (const { number, deliveredWh } of run.forward) {
      const name = nameOf(run.start, number)
      if ((honoured.get(name)?.place ?? -1) < place) {
        honoured.set(name, { start: run.start, number, deliveredWh, place })
      }
    }
  }
  for (const { event, place } of told.of('interval-cleared')) note(place, event.result)
  for (const { event, place } of told.of('interval-reduced')) note(place, event)
  const made = told.of('forward-trade').map(({ event: { trade }, command }) => {
    const name = nameOf(trade.start, trade.number)
    const deliveredWh = honoured.get(name)?.deliveredWh ?? null
    honoured.delete(name)
    return { ...trade, deliveredWh, atMs: command.atMs }
  })
  const inserts = [...parts(made)].map(
    (rows) => sql`
      insert into forward_trades (
        area_id, start, number, zone, buy_order, sell_order, buyer, seller, price_ticks, energy_wh, delivered_wh, made_at)
      select ${areaId}, start, number, zone, buy_order, sell_order, buyer, seller, price_ticks, energy_wh, delivered_wh,
        to_timestamp(made_ms / 1000)
      from unnest(
        ${numbers(rows, ({ start }) => start)}::bigint[],
        ${numbers(rows, ({ number }) => number)}::int[],
        ${texts(rows, ({ zone }) => zone)}::text[],
        ${numbers(rows, ({ buyOrder }) => buyOrder)}::bigint[],
        ${numbers(rows, ({ sellOrder }) => sellOrder)}::bigint[],
        ${numbers(rows, ({ buyer }) => buyer)}::int[],
        ${numbers(rows, ({ seller }) => seller)}::int[],
        ${numbers(rows, ({ priceTicks }) => priceTicks)}::int[],
        ${numbers(rows, ({ energyWh }) => energyWh)}::int[],
        ${numbers(rows, ({ deliveredWh }) => deliveredWh)}::int[],
        ${numbers(rows, ({ atMs }) => atMs)}::float8[]
      ) as row (
        start, number, zone, buy_order, sell_order, buyer, seller, price_ticks, energy_wh, delivered_wh, made_ms)`,
  )
  const updates = [...parts([...honoured.values()])].map(
    (rows) => sql`
      update forward_trades set delivered_wh = honoured.delivered_wh
      from unnest(
        ${numbers(rows, ({ start }) => start)}::bigint[],
        ${numbers(rows, ({ number }) => number)}::int[],
        ${numbers(rows, ({ deliveredWh }) => deliveredWh)}::int[]
      ) as honoured (start, number, delivered_wh)
      where area_id = ${areaId} and forward_trades.start = honoured.start and forward_trades.number = honoured.number`,
  )
  return [...inserts, ...updates]
}

function nameOf(start: number, number: number): string {
  return `${start} ${number}`
}
