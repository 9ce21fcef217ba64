/** The thread that takes one file of official values and ends; started by `file-intake.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { ExchangeError, type ExchangeErrorCode } from '../exchange/error.ts'
import { openDatabase } from '../store/database.ts'
import { isUnableNow } from '../store/unreachable.ts'
import { OfficialError } from './error.ts'
import { type SentFile, takeSentFile } from './sent-file.ts'
import type { TakenFile } from './take-file.ts'

/** What the thread is started with. */
export interface ValuesThreadData {
  databaseUrl: string
  areaId: number
  sent: SentFile
}

/** What it says: that it has read the file, and then what became of it. */
export type ValuesSaid =
  | { type: 'read' }
  | { type: 'taken'; taken: TakenFile }
  | { type: 'unread'; code: ExchangeErrorCode; place: string; reason: string }
  | { type: 'untaken'; code: OfficialError['code']; message: string }
  | { type: 'lost' }

async function main({ databaseUrl, areaId, sent }: ValuesThreadData): Promise<void> {
  const say = (said: ValuesSaid) => parentPort!.postMessage(said)
  const database = openDatabase(databaseUrl, 1, { name: 'commonwatt official values' })
  try {
    say({ type: 'taken', taken: await takeSentFile(database, areaId, sent, () => say({ type: 'read' })) })
  } catch (error) {
    if (error instanceof ExchangeError) {
      const { code, place, reason } = error
      say({ type: 'unread', code, place, reason })
    } else if (error instanceof OfficialError) say({ type: 'untaken', code: error.code, message: error.message })
    else if (isUnableNow(error)) say({ type: 'lost' })
    else throw error
  } finally {
    await database.end({ timeout: 5 })
  }
}

await main(workerData as ValuesThreadData)
