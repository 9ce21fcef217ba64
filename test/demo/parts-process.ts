/** Runs the demo's parts in a process that a test can kill. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from '../../server/demo/ports.ts'
import { bundleProgram } from './bundle.ts'

export interface Parts {
  database: { url: string; pid: number }
  chain: { url: string; pid: number }
  child: { pid: number }
}

export interface PartsProcess extends Parts {
  process: ChildProcess
  /** What it logged so far. */
  log(): string
  end(signal: NodeJS.Signals): Promise<void>
}

/** Says what it got and what it was told, then waits. */
const childProgram = `
process.on('SIGINT', () => console.log('SIGINT'))
process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(0) })
setInterval(() => {}, 1000)
console.log('started with', process.argv[2])
`

/** Starts the parts of one data folder in a process of their own, as often as called, always on the same ports. */
export async function partsOf(dataFolder: string): Promise<{ start(): Promise<PartsProcess>; childScript: string }> {
  const program = await bundleProgram(join(import.meta.dirname, 'parts-program.ts'))
  const childScript = join(dataFolder, 'child.js')
  writeFileSync(childScript, childProgram)
  const ports = [await freePort(), await freePort()].map(String)
  return {
    childScript,
    async start() {
      const parent = spawn(process.execPath, [program, dataFolder, ...ports, childScript], { detached: true })
      let errors = ''
      parent.stderr.setEncoding('utf8').on('data', (text) => {
        errors += text
      })
      const exited = new Promise<void>((resolve) => parent.once('exit', () => resolve()))
      const end = async (signal: NodeJS.Signals) => {
        parent.kill(signal)
        await exited
      }
      onTestFinished(() => end('SIGTERM'))
      const parts = await new Promise<Parts>((resolve, reject) => {
        createInterface(parent.stdout).once('line', (line) => resolve(JSON.parse(line)))
        exited.then(() => reject(new Error(`the parts ended: ${errors}`)))
      })
      return { ...parts, process: parent, log: () => errors, end }
    },
  }
}
