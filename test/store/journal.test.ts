/** The journal takes a row only after the row that its writer believes in. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { genesisHash } from '../../server/market/engine/journal.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { boundary, following, order, placing, reading, seat, t0 } from '../market/engine/street.ts'
import { identity, openedArea, type ScratchArea } from './area.ts'
import { JournalWriter } from './journal-writer.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
let area: ScratchArea
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())
afterEach(() => area.close())

const fenced = expect.objectContaining({ code: 'STORE_FENCED' })
let nonce = 0

function placeOrder(writer: JournalWriter, number = 1) {
  nonce += 1
  return writer.run(placing(t0 * 1000 - 1_000, order(number, 'buy', { nonce })))
}

describe('a row', () => {
  test('follows the newest one', async () => {
    area = await openedArea(server, [seat(1)])
    placeOrder(area.writer)
    await area.writer.commit()
    const rows = await area.store.rowsAfter(0)
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(rows[2]!.hash).toEqual(area.writer.place.hash)
    await expect(area.store.prove(area.writer.place)).resolves.toBeUndefined()
  })

  test('is refused where the newest row is missing, as after a fall back to an older copy', async () => {
    area = await openedArea(server, [seat(1)])
    await area.database`delete from journal where sequence = 2`
    placeOrder(area.writer)
    await expect(area.writer.commit()).rejects.toEqual(fenced)
    expect(await area.database`select 1 from orders`).toHaveLength(0)
    expect((await area.store.rowsAfter(0)).map(({ sequence }) => sequence)).toEqual([1])
    await expect(area.store.prove(area.writer.committed)).rejects.toEqual(fenced)
  })

  test('is refused where all rows are missing', async () => {
    area = await openedArea(server, [seat(1)])
    await area.database`delete from journal`
    placeOrder(area.writer)
    await expect(area.writer.commit()).rejects.toEqual(fenced)
  })

  test('is refused where the newest row has another hash', async () => {
    area = await openedArea(server, [seat(1)])
    await area.database`update journal set hash = ${Buffer.alloc(32, 1)} where sequence = 2`
    placeOrder(area.writer)
    await expect(area.writer.commit()).rejects.toEqual(fenced)
    await expect(area.store.prove(area.writer.committed)).rejects.toEqual(fenced)
  })

  test('is refused where a later row is there, also behind a gap', async () => {
    area = await openedArea(server, [seat(1)])
    await area.database`update journal set sequence = 7 where sequence = 2`
    await area.database`
      insert into journal (area_id, sequence, rules_version, command, hash)
      select area_id, 2, rules_version, command, hash from journal where sequence = 7`
    placeOrder(area.writer)
    await expect(area.writer.commit()).rejects.toEqual(fenced)
  })

  test('is refused to the slower of two writers, whose state and tables stay as they were', async () => {
    area = await openedArea(server, [seat(1), seat(2)])
    const other = await openAreaStore(area.url, identity)
    const rival = new JournalWriter(other.store)
    for (const row of await other.store.rowsAfter(0)) Object.assign(rival, { place: row, committed: row })
    area.writer.run({ type: 'barrier', atMs: t0 * 1000 - 500, owner: 'one' })
    Object.assign(rival.state, structuredClone(area.writer.state))
    rival.run({ type: 'barrier', atMs: t0 * 1000 - 500, owner: 'other' })
    const results = await Promise.allSettled([area.writer.commit(), rival.commit()])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({ reason: { code: 'STORE_FENCED' } })
    expect((await area.store.rowsAfter(0)).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    await other.close()
  })
})

describe('a reading that another key signed than its time’s', () => {
  const times = [1, 2].map((number) => boundary(number))
  const key = `0x${'9'.repeat(40)}` as const
  const signed = `0x${'cd'.repeat(64)}`
  const later = () => following(times[1]! * 1000 + 2_000, [seat(1, { keys: [{ key, from: times[0]! }] })])
  const send = (atMs: number, again: object = {}) =>
    area.writer.run({
      ...{ type: 'readings', atMs },
      readings: times.map((time, place) => ({ ...reading(1, time, 10 * (place + 1), 0), ...(place > 0 ? again : {}) })),
    })
  const stored = async () => {
    const rows = await area.database`select time, signature from readings where seat = 1 order by time`
    return rows.map(({ time, signature }) => [time, signature.toString('hex').slice(0, 2)])
  }

  test('leaves the table, and has its place there once it comes again', async () => {
    area = await openedArea(server, [seat(1)])
    const [, before] = [send(times[1]! * 1000 + 1_000), await area.writer.commit().then(stored)]
    expect(before.map(([time]) => time)).toEqual(times)
    area.writer.run(later())
    await area.writer.commit()
    expect((await stored()).map(([time]) => time)).toEqual([times[0]])
    send(times[1]! * 1000 + 3_000, { key, signature: signed })
    await area.writer.commit()
    expect(await stored()).toEqual([before[0], [times[1], 'cd']])
  })

  test('does so also where all of it is one commit', async () => {
    area = await openedArea(server, [seat(1)])
    send(times[1]! * 1000 + 1_000)
    area.writer.run(later())
    send(times[1]! * 1000 + 3_000, { key, signature: signed })
    await area.writer.commit()
    expect(await stored()).toEqual([
      [times[0], expect.any(String)],
      [times[1], 'cd'],
    ])
  })
})

describe('reading on', () => {
  test('names a row that is missing', async () => {
    area = await openedArea(server, [seat(1)])
    for (let n = 0; n < 3; n += 1) placeOrder(area.writer)
    await area.writer.commit()
    await area.database`delete from journal where sequence = 3`
    await expect(area.store.rowsAfter(0)).rejects.toMatchObject({
      code: 'STORE_DIVERGED',
      message: expect.stringContaining('row 3'),
    })
    expect((await area.store.rowsAfter(3)).map(({ sequence }) => sequence)).toEqual([4, 5])
    expect(await area.store.rowsAfter(5)).toEqual([])
  })

  test('gives some rows at a time, fewer where they are long', async () => {
    area = await openedArea(server, [seat(1)])
    const command = Buffer.alloc(1_500_000, 1)
    await area.database`
      insert into journal (area_id, sequence, rules_version, command, hash)
      select ${area.areaId}, sequence, 3, ${command}, ${genesisHash} from generate_series(3, 9) sequence`
    const first = await area.store.rowsAfter(2)
    expect(first.map(({ sequence }) => sequence)).toEqual([3, 4, 5])
    expect((await area.store.rowsAfter(5)).map(({ sequence }) => sequence)).toEqual([6, 7, 8])
  })

  test('stops at a row of rules that this program does not have', async () => {
    area = await openedArea(server, [seat(1)])
    await area.database`update journal set rules_version = 4 where sequence = 2`
    await expect(area.store.rowsAfter(0)).rejects.toMatchObject({ code: 'ENGINE_VERSION' })
  })
})

test('what a table refuses is PostgreSQL’s word, and nothing was written', async () => {
  area = await openedArea(server, [seat(1), seat(2)])
  await area.database`alter table readings add constraint planted check (seat <> 2)`
  const time = t0
  area.writer.passTime(time * 1000 + 1_000)
  await area.writer.commit()
  const before = area.writer.committed
  await area.writer.read(time * 1000 + 1_000, [{ ...reading(1, time + 900, 5, 5), signature: `0x${'ab'.repeat(64)}` }])
  // The engine waits for what the clock has not reached.
  expect(area.writer.waiting).toBe(0)
  await area.writer.read((time + 900) * 1000 + 1_000, [reading(1, time + 900, 5, 5), reading(2, time + 900, 5, 5)])
  await expect(area.writer.commit()).rejects.toMatchObject({ code: '23514', constraint_name: 'planted' })
  await expect(area.store.prove(before)).resolves.toBeUndefined()
  expect(await area.database`select 1 from readings`).toHaveLength(0)
})
