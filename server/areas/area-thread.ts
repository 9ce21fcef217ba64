/** The thread of one market area: opens the area's database and runs it until it is asked to stop. */
import { parentPort, workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { openAreaStore } from '../store/area-store.ts'
import { logFailure } from '../store/outage.ts'
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

async function main({ databaseUrl, settings, owner, logLevel }: AreaThreadData): Promise<void> {
  const log = pino({ level: logLevel }).child({ area: settings.area })
  const { store, lease, close } = await openAreaStore(databaseUrl, {
    ...{ chainId: settings.chain.chainId, escrow: settings.chain.escrow, area: settings.area },
  })
  await runArea(parentPort!, {
    ...{ settings, store, lease, owner, clocks: machineClocks, waitsForChain: true },
    log: (what, error) => logFailure(log, what, error),
  })
  await close()
}

await main(workerData as AreaThreadData)
