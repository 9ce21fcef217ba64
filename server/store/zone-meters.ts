/** The meters of transformers, and what they and the homes below them counted. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import {
  type FeederBalance,
  feederBalances,
  type TransformerValue,
  type ZoneMeter,
} from '../metering/feeder-balance.ts'
import { texts } from './arrays.ts'
import type { Database, Queries, Transaction } from './database.ts'
import { settingsFor, settingsHistory } from './settings-store.ts'

export function zoneMeters(sql: Queries, areaId: number): Promise<ZoneMeter[]> {
  return sql<ZoneMeter[]>`select zone, point from zone_meters where area_id = ${areaId} order by zone`
}

/** What is said of some zones: these have these meters now, and those none any more. Of other zones everything stays as it was. */
export async function changeZoneMeters(
  sql: Transaction,
  areaId: number,
  { meters, without }: { meters: readonly ZoneMeter[]; without: readonly string[] },
): Promise<void> {
  const zones = [...without, ...meters.map(({ zone }) => zone)]
  // A meter that has moved to another zone is at that one alone.
  await sql`
    delete from zone_meters where area_id = ${areaId}
      and (zone = any(${zones}::text[]) or point = any(${texts(meters, ({ point }) => point)}::text[]))`
  await sql`
    insert into zone_meters (area_id, zone, point)
    select ${areaId}, * from unnest(
      ${texts(meters, ({ zone }) => zone)}::text[], ${texts(meters, ({ point }) => point)}::text[])`
}

/** Of the intervals that start in `[from, to)`, by the zones at the end of it. */
export async function feedersOf(
  database: Database,
  areaId: number,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<FeederBalance[]> {
  const meters = await zoneMeters(database, areaId)
  if (meters.length === 0) return []
  const history = await settingsHistory(database, areaId)
  const points = texts(meters, ({ point }) => point)
  const values = await database<TransformerValue[]>`
    select start, point, direction,
      case when quality <= 1 then round(energy_micro_wh / 1000000.0)::bigint end as "energyWh"
    from official_values
    where area_id = ${areaId} and start >= ${from} and start < ${to} and point = any(${points}::text[])
      and channel = 'total' and counts order by start`
  const rows = await database<{ start: UtcSeconds; place: number; netWh: number; isMeasured: boolean }[]>`
    select start, zone as place, sum(import_wh - export_wh)::bigint as "netWh", bool_and(quality = 0) as "isMeasured"
    from seat_intervals where area_id = ${areaId} and start >= ${from} and start < ${to} and current
    group by start, zone order by start`
  const homes = rows.map(({ place, ...row }) => ({ ...row, zone: settingsFor(history, row.start).zones[place]!.zone }))
  return feederBalances(meters, { zones: settingsFor(history, to - 1).zones, homes, values })
}
