/** The settings of areas as they held: whatever is read of a past interval is read by the settings of its time. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type AreaSettings, settingsOf } from '../areas/settings.ts'
import type { AreaConfig, AreaFace } from '../market/area/area.ts'
import type { Queries } from './database.ts'

/** Settings, and the start of the first interval that they hold for. */
export interface SettingsFrom {
  from: UtcSeconds
  settings: AreaSettings
}

interface Row {
  from: UtcSeconds
  journaled: { config: AreaConfig; face: AreaFace }
}

function settingsFrom({ from, journaled: { config, face } }: Row): SettingsFrom {
  return { from, settings: settingsOf(config, face) }
}

/** All settings that an area ever had, ascending; empty for one that was never configured. */
export async function settingsHistory(sql: Queries, areaId: number): Promise<SettingsFrom[]> {
  const rows = await sql<Row[]>`
    select from_start as "from", settings as journaled from area_settings where area_id = ${areaId} order by from_start`
  return rows.map(settingsFrom)
}

/** The settings that hold for an interval; before the first ones began, those. Null for an area that was never configured. */
export async function settingsAt(sql: Queries, areaId: number, start: UtcSeconds): Promise<AreaSettings | null> {
  const [row] = await settingsBetween(sql, areaId, { from: start, to: start + 1 })
  return row?.settings ?? null
}

/**
 * The settings of the intervals that start in `[from, to)`, ascending: the first ones hold from `from` on, whenever they
 * began.
 */
export async function settingsBetween(
  sql: Queries,
  areaId: number,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<SettingsFrom[]> {
  const rows = await sql<Row[]>`
    select from_start as "from", settings as journaled from area_settings
    where area_id = ${areaId}
      and from_start < greatest(${to}, (select min(from_start) + 1 from area_settings where area_id = ${areaId}))
      and from_start >= coalesce(
        (select max(from_start) from area_settings where area_id = ${areaId} and from_start <= ${from}), 0)
    order by from_start`
  return rows.map(settingsFrom)
}

/** Of settings that ascend, those that hold for an interval. */
export function settingsFor(all: readonly SettingsFrom[], start: UtcSeconds): AreaSettings {
  return (all.findLast(({ from }) => from <= start) ?? all[0]!).settings
}

/** The settings that hold for what comes next. */
export async function newestSettings(sql: Queries, areaId: number): Promise<AreaSettings | null> {
  const [row] = await sql<Row[]>`
    select from_start as "from", settings as journaled from area_settings
    where area_id = ${areaId} order by from_start desc limit 1`
  return row === undefined ? null : settingsFrom(row).settings
}
