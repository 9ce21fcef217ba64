/** Areas in threads of their own on a real database: everything is a message, and one that ends leaves the others alone. */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AreaThreadData } from '../../server/areas/area-thread.ts'
import type { ConnectedArea } from '../../server/areas/messages.ts'
import { areaSettings } from '../../server/areas/settings.ts'
import { type AreaThreadOptions, startAreaThread } from '../../server/areas/start-area.ts'
import { threadFile } from '../../server/project-files.ts'
import type { Database } from '../../server/store/database.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { addressOf, order, placing, seat, terms } from '../market/engine/street.ts'
import { startProxy } from '../store/proxy.ts'
import { type OwnServer, startOwnServer } from '../store/scratch-database.ts'
import { areaFile, escrowFacts } from './area-file.ts'

let server: OwnServer
beforeAll(async () => {
  server = await startOwnServer()
})
afterAll(() => server.stop())

/** The settings of one of several areas, whose numbers differ as their rules do. */
const settingsOf = (which: number) => areaSettings(areaFile({ rules: { watcherGraceSeconds: which } }), escrowFacts)

function start(
  databaseUrl: string,
  which: number,
  owner: string,
  more: Pick<AreaThreadOptions, 'startWorker'> = {},
): ConnectedArea {
  const settings = settingsOf(which)
  return startAreaThread({ databaseUrl, settings, owner, logLevel: 'silent', ...more }, pino({ level: 'silent' }))
}

/** Resolves when the handle's status is so. It is asked seldom: the area's own thread needs the processor. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10)
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

async function tellChain(handle: ConnectedArea, from: number): Promise<void> {
  await until(() => handle.status.loads > 0)
  handle.seeChain(Date.now())
  const epochStart = { epoch: 1, time: from, importWh: 0, exportWh: 0 }
  const validUntil = from + 365 * 86_400
  const seats = [1, 2].map((number) =>
    seat(number, {
      ...{ openedAt: from, epochStart, base: epochStart },
      terms: [terms({ from, zone: 'root', validUntil })],
    }),
  )
  const told = { block: 1, time: nowSeconds(), settledUntil: 0, seats, isPart: false }
  await handle.submit({ type: 'chain', ...told })
  await until(() => handle.status.condition.is === 'ready')
}

const rowsOf = async (database: Database) => (await database`select count(*)::int as rows from journal`)[0]!.rows

test('an area answers what is durable, is held by one server, and goes on in the next where it was', async () => {
  const { database, url } = await server.fresh()
  const from = Math.floor(nowSeconds() / 10) * 10 - 100
  const first = start(url, 1, 'one')
  await tellChain(first, from)
  expect(first.seatsOfMeter(addressOf('b', 2)).map((own) => own.seat)).toEqual([2])
  const { rulesHash } = first.settings
  const placed = placing(0, order(1, 'sell', { rules: rulesHash, start: from + 200, end: from + 1_000 }))
  const { atMs: _, ...submission } = placed
  const heard: number[] = []
  first.subscribe(({ sequence }) => heard.push(sequence))
  expect((await first.submit(submission)).map(({ type }) => type)).toContain('order-accepted')
  expect(await database`select 1 from orders`).toHaveLength(1)
  await until(() => heard.length > 0)

  const second = start(url, 1, 'two')
  await until(() => second.status.condition.is === 'waiting' && second.status.condition.code === 'AREA_HELD')
  const { condition } = second.status
  expect(condition).toMatchObject({ reason: expect.stringContaining('one') })
  await first.stop()
  await expect(first.submit(submission)).rejects.toMatchObject({ code: 'AREA_STOPPED' })
  await until(() => second.status.loads > 0)
  expect(second.seatsOfMeter(addressOf('b', 1)).map((own) => own.seat)).toEqual([1])
  await tellChain(second, from)
  expect(await second.submit(submission)).toMatchObject([{ type: 'refused', code: 'ORDER_DUPLICATE' }])
  await second.stop()
  const rebuilt = await rebuildArea({ databaseUrl: url, areaId: 1, progress() {} })
  expect(rebuilt).toEqual({ sequence: await rowsOf(database), difference: null })
})

test('a database that is killed costs no acknowledged order, and the area goes on by itself', async () => {
  const { database, url } = await server.fresh()
  const from = Math.floor(nowSeconds() / 10) * 10 - 100
  const handle = start(url, 1, 'one')
  await tellChain(handle, from)
  const { rulesHash } = handle.settings
  const answered: string[] = []
  for (let nonce = 1; nonce <= 60; nonce += 1) {
    const change = { rules: rulesHash, start: from + 200, end: from + 1_000, nonce }
    const { atMs: _, ...submission } = placing(0, order(1 + (nonce % 2), nonce % 3 === 0 ? 'buy' : 'sell', change))
    if (nonce === 20) process.kill(server.postgres.pid, 'SIGKILL')
    for (let isDone = false; !isDone; ) {
      try {
        const events = await handle.submit(submission)
        isDone = true
        if (events.some(({ type }) => type === 'order-accepted')) answered.push(submission.id.slice(2))
      } catch (error) {
        expect((error as { code?: string }).code).toBe('AREA_NOT_READY')
        await until(() => handle.status.loads > 0)
        if (handle.status.condition.is !== 'ready') await tellAgain(handle)
      }
    }
  }
  const stored = await database`select encode(order_id, 'hex') as id from orders`
  expect(stored).toHaveLength(60)
  expect(answered.filter((id) => !stored.some((row) => row.id === id))).toEqual([])
  await handle.stop()
  expect((await rebuildArea({ databaseUrl: url, areaId: 1, progress() {} })).difference).toBeNull()
})

/** What a server says to an area that was made again; it may be away once more meanwhile. */
async function tellAgain(handle: ConnectedArea): Promise<void> {
  handle.seeChain(Date.now())
  const told = { block: 2, time: nowSeconds(), settledUntil: 0, seats: [], isPart: false }
  await handle.submit({ type: 'chain', ...told }).catch(() => {})
}

