/** A batch with everything that recomputing it takes, for those who may see all of the area. */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { AreaFile } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import type { StatedFacts } from '../settlement/stated-facts.ts'
import type { Database } from './database.ts'
import { statedFacts, wereIn } from './stated-facts.ts'
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
    select start, left_out, stated, stated_salt, settings from batches join areas using (area_id) where area_id = ${area} and end_at = ${end}`
  if (batch === undefined) return null
  const { stated, stated_salt: salt } = batch
  if (stated !== null && salt === null) {
    throw new SettlementError('SETTLEMENT_STATEMENT_ERASED', `what the batch to ${end} rests on has been erased`)
  }
  const { chainId, escrow } = (batch.settings as AreaSettings).chain
  const start: UtcSeconds = batch.start
  const span = { area, start, end }
  const leftOut = (batch.left_out as (string | number)[]).map(Number)
  const facts = await statedFacts(database, { ...span, leftOut })
  const { grids, forwardTrades, offers, suspended } = facts
  return {
    ...{ chainId, escrow, area, start, end, salt: salt === null ? null : hexOf(salt) },
    ...{ grids, forwardTrades, offers, suspended, leftOut },
    orders: await ordersOf(database, area, facts.orders),
    forwardOrders: await forwardOrdersOf(database, span),
    contradictions: await contradictionsOf(database, area, [...new Set(facts.suspended.map(({ seat }) => seat))]),
    readings: await readingsOf(database, span),
    leaves: await leavesOf(database, span),
  }
}

interface Span {
  area: number
  start: UtcSeconds
  end: UtcSeconds
}

async function ordersOf(database: Database, area: number, orders: StatedFacts['orders']): Promise<AreaFile['orders']> {
  const rows = await database`
    select order_id, signed from orders where area_id = ${area} and order_id = any(${orders.map(({ order }) => order)})`
  const signed = new Map(rows.map((row) => [row.order_id, row.signed]))
  return orders.map(({ order, ...stated }) => ({ ...signed.get(order), ...stated }))
}

async function forwardOrdersOf(database: Database, { area, start, end }: Span): Promise<AreaFile['forwardOrders']> {
  const rows = await database`
    select signed, seat from forward_orders where area_id = ${area} and start >= ${start} and start < ${end}
      and exists (
        select from forward_trades t
        where t.area_id = ${area} and t.start = forward_orders.start and order_id in (buy_order, sell_order))
    order by order_id collate "C"`
  return rows.map(({ signed, seat }) => ({ ...signed, seat }))
}

/** The value of each of these seats' meters that stood, and the other one for which it was suspended. */
async function contradictionsOf(
  database: Database,
  area: number,
  seats: number[],
): Promise<AreaFile['contradictions']> {
  const rows = await database`
    select x.meter, x.epoch, x.time, r.import_wh as "firstImportWh", r.export_wh as "firstExportWh",
      r.quality as "firstQuality", r.signature as "firstSignature", x.import_wh as "importWh",
      x.export_wh as "exportWh", x.quality, x.signature
    from suspensions x join readings r using (meter, epoch, time)
    where x.area_id = ${area} and x.seat = any(${seats}) order by x.seat`
  return rows.map(({ meter, epoch, time, ...row }) => [
    {
      ...{ meter, epoch, time, importWh: row.firstImportWh, exportWh: row.firstExportWh, quality: row.firstQuality },
      signature: hexOf(row.firstSignature),
    },
    {
      ...{ meter, epoch, time, importWh: row.importWh, exportWh: row.exportWh, quality: row.quality },
      signature: hexOf(row.signature),
    },
  ])
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}

async function readingsOf(database: Database, span: Span): Promise<AreaFile['readings']> {
  const rows = await database`
    select meter, epoch, time, import_wh as "importWh", export_wh as "exportWh", quality, signature
    from readings where ${wereIn(database, span)} order by time, meter collate "C", epoch`
  return rows.map(({ signature, ...row }) => ({
    ...(row as Omit<AreaFile['readings'][number], 'signature'>),
    signature: hexOf(signature),
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
    return { ...fill, amount: amount.toString(), salt: hexOf(salt) }
  })
}
