/** The thread of one market area: opens the area's database and runs it until it is asked to stop. */
import { parentPort, workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { openAreaStore } from '../store/area-store.ts'
import { openDatabase } from '../store/database.ts'
import { machineClocks, runArea } from './area-program.ts'
import type { AreaSettings } from './settings.ts'

/** What a thread is started with. */
export interface AreaThreadData {
  databaseUrl: string
  settings: AreaSettings
  /** Names the process to others that would like to write the journal. */
  owner: string
  logLevel: string
}

/** A writer, one that looks things up meanwhile, and one for snapshots. */
const connections = 3

async function main({ databaseUrl, settings, owner, logLevel }: AreaThreadData): Promise<void> {
  const log = pino({ level: logLevel }).child({ area: settings.area })
  const database = openDatabase(databaseUrl, connections)
  const { store, lease } = await openAreaStore(database, {
    ...{ chainId: settings.chain.chainId, escrow: settings.chain.escrow, area: settings.area },
  })
  await runArea(parentPort!, {
    ...{ settings, store, lease, owner, clocks: machineClocks, waitsForChain: true },
    log: (what, error) => log.error({ err: error }, what),
  })
  await database.end({ timeout: 5 })
}

await main(workerData as AreaThreadData)
