/**
 * Orders, forward orders and forward trades as tables. Each table takes one statement a transaction, however many commands
 * are in it: what is inserted and changed within one transaction is inserted as it is at its end.
 */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { Command, ForwardOrder, ForwardTrade, OrderState } from '../market/engine/area.ts'
import type { Transaction } from './database.ts'
import type { Journaled } from './journaled.ts'

type Placing<Type extends Command['type']> = Extract<Command, { type: Type }>

/** Brings the tables of orders up to date with a transaction's commands. */
export async function projectOrders(sql: Transaction, area: number, journaled: readonly Journaled[]): Promise<void> {
  const accepted = new Map<Hex, { order: OrderState; command: Placing<'order'> }>()
  const ended: Pick<OrderState, 'id' | 'status' | 'activeUntil'>[] = []
  const placed = new Map<Hex, { order: ForwardOrder; command: Placing<'forward-order'>; cancelled: string | null }>()
  const trades: (ForwardTrade & { atMs: number })[] = []
  const tradedWh = new Map<Hex, number>()
  const cancelled = new Map<Hex, string>()

  function trade(id: Hex, energyWh: number): void {
    const own = placed.get(id)
    if (own !== undefined) own.order.openWh -= energyWh
    else tradedWh.set(id, (tradedWh.get(id) ?? 0) + energyWh)
  }

  for (const { command, events } of journaled) {
    for (const event of events) {
      if (event.type === 'order-accepted' && command.type === 'order') {
        accepted.set(event.order.id, { order: { ...event.order }, command })
      } else if (event.type === 'order-ended') {
        const own = accepted.get(event.id)
        if (own === undefined) ended.push(event)
        else Object.assign(own.order, { status: event.status, activeUntil: event.activeUntil })
      } else if (event.type === 'forward-accepted' && command.type === 'forward-order') {
        placed.set(event.order.id, { order: { ...event.order }, command, cancelled: null })
      } else if (event.type === 'forward-trade') {
        trades.push({ ...event.trade, atMs: command.atMs })
        trade(event.trade.buyOrder, event.trade.energyWh)
        trade(event.trade.sellOrder, event.trade.energyWh)
      } else if (event.type === 'forward-cancelled') {
        const own = placed.get(event.id)
        if (own === undefined) cancelled.set(event.id, event.reason)
        else {
          own.order.openWh = 0
          own.cancelled = event.reason
        }
      }
    }
  }
  await Promise.all([
    insertOrders(sql, area, [...accepted.values()]),
    endOrders(sql, area, ended),
    insertForwardOrders(sql, area, [...placed.values()]),
    insertForwardTrades(sql, area, trades),
    changeForwardOrders(sql, area, tradedWh, cancelled),
  ])
}

async function insertOrders(
  sql: Transaction,
  area: number,
  rows: readonly { order: OrderState; command: Placing<'order'> }[],
): Promise<void> {
  if (rows.length === 0) return
  const orders = rows.map(({ order }) => order)
  const signed = rows.map(({ command }) => command.order)
  await sql`
    insert into orders (
      area_id, order_id, seat, account, meter, side, limit_ticks, max_wh, active_from, active_until, nonce, arrival,
      status, accepted_at, signed)
    select ${area}, order_id, seat, account, meter, side, limit_ticks, max_wh, active_from, active_until, nonce, arrival, status,
      accepted_at, signed::jsonb
    from unnest(
      ${orders.map(({ id }) => id)}::text[],
      ${orders.map(({ seat }) => seat)}::bigint[],
      ${signed.map(({ account }) => account)}::text[],
      ${signed.map(({ meter }) => meter)}::text[],
      ${orders.map(({ side }) => side)}::text[],
      ${orders.map(({ limitTicks }) => limitTicks)}::int[],
      ${orders.map(({ maxWh }) => maxWh)}::int[],
      ${orders.map(({ activeFrom }) => activeFrom)}::bigint[],
      ${orders.map(({ activeUntil }) => activeUntil)}::bigint[],
      ${orders.map(({ nonce }) => nonce)}::bigint[],
      ${orders.map(({ arrival }) => arrival)}::bigint[],
      ${orders.map(({ status }) => status)}::text[],
      ${orders.map(({ acceptedAtMs }) => isoTime(acceptedAtMs))}::timestamptz[],
      ${rows.map(signedText)}::text[]
    ) as row (
      order_id, seat, account, meter, side, limit_ticks, max_wh, active_from, active_until, nonce, arrival, status,
      accepted_at, signed)`
}

