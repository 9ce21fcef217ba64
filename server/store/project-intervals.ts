/** Results of intervals as tables: of the whole interval, of its zones and of its seats. */
import type { EventOf, IntervalRun, SeatInterval, ZoneRun } from '../market/engine/area.ts'
import { qualities } from '../market/engine/codes.ts'
import { bytes, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import { encodeOutcomes } from './outcomes.ts'
import type { ToldEvents } from './told.ts'

/**
 * First computations and those that replace a provisional one; then what has become final. Corrections, which only final
 * intervals have, come after this.
 */
export function projectIntervals(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const computed = told.of('interval-cleared').map(({ event, command }) => ({ ...event.result, atMs: command.atMs }))
  const newest = new Map(computed.map((run) => [run.start, run]))
  const replaced = computed.filter((run, index) => {
    return run.run > 1 && computed.findIndex(({ start }) => start === run.start) === index
  })
  return [
    ...insertRuns(sql, areaId, computed),
    ...insertZones(sql, areaId, computed),
    ...deleteSeatRows(sql, areaId, replaced),
    ...[...newest.values()].flatMap((run) => insertSeatRows(sql, areaId, run)),
    ...markFinal(
      sql,
      areaId,
      told.of('interval-final').map(({ event }) => event),
    ),
    ...told.of('batch-missed').map(({ event }) => markMissed(sql, areaId, event)),
  ]
}

function insertRuns(sql: Transaction, areaId: number, all: readonly (IntervalRun & { atMs: number })[]): Statement[] {
  const sum = (zones: readonly ZoneRun[], field: 'importWh' | 'exportWh') =>
    zones.reduce((total, zone) => total + zone[field], 0)
  return [...parts(all)].map(
    (runs) => sql`
      insert into intervals (
        area_id, start, run, status, kind, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees,
        congestion_rent, grid_take, computed_at)
      select ${areaId}, start, run, 'provisional', 'computed', matched_wh, import_wh, export_wh, missing_readings,
        deviation_wh, grid_fees, congestion_rent, grid_take, to_timestamp(at_ms / 1000)
      from unnest(
        ${numbers(runs, ({ start }) => start)}::bigint[],
        ${numbers(runs, ({ run }) => run)}::int[],
        ${numbers(runs, ({ matchedWh }) => matchedWh)}::bigint[],
        ${numbers(runs, ({ zones }) => sum(zones, 'importWh'))}::bigint[],
        ${numbers(runs, ({ zones }) => sum(zones, 'exportWh'))}::bigint[],
        ${numbers(runs, ({ missingReadings }) => missingReadings)}::int[],
        ${numbers(runs, ({ deviationWh }) => deviationWh)}::bigint[],
        ${numbers(runs, ({ gridFees }) => gridFees)}::numeric[],
        ${numbers(runs, ({ congestionRent }) => congestionRent)}::numeric[],
        ${numbers(runs, ({ gridTake }) => gridTake)}::numeric[],
        ${numbers(runs, ({ atMs }) => atMs)}::float8[]
      ) as row (
        start, run, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees, congestion_rent, grid_take,
        at_ms)`,
  )
}

/** A zone of a run, with the flow over its link. */
export interface ZoneRow extends ZoneRun {
  start: number
  run: number
  place: number
  flow: IntervalRun['flows'][number] | null
}

/** The zones of a run in their order; every zone but the root has a link. */
export function zoneRows({
  start,
  run,
  zones,
  flows,
}: Pick<IntervalRun, 'start' | 'run' | 'zones' | 'flows'>): ZoneRow[] {
  const flowOf = new Map(flows.map((flow) => [flow.zone, flow]))
  return zones.map((zone, place) => ({ ...zone, start, run, place, flow: flowOf.get(zone.zone) ?? null }))
}

function insertZones(sql: Transaction, areaId: number, runs: readonly IntervalRun[]): Statement[] {
  return [...parts(runs.flatMap(zoneRows))].map(
    (rows) => sql`
      insert into interval_zones (
        area_id, start, run, place, zone, price_ticks, lowest_ticks, highest_ticks, sold_wh, bought_wh, import_wh, export_wh,
        flow_wh, congestion_ticks)
      select ${areaId}, row.* from unnest(
        ${numbers(rows, ({ start }) => start)}::bigint[],
        ${numbers(rows, ({ run }) => run)}::int[],
        ${numbers(rows, ({ place }) => place)}::smallint[],
        ${texts(rows, ({ zone }) => zone)}::text[],
        ${numbers(rows, ({ priceTicks }) => priceTicks)}::int[],
        ${numbers(rows, ({ lowestTicks }) => lowestTicks)}::int[],
        ${numbers(rows, ({ highestTicks }) => highestTicks)}::int[],
        ${numbers(rows, ({ soldWh }) => soldWh)}::bigint[],
        ${numbers(rows, ({ boughtWh }) => boughtWh)}::bigint[],
        ${numbers(rows, ({ importWh }) => importWh)}::bigint[],
        ${numbers(rows, ({ exportWh }) => exportWh)}::bigint[],
        ${numbers(rows, ({ flow }) => flow?.exportWh ?? null)}::bigint[],
        ${numbers(rows, ({ flow }) => flow?.congestionTicks ?? null)}::int[]
      ) as row`,
  )
}

/** Of a provisional run: nobody has settled by it. */
function deleteSeatRows(sql: Transaction, areaId: number, replaced: readonly IntervalRun[]): Statement[] {
  if (replaced.length === 0) return []
  return [
    sql`
      delete from seat_intervals
      where area_id = ${areaId} and start = any(${numbers(replaced, ({ start }) => start)}::bigint[])`,
  ]
}

function insertSeatRows(sql: Transaction, areaId: number, { start, run, seats: all }: IntervalRun): Statement[] {
  return [...parts<SeatInterval>(all)].map(
    (seats) => sql`
      insert into seat_intervals (
        area_id, start, run, current, seat, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
        deviation_wh, outcomes)
      select ${areaId}, ${start}::bigint, ${run}::int, true, row.* from unnest(
        ${numbers(seats, ({ seat }) => seat)}::int[],
        ${numbers(seats, ({ zone }) => zone)}::smallint[],
        ${numbers(seats, ({ quality }) => qualities.indexOf(quality))}::smallint[],
        ${numbers(seats, ({ importWh }) => importWh)}::int[],
        ${numbers(seats, ({ exportWh }) => exportWh)}::int[],
        ${numbers(seats, ({ boughtWh }) => boughtWh)}::int[],
        ${numbers(seats, ({ soldWh }) => soldWh)}::int[],
        ${numbers(seats, ({ paid }) => paid)}::bigint[],
        ${numbers(seats, ({ received }) => received)}::bigint[],
        ${numbers(seats, ({ deviationWh }) => deviationWh)}::int[],
        ${bytes(seats, ({ outcomes }) => encodeOutcomes(outcomes))}::bytea[]
      ) as row`,
  )
}

function markFinal(sql: Transaction, areaId: number, all: readonly EventOf<'interval-final'>[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      update intervals set status = 'final'
      from unnest(
        ${numbers(rows, ({ start }) => start)}::bigint[],
        ${numbers(rows, ({ run }) => run)}::int[]
      ) as final (start, run)
      where area_id = ${areaId} and intervals.start = final.start and intervals.run = final.run`,
  )
}

function markMissed(sql: Transaction, areaId: number, { start, end }: EventOf<'batch-missed'>): Statement {
  return sql`
    update intervals set status = 'missed'
    where area_id = ${areaId} and start >= ${start} and start < ${end} and status = 'provisional' and run = (
      select max(run) from intervals newest where newest.area_id = ${areaId} and newest.start = intervals.start)`
}
