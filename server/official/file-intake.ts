/**
 * Takes files of official values that are sent to the server: one at a time, each in a thread of its own with bounds on time and memory,
 * since reading what somebody made for the purpose may take half a minute of computing. Senders take turns.
 */
import { Worker } from 'node:worker_threads'
import { ExchangeError } from '../exchange/error.ts'
import { threadFile } from '../project-files.ts'
import { StoreError } from '../store/error.ts'
import { OfficialError } from './error.ts'
import type { SentFile } from './sent-file.ts'
import type { TakenFile } from './take-file.ts'
import type { ValuesSaid, ValuesThreadData } from './values-thread.ts'

export interface FileIntake {
  /**
   * What became of the file. Rejects with `ExchangeError`, `OfficialError`, or with `StoreError` `STORE_LOST` where the database is away
   * or the server stops. Nothing is taken where it rejects.
   */
  take(areaId: number, sent: SentFile): Promise<TakenFile>
  stop(): Promise<void>
}

export interface IntakeBounds {
  /** The time for reading a file; storing it is bounded by the database's own limits. */
  readMs: number
  /** The most memory for objects of the thread. */
  heapMebibytes: number
}

/** A workbook of 4 MiB as a portal writes it takes some 3 s and 100 MiB. */
const bounds: IntakeBounds = { readMs: 30_000, heapMebibytes: 384 }

interface Waiting {
  start(): Promise<void>
}

export function startFileIntake(databaseUrl: string, { readMs, heapMebibytes }: IntakeBounds = bounds): FileIntake {
  /** The files that wait, by sender; the sender that was served last stands last. */
  const waiting = new Map<string, Waiting[]>()
  let isBusy = false
  let isStopped = false
  let worker: Worker | null = null

  async function work(): Promise<void> {
    if (isBusy) return
    isBusy = true
    for (let next = nextOf(waiting); next !== undefined; next = nextOf(waiting)) await next.start()
    isBusy = false
  }

  function run(data: ValuesThreadData): Promise<TakenFile> {
    return new Promise((resolve, reject) => {
      if (isStopped) return reject(lost('the server stops'))
      const started = new Worker(threadFile('values-thread'), {
        workerData: data,
        resourceLimits: { maxOldGenerationSizeMb: heapMebibytes },
      })
      worker = started
      const deadline = setTimeout(() => {
        reject(tooMuch(`reading it takes longer than ${readMs / 1000} s`))
        void started.terminate()
      }, readMs)
      started.on('message', (said: ValuesSaid) => {
        clearTimeout(deadline)
        if (said.type === 'taken') resolve(said.taken)
        else if (said.type === 'unread') reject(new ExchangeError(said.code, said.place, said.reason))
        else if (said.type === 'untaken') reject(new OfficialError(said.code, said.message))
        else if (said.type === 'lost') reject(lost('the database is away'))
      })
      started.once('error', (error: NodeJS.ErrnoException) => {
        const isTooMuch = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        reject(isTooMuch ? tooMuch(`reading it takes more than ${heapMebibytes} MiB of memory`) : error)
      })
      started.once('exit', () => {
        clearTimeout(deadline)
        reject(lost('the server stops'))
      })
    })
  }

  return {
    take: (areaId, sent) =>
      new Promise((resolve, reject) => {
        const start = async () => {
          const taking = run({ databaseUrl, areaId, sent })
          taking.then(resolve, reject)
          await taking.catch(() => {})
        }
        const own = waiting.get(sent.by) ?? []
        waiting.set(sent.by, own)
        own.push({ start })
        void work()
      }),
    async stop() {
      isStopped = true
      await worker?.terminate()
    },
  }
}

function nextOf(waiting: Map<string, Waiting[]>): Waiting | undefined {
  for (const [by, own] of waiting) {
    const next = own.shift()
    waiting.delete(by)
    if (own.length > 0) waiting.set(by, own)
    return next
  }
  return undefined
}

function tooMuch(reason: string): ExchangeError {
  return new ExchangeError('VALUES_TOO_LARGE', '', `${reason}: split the file, or take it with "commonwatt import"`)
}

function lost(why: string): StoreError {
  return new StoreError('STORE_LOST', `the file was not taken: ${why}`)
}