async function endOrders(
  sql: Transaction,
  area: number,
  ended: readonly Pick<OrderState, 'id' | 'status' | 'activeUntil'>[],
): Promise<void> {
  if (ended.length === 0) return
  await sql`
    update orders set status = ended.status, active_until = ended.active_until
    from unnest(
      ${ended.map(({ id }) => id)}::text[],
      ${ended.map(({ status }) => status)}::text[],
      ${ended.map(({ activeUntil }) => activeUntil)}::bigint[]
    ) as ended (order_id, status, active_until)
    where area_id = ${area} and orders.order_id = ended.order_id`
}

async function insertForwardOrders(
  sql: Transaction,
  area: number,
  rows: readonly { order: ForwardOrder; command: Placing<'forward-order'>; cancelled: string | null }[],
): Promise<void> {
  if (rows.length === 0) return
  const orders = rows.map(({ order }) => order)
  const commands = rows.map(({ command }) => command)
  await sql`
    insert into forward_orders (
      area_id, order_id, seat, account, meter, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce,
      cancelled, accepted_at, signed)
    select ${area}, order_id, seat, account, meter, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce, cancelled,
      accepted_at, signed::jsonb
    from unnest(
      ${orders.map(({ id }) => id)}::text[],
      ${orders.map(({ seat }) => seat)}::bigint[],
      ${orders.map(({ account }) => account)}::text[],
      ${commands.map(({ order }) => order.meter)}::text[],
      ${orders.map(({ zone }) => zone)}::text[],
      ${orders.map(({ side }) => side)}::text[],
      ${orders.map(({ start }) => start)}::bigint[],
      ${orders.map(({ limitTicks }) => limitTicks)}::int[],
      ${orders.map(({ maxWh }) => maxWh)}::int[],
      ${orders.map(({ openWh }) => openWh)}::int[],
      ${commands.map(({ timeInForce }) => timeInForce)}::text[],
      ${commands.map(({ order }) => order.nonce)}::bigint[],
      ${rows.map(({ cancelled }) => cancelled)}::text[],
      ${orders.map(({ acceptedAtMs }) => isoTime(acceptedAtMs))}::timestamptz[],
      ${rows.map(signedText)}::text[]
    ) as row (
      order_id, seat, account, meter, zone, side, start, limit_ticks, max_wh, open_wh, time_in_force, nonce, cancelled,
      accepted_at, signed)`
}

async function insertForwardTrades(
  sql: Transaction,
  area: number,
  trades: readonly (ForwardTrade & { atMs: number })[],
): Promise<void> {
  if (trades.length === 0) return
  await sql`
    insert into forward_trades (
      area_id, start, number, zone, buy_order, sell_order, buyer, seller, price_ticks, energy_wh, made_at)
    select ${area}, row.* from unnest(
      ${trades.map(({ start }) => start)}::bigint[],
      ${trades.map(({ number }) => number)}::int[],
      ${trades.map(({ zone }) => zone)}::text[],
      ${trades.map(({ buyOrder }) => buyOrder)}::text[],
      ${trades.map(({ sellOrder }) => sellOrder)}::text[],
      ${trades.map(({ buyer }) => buyer)}::bigint[],
      ${trades.map(({ seller }) => seller)}::bigint[],
      ${trades.map(({ priceTicks }) => priceTicks)}::int[],
      ${trades.map(({ energyWh }) => energyWh)}::int[],
      ${trades.map(({ atMs }) => isoTime(atMs))}::timestamptz[]
    ) as row`
}

/** What a transaction's trades and cancellations leave of orders that came before it; a cancelled order trades no more. */
async function changeForwardOrders(
  sql: Transaction,
  area: number,
  tradedWh: ReadonlyMap<Hex, number>,
  cancelled: ReadonlyMap<Hex, string>,
): Promise<void> {
  const ids = [...new Set([...tradedWh.keys(), ...cancelled.keys()])]
  if (ids.length === 0) return
  await sql`
    update forward_orders set
      open_wh = case when changed.cancelled is null then open_wh - changed.traded_wh else 0 end,
      cancelled = changed.cancelled
    from unnest(
      ${ids}::text[],
      ${ids.map((id) => tradedWh.get(id) ?? 0)}::int[],
      ${ids.map((id) => cancelled.get(id) ?? null)}::text[]
    ) as changed (order_id, traded_wh, cancelled)
    where area_id = ${area} and forward_orders.order_id = changed.order_id`
}

/** The signed structure, its signature and, where a session key signed, that key's proof. */
function signedText({
  command: { order, signature, session },
}: {
  command: Placing<'order' | 'forward-order'>
}): string {
  return JSON.stringify({ order, signature, session })
}

/** As text: postgres.js takes an array of `Date`s for one date. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
