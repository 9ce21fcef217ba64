/** A batch with everything that recomputing it takes, for those who may see all of the area. */

import type { UtcSeconds } from '../../contracts/units.ts'
import { type AreaSettings, engineConfig } from '../areas/settings.ts'
import type { AreaFile } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import type { Database } from './database.ts'
import { fillsOf } from './statement-store.ts'

/**
 * The file of the area's batch that ends at `end`, or null where there is none. Throws `SettlementError`
 * `SETTLEMENT_STATEMENT_ERASED` where some account's salts have been erased.
 */
export async function areaFile(
  database: Database,
  { area, end }: { area: number; end: UtcSeconds },
): Promise<AreaFile | null> {
  const [batch] = await database`
    select start, left_out, settings from batches join areas using (area_id) where area_id = ${area} and end_at = ${end}`
  if (batch === undefined) return null
  const settings = batch.settings as AreaSettings
  const { chainId, escrow } = settings.chain
  const { lowestTicks, zones } = engineConfig(settings)
  const start: UtcSeconds = batch.start
  const span = { area, start, end }
  return {
    ...{ chainId, escrow, area, start, end, lowestTicks, zones: [...zones] },
    orders: await ordersOf(database, span),
    forwardOrders: await forwardOrdersOf(database, span),
    forwardTrades: await database<AreaFile['forwardTrades']>`
      select start, number, zone, buy_order as "buyOrder", sell_order as "sellOrder", buyer, seller,
        price_ticks as "priceTicks", energy_wh as "energyWh"
      from forward_trades where area_id = ${area} and start >= ${start} and start < ${end} order by start, number`,
    offers: await database<AreaFile['offers']>`
      select s.start, o ->> 'order' as order, (o ->> 'offeredWh')::bigint as "offeredWh",
        o ->> 'code' = 'seat-closed' as suspended
      from seat_intervals s cross join lateral jsonb_array_elements(s.outcomes) o
      where s.area_id = ${area} and s.start >= ${start} and s.start < ${end} and s.current
        and exists (select from orders where orders.area_id = ${area} and order_id = o ->> 'order')
      order by s.start, s.seat`,
    leftOut: (batch.left_out as (string | number)[]).map(Number),
    readings: await readingsOf(database, span),
    leaves: await leavesOf(database, span),
  }
}

interface Span {
  area: number
  start: UtcSeconds
  end: UtcSeconds
}

async function ordersOf(database: Database, { area, start, end }: Span): Promise<AreaFile['orders']> {
  const rows = await database`
    select signed, arrival, accepted_at, active_from, active_until from orders
    where area_id = ${area} and active_from < ${end} and active_until > ${start} order by arrival`
  return rows.map(({ signed, arrival, accepted_at, active_from, active_until }) => ({
    ...signed,
    ...{ arrival, acceptedAtMs: accepted_at.getTime(), activeFrom: active_from, activeUntil: active_until },
  }))
}

async function forwardOrdersOf(database: Database, { area, start, end }: Span): Promise<AreaFile['forwardOrders']> {
  const rows = await database`
    select signed from forward_orders where area_id = ${area} and start >= ${start} and start < ${end}
      and exists (
        select from forward_trades t
        where t.area_id = ${area} and t.start = forward_orders.start and order_id in (buy_order, sell_order))`
  return rows.map(({ signed }) => signed)
}

/**
 * Readings from the beginning on. The first boundary also ends the batch before, so it may have come after that one was cut
 * and still be in time for this one.
 */
async function readingsOf(database: Database, { area, start, end }: Span): Promise<AreaFile['readings']> {
  const rows = await database`
    select meter, epoch, time, import_wh as "importWh", export_wh as "exportWh", quality, signature
    from readings where area_id = ${area} and time >= ${start} and time <= ${end} and (not late or time = ${start})
    order by time, meter, epoch`
  return rows.map(({ signature, ...row }) => ({
    ...(row as Omit<AreaFile['readings'][number], 'signature'>),
    signature: `0x${Buffer.from(signature).toString('hex')}`,
  }))
}

async function leavesOf(database: Database, { area, start, end }: Span): Promise<AreaFile['leaves']> {
  const fills = await fillsOf(database, area, start, end)
  const salts = await database`
    select salt from statement_leaves where area_id = ${area} and end_at = ${end} order by leaf`
  return fills.map(({ amount, ...fill }, index) => {
    const salt = salts[index]?.salt ?? null
    if (salt === null) {
      throw new SettlementError(
        'SETTLEMENT_STATEMENT_ERASED',
        `the statement of seat ${fill.seat} for the batch to ${end} has been erased`,
      )
    }
    return { ...fill, amount: amount.toString(), salt: `0x${Buffer.from(salt).toString('hex')}` }
  })
}
