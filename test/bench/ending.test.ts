/** A benchmark that is interrupted, ended or killed leaves no database running. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patiently } from '../patience.ts'

let folder: string
let bench: ChildProcess
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-ended-'))
  // In a group of its own, as a terminal has one for what it runs.
  const options = { env: { ...process.env, TMPDIR: folder }, stdio: 'ignore', detached: true } as const
  bench = spawn(process.execPath, ['test/bench/run.js', 'bytes'], options)
})
afterEach(() => {
  if (bench.exitCode === null && bench.signalCode === null) bench.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** The place of the benchmark's database, once a benchmark uses it. */
function running(): Promise<{ place: string; pid: number }> {
  return vi.waitFor(() => {
    const [name] = readdirSync(folder).filter((each) => each.startsWith('commonwatt-bench-'))
    const { folder: place } = JSON.parse(readFileSync(join(folder, name!, 'postgres.json'), 'utf8'))
    const lines = readFileSync(join(place, 'data/postmaster.pid'), 'utf8').split('\n')
    expect(lines[7]).toMatch(/^ready/)
    // Three of PostgreSQL, ours, and that of the benchmark.
    expect(readdirSync(join(place, 'data/base')).length).toBeGreaterThanOrEqual(5)
    return { place, pid: Number(lines[0]) }
  }, patiently)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.each<[how: string, end: () => unknown, isTidy: boolean]>([
  ['Ctrl-C', () => process.kill(-bench.pid!, 'SIGINT'), true],
  ['SIGTERM', () => bench.kill(), true],
  ['SIGKILL', () => bench.kill('SIGKILL'), true],
  ['SIGKILL of all its processes', () => process.kill(-bench.pid!, 'SIGKILL'), false],
])(
  '%s',
  async (_, end, isTidy) => {
    const { place, pid } = await running()
    const ended = once(bench, 'exit')
    end()
    await ended
    await vi.waitFor(() => expect([isRunning(pid), isTidy && existsSync(place)]).toEqual([false, false]), patiently)
    rmSync(place, { recursive: true, force: true })
  },
  180_000,
)
