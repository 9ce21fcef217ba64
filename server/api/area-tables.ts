/** Where the database holds the served areas, and by which settings an interval of the past went. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { AreaError } from '../areas/error.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { findAreas } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import { type SettingsFrom, settingsFor, settingsHistory } from '../store/settings-store.ts'
import type { Areas } from './parts.ts'

/** The settings of an area, by the interval from which they hold. */
export interface SettingsHistory {
  at(start: UtcSeconds): AreaSettings
  /** The parts of a range that each go by one set of settings, ascending. */
  within(from: UtcSeconds, to: UtcSeconds): { from: UtcSeconds; to: UtcSeconds; settings: AreaSettings }[]
}

export interface AreaTables {
  /** The database's own number of an area. Throws `AREA_NOT_READY` where it has none yet. */
  idOf(area: AreaHandle): Promise<number>
  /** The served area of a row. */
  areaWith(id: number): AreaHandle
  history(area: AreaHandle): Promise<SettingsHistory>
}

/** Looks each area up once, and its settings again when they change. */
export function createAreaTables(database: Database, areas: Areas): AreaTables {
  const ids = new Map<AreaHandle, number>()
  const handles = new Map<number, AreaHandle>()
  const histories = new Map<AreaHandle, Promise<SettingsHistory>>()

  async function idOf(area: AreaHandle): Promise<number> {
    const known = ids.get(area)
    if (known !== undefined) return known
    const { chainId, escrow } = area.settings.chain
    const [found] = await findAreas(database, { chainId, escrow, area: area.settings.area })
    if (found === undefined) throw new AreaError('AREA_NOT_READY', 'the area is being opened; try again')
    ids.set(area, found.areaId)
    handles.set(found.areaId, area)
    return found.areaId
  }

  async function readHistory(area: AreaHandle): Promise<SettingsHistory> {
    return historyOf(await settingsHistory(database, await idOf(area)), area)
  }

  for (const area of areas.all()) {
    area.subscribe(({ hasNewSettings }) => {
      if (hasNewSettings) histories.delete(area)
    })
  }

  return {
    idOf,
    areaWith: (id) => handles.get(id)!,
    history(area) {
      let history = histories.get(area)
      if (history === undefined) {
        history = readHistory(area)
        histories.set(area, history)
        history.catch(() => histories.delete(area))
      }
      return history
    },
  }
}

/** Settings ascend; where nothing is journaled yet, those that the area is opened with hold. */
function historyOf(known: readonly SettingsFrom[], area: AreaHandle): SettingsHistory {
  const at = (start: UtcSeconds) => (known.length === 0 ? area.settings : settingsFor(known, start))
  return {
    at,
    within(from, to) {
      const bounds = [from, ...known.map((each) => each.from).filter((start) => start > from && start < to), to]
      return bounds.slice(1).map((end, index) => ({ from: bounds[index]!, to: end, settings: at(bounds[index]!) }))
    },
  }
}
