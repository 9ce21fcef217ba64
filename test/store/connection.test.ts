/** A database that is slow, silent or gone: nobody waits for ever, nothing ends the process, and nothing is half written. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openAreaStore } from '../../server/store/area-store.ts'
import { arrayTypes } from '../../server/store/array-types.ts'
import { watchedSockets } from '../../server/store/connection.ts'
import { type Database, isConnectionLoss, openDatabase, transact } from '../../server/store/database.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { isUnableNow, whyUnableNow } from '../../server/store/unreachable.ts'
import { order, placing, seat, t0 } from '../market/engine/street.ts'
import { identity, openedArea, type ScratchArea } from './area.ts'
import { JournalWriter } from './journal-writer.ts'
import { type BrittleWay, startProxy } from './proxy.ts'
import { type OwnServer, startOwnServer } from './scratch-database.ts'

let server: OwnServer
beforeAll(async () => {
  server = await startOwnServer()
})
afterAll(() => server.stop())

/** As a runner does, which tries again for ever. */
async function untilTrue(attempt: () => Promise<boolean>): Promise<void> {
  while (!(await attempt().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Where a connection fails before anything was sent: without a descriptor left, or, as here, on an address that takes none. */
const nowhere = '255.255.255.255'

test('a connection that fails at once is told to the driver, which listens a moment later', async () => {
  const sockets = watchedSockets({ silenceSeconds: null, lost: () => expect.unreachable() })
  const heard = await new Promise<string[]>((resolve) => {
    // As the driver connects again: from a timer, after which what fails at once is told before any promise.
    setTimeout(async () => {
      const socket = await Promise.resolve(sockets({ host: [nowhere], port: [5432], path: false }))
      const said: string[] = []
      socket.on('error', ({ syscall }: NodeJS.ErrnoException) => said.push(`error of ${syscall}`))
      socket.on('close', () => resolve([...said, 'closed']))
    })
  })
  expect(heard).toEqual(['error of connect', 'closed'])
})

test('a pool whose connections fail at once says so to each query, and is none the smaller', async () => {
  const database = openDatabase(`postgres://user@${nowhere}/database`, 1)
  // The driver rests longer after each failure.
  for (let asked = 0; asked < 3; asked += 1) {
    await expect(database`select 1`).rejects.toMatchObject({ syscall: 'connect' })
  }
  await database.end({ timeout: 0 })
})

test('what fails for want of descriptors passes, and is said in a sentence', () => {
  const error = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', syscall: 'connect' })
  expect([isConnectionLoss(error), isUnableNow(error)]).toEqual([true, true])
  expect(whyUnableNow(error)).toMatch(/^the database cannot be used: this program .*LimitNOFILE/)
})

describe('a query', () => {
  let proxy: BrittleWay
  let database: Database
  /** Reaches the same database without the proxy. */
  let direct: Database
  beforeEach(async () => {
    const fresh = await server.fresh()
    direct = fresh.database
    proxy = await startProxy(fresh.url)
    database = openDatabase(proxy.url, 2, { statementSeconds: 0.2, silenceSeconds: 0.6, name: 'brittle' })
  })

  /** Whether the server has no session of the pool any more. */
  async function isGone(): Promise<boolean> {
    const sessions = await direct`select 1 from pg_stat_activity where application_name = 'brittle'`
    return sessions.length === 0
  }

  afterEach(async () => {
    await database.end({ timeout: 0 })
    await proxy.stop()
  })

  test('that takes too long is ended by the server', async () => {
    await expect(database`select pg_sleep(20)`).rejects.toMatchObject({ code: '57014' })
    expect(await database`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('that gets no answer is given up, and those after it go through again', async () => {
    await database`select 1`
    proxy.silence()
    await expect(database`select 1`).rejects.toMatchObject({ code: 'STORE_SILENT' })
    proxy.resume()
    expect(await database`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('inside a transaction is given up like one outside', async () => {
    const silent = transact(database, async (sql) => {
      await sql`create table half (n int)`
      proxy.silence()
      await sql`insert into half values (1)`
    })
    await expect(silent).rejects.toMatchObject({ code: 'STORE_SILENT' })
    proxy.resume()
    expect(await database`select to_regclass('half') as found`).toEqual([{ found: null }])
  })

  test('to a server that was stopped is given up', async () => {
    const own = openDatabase(server.postgres.url, 1, { statementSeconds: 0.2, silenceSeconds: 0.6 })
    const [{ pid }] = (await own`select pg_backend_pid() as pid`) as [{ pid: number }]
    process.kill(pid, 'SIGSTOP')
    try {
      await expect(own`select 1`).rejects.toMatchObject({ code: 'STORE_SILENT' })
      // Another session of the same server answers.
      expect(await own`select 1 as one`).toEqual([{ one: 1 }])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await own.end({ timeout: 0 })
  })

  test('of a pool that rests is answered, however long it rested', async () => {
    await database`select 1`
    await untilTrue(isGone)
    expect(await database`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('between two of a transaction the connection may go: the process lives on', async () => {
    const lost = transact(database, async (sql) => {
      await sql`select 1`
      proxy.cut()
      await untilTrue(isGone)
      await sql`select 2`
    })
    await expect(lost).rejects.toThrow()
    const lostAtEnd = transact(database, async (sql) => {
      await sql`select 1`
      proxy.cut()
      await untilTrue(isGone)
    })
    await expect(lostAtEnd).rejects.toThrow()
    expect(await database`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('whose session is ended at its first statement fails, and the process lives on', async () => {
    const unhandled: unknown[] = []
    const keep = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', keep)
    const patient = openDatabase(proxy.url, 1, { name: 'brittle' })
    const answer = await transact(direct, async (sql) => {
      // Nothing is answered while its type cannot be looked up.
      await sql`lock table pg_catalog.pg_type in access exclusive mode`
      const asked = patient`select 1`.catch((error: unknown) => error)
      await untilTrue(async () => {
        // Inside a transaction the list of sessions stays as it was when it was looked at first.
        await sql`select pg_stat_clear_snapshot()`
        const [session] = await sql`
          select pg_terminate_backend(pid) from pg_stat_get_activity(null)
          where application_name = 'brittle' and wait_event_type = 'Lock'`
        return session !== undefined
      })
      return asked
    })
    await patient.end()
    process.off('unhandledRejection', keep)
    expect(unhandled).toEqual([])
    expect(isConnectionLoss(answer)).toBe(true)
  })

  test('knows arrays of each kind that the schema has', async () => {
    const columns = await direct`
      select attrelid::regclass::text as "table", attname as column, atttypid::int as type from pg_attribute
      join pg_type on pg_type.oid = atttypid
      where typcategory = 'A' and attrelid in (select oid from pg_class where relnamespace = current_schema()::regnamespace)`
    expect(columns.length).toBeGreaterThan(0)
    const known = Object.values(arrayTypes).map(({ to }) => to)
    expect(columns.filter(({ type }) => !known.includes(type))).toEqual([])
    const [row] = await database`
      select array[true, null] as flags, array[1, -2]::smallint[] as small, array[3, null]::int[] as whole,
        array[4, ${2 ** 53 - 1}]::bigint[] as large, array['1.50', null]::numeric[] as exact,
        array['a,b', 'null', null, '{"}', '\\', ''] as words, array['\\x00ff'::bytea, null] as bytes, '{}'::text[] as none`
    expect(row).toEqual({
      flags: [true, null],
      small: [1, -2],
      whole: [3, null],
      large: [4, 2 ** 53 - 1],
      exact: ['1.50', null],
      words: ['a,b', 'null', null, '{"}', '\\', ''],
      bytes: [Buffer.from([0, 255]), null],
      none: [],
    })
  })

  test('whose session is ended while it rests inside a transaction fails, and the process lives on', async () => {
    const other = openDatabase(proxy.url, 1)
    const lost = transact(database, async (sql) => {
      const [{ pid }] = (await sql`select pg_backend_pid() as pid`) as [{ pid: number }]
      await other`select pg_terminate_backend(${pid}, 5000)`
      await sql`select 2`
    })
    await expect(lost).rejects.toThrow()
    await other.end()
  })
})

describe('a commit', () => {
  let area: ScratchArea
  let proxy: BrittleWay
  afterEach(async () => {
    await area.close()
    await proxy.stop()
  })

  /** The area, its writer behind a proxy; as a runner does, it goes on from the journal whenever something went wrong. */
  async function behindProxy() {
    area = await openedArea(server, [seat(1)])
    proxy = await startProxy(area.url)
    return openAreaStore(proxy.url, identity)
  }

  async function reloaded(store: ScratchArea['store']): Promise<JournalWriter> {
    const writer = new JournalWriter(store)
    for (const row of await area.store.rowsAfter(0)) writer.replay(row)
    return writer
  }

  test('whose answer is lost was done or not; the journal says, and goes on from there', async () => {
    const { store, lease, close } = await behindProxy()
    await lease.acquire('one', 60)
    let writer = await reloaded(store)
    let lost = 0
    for (let nonce = 1; nonce <= 12; nonce += 1) {
      writer.run(placing(t0 * 1000 - 1_000, order(1, 'buy', { nonce, end: t0 + 100 * 900 - nonce * 900 })))
      const isCut = nonce % 3 === 0
      if (isCut) proxy.cutAtAnswer()
      try {
        await writer.commit()
      } catch (error) {
        expect((error as { code: string }).code).not.toBe('STORE_FENCED')
        lost += 1
        proxy.resume()
        await untilTrue(async () => (await lease.acquire('one', 60)) === null)
        writer = await reloaded(store)
      }
    }
    expect(lost).toBe(4)
    const rebuilt = await rebuildArea({ databaseUrl: area.url, areaId: area.areaId, progress() {} })
    expect(rebuilt).toEqual({ sequence: writer.place.sequence, difference: null })
    await close()
  })

  test('is not cancelled while it waits for a standby, however long it takes', async () => {
    await behindProxy()
    const { database } = area
    await database.unsafe('alter system set synchronous_standby_names = nobody')
    await database`select pg_reload_conf()`
    try {
      let nonce = 0
      let isDone = true
      let committing = Promise.resolve()
      const commit = () => {
        nonce += 1
        isDone = false
        area.writer.run(placing(t0 * 1000 - 1_000, order(1, 'buy', { nonce })))
        committing = area.writer.commit().then(() => {
          isDone = true
        })
      }
      const waiting = () => database`
        select 1 from pg_stat_activity where application_name like 'commonwatt area%' and wait_event = 'SyncRep'`
      // The server takes its new settings up in its own time: what is committed before does not wait.
      await untilTrue(async () => {
        if (isDone) commit()
        return (await waiting()).length > 0
      })
      expect(isDone).toBe(false)
      const [{ timeout }] = (await database`
        select setting as timeout from pg_settings where name = 'statement_timeout'`) as [{ timeout: string }]
      expect(Number(timeout)).toBeGreaterThan(0)
      await database.unsafe('alter system reset synchronous_standby_names')
      await database`select pg_reload_conf()`
      await committing
      await expect(area.store.prove(area.writer.place)).resolves.toBeUndefined()
    } finally {
      await database.unsafe('alter system reset synchronous_standby_names')
      await database`select pg_reload_conf()`
    }
  })
})
