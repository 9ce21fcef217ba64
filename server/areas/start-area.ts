/** Starts areas: each in a thread of its own, or here where a test wants to look inside. */
import { existsSync } from 'node:fs'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { type AreaProgram, runArea } from './area-program.ts'
import type { AreaThreadData } from './area-thread.ts'
import { type ConnectedArea, connectArea } from './messages.ts'

/**
 * Starts an area in a thread. Whatever ends the thread ends this area only: its handle says so and refuses what is asked of it.
 */
export function startAreaThread(data: AreaThreadData, log: Logger): ConnectedArea {
  const { area } = data.settings
  const worker = new Worker(threadFile(), { workerData: data })
  const handle = connectArea(
    {
      postMessage: (message: unknown) => worker.postMessage(message),
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

/** Beside the program, wherever the bundler put this file's code. */
function threadFile(): URL {
  const places = ['./area-thread.js', '../area-thread.js', '../../dist/area-thread.js']
  const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url))
  if (found === undefined) throw new Error('area-thread.js is missing: run `npm run build`')
  return found
}
