/**
 * Keeps programs running: starts them apart from the terminal, starts a crashed one again, stops them in reverse order, and
 * lets none outlive its parent. Programs need to know nothing of this: an order to stop reaches them as SIGTERM.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DemoError } from './error.ts'
import { LogFiles } from './log-files.ts'
import { holdDataFolder, readPidFile, stopProcess, writePidFile } from './processes.ts'

/** A line for the person who started it all. */
export type Log = (line: string) => void

/** One life of a program. */
export interface Running {
  readonly pid: number
  /** Says how it ended ("exit status 1", "SIGKILL"); never rejects. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

/** A program that is started again whenever it ends by itself. */
export interface Kept {
  /** The process of its present life, or of its last one while it is being started again. */
  readonly pid: number
  /** Stops the program; a second call does nothing more. */
  stop(): Promise<void>
}

const firstRetryMs = 250
const longestRetryMs = 10_000
/** A program that lived so long is started again without the waits of its earlier crashes. */
const healthyAfterMs = 10_000

/** Launches and keeps running. The first launch's error is thrown; later ones are logged and tried again. */
export async function keepRunning(name: string, launch: () => Promise<Running>, log: Log): Promise<Kept> {
  const stopping = new AbortController()
  let running = await launch()
  const life = watch()

  async function watch() {
    let retryMs = firstRetryMs
    while (!stopping.signal.aborted) {
      const since = performance.now()
      const how = await running.ended
      if (stopping.signal.aborted) return
      if (performance.now() - since > healthyAfterMs) retryMs = firstRetryMs
      log(`${name} ended (${how}); starting it again`)
      for (let launched = false; !launched; ) {
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => {})
        if (stopping.signal.aborted) return
        retryMs = Math.min(2 * retryMs, longestRetryMs)
        try {
          running = await launch()
          launched = true
          log(`${name} runs again`)
        } catch (error) {
          log(`${name} does not start: ${(error as Error).message}`)
        }
      }
    }
  }

  return {
    get pid() {
      return running.pid
    },
    async stop() {
      stopping.abort()
      await running.stop()
      await life
      // A launch may have been under way.
      await running.stop()
    },
  }
}

export interface Program {
  /** Names its log and pid file: letters, digits, `-`. */
  name: string
  /** A JavaScript file to run with this Node, and its arguments. */
  script: string
  args: readonly string[]
  /** Added to this process's environment. */
  env?: Readonly<Record<string, string>>
}

export interface Supervisor {
  /** Starts a program; throws `DemoError` (`PROGRAM_START`) when it cannot be started at all. */
  start(program: Program): Promise<Kept>
  /** Stops all programs, the last started first; a second call does nothing more. */
  stop(): Promise<void>
}

/** How long a program may take for an orderly end. */
const stopWithinMs = 10_000

/**
 * Run in every child before its program: the channel to the parent closes when the parent dies, however it dies; the child
 * then gets the same order to stop that the parent would have sent.
 */
const endWithParent = `data:text/javascript,${encodeURIComponent(`
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${stopWithinMs}).unref()
})
process.channel?.unref()
`)}`

/**
 * Logs go to `<dataFolder>/logs`, pid files to `<dataFolder>/run`; programs that an earlier, killed supervisor of the same
 * data folder left running are stopped first. Throws `DemoError` (`DATA_FOLDER_IN_USE`).
 */
export async function startSupervisor({ dataFolder, log }: { dataFolder: string; log: Log }): Promise<Supervisor> {
  await holdDataFolder(dataFolder)
  const pidFolder = join(dataFolder, 'run')
  mkdirSync(pidFolder, { recursive: true })
  await Promise.all(readdirSync(pidFolder).map((file) => stopLeftover(join(pidFolder, file))))
  const logs = new LogFiles(join(dataFolder, 'logs'))
  const kept: Kept[] = []

  async function launch({ name, script, args, env }: Program): Promise<Running> {
    const pidFile = join(pidFolder, `${name}.pid`)
    await stopLeftover(pidFile)
    const child = logs.write(name, (descriptor) =>
      spawn(process.execPath, ['--import', endWithParent, script, ...args], {
        detached: true,
        stdio: ['ignore', descriptor, descriptor, 'ipc'],
        env: { ...process.env, ...env },
      }),
    )
    if (child.pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once('error', resolve))
      throw new DemoError('PROGRAM_START', `${name} cannot be started: ${cause.message}`, { cause })
    }
    const pid = child.pid
    writePidFile(pidFile, pid)
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        rmSync(pidFile, { force: true })
        resolve(`${signal ?? `exit status ${code}`}; see ${logs.path(name)}`)
      })
    })
    return {
      pid,
      ended,
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGTERM')
        const killer = setTimeout(() => process.kill(-pid, 'SIGKILL'), stopWithinMs)
        await ended
        clearTimeout(killer)
      },
    }
  }

  return {
    async start(program) {
      const program_ = await keepRunning(program.name, () => launch(program), log)
      kept.push(program_)
      return program_
    },
    async stop() {
      for (let one = kept.pop(); one !== undefined; one = kept.pop()) await one.stop()
      logs.close()
    },
  }
}

async function stopLeftover(pidFile: string) {
  const leftover = readPidFile(pidFile)
  if (leftover !== null) {
    await stopProcess(leftover, { signal: 'SIGTERM', deadlineMs: stopWithinMs, wholeGroup: true })
  }
  rmSync(pidFile, { force: true })
}
