/** The thread that makes and proves statements; started by `start-statements.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import type { AreaIdentity } from '../store/areas.ts'
import { endless, openDatabase } from '../store/database.ts'
import { runStatements } from './statement-program.ts'

/** What the thread is started with. */
export interface StatementThreadData {
  databaseUrl: string
  areas: readonly AreaIdentity[]
  pollMs: number
}

/** One connection for the batch whose statement is being made, and others for those who ask meanwhile. */
const connections = 3

async function main({ databaseUrl, areas, pollMs }: StatementThreadData): Promise<void> {
  const database = openDatabase(databaseUrl, connections, { ...endless, name: 'commonwatt statements' })
  await runStatements(parentPort!, { database, areas, pollMs })
  await database.end({ timeout: 5 })
  // An open port with a listener would keep the thread alive.
  parentPort!.close()
}

await main(workerData as StatementThreadData)
