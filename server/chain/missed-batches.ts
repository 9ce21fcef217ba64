/**
 * Batches that the chain has settled and the journal does not know, because it was restored from a copy, has lost its newest rows or
 * began anew in an empty database: each is named, so that nobody takes the time before it for one without trades.
 */
import type { Logger } from 'pino'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Database } from '../store/database.ts'
import { unknownBatches } from '../store/settlement-store.ts'
import type { AreaView } from './seat-view.ts'

export interface MissedBatchesOptions {
  database: Database
  log: Logger
  /** How often an area has been made anew: each time its journal may know less than before. */
  loadsOf(area: number): number
  /** Names a batch as one that only the chain knows; says whether the area did so. */
  disown(area: number, batch: { start: UtcSeconds; end: UtcSeconds }): Promise<boolean>
}

export interface MissedBatches {
  /** Names some of those that are not named yet. */
  name(area: { area: number; areaId: number }, counted: AreaView | undefined): Promise<void>
  /** How many are not named yet; null while the chain has not been compared with the journal as it was loaded last. */
  unnamed(area: number): number | null
}

/** So many are named at once, so that settling goes on beside them. */
const mostNamed = 100

export function createMissedBatches({ database, log, loadsOf, disown }: MissedBatchesOptions): MissedBatches {
  /** Until when an area's batches on chain were compared with those of its journal. */
  const compared = new Map<number, { loads: number; until: UtcSeconds }>()
  const left = new Map<number, { loads: number; unnamed: number }>()

  async function name({ area, areaId }: { area: number; areaId: number }, counted: AreaView | undefined) {
    const loads = loadsOf(area)
    const known = compared.get(area)
    const until = known?.loads === loads ? known.until : 0
    if (counted === undefined || counted.settledUntil <= until) {
      if (left.get(area)?.loads !== loads) left.set(area, { loads, unnamed: 0 })
      return
    }
    const settled = [...counted.batches.values()].filter(({ end }) => end > until)
    const unknown = await unknownBatches(database, areaId, settled)
    const own = { loads, unnamed: unknown.length }
    left.set(area, own)
    for (const batch of unknown.slice(0, mostNamed)) {
      // It has not heard yet how far the chain has settled.
      if (!(await disown(area, batch))) return
      const { start, end } = batch
      log.error(
        { area, start, end },
        `the chain has settled a batch that ends at ${end} and that the journal does not know: it was restored, lost rows or began anew`,
      )
      own.unnamed -= 1
    }
    if (unknown.length <= mostNamed) compared.set(area, { loads, until: counted.settledUntil })
  }

  return {
    name,
    unnamed(area) {
      const found = left.get(area)
      return found?.loads === loadsOf(area) ? found.unnamed : null
    },
  }
}
