/** An area of a scratch database, opened and with the journal's writer at hand. */

import type { ChainSeat } from '../../server/market/area/area.ts'
import { type OpenedAreaStore, openAreaStore } from '../../server/store/area-store.ts'
import type { Database } from '../../server/store/database.ts'
import { config, face, following, t0 } from '../market/engine/street.ts'
import { JournalWriter } from './journal-writer.ts'
import type { ScratchServer } from './scratch-database.ts'

export const identity = { chainId: face.chainId, escrow: face.escrow, area: config.rules.area }

export interface ScratchArea extends OpenedAreaStore {
  database: Database
  url: string
  writer: JournalWriter
}

/** In a fresh database; nothing is journaled yet. */
export async function scratchArea(server: ScratchServer): Promise<ScratchArea> {
  const { database, url } = await server.fresh()
  const opened = await openAreaStore(url, identity)
  return { ...opened, database, url, writer: new JournalWriter(opened.store) }
}

/** Configured, with these seats, just before `t0`. */
export async function openedArea(server: ScratchServer, seats: ChainSeat[]): Promise<ScratchArea> {
  const area = await scratchArea(server)
  area.writer.run({ type: 'configure', atMs: t0 * 1000 - 5_000, config, face })
  area.writer.run(following(t0 * 1000 - 4_000, seats))
  await area.writer.commit()
  return area
}
