/** Batches as they were cut, and those that only the chain knows, as tables. */
import type { BatchEntry, EventOf } from '../market/area/area.ts'
import { names, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvent, ToldEvents } from './told.ts'

/** A batch that is cut anew takes the place of the one before, which no chain has seen. */
export function projectBatches(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const newest = new Map<number, ToldEvent<'batch-cut'>>()
  /** Journal rows with the secrets that salts follow from: a batch keeps that of its first cut. */
  const firstCuts = new Map<number, number>()
  for (const each of told.of('batch-cut')) {
    const { end } = each.event.batch
    newest.set(end, each)
    if (each.event.number === 1) firstCuts.set(end, each.sequence)
  }
  const rows = [...newest.values()].map((each) => ({ ...each, cutSequence: firstCuts.get(each.event.batch.end) ?? 0 }))
  return [
    ...upsertBatches(sql, areaId, rows),
    ...deleteEntries(
      sql,
      areaId,
      rows.filter(({ cutSequence }) => cutSequence === 0),
    ),
    ...insertEntries(
      sql,
      areaId,
      rows.flatMap(({ event: { batch } }) => batch.entries.map((entry) => ({ ...entry, end: batch.end }))),
    ),
    ...disown(sql, areaId, told.of('batch-missed')),
    ...insertMissed(sql, areaId, told.of('batch-missed')),
  ]
}

type CutRow = ToldEvent<'batch-cut'> & { cutSequence: number }

function upsertBatches(sql: Transaction, areaId: number, all: readonly CutRow[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      insert into batches (
        area_id, end_at, start, number, left_out, band_low, band_high, energy_wh, paid, received, seats, cut_sequence,
        cut_at)
      select ${areaId}, end_at, start, number, left_out::int[], band_low, band_high, energy_wh, paid, received, seats,
        cut_sequence, to_timestamp(cut_ms / 1000)
      from unnest(
        ${numbers(rows, ({ event }) => event.batch.end)}::bigint[],
        ${numbers(rows, ({ event }) => event.batch.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.number)}::int[],
        ${texts(rows, ({ event }) => numbers(event.leftOut, (seat) => seat))}::text[],
        ${numbers(rows, ({ event }) => event.batch.bandLow)}::int[],
        ${numbers(rows, ({ event }) => event.batch.bandHigh)}::int[],
        ${numbers(rows, ({ event }) => event.batch.energyWh)}::bigint[],
        ${numbers(rows, ({ event }) => event.batch.paid)}::numeric[],
        ${numbers(rows, ({ event }) => event.batch.received)}::numeric[],
        ${numbers(rows, ({ event }) => seatsIn(event.batch.entries))}::int[],
        ${numbers(rows, ({ cutSequence }) => cutSequence)}::bigint[],
        ${numbers(rows, ({ command }) => command.atMs)}::float8[]
      ) as row (
        end_at, start, number, left_out, band_low, band_high, energy_wh, paid, received, seats, cut_sequence, cut_ms)
      on conflict (area_id, end_at) do update set
        number = excluded.number, left_out = excluded.left_out, band_low = excluded.band_low, band_high = excluded.band_high,
        energy_wh = excluded.energy_wh, paid = excluded.paid, received = excluded.received, seats = excluded.seats,
        cut_at = excluded.cut_at`,
  )
}

/** Seats that settle; one whose base only moves up does not count. */
function seatsIn(entries: readonly BatchEntry[]): number {
  return new Set(entries.filter(({ kind }) => kind === 'settle').map(({ seat }) => seat)).size
}

function deleteEntries(sql: Transaction, areaId: number, rows: readonly CutRow[]): Statement[] {
  if (rows.length === 0) return []
  return [
    sql`
      delete from batch_entries
      where area_id = ${areaId} and end_at = any(${numbers(rows, ({ event }) => event.batch.end)}::bigint[])`,
  ]
}

function insertEntries(sql: Transaction, areaId: number, all: readonly (BatchEntry & { end: number })[]): Statement[] {
  return [...parts(all)].map(
    (entries) => sql`
      insert into batch_entries (
        area_id, end_at, seat, kind, time, epoch, import_wh, export_wh, sold_wh, bought_wh, paid, received)
      select ${areaId}, row.* from unnest(
        ${numbers(entries, ({ end }) => end)}::bigint[],
        ${numbers(entries, ({ seat }) => seat)}::int[],
        ${names(entries, ({ kind }) => kind)}::text[],
        ${numbers(entries, ({ time }) => time)}::bigint[],
        ${numbers(entries, ({ epoch }) => epoch)}::int[],
        ${numbers(entries, ({ importWh }) => importWh)}::bigint[],
        ${numbers(entries, ({ exportWh }) => exportWh)}::bigint[],
        ${numbers(entries, ({ soldWh }) => soldWh)}::bigint[],
        ${numbers(entries, ({ boughtWh }) => boughtWh)}::bigint[],
        ${numbers(entries, ({ paid }) => paid)}::numeric[],
        ${numbers(entries, ({ received }) => received)}::numeric[]
      ) as row`,
  )
}

/** What was cut here of a time that the chain has settled by another batch is no batch. */
function disown(sql: Transaction, areaId: number, told: readonly ToldEvent<'batch-missed'>[]): Statement[] {
  return told.flatMap(({ event: { start, end } }) => [
    sql`
      delete from batch_entries using batches
      where batches.area_id = ${areaId} and batches.start >= ${start} and batches.end_at <= ${end}
        and batch_entries.area_id = ${areaId} and batch_entries.end_at = batches.end_at`,
    sql`delete from batches where area_id = ${areaId} and start >= ${start} and end_at <= ${end}`,
  ])
}

function insertMissed(sql: Transaction, areaId: number, told: readonly ToldEvent<'batch-missed'>[]): Statement[] {
  return [...parts(told)].map(
    (rows) => sql`
      insert into missed_batches (area_id, start, end_at, noticed_at)
      select ${areaId}, start, end_at, to_timestamp(noticed_ms / 1000)
      from unnest(
        ${numbers(rows, ({ event }: { event: EventOf<'batch-missed'> }) => event.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.end)}::bigint[],
        ${numbers(rows, ({ command }) => command.atMs)}::float8[]
      ) as row (start, end_at, noticed_ms)`,
  )
}
