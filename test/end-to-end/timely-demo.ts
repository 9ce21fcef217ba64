/** A demo whose script begins once everybody is ready, on a machine of whatever speed. */
import { join } from 'node:path'
import { type RunningDemo, startDemo } from '../../server/demo/demo.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import type { Street } from '../../server/demo/street.ts'
import { assertBuilt } from '../built.ts'
import { freeDemoPorts } from './demo-ports.ts'
import { batchSeconds } from './scripted-street.ts'

/** What a start takes at most on most machines. */
const usualSeconds = 50
/** A start takes all of its time but this part of it: what a test does before the script begins has the rest. */
const spare = 0.2

export interface TimelyDemo {
  demo: RunningDemo
  ports: Awaited<ReturnType<typeof freeDemoPorts>>
  /** When the script begins: the boundary of a batch. */
  startSeconds: number
  dataFolder: string
  /** Stops the demo, and removes what it kept. */
  end(): Promise<void>
}

/** Starts the demo; where the machine was too slow for the time at which the script begins, once more with twice the time. */
export async function startTimelyDemo(folder: string, streetOf: (startSeconds: number) => Street): Promise<TimelyDemo> {
  assertBuilt(['commonwatt', 'commonwatt-agent'])
  for (let seconds = usualSeconds; ; seconds *= 2) {
    const startSeconds = Math.ceil((Date.now() / 1000 + seconds) / batchSeconds) * batchSeconds
    const dataFolder = join(folder, `data-${seconds}`)
    const ports = await freeDemoPorts()
    try {
      const demo = await startDemo({ street: streetOf(startSeconds), dataFolder, ports, print: () => {} })
      const end = () => demo.stop().finally(() => removeDataFolder(dataFolder))
      if (Date.now() / 1000 < startSeconds - spare * seconds) return { demo, ports, startSeconds, dataFolder, end }
      await end()
    } catch (error) {
      removeDataFolder(dataFolder)
      throw error
    }
  }
}
