/**
 * What a benchmark has started ends with it: also where it fails, is interrupted, or whoever started it is no more. A process
 * sees the last by its standard input, a pipe that nobody writes to; what a killed process leaves is ended by guards.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { guardOf } from '../orphans.ts'

const started = new Set<() => Promise<unknown>>()
let isEnding = false

/** From now on this process ends when it is told to, or its parent is no more, once all that it has started has ended. */
export function endWithParent(): void {
  const end = async () => {
    if (isEnding) return
    isEnding = true
    // Whoever still uses what ends fails, which must not end this process before the rest has ended.
    process.on('uncaughtException', () => {})
    await Promise.allSettled([...started].map((stop) => stop()))
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  process.stdin.resume().once('end', end)
  process.stdin.unref()
}

/** Does something with what `stop` ends, and ends it afterwards or when this process must end. */
export async function whileRunning<Result>(stop: () => Promise<unknown>, run: () => Promise<Result>): Promise<Result> {
  started.add(stop)
  try {
    return await run()
  } finally {
    if (isEnding) await new Promise(() => {})
    started.delete(stop)
    await stop()
  }
}

/** Runs a benchmark with a database of its own; `folder` may hold what else it writes, and is removed with everything in it. */
export async function withPostgres<Result>(
  run: (postgres: EmbeddedPostgres, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-bench-'))
  const starting = new AbortController()
  const options = { dataFolder: folder, port: await freePort(), log: () => {}, signal: starting.signal }
  const start = startPostgres(options).then((postgres) => ({ postgres, guard: guardOf(postgres.pid, 'INT') }))
  const stop = async () => {
    starting.abort()
    const { postgres, guard } = await start
    guard.kill()
    await postgres.stop()
  }
  const remove = async () => removeDataFolder(folder)
  return whileRunning(
    () => stop().finally(remove),
    async () => run((await start).postgres, folder),
  )
}
