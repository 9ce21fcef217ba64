/** Who may write: one at a time, by the database's clock, and without sessions of a former owner. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openAreaStore } from '../../server/store/area-store.ts'
import { openDatabase } from '../../server/store/database.ts'
import { endWriters, leaseHolder, writerName } from '../../server/store/lease.ts'
import { order, placing, seat, t0 } from '../market/engine/street.ts'
import { identity, openedArea, type ScratchArea } from './area.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
let area: ScratchArea
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())
afterEach(() => area.close())

const epoch = async () => (await area.database`select epoch from area_leases`)[0]!.epoch
const expire = () => area.database`update area_leases set expires_at = clock_timestamp() - interval '1 ms'`

test('a free lease is taken, a held one says by whom and until when', async () => {
  area = await openedArea(server, [seat(1)])
  const { lease, store } = area
  expect(await lease.acquire('one', 60)).toBeNull()
  const holder = await lease.acquire('other', 60)
  expect(holder?.owner).toBe('one')
  const leftMs = holder!.expiresAtMs - (await store.nowMs())
  expect(leftMs).toBeGreaterThan(0)
  expect(leftMs).toBeLessThanOrEqual(60_000)
  expect(await lease.renew('other', 60)).toBe(false)
  expect(await lease.renew('one', 60)).toBe(true)
})

test('an expired lease is anybody’s, and then its former owner’s no more', async () => {
  area = await openedArea(server, [seat(1)])
  const { lease } = area
  await lease.acquire('one', 60)
  await expire()
  expect(await lease.acquire('other', 60)).toBeNull()
  expect(await lease.renew('one', 60)).toBe(false)
  expect(await epoch()).toBe(2)
  expect((await leaseHolder(area.database, area.areaId))?.owner).toBe('other')
})

test('a lease of a clock that ran months ahead holds nobody up once it is right', async () => {
  area = await openedArea(server, [seat(1)])
  const { lease } = area
  await lease.acquire('one', 60)
  await area.database`update area_leases set expires_at = clock_timestamp() + interval '70 days'`
  expect((await leaseHolder(area.database, area.areaId))?.isHeld).toBe(false)
  expect(await lease.acquire('other', 60)).toBeNull()
  expect((await leaseHolder(area.database, area.areaId))?.isHeld).toBe(true)
})

test('one’s own lease is taken again without counting another owner', async () => {
  area = await openedArea(server, [seat(1)])
  await area.lease.acquire('one', 60)
  expect(await area.lease.acquire('one', 60)).toBeNull()
  expect(await epoch()).toBe(1)
})

test('a lease is given up by its owner only', async () => {
  area = await openedArea(server, [seat(1)])
  const { lease } = area
  await lease.acquire('one', 60)
  await lease.release('other')
  expect((await lease.acquire('other', 60))?.owner).toBe('one')
  await lease.release('one')
  expect(await lease.acquire('other', 60)).toBeNull()
})

test('of many who want it at once one gets it', async () => {
  area = await openedArea(server, [seat(1)])
  const others = await Promise.all([1, 2, 3].map(() => openAreaStore(area.url, identity)))
  const answers = await Promise.all(others.map(({ lease }, index) => lease.acquire(`owner ${index}`, 60)))
  expect(answers.filter((answer) => answer === null)).toHaveLength(1)
  await Promise.all(others.map((other) => other.close()))
})

test('the next owner ends a former one that hangs inside a commit, whose rows are gone then', async () => {
  area = await openedArea(server, [seat(1)])
  // A former owner: it has written the next row, and will never commit it.
  const former = openDatabase(area.url, 1, {
    name: writerName(area.areaId, 'former'),
    statementSeconds: null,
    silenceSeconds: null,
    idleTransactionSeconds: 3_600,
  })
  await former`begin`
  await former`
    insert into journal (area_id, sequence, rules_version, command, hash) values (${area.areaId}, 3, 3, '\\x', '\\x')`
  await area.lease.acquire('next', 60)
  area.writer.run(placing(t0 * 1000 - 1_000, order(1, 'buy', { nonce: 1 })))
  await area.writer.commit()
  expect((await area.store.rowsAfter(2)).map(({ hash }) => hash)).toEqual([area.writer.place.hash])
  await former.end({ timeout: 0 })
})

test('other sessions than those that write this area are left alone', async () => {
  area = await openedArea(server, [seat(1)])
  const others = [writerName(area.areaId + 10, 'x'), 'commonwatt', `commonwatt area ${area.areaId}0 x`].map((name) =>
    openDatabase(area.url, 1, { name }),
  )
  await Promise.all(others.map((other) => other`select 1`))
  expect(await endWriters(area.database, area.areaId, 'nobody')).toBe(1)
  await Promise.all(others.map((other) => other`select 1`))
  const names =
    await area.database`select application_name as name from pg_stat_activity where datname = current_database()`
  expect(names.filter(({ name }) => name.startsWith('commonwatt area'))).toHaveLength(2)
  await Promise.all(others.map((other) => other.end()))
})
