/**
 * A newer version of the rules, as it reaches a running area: today's program writes the journal and is killed, a program
 * that knows one more version goes on with it, and whatever is killed or restored from a snapshot then, every rebuild has
 * the same hashes. Both programs are bundled from the same source; the later one has a longer table of versions.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rawText } from '../../raw-text.js'
import { newestEngineVersion as today } from '../../server/market/engine/engine.ts'
import { intervalSeconds, order, placing, reading, seat, t0 } from '../market/engine/street.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import type { AreaRequest, AreaStanding, AreaStart } from './area-program.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'node_modules/.commonwatt-test', `version-switch-${process.pid}`)
const programs = { today: join(folder, 'today.js'), later: join(folder, 'later.js') }

let server: ScratchServer
beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  await bundle(programs.today, [])
  await bundle(programs.later, [laterVersions])
  server = await startScratchServer()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const laterVersions = {
  name: 'later-versions',
  resolveId: (id: string) => (id.endsWith('/versions.ts') ? join(import.meta.dirname, 'later-versions.ts') : null),
}

async function bundle(file: string, plugins: { name: string; resolveId: (id: string) => string | null }[]) {
  const program = await rolldown({
    cwd: root,
    input: 'test/areas/area-program.ts',
    platform: 'node',
    plugins: [rawText, ...plugins],
    external: (id) => id.startsWith('node:') || /^[@a-z]/i.test(id),
  })
  await program.write({ file, format: 'esm', codeSplitting: false })
  await program.close()
}

interface AreaProcess {
  start: AreaStart
  run(request: Extract<AreaRequest, { command: unknown }>): Promise<AreaStanding>
  kill(): Promise<void>
  stop(): Promise<void>
}

async function startProcess(program: keyof typeof programs, databaseUrl: string, nowMs: number): Promise<AreaProcess> {
  const child = fork(programs[program], [databaseUrl, String(nowMs)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const next = <Message>() =>
    new Promise<Message>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Message))
      ended.then(() => reject(new Error(errors)))
    })
  const end = async (how: (process: ChildProcess) => void) => {
    how(child)
    await ended
  }
  return {
    start: await next<AreaStart>(),
    run(request) {
      const standing = next<AreaStanding>()
      child.send(request)
      return standing
    },
    kill: () => end((process) => process.kill('SIGKILL')),
    stop: () => end((process) => process.send({ stop: true } satisfies AreaRequest)),
  }
}

test('an area takes up a new version by a journaled command, and is rebuilt to the same hash across it', async () => {
  const { database, url } = await server.fresh()
  const before = t0 * 1000 - 60_000
  const during = t0 * 1000 + 1_000
  const end = t0 + intervalSeconds
  const after = end * 1000 + 1_000
  const orderWh = async () => (await database`select max_wh from orders order by arrival`).map((row) => row.max_wh)

  const first = await startProcess('today', url, before)
  expect(first.start.started.engineVersion).toBe(today)
  const seats = { type: 'chain' as const, atMs: 0, block: 1, settledUntil: 0, seats: [seat(1), seat(2)] }
  await first.run({ command: seats, nowMs: before })
  await first.run({ command: placing(0, order(1, 'sell', { maxWh: 990 })), nowMs: before })
  const written = await first.run({ command: placing(0, order(2, 'buy', { maxWh: 990 })), nowMs: before })
  await first.kill()

  const second = await startProcess('later', url, before)
  expect(second.start.loaded).toEqual({ ...written, engineVersion: today })
  expect(second.start.replayed).toEqual(second.start.loaded)
  expect(second.start.started.engineVersion).toBe(today + 1)
  const replacing = placing(0, order(1, 'sell', { maxWh: 990, nonce: 2 }))
  await second.run({ command: replacing, nowMs: before })
  expect(await orderWh()).toEqual([990, 990, 900])
  const halfway = await second.run({ command: { type: 'tick', atMs: 0 }, nowMs: during })
  await second.stop()

  const third = await startProcess('later', url, during)
  expect(third.start.loaded).toEqual(halfway)
  expect(third.start.replayed).toEqual(halfway)
  expect(third.start.snapshotSequence).toBe(third.start.sequence)
  const readings = [
    { ...reading(1, end, 0, 950), signature: '0x' },
    { ...reading(2, end, 950, 0), signature: '0x' },
  ]
  const cleared = await third.run({ command: { type: 'readings', atMs: 0, readings }, nowMs: after })
  expect(await database`select matched_wh from intervals where start = ${t0}`).toMatchObject([{ matched_wh: 900 }])
  await third.kill()

  const fourth = await startProcess('later', url, after)
  expect(fourth.start.snapshotSequence).toBeLessThan(fourth.start.sequence)
  expect(fourth.start.loaded).toEqual(cleared)
  expect(fourth.start.replayed).toEqual(cleared)
  await fourth.stop()

  const rows = await database`select engine_version, command::json->>'type' as type from journal order by sequence`
  const switches = rows.flatMap(({ type }, at) => (type === 'engine-version' ? [at] : []))
  // The first command of all takes today's rules up.
  expect(switches).toEqual([0, expect.any(Number)])
  const versionOf = (at: number) => (at < switches[1]! ? today : today + 1)
  expect(rows.map(({ engine_version: version }) => version)).toEqual(rows.map((_, at) => versionOf(at)))
})

test('a program older than an area’s rules refuses it by name', async () => {
  const { url } = await server.fresh()
  const later = await startProcess('later', url, t0 * 1000)
  await later.kill()
  await expect(startProcess('today', url, t0 * 1000)).rejects.toThrow(/ENGINE_VERSION/)
  const again = await startProcess('later', url, t0 * 1000)
  await again.stop()
  await expect(startProcess('today', url, t0 * 1000)).rejects.toThrow(/ENGINE_VERSION/)
})
