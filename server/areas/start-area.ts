/** Starts areas: each in a thread of its own, or here where a test wants to look inside. */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { threadFile } from '../project-files.ts'
import { type AreaProgram, runArea } from './area-program.ts'
import type { AreaThreadData } from './area-thread.ts'
import { type AskedOfArea, type ConnectedArea, connectArea, isHearing } from './messages.ts'

/** A thread that has failed is started again after the first of these, then after twice as long each time. */
const restMs = { first: 1_000, longest: 60_000 }

export interface AreaThreadOptions extends Omit<AreaThreadData, 'loadsBefore'> {
  /** Makes the thread, where a test wants to hold it. */
  startWorker?: (data: AreaThreadData) => Worker
}

/**
 * Starts an area in a thread. Whatever ends the thread ends nothing else: what was asked of it is refused, to be asked again, and
 * another thread goes on from the journal.
 */
export function startAreaThread({ startWorker = startThread, ...data }: AreaThreadOptions, log: Logger): ConnectedArea {
  const { area } = data.settings
  const listeners: ((said: unknown) => void)[] = []
  let worker: Worker | null = null
  let hasSpoken = false
  let isEnding = false
  let resting: NodeJS.Timeout | undefined
  let nextRestMs = restMs.first

  const end = () => {
    isEnding = true
    clearTimeout(resting)
    if (worker === null) handle.lost('the server is stopping')
    else void worker.terminate()
  }
  const handle = connectArea(
    {
      postMessage(message: AskedOfArea) {
        // It still waits for its database and hears nothing; there is nothing that it has to finish.
        if (message.type === 'stop' && !hasSpoken) return end()
        if (message.type === 'stop') isEnding = true
        worker?.postMessage(message)
      },
      on: ((_: 'message', listener: (said: unknown) => void) => listeners.push(listener)) as never,
      close: end,
    },
    data.settings,
  )

  function start(): void {
    const startedMs = performance.now()
    hasSpoken = false
    worker = startWorker({ ...data, loadsBefore: handle.status.loads })
    worker.on('message', (said: unknown) => {
      hasSpoken ||= isHearing(said)
      for (const listener of listeners) listener(said)
    })
    let failure: unknown
    worker.once('error', (error) => {
      failure = error
    })
    worker.once('exit', () => {
      worker = null
      hasSpoken = false
      if (isEnding) return handle.lost('the area’s thread has ended')
      if (performance.now() - startedMs > restMs.longest) nextRestMs = restMs.first
      log.error({ area, err: failure }, 'the thread of an area has failed and starts again; the other areas go on')
      handle.interrupted(`${whyGone(failure)} and starts again within ${nextRestMs / 1000} s; the log says more`)
      resting = setTimeout(start, nextRestMs)
      nextRestMs = Math.min(2 * nextRestMs, restMs.longest)
    })
  }
  start()
  return handle
}

/** What everybody may read of it. */
function whyGone(failure: unknown): string {
  const isOfMemory = (failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return isOfMemory
    ? 'the area’s thread has run out of memory (the server’s NODE_OPTIONS=--max-old-space-size=… says how many MB it may use)'
    : 'the area’s thread has failed'
}

function startThread(data: AreaThreadData): Worker {
  return new Worker(threadFile('area-thread'), { workerData: data })
}

/** Starts an area in this thread; everything still passes through messages. */
export function startAreaHere(program: AreaProgram): ConnectedArea {
  const { port1, port2 } = new MessageChannel()
  const handle = connectArea(port2, program.settings)
  void runArea(port1, program)
  return handle
}
