/**
 * Corrections: a reading that comes after its interval is final gives a numbered run with the newly known energy. Trades
 * and money stay as they were settled; the whole correction is residual.
 */
import type { AreaSettings } from '../areas/settings.ts'
import { intervalEnergy, type Registers } from '../readings/admission.ts'
import type { Transaction } from './database.ts'

/** Computes the intervals on both sides of a late reading again, as far as they are final and their energy changed. */
export async function correctAfterLateReading(
  sql: Transaction,
  settings: AreaSettings,
  late: { seat: number; meter: string; epoch: number; time: number },
  atMs: number,
): Promise<void> {
  const length = settings.rules.intervalSeconds
  const rows = await sql`
    select epoch, time, import_wh, export_wh, quality from readings
    where meter = ${late.meter} and epoch = ${late.epoch} and time between ${late.time - length} and ${late.time + length}`
  const at = new Map<number, Registers>(
    rows.map((row) => [
      row.time,
      { epoch: row.epoch, time: row.time, importWh: row.import_wh, exportWh: row.export_wh, quality: row.quality },
    ]),
  )
  for (const start of [late.time - length, late.time]) {
    const energy = intervalEnergy(at.get(start), at.get(start + length))
    if (energy.quality === 'missing') continue
    await correct(sql, settings.area, { start, seat: late.seat, ...energy }, atMs)
  }
}

async function correct(
  sql: Transaction,
  area: number,
  energy: { start: number; seat: number; quality: string; importWh: number; exportWh: number },
  atMs: number,
): Promise<void> {
  const { start, seat } = energy
  const [before] = await sql`
    select s.*, i.run as newest_run from seat_intervals s
    join lateral (
      select run, status from intervals where area_id = ${area} and start = ${start} order by run desc limit 1
    ) i on i.status = 'final'
    where s.area_id = ${area} and s.seat = ${seat} and s.start = ${start} and s.current`
  if (before === undefined) return
  const unchanged = before.import_wh === energy.importWh && before.export_wh === energy.exportWh
  if (unchanged || energy.importWh < before.bought_wh || energy.exportWh < before.sold_wh) return
  const run = before.newest_run + 1
  const importChangeWh = energy.importWh - before.import_wh
  const exportChangeWh = energy.exportWh - before.export_wh
  await sql`
    insert into intervals
      (area_id, start, run, status, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees, congestion_rent, grid_take, zones, flows, computed_at)
    select area_id, start, ${run}, status, matched_wh, import_wh + ${importChangeWh}, export_wh + ${exportChangeWh},
      missing_readings - ${before.quality === 'missing' && energy.quality === 'measured' ? 1 : 0},
      deviation_wh, grid_fees, congestion_rent, grid_take,
      (select jsonb_agg(case when zone->>'zone' = ${before.zone}
        then zone || jsonb_build_object('importWh', (zone->>'importWh')::bigint + ${importChangeWh}::bigint,
                                        'exportWh', (zone->>'exportWh')::bigint + ${exportChangeWh}::bigint)
        else zone end order by place) from jsonb_array_elements(zones) with ordinality as listed (zone, place)),
      flows, ${new Date(atMs)}
    from intervals where area_id = ${area} and start = ${start} and run = ${before.newest_run}`
  await sql`
    update seat_intervals set current = false
    where area_id = ${area} and seat = ${seat} and start = ${start} and current`
  await sql`
    insert into seat_intervals
      (area_id, start, run, seat, meter, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received, deviation_wh, outcomes, current)
    select area_id, start, ${run}, seat, meter, zone, ${energy.quality}, ${energy.importWh}, ${energy.exportWh},
      bought_wh, sold_wh, paid, received, deviation_wh, outcomes, true
    from seat_intervals where area_id = ${area} and seat = ${seat} and start = ${start} and run = ${before.run}`
}
