/** Starts areas: each in a thread of its own, or here where a test wants to look inside. */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { threadFile } from '../project-files.ts'
import { type AreaProgram, runArea } from './area-program.ts'
import type { AreaThreadData } from './area-thread.ts'
import { type AskedOfArea, type ConnectedArea, connectArea } from './messages.ts'

/**
 * Starts an area in a thread. Whatever ends the thread ends this area only: its handle says so and refuses what is asked of it.
 */
export function startAreaThread(data: AreaThreadData, log: Logger): ConnectedArea {
  const { area } = data.settings
  const worker = new Worker(threadFile('area-thread'), { workerData: data })
  let hasSpoken = false
  worker.once('message', () => {
    hasSpoken = true
  })
  const handle = connectArea(
    {
      postMessage(message: AskedOfArea) {
        // It still waits for its database and hears nothing; there is nothing that it has to finish.
        if (message.type === 'stop' && !hasSpoken) void worker.terminate()
        else worker.postMessage(message)
      },
      on: worker.on.bind(worker) as never,
      close: () => void worker.terminate(),
    },
    data.settings,
  )
  worker.once('error', (error) => {
    log.error({ area, err: error }, 'the thread of an area has failed; the other areas go on')
    handle.lost(`the area's thread has failed: ${error.message}`)
  })
  worker.once('exit', () => handle.lost('the area’s thread has ended'))
  return handle
}

/** Starts an area in this thread; everything still passes through messages. */
export function startAreaHere(program: AreaProgram): ConnectedArea {
  const { port1, port2 } = new MessageChannel()
  const handle = connectArea(port2, program.settings)
  void runArea(port1, program)
  return handle
}
