/** Batches on their way to the chain: what the settlement service reads, and where it notes how far they are. */

import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { numbers, parts } from './arrays.ts'
import type { Queries } from './database.ts'
import type { BatchStatus } from './rows.ts'

export interface StoredBatch {
  start: UtcSeconds
  end: UtcSeconds
  /** 1, or higher where it was cut anew. */
  number: number
  bandLow: Ticks
  bandHigh: Ticks
  /** The root of the statement of this number; null until that has been made, and before that the batch cannot be settled. */
  statementRoot: Hex | null
  status: BatchStatus
  transaction: Hex | null
}

/** A batch entry with the meter's compact signature of the reading that it ends with. */
export interface SignedEntry {
  seat: number
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  soldWh: Wh
  boughtWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
  /** Null where no such reading is stored. */
  signature: Hex | null
}

/**
 * The area's batches that are not settled or end after `settledUntil`, in order. Batches settle one after the other, so none
 * before the newest settled one is looked at.
 */
export function batchesAfter(sql: Queries, areaId: number, settledUntil: UtcSeconds): Promise<StoredBatch[]> {
  return sql<StoredBatch[]>`
    select start, end_at as "end", batches.number, band_low as "bandLow", band_high as "bandHigh",
      statements.root as "statementRoot", coalesce(progress.status, 'cut') as status, progress.transaction
    from batches
    left join batch_progress progress using (area_id, end_at, number)
    left join statements using (area_id, end_at, number)
    where area_id = ${areaId} and end_at > least(${settledUntil}, coalesce((
      select end_at from batch_progress where area_id = ${areaId} and status = 'settled' order by end_at desc limit 1), 0))
    order by end_at`
}

/**
 * Of batches that the chain has settled those that the area knows nothing of, oldest first: they are neither cut here, nor named as
 * missed, nor in an archive.
 */
export async function unknownBatches(
  sql: Queries,
  areaId: number,
  settled: readonly { start: UtcSeconds; end: UtcSeconds }[],
): Promise<{ start: UtcSeconds; end: UtcSeconds }[]> {
  const unknown: { start: UtcSeconds; end: UtcSeconds }[] = []
  for (const part of parts(settled)) {
    const rows = await sql<{ start: UtcSeconds; end: UtcSeconds }[]>`
      select start, "end" from unnest(
        ${numbers(part, ({ start }) => start)}::bigint[], ${numbers(part, ({ end }) => end)}::bigint[]
      ) as settled (start, "end")
      where "end" > coalesce((select end_at from archives where area_id = ${areaId} order by month desc limit 1), 0)
        and not exists (select from batches where area_id = ${areaId} and end_at = "end")
        and coalesce((
          select missed.start from missed_batches missed
          where missed.area_id = ${areaId} and missed.end_at >= "end" order by missed.end_at limit 1), "end") >= "end"`
    unknown.push(...rows)
  }
  return unknown.sort((a, b) => a.end - b.end)
}

/** When the newest batch ends that is settled; 0 before the first one. */
export async function newestSettled(sql: Queries, areaId: number): Promise<UtcSeconds> {
  const [row] = await sql<{ end: UtcSeconds }[]>`
    select end_at as "end" from batch_progress where area_id = ${areaId} and status = 'settled' order by end_at desc limit 1`
  return row?.end ?? 0
}

/** Ascending by seat, then time. */
export async function signedEntries(sql: Queries, areaId: number, end: UtcSeconds): Promise<SignedEntry[]> {
  const rows = await sql<
    (Omit<SignedEntry, 'paid' | 'received' | 'signature'> &
      Record<'paid' | 'received', string> & { signature: Buffer | null })[]
  >`
    select entry.seat, entry.epoch, entry.time, entry.import_wh as "importWh", entry.export_wh as "exportWh",
      entry.sold_wh as "soldWh", entry.bought_wh as "boughtWh", entry.paid, entry.received, reading.signature
    from batch_entries entry
    left join readings reading on reading.area_id = ${areaId} and reading.time = entry.time
      and reading.seat = entry.seat and reading.epoch = entry.epoch and reading.quality = 0
      and reading.import_wh = entry.import_wh and reading.export_wh = entry.export_wh
    where entry.area_id = ${areaId} and entry.end_at = ${end} order by entry.seat, entry.time`
  return rows.map(({ paid, received, signature, ...row }) => ({
    ...row,
    ...{ paid: BigInt(paid), received: BigInt(received) },
    signature: signature === null ? null : hexOf(signature),
  }))
}

/** Notes the transaction that is to settle a batch as it is cut now. */
export async function markSubmitted(sql: Queries, areaId: number, end: UtcSeconds, transaction: Hex): Promise<void> {
  await sql`
    insert into batch_progress as known (area_id, end_at, number, status, transaction)
    select area_id, end_at, number, 'submitted', ${transaction} from batches
    where area_id = ${areaId} and end_at = ${end}
    on conflict (area_id, end_at) do update
      set number = excluded.number, status = 'submitted', transaction = excluded.transaction
      where known.number <> excluded.number or known.status = 'cut' or known.transaction is distinct from excluded.transaction`
}

/** Says whether the batch was not settled before. */
export async function markSettled(
  sql: Queries,
  areaId: number,
  end: UtcSeconds,
  outcome: {
    transaction: Hex
    block: number
    gasUsed: number
    /** How many watchers had signed it; null where nobody watches the area. */
    approvals: number | null
  },
): Promise<boolean> {
  const { transaction, block, gasUsed, approvals } = outcome
  const rows = await sql`
    insert into batch_progress as known (area_id, end_at, number, status, transaction, block, gas_used, approvals)
    select area_id, end_at, number, 'settled', ${transaction}, ${block}::bigint, ${gasUsed}::bigint, ${approvals}::int
    from batches
    where area_id = ${areaId} and end_at = ${end}
    on conflict (area_id, end_at) do update
      set number = excluded.number, status = 'settled', transaction = excluded.transaction, block = excluded.block,
        gas_used = excluded.gas_used, approvals = excluded.approvals
      where known.status <> 'settled' or known.number <> excluded.number`
  return rows.count === 1
}

/** A batch whose settlement the chain no longer has. */
export async function markCut(sql: Queries, areaId: number, end: UtcSeconds): Promise<void> {
  await sql`
    update batch_progress set status = 'cut', transaction = null, block = null, gas_used = null, approvals = null
    where area_id = ${areaId} and end_at = ${end} and status = 'settled'`
}
