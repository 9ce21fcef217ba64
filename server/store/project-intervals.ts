/** Results of intervals as tables: of the whole interval, of its zones and of its seats. */
import type { Event, IntervalRun, SeatInterval, ZoneRun } from '../market/area/area.ts'
import { qualities } from '../market/area/codes.ts'
import { bytes, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import { encodeOutcomes } from './outcomes.ts'
import { amendRuns, correctRuns, redeclareRuns, reduceRuns } from './project-changed-runs.ts'
import { changeSums, sumSeconds } from './seat-sums.ts'
import type { ToldEvent, ToldEvents } from './told.ts'
import { metersOfZones, type ZoneRow, zoneRows } from './zone-rows.ts'

const types = [
  'interval-cleared',
  'interval-amended',
  'interval-final',
  'interval-corrected',
  'interval-reduced',
  'interval-redeclared',
  'batch-missed',
] as const satisfies Event['type'][]
type Change = ToldEvent<(typeof types)[number]>

/**
 * In the order in which it happened: a run can build on the one before. Changes that do not build on each other take one
 * statement a table together.
 */
export async function projectIntervals(
  sql: Transaction,
  areaId: number,
  told: ToldEvents,
  intervalSeconds: number,
): Promise<void> {
  const seconds = sumSeconds(intervalSeconds)
  const changes: Change[] = types.flatMap((type) => [...told.of(type)]).sort((a, b) => a.place - b.place)
  const sent: Promise<unknown>[] = []
  for (let from = 0, to = 0; from < changes.length; from = to) {
    const { type } = changes[from]!.event
    const touched = new Set<string>()
    for (; to < changes.length; to += 1) {
      const name = nameOf(changes[to]!.event)
      if (changes[to]!.event.type !== type || touched.has(name)) break
      touched.add(name)
    }
    const together = changes.slice(from, to)
    const of = <Type extends Change['event']['type']>() => together as unknown as ToldEvent<Type>[]
    if (type === 'interval-reduced') {
      await reduceRuns(sql, areaId, of(), seconds)
      continue
    }
    if (type === 'interval-redeclared') {
      await redeclareRuns(sql, areaId, of())
      continue
    }
    const statements =
      type === 'interval-cleared'
        ? insertResults(sql, areaId, of(), seconds)
        : type === 'interval-final'
          ? markFinal(sql, areaId, of())
          : type === 'interval-amended'
            ? amendRuns(sql, areaId, of(), seconds)
            : type === 'interval-corrected'
              ? correctRuns(sql, areaId, of(), seconds)
              : markMissed(sql, areaId, of())
    for (const statement of statements) sent.push(statement.execute())
  }
  await Promise.all(sent)
}

/** Two changes of one name build on each other. */
function nameOf(event: Change['event']): string {
  if (event.type === 'interval-cleared') return `${event.result.start}`
  return event.type === 'interval-corrected' || event.type === 'interval-amended'
    ? `${event.start} ${event.seat}`
    : `${event.start}`
}

function insertResults(
  sql: Transaction,
  areaId: number,
  told: readonly ToldEvent<'interval-cleared'>[],
  seconds: number,
): Statement[] {
  const computed = told.map(({ event, command }) => ({ ...event.result, atMs: command.atMs }))
  const replacing = computed.filter(({ run }) => run > 1)
  return [
    ...insertRuns(sql, areaId, computed),
    ...insertZones(
      sql,
      areaId,
      computed.flatMap((run) => {
        const meters = metersOfZones(run)
        return zoneRows(run).map((row) => ({ ...row, meters: meters[row.place]! }))
      }),
    ),
    ...deleteSeatRows(sql, areaId, replacing, seconds),
    ...computed.flatMap((run) => insertSeatRows(sql, areaId, run, seconds)),
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

function insertZones(sql: Transaction, areaId: number, all: readonly (ZoneRow & { meters: number })[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      insert into interval_zones (
        area_id, start, run, place, zone, price_ticks, lowest_ticks, highest_ticks, sold_wh, bought_wh, import_wh, export_wh,
        meters, flow_wh, congestion_ticks)
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
        ${numbers(rows, ({ meters }) => meters)}::int[],
        ${numbers(rows, ({ flow }) => flow?.exportWh ?? null)}::bigint[],
        ${numbers(rows, ({ flow }) => flow?.congestionTicks ?? null)}::int[]
      ) as row`,
  )
}

/** Deletes the rows of a provisional run: nobody has settled by it. */
function deleteSeatRows(
  sql: Transaction,
  areaId: number,
  replaced: readonly IntervalRun[],
  seconds: number,
): Statement[] {
  if (replaced.length === 0) return []
  return [
    sql`
      with gone as (
        delete from seat_intervals
        where area_id = ${areaId} and start = any(${numbers(replaced, ({ start }) => start)}::bigint[])
        returning *
      ) ${changeSums(sql, seconds, { removed: sql`(select * from gone where current)` })}`,
  ]
}

function insertSeatRows(
  sql: Transaction,
  areaId: number,
  { start, run, seats: all }: IntervalRun,
  seconds: number,
): Statement[] {
  return [...parts<SeatInterval>(all)].map(
    (seats) => sql`
      with came as (
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
        ) as row
        returning *
      ) ${changeSums(sql, seconds, { added: sql`came` })}`,
  )
}

function markFinal(sql: Transaction, areaId: number, all: readonly ToldEvent<'interval-final'>[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      update intervals set status = 'final'
      from unnest(
        ${numbers(rows, ({ event }) => event.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.run)}::int[]
      ) as final (start, run)
      where area_id = ${areaId} and intervals.start = final.start and intervals.run = final.run`,
  )
}

function markMissed(sql: Transaction, areaId: number, all: readonly ToldEvent<'batch-missed'>[]): Statement[] {
  return all.map(
    ({ event: { start, end } }) => sql`
      update intervals set status = 'missed'
      where area_id = ${areaId} and start >= ${start} and start < ${end} and status <> 'missed' and run = (
        select max(run) from intervals newest where newest.area_id = ${areaId} and newest.start = intervals.start)`,
  )
}
