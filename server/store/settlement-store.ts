/** Batches on their way to the chain: what the settlement service reads, and where it notes how far they are. */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Database } from './database.ts'

export interface StoredBatch {
  start: UtcSeconds
  end: UtcSeconds
  /** 1, or higher where it was cut anew. */
  number: number
  bandLow: Ticks
  bandHigh: Ticks
  statementRoot: Hex
  status: 'cut' | 'submitted' | 'settled'
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

/** The area's batches that are not settled or end after `settledUntil`, in order. */
export async function batchesAfter(database: Database, area: number, settledUntil: UtcSeconds): Promise<StoredBatch[]> {
  return database<StoredBatch[]>`
    select start, end_at as "end", number, band_low as "bandLow", band_high as "bandHigh", statement_root as "statementRoot",
      status, transaction
    from batches where area_id = ${area} and (status <> 'settled' or end_at > ${settledUntil}) order by end_at`
}

/** Ascending by seat, then time. */
export async function signedEntries(database: Database, area: number, end: UtcSeconds): Promise<SignedEntry[]> {
  const rows = await database`
    select e.seat, e.epoch, e.time, e.import_wh as "importWh", e.export_wh as "exportWh", e.sold_wh as "soldWh",
      e.bought_wh as "boughtWh", e.paid, e.received, r.signature
    from batch_entries e
    left join seats s on s.area_id = e.area_id and s.seat = e.seat
    left join readings r on r.meter = s.meter and r.epoch = e.epoch and r.time = e.time and r.quality = 0
      and r.import_wh = e.import_wh and r.export_wh = e.export_wh
    where e.area_id = ${area} and e.end_at = ${end} order by e.seat, e.time`
  return rows.map(({ paid, received, signature, ...row }) => ({
    ...(row as Omit<SignedEntry, 'paid' | 'received' | 'signature'>),
    paid: BigInt(paid),
    received: BigInt(received),
    signature: signature === null ? null : `0x${Buffer.from(signature).toString('hex')}`,
  }))
}

export async function markSubmitted(
  database: Database,
  area: number,
  end: UtcSeconds,
  transaction: Hex,
): Promise<void> {
  await database`
    update batches set status = 'submitted', transaction = ${transaction}
    where area_id = ${area} and end_at = ${end} and (status = 'cut' or transaction is distinct from ${transaction})`
}

/** Says whether the batch was not settled before. */
export async function markSettled(
  database: Database,
  area: number,
  end: UtcSeconds,
  settled: { transaction: Hex; block: number; gasUsed: number },
): Promise<boolean> {
  const rows = await database`
    update batches set status = 'settled', transaction = ${settled.transaction}, block = ${settled.block},
      gas_used = ${settled.gasUsed}
    where area_id = ${area} and end_at = ${end} and status <> 'settled' returning end_at`
  return rows.length === 1
}

/** A batch whose settlement the chain no longer has. */
export async function markCut(database: Database, area: number, end: UtcSeconds): Promise<void> {
  await database`
    update batches set status = 'cut', transaction = null, block = null, gas_used = null
    where area_id = ${area} and end_at = ${end} and status = 'settled'`
}
