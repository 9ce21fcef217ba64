/** Stored readings as a table: one statement a transaction, and one more where some came again under another key. */

import type { ReadingExtras } from '../areas/area-worker.ts'
import type { MeterReading } from '../market/engine/area.ts'
import type { AreaState } from '../market/engine/state.ts'
import type { Transaction } from './database.ts'
import type { Journaled } from './journaled.ts'

type SignedMeterReading = MeterReading & { signature: string }

interface StoredReading {
  reading: SignedMeterReading
  extra: ReadingExtras | undefined
  late: boolean
}

/** Inserts the readings of a transaction's commands that the engine stored, with what travelled beside them. */
export async function projectReadings(sql: Transaction, area: number, journaled: readonly Journaled[]): Promise<void> {
  const rows = journaled.flatMap(storedReadings)
  if (rows.length === 0) return
  const readings = rows.map(({ reading }) => reading)
  const extras = rows.map(({ extra }) => extra)
  await sql`
    insert into readings (
      area_id, meter, epoch, time, import_wh, export_wh, quality, signature, sequence, production_wh, reasons,
      late)
    select ${area}, meter, epoch, time, import_wh, export_wh, quality, decode(signature, 'hex'), sequence,
      production_wh, string_to_array(reasons, ','), late = 1
    from unnest(
      ${readings.map(({ meter }) => meter)}::text[],
      ${readings.map(({ epoch }) => epoch)}::int[],
      ${readings.map(({ time }) => time)}::bigint[],
      ${readings.map(({ importWh }) => importWh)}::bigint[],
      ${readings.map(({ exportWh }) => exportWh)}::bigint[],
      ${readings.map(({ quality }) => quality)}::smallint[],
      ${readings.map(({ signature }) => signature.slice(2))}::text[],
      ${extras.map((extra) => extra?.sequence ?? 0)}::bigint[],
      ${extras.map((extra) => extra?.productionWh ?? null)}::bigint[],
      ${extras.map((extra) => extra?.reasons.join(',') ?? '')}::text[],
      ${rows.map(({ late }) => Number(late))}::int[]
    ) as row (
      meter, epoch, time, import_wh, export_wh, quality, signature, sequence, production_wh, reasons, late)
    on conflict do nothing`
}

/**
 * Readings that came again, with the same values, of meters whose key changed: where the agent heard of it late they carry the
 * right key's signature now, so the newest one is kept.
 */
export async function renewSignatures(sql: Transaction, readings: readonly SignedMeterReading[]): Promise<void> {
  await sql`
    update readings set signature = again.signature
    from (
      select meter, epoch, time, import_wh, export_wh, quality, decode(signature, 'hex') as signature
      from unnest(
        ${readings.map(({ meter }) => meter)}::text[],
        ${readings.map(({ epoch }) => epoch)}::int[],
        ${readings.map(({ time }) => time)}::bigint[],
        ${readings.map(({ importWh }) => importWh)}::bigint[],
        ${readings.map(({ exportWh }) => exportWh)}::bigint[],
        ${readings.map(({ quality }) => quality)}::smallint[],
        ${readings.map(({ signature }) => signature.slice(2))}::text[]
      ) as row (meter, epoch, time, import_wh, export_wh, quality, signature)
    ) as again
    where readings.meter = again.meter and readings.epoch = again.epoch and readings.time = again.time
      and readings.import_wh = again.import_wh and readings.export_wh = again.export_wh
      and readings.quality = again.quality and readings.signature <> again.signature`
}

/** The engine answers a command's readings in their order. */
function storedReadings({ command, extras, events }: Journaled): StoredReading[] {
  if (command.type !== 'readings') return []
  const extrasOf = new Map(extras.map((extra) => [nameOf(extra), extra]))
  const late = new Set(events.flatMap((event) => (event.type === 'late-reading' ? [nameOf(event)] : [])))
  const answers = events.filter((event) => event.type === 'reading')
  return command.readings.flatMap((reading, index) => {
    if (answers[index]!.status !== 'stored') return []
    const name = nameOf(reading)
    return { reading, extra: extrasOf.get(name), late: late.has(name) }
  })
}

/** The readings of a command that the engine has, or may have without remembering it, of meters whose key changed. */
export function repeatedReadings(state: AreaState, { command, events }: Journaled): SignedMeterReading[] {
  if (command.type !== 'readings' || !command.readings.some(({ meter }) => hasLaterKey(state, meter))) return []
  const late = new Set(events.flatMap((event) => (event.type === 'late-reading' ? [nameOf(event)] : [])))
  const answers = events.filter((event) => event.type === 'reading')
  return command.readings.filter((reading, index) => {
    const isRepeated = answers[index]!.status === 'duplicate' || late.has(nameOf(reading))
    return isRepeated && hasLaterKey(state, reading.meter)
  })
}

function hasLaterKey(state: AreaState, meter: string): boolean {
  return state.seats.get(state.seatOfMeter.get(meter) ?? 0)?.chain.keys !== undefined
}

/** What a reading is acknowledged by. */
function nameOf({ meter, epoch, time }: { meter: string; epoch: number; time: number }): string {
  return `${meter} ${epoch} ${time}`
}
