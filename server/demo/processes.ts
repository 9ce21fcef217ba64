/**
 * Which process is which, across crashes: a process id alone may since belong to another program, so an identity also
 * holds when the process started. Linux answers from /proc; elsewhere `ps` does.
 */
import { spawnSync } from 'node:child_process'
import { linkSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DemoError } from './error.ts'

export interface ProcessIdentity {
  pid: number
  /** Opaque; differs between two processes that had the same id, also across a reboot. */
  startedAt: string
}

const hasProc = process.platform === 'linux'

/** The running process with this id; null when there is none, or only its not yet collected remains. */
export function identify(pid: number): ProcessIdentity | null {
  if (!hasProc) {
    const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
    const line = stdout.trim()
    return line === '' || line.startsWith('Z') ? null : { pid, startedAt: line.replace(/^\S+\s+/, '') }
  }
  try {
    // Fields after the name, which may itself contain blanks and brackets: state first, the start in ticks since boot twentieth.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { pid, startedAt: `${boot}/${fields[19]}` }
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt
}

/** Ids of the processes whose working folder is `folder`; empty where the system does not tell. */
export function processesIn(folder: string): number[] {
  if (!hasProc) return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder && identify(pid) !== null
      } catch {
        // Gone meanwhile, or another user's: either way not ours.
        return false
      }
    })
}

/** The program and its arguments, in one line; empty when the process is gone. */
export function commandLine(pid: number): string {
  if (!hasProc) return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

export interface StopOptions {
  signal: NodeJS.Signals
  /** After so long the process is killed. */
  deadlineMs: number
  /** The process leads a group of its own: kill all of it. */
  wholeGroup?: boolean
}

/** Asks a process to stop, kills it after the deadline, and returns when it is gone. */
export async function stopProcess(identity: ProcessIdentity, { signal, deadlineMs, wholeGroup }: StopOptions) {
  if (!isRunning(identity)) return
  send(identity.pid, signal)
  // A paused process acts on nothing but this and a kill.
  send(identity.pid, 'SIGCONT')
  if (await goneWithin(identity, deadlineMs)) return
  send(wholeGroup ? -identity.pid : identity.pid, 'SIGKILL')
  await goneWithin(identity, 10_000)
}

/** Whether the process ended before `deadlineMs` had passed. */
async function goneWithin(identity: ProcessIdentity, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs
  while (isRunning(identity)) {
    if (performance.now() >= deadline) return false
    await delay(20)
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Writes down a process just started, with what the next start needs to know of it; call it in the turn that started it. */
export function writePidFile<Notes extends object>(path: string, pid: number, notes?: Notes) {
  writeFileSync(path, JSON.stringify({ ...(identify(pid) ?? { pid, startedAt: '' }), ...notes }))
}

/** The process of a pid file, if it still runs; null also for a missing or torn file. */
export function readPidFile<Notes extends object>(path: string): (ProcessIdentity & Partial<Notes>) | null {
  try {
    const identity = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity & Partial<Notes>
    return isRunning(identity) ? identity : null
  } catch (error) {
    if (error instanceof SyntaxError || isGone(error)) return null
    throw error
  }
}

/**
 * Makes this process the only user of a data folder, for as long as it lives. Safe to call again in the same process.
 * Throws `DemoError` (`DATA_FOLDER_IN_USE`, `DATA_FOLDER_OWNER`).
 */
export async function holdDataFolder(dataFolder: string) {
  await mkdir(dataFolder, { recursive: true })
  const owner = statSync(dataFolder).uid
  if (process.getuid !== undefined && process.getuid() !== owner) {
    throw new DemoError(
      'DATA_FOLDER_OWNER',
      `${dataFolder} belongs to another user (id ${owner}): start as that user, or choose another data folder`,
    )
  }
  const lock = join(dataFolder, 'in-use.pid')
  const mine = join(dataFolder, `in-use.${process.pid}`)
  writePidFile(mine, process.pid)
  try {
    for (;;) {
      try {
        linkSync(mine, lock)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readPidFile(lock)
      if (holder?.pid === process.pid) return
      if (holder !== null) {
        throw new DemoError(
          'DATA_FOLDER_IN_USE',
          `${dataFolder} is in use by process ${holder.pid}: stop it, or choose another data folder`,
        )
      }
      rmSync(lock, { force: true })
    }
  } finally {
    rmSync(mine, { force: true })
  }
}
