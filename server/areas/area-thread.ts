/** The thread of one market area: opens the area's database and runs it until it is asked to stop. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Logger, pino } from 'pino'
import { type OpenedAreaStore, openAreaStore } from '../store/area-store.ts'
import type { AreaIdentity } from '../store/areas.ts'
import { StoreError } from '../store/error.ts'
import { logFailure } from '../store/outage.ts'
import { isUnableNow, whyUnableNow } from '../store/unreachable.ts'
import { machineClocks, runArea } from './area-program.ts'
import { tellOpening } from './messages.ts'
import type { AreaSettings } from './settings.ts'

/** What a thread is started with. */
export interface AreaThreadData {
  databaseUrl: string
  settings: AreaSettings
  /** Names the process to others that would like to write the journal. */
  owner: string
  logLevel: string
  /** How often the area was made before, by a thread that is gone. */
  loadsBefore: number
}

async function main({ databaseUrl, settings, owner, logLevel, loadsBefore }: AreaThreadData): Promise<void> {
  const log = pino({ level: logLevel }).child({ area: settings.area })
  const { chainId, escrow } = settings.chain
  const { store, lease, close } = await openedStore(databaseUrl, { chainId, escrow, area: settings.area }, log)
  await runArea(parentPort!, {
    ...{ settings, store, lease, owner, clocks: machineClocks, waitsForChain: true, loadsBefore },
    log: (what, error) => logFailure(log, what, error),
  })
  await close()
}

/** An opening that takes longer has lost its answer. */
const longestOpeningMs = 10_000
const restMs = 500

/**
 * Opens the area's store as soon as the database lets it. Until then the thread has nothing else that keeps it alive: it would end
 * where a connection is lost together with what was asked, of which the driver then says nothing.
 */
async function openedStore(databaseUrl: string, identity: AreaIdentity, log: Logger): Promise<OpenedAreaStore> {
  for (;;) {
    const opening = openAreaStore(databaseUrl, identity)
    try {
      return await inTime(opening)
    } catch (error) {
      opening.then(({ close }) => close()).catch(() => {})
      if (!isUnableNow(error)) throw error
      logFailure(log, 'the area cannot be opened yet', error)
      tellOpening(parentPort!, `the area cannot be opened yet: ${whyUnableNow(error) ?? 'the database is away'}`)
      await new Promise((resolve) => setTimeout(resolve, restMs))
    }
  }
}

function inTime(opening: Promise<OpenedAreaStore>): Promise<OpenedAreaStore> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new StoreError('STORE_SILENT', `no answer within ${longestOpeningMs / 1000} s`))
    }, longestOpeningMs)
    opening.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

await main(workerData as AreaThreadData)