test('an area whose database goes away at any moment of its opening begins when that is back', async () => {
  const { url } = await server.fresh()
  const answers = Array.from({ length: 12 }, (_, index) => index + 1)
  await Promise.all(
    answers.map(async (answer) => {
      const way = await startProxy(url)
      way.cutOnce(answer)
      const handle = start(way.url, answer, 'one')
      await until(() => handle.status.loads > 0 || handle.status.condition.is === 'stopped')
      expect(handle.status.condition.is).not.toBe('stopped')
      await handle.stop()
      await way.stop()
    }),
  )
})

test('an area whose database never answered can be stopped', async () => {
  const { url } = await server.fresh()
  const way = await startProxy(url)
  way.cutAtAnswer()
  const handle = start(way.url, 1, 'one')
  await until(() => handle.status.condition.is === 'waiting' && handle.status.condition.reason.includes('opened'))
  const reason = 'the area cannot be opened yet: the database is away'
  expect(handle.status.condition).toEqual({ is: 'waiting', code: 'AREA_LOADING', reason })
  await handle.stop()
  expect(handle.status.condition.is).toBe('stopped')
  await way.stop()
})

test('an area that cannot go on says why, and its neighbour trades on', async () => {
  const { database, url } = await server.fresh()
  const from = Math.floor(nowSeconds() / 10) * 10 - 100
  const [one, other] = [start(url, 1, 'one'), start(url, 2, 'one')]
  await Promise.all([tellChain(one, from), tellChain(other, from)])
  await one.stop()
  await database`
    update journal set hash = ${Buffer.alloc(32, 1)}
    where sequence = 2 and area_id = (select area_id from areas where area = ${settingsOf(1).area})`
  await database`delete from snapshots where area_id = (select area_id from areas where area = ${settingsOf(1).area})`
  const again = start(url, 1, 'two')
  await until(() => again.status.condition.is === 'stopped')
  expect(again.status.condition).toMatchObject({ code: 'ENGINE_DIVERGED' })
  const change = { rules: other.settings.rulesHash, start: from + 200, end: from + 1_000 }
  const { atMs: _, ...submission } = placing(0, order(1, 'sell', change))
  await expect(again.submit(submission)).rejects.toMatchObject({ code: 'AREA_STOPPED' })
  expect((await other.submit(submission)).map(({ type }) => type)).toContain('order-accepted')
  await Promise.all([again.stop(), other.stop()])
})

