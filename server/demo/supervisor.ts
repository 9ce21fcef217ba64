/**
 * Keeps programs running: starts them apart from the terminal, starts a crashed one again, stops them in reverse order, and
 * lets none outlive its parent. Programs need to know nothing of this: an order to stop reaches them as SIGTERM.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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

/** How a program is brought up. What is not up when `signal` is aborted is stopped, and the launch throws `DEMO_STOPPED`. */
export type Launch = (signal: AbortSignal) => Promise<Running>

/**
 * Launches and keeps running. The first launch's error is thrown; later ones are logged and tried again, until it is stopped or `signal`
 * is aborted.
 */
export async function keepRunning(
  name: string,
  launch: Launch,
  { log, signal }: { log: Log; signal?: AbortSignal | undefined },
): Promise<Kept> {
  const own = new AbortController()
  const stopping = { signal: signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]) }
  let running = await launch(stopping.signal)
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
          running = await launch(stopping.signal)
          launched = true
          log(`${name} runs again`)
        } catch (error) {
          if (stopping.signal.aborted) return
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
      own.abort()
      await running.stop()
      await life
      // A launch may have been under way.
      await running.stop()
    },
  }
}

/**
 * Asks again and again: null once it is ready, or how it ended before. An answer that never comes is not waited for when it ends or is
 * to stop. Throws `DemoError` `DEMO_STOPPED`.
 */
export async function untilReady(
  isReady: () => Promise<boolean>,
  { ended, signal, everyMs }: { ended: Promise<string>; signal: AbortSignal; everyMs: number },
): Promise<string | null> {
  let stop = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new DemoError('DEMO_STOPPED', 'stopped before everything was up'))
    signal.addEventListener('abort', stop)
  })
  stopped.catch(() => {})
  if (signal.aborted) stop()
  const over = Promise.race([ended, stopped])
  try {
    for (;;) {
      const answer = await Promise.race([over, isReady()])
      if (answer === true) return null
      if (typeof answer === 'string') return answer
      const how = await Promise.race([over, delay(everyMs)])
      if (typeof how === 'string') return how
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

export interface Program {
  /** Names its log and pid file: letters, digits, `-`. */
  name: string
  /** A JavaScript file to run with this Node, and its arguments. */
  script: string
  args: readonly string[]
  /** Added to this process's environment; undefined takes away. */
  env?: Readonly<Record<string, string | undefined>>
  /** Whether it does its work: asked at its first start, which fails with the last line of its log where it ends before. */
  isReady?: () => Promise<boolean>
}

export interface Supervisor {
  /** Starts a program; throws `DemoError` (`PROGRAM_START`, `DEMO_STOPPED`) when it cannot be started at all. */
  start(program: Program): Promise<Kept>
  /** Starts a program that ends by itself and is not started again; `said` is told each line of its standard output. Throws as `start`. */
  run(program: Omit<Program, 'isReady'>, said: (line: string) => void): Promise<Running>
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
export async function startSupervisor({
  dataFolder,
  log,
  signal,
}: {
  dataFolder: string
  log: Log
  /** Once it is aborted, nothing is started any more. */
  signal?: AbortSignal | undefined
}): Promise<Supervisor> {
  await holdDataFolder(dataFolder)
  const pidFolder = join(dataFolder, 'run')
  mkdirSync(pidFolder, { recursive: true })
  await Promise.all(readdirSync(pidFolder).map((file) => stopLeftover(join(pidFolder, file))))
  const logs = new LogFiles(join(dataFolder, 'logs'))
  const kept: Pick<Running, 'stop'>[] = []

  async function launch({ name, script, args, env }: Program, said?: (line: string) => void): Promise<Running> {
    if (signal?.aborted) throw new DemoError('DEMO_STOPPED', 'stopped before everything was up')
    const pidFile = join(pidFolder, `${name}.pid`)
    await stopLeftover(pidFile)
    const child = logs.write(name, (descriptor) =>
      spawn(process.execPath, ['--import', endWithParent, script, ...args], {
        detached: true,
        stdio: ['ignore', said === undefined ? descriptor : 'pipe', descriptor, 'ipc'],
        env: { ...process.env, ...env },
      }),
    )
    if (child.pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once('error', resolve))
      throw new DemoError('PROGRAM_START', `${name} cannot be started: ${cause.message}`, { cause })
    }
    if (said !== undefined) createInterface({ input: child.stdout! }).on('line', said)
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
      let isReady = program.isReady
      const started = await keepRunning(
        program.name,
        async (stopping) => {
          const mark = logs.size(program.name)
          const running = await launch(program)
          if (isReady !== undefined)
            await firstReady(running, isReady, stopping, () => logs.tail(program.name, mark, 1))
          isReady = undefined
          return running
        },
        { log, signal },
      )
      kept.push(started)
      return started
    },
    async run(program, said) {
      const running = await launch(program, said)
      kept.push(running)
      return running
    },
    async stop() {
      for (let one = kept.pop(); one !== undefined; one = kept.pop()) await one.stop()
      logs.close()
    },
  }
}

const askEveryMs = 200

async function firstReady(
  running: Running,
  isReady: () => Promise<boolean>,
  signal: AbortSignal,
  lastLine: () => string,
): Promise<void> {
  try {
    const how = await untilReady(isReady, { ended: running.ended, signal, everyMs: askEveryMs })
    if (how !== null) throw new DemoError('PROGRAM_START', `${lastLine() || 'it does not start'} (${how})`)
  } catch (error) {
    await running.stop()
    throw error
  }
}

async function stopLeftover(pidFile: string) {
  const leftover = readPidFile(pidFile)
  if (leftover !== null) {
    await stopProcess(leftover, { signal: 'SIGTERM', deadlineMs: stopWithinMs, wholeGroup: true })
  }
  rmSync(pidFile, { force: true })
}
