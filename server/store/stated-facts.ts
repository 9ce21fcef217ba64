/** The facts that a batch rests on and that nobody signed, as they stood when the batch was first cut. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Grid, StatedFacts } from '../settlement/stated-facts.ts'
import type { Database, Transaction } from './database.ts'

export interface StatedSpan {
  area: number
  start: UtcSeconds
  end: UtcSeconds
  leftOut: number[]
}

/** The same from when the batch is cut on, whatever is ordered, read or configured afterwards. */
export async function statedFacts(sql: Database | Transaction, span: StatedSpan): Promise<StatedFacts> {
  const { area, start, end, leftOut } = span
  const orders = await sql<StatedFacts['orders']>`
    select order_id as "order", seat, greatest(active_from, ${start}) as "activeFrom",
      least(active_until, ${end}) as "activeUntil"
    from orders where area_id = ${area} and active_from < ${end} and active_until > ${start} order by arrival`
  const forwardTrades = await sql<StatedFacts['forwardTrades']>`
    select start, buy_order as "buyOrder", sell_order as "sellOrder", price_ticks as "priceTicks",
      energy_wh as "energyWh"
    from forward_trades where area_id = ${area} and start >= ${start} and start < ${end} order by start, number`
  const offers = await sql<StatedFacts['offers']>`
    select s.start, o ->> 'order' as order, (o ->> 'offeredWh')::bigint as "offeredWh"
    from seat_intervals s cross join lateral jsonb_array_elements(s.outcomes) o
    where s.area_id = ${area} and s.start >= ${start} and s.start < ${end} and s.current
      and exists (select from orders where orders.area_id = ${area} and order_id = o ->> 'order')
    order by s.start, s.seat, o ->> 'side'`
  const suspended = await sql<StatedFacts['suspended']>`
    select computed.start, x.seat from ${computed(sql, span)} join suspensions x on x.suspended_at <= computed.at
    where x.area_id = ${area} and not exists (
      select from seat_intervals s where s.area_id = ${area} and s.start = computed.start and s.seat = x.seat
        and s.current and s.bought_wh + s.sold_wh > 0)
    order by computed.start, x.seat`
  const [{ readings }] = await sql<[{ readings: number }]>`
    select count(*)::int as readings from readings where ${wereIn(sql, span)}`
  return {
    ...{ grids: await gridsOf(sql, span), orders: [...orders], forwardTrades: [...forwardTrades] },
    ...{ offers: [...offers], suspended: [...suspended], leftOut, readings },
  }
}

/**
 * Whether a reading from the batch's beginning on was in when the batch was cut. The first boundary also ends the batch
 * before, so a reading may have come after that one was cut and still be in time for this one.
 */
export function wereIn(sql: Database | Transaction, { area, start, end }: Omit<StatedSpan, 'leftOut'>) {
  return sql`
    area_id = ${area} and time >= ${start} and time <= ${end} and (not late or (time = ${start} and in_next))`
}

/** When each interval's first final run was computed: those after it correct, or leave a seat out. */
function computed(sql: Database | Transaction, { area, start, end }: StatedSpan) {
  return sql`(
    select distinct on (start) start, computed_at as at from intervals
    where area_id = ${area} and start >= ${start} and start < ${end} and status = 'final'
    order by start, run) computed`
}

async function gridsOf(sql: Database | Transaction, span: StatedSpan): Promise<Grid[]> {
  const rows = await sql<Grid[]>`
    select computed.start as "from", g.lowest_ticks as "lowestTicks", g.zones from ${computed(sql, span)}
    join lateral (
      select lowest_ticks, zones from area_grids
      where area_id = ${span.area} and at <= computed.at order by at desc limit 1
    ) g on true
    order by computed.start`
  const changes = rows.filter((grid, index) => index === 0 || nameOf(grid) !== nameOf(rows[index - 1]!))
  return changes.map((grid, index) => (index === 0 ? { ...grid, from: span.start } : grid))
}

function nameOf({ lowestTicks, zones }: Grid): string {
  return JSON.stringify([lowestTicks, zones])
}