test('an area whose thread fails goes on in another, where it was', async () => {
  const { database, url } = await server.fresh()
  const from = Math.floor(nowSeconds() / 10) * 10 - 100
  const workers: Worker[] = []
  const startWorker = (workerData: AreaThreadData) => {
    workers.push(new Worker(threadFile('area-thread'), { workerData }))
    return workers.at(-1)!
  }
  const handle = start(url, 1, 'one', { startWorker })
  await tellChain(handle, from)
  const { rulesHash } = handle.settings
  for (let nonce = 1; nonce <= 3; nonce += 1) {
    const change = { rules: rulesHash, start: from + 200, end: from + 1_000, nonce }
    const { atMs: _, ...submission } = placing(0, order(1, 'sell', change))
    expect((await handle.submit(submission)).map(({ type }) => type)).toContain('order-accepted')
    const loads = handle.status.loads
    const asked = handle.submit(submission)
    const ended = workers.at(-1)!.terminate()
    // Answered, or refused so that it is asked again; never left alone.
    await asked.catch((error) => expect(error).toMatchObject({ code: 'AREA_NOT_READY' }))
    await ended
    await until(() => handle.status.condition.is === 'waiting')
    expect(handle.status.condition).toMatchObject({
      code: 'AREA_RESTARTS',
      reason: expect.stringMatching(/starts again/),
    })
    await expect(handle.submit(submission)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    // Whoever tells an area something tells it anew.
    await until(() => handle.status.loads > loads)
    await tellAgain(handle)
    await until(() => handle.status.condition.is === 'ready')
    expect(await handle.submit(submission)).toMatchObject([{ type: 'refused', code: 'ORDER_DUPLICATE' }])
  }
  await handle.stop()
  expect(workers).toHaveLength(4)
  const rebuilt = await rebuildArea({ databaseUrl: url, areaId: 1, progress() {} })
  expect(rebuilt).toEqual({ sequence: await rowsOf(database), difference: null })
})

test('an area whose thread fails again and again refuses what is asked of it, can be stopped, and its neighbour trades on', async () => {
  const { url } = await server.fresh()
  const from = Math.floor(nowSeconds() / 10) * 10 - 100
  // A database in which nothing is set up.
  const failing = start(Object.assign(new URL(url), { pathname: '/postgres' }).href, 1, 'one')
  const other = start(url, 2, 'one')
  const reasons = new Set<string>()
  await until(() => {
    const { condition } = failing.status
    if (condition.is === 'waiting' && condition.code === 'AREA_RESTARTS') reasons.add(condition.reason)
    return reasons.size === 2
  })
  expect([...reasons]).toEqual(
    [1, 2].map((rest) => expect.stringMatching(`has failed and starts again within ${rest} s`)),
  )
  const change = { rules: other.settings.rulesHash, start: from + 200, end: from + 1_000 }
  const { atMs: _, ...submission } = placing(0, order(1, 'sell', change))
  await expect(failing.submit(submission)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
  await tellChain(other, from)
  expect((await other.submit(submission)).map(({ type }) => type)).toContain('order-accepted')
  await Promise.all([failing.stop(), other.stop()])
})

test('an area whose thread runs out of memory says so, and how to give it more', async () => {
  const grow = 'const kept = []; for (;;) kept.push(Array.from({ length: 1000 }, () => ({})))'
  const startWorker = () => new Worker(grow, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } })
  const handle = start('postgres://127.0.0.1:1/nothing', 9, 'one', { startWorker })
  await until(() => handle.status.condition.is === 'waiting' && handle.status.condition.code === 'AREA_RESTARTS')
  expect(handle.status.condition).toMatchObject({
    reason: expect.stringMatching(
      /^the area’s thread has run out of memory \(.*--max-old-space-size=.* starts again within 1 s/,
    ),
  })
  await handle.stop()
})
