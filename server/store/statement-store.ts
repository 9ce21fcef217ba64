/** Statements as they are handed out, made again from what is stored of their batch. */
import type { EscrowDomain, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { SettlementError } from '../settlement/error.ts'
import { proveLeaf, type StatementFill, sortedFills } from '../settlement/statement.ts'
import type { StatementFile } from '../settlement/statement-file.ts'
import type { Database, Transaction } from './database.ts'

/**
 * One seat's statement of one batch, or null where there is no such batch. Throws `SettlementError`
 * `SETTLEMENT_STATEMENT_ERASED` where the seat's salts have been erased.
 */
export async function statementFile(
  database: Database,
  query: EscrowDomain & { area: number; end: UtcSeconds; seat: number },
): Promise<StatementFile | null> {
  const { chainId, escrow, area, end, seat } = query
  const [batch] = await database`select start, stated from batches where area_id = ${area} and end_at = ${end}`
  if (batch === undefined) return null
  const fills = await fillsOf(database, area, batch.start, end)
  const stored = await database`
    select hash, salt from statement_leaves where area_id = ${area} and end_at = ${end} order by leaf`
  const hashes = stored.map(({ hash }) => hexOf(hash))
  const leaves = fills.flatMap(({ start, seat: owner, order, side, energyWh, amount }, index) => {
    if (owner !== seat) return []
    const salt = stored[index]?.salt ?? null
    if (salt === null) {
      throw new SettlementError(
        'SETTLEMENT_STATEMENT_ERASED',
        `the statement of seat ${seat} for the batch to ${end} has been erased`,
      )
    }
    const { siblings } = proveLeaf(hashes, index)
    return [{ index, start, order, side, energyWh, amount: amount.toString(), salt: hexOf(salt), siblings }]
  })
  const readings = await readingsOf(database, { area, seat, start: batch.start, end })
  const names = [...new Set(leaves.map(({ order }) => order))]
  const orders = await database`
    select order_id collate "C" as name, signed from orders where area_id = ${area} and order_id = any(${names})
    union all
    select order_id collate "C", signed from forward_orders where area_id = ${area} and order_id = any(${names})
    order by name`
  return {
    ...{ chainId, escrow, area, end, seat, count: fills.length, leaves, readings },
    stated: batch.stated === null ? null : hexOf(batch.stated),
    orders: orders.map(({ signed }) => signed),
  }
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}

/** The current fills of `[start, end)`, as a statement orders them. */
export async function fillsOf(
  database: Database | Transaction,
  area: number,
  start: UtcSeconds,
  end: UtcSeconds,
): Promise<StatementFill[]> {
  const rows = await database`
    select s.start, s.seat, o ->> 'order' as order, o ->> 'side' as side, (o ->> 'filledWh')::bigint as "energyWh",
      o ->> 'amount' as amount
    from seat_intervals s cross join lateral jsonb_array_elements(s.outcomes) o
    where s.area_id = ${area} and s.start >= ${start} and s.start < ${end} and s.current
      and (o ->> 'filledWh')::bigint > 0`
  return sortedFills(rows.map((row) => ({ ...(row as unknown as StatementFill), amount: BigInt(row.amount) })))
}

async function readingsOf(
  database: Database,
  { area, seat, start, end }: { area: number; seat: number; start: UtcSeconds; end: UtcSeconds },
): Promise<StatementFile['readings']> {
  const rows = await database`
    select r.epoch, r.time, r.import_wh as "importWh", r.export_wh as "exportWh", r.quality, r.signature
    from readings r join seats s on s.meter = r.meter
    where s.area_id = ${area} and s.seat = ${seat} and r.time >= ${start} and r.time <= ${end}
      and r.time > coalesce((
        select max(e.time) from batch_entries e join seats former using (area_id, seat)
        where former.area_id = ${area} and former.meter = s.meter and former.seat < s.seat), 0)
      and (
        not exists (select from seats later where later.area_id = ${area} and later.meter = s.meter and later.seat > s.seat)
        or r.time <= (select max(e.time) from batch_entries e where e.area_id = ${area} and e.seat = s.seat))
    order by r.time, r.epoch`
  return rows.map(({ signature, ...row }) => ({
    ...(row as unknown as Omit<StatementFile['readings'][number], 'signature'>),
    signature: hexOf(signature),
  }))
}
