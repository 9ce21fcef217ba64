/** Every table of an area follows from its journal. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeCommand } from '../../server/market/engine/journal.ts'
import { snapshotOf } from '../../server/market/engine/snapshot.ts'
import { packJournal } from '../../server/store/journal-segments.ts'
import { projectedTables } from '../../server/store/projection.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { seededDraws } from '../bench/measure.ts'
import { type ScratchArea, scratchArea } from './area.ts'
import { RandomStreet, randomArea, randomAreas } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

/** Those that a market fills; what is declared where none decides is in `test/statements`. */
const marketTables = projectedTables.filter((table) => table !== 'declarations')

const rebuild = ({ url, areaId }: ScratchArea) => rebuildArea({ databaseUrl: url, areaId, progress() {} })

/** What changes a table, or is read from one. */
const allKinds = [
  ...['configured', 'seat-changed', 'seat-forgotten', 'order-accepted', 'order-ended', 'forward-accepted'],
  ...['forward-trade', 'forward-cancelled', 'agreement-accepted', 'agreement-ended', 'session-revoked', 'reading'],
  ...['meter-suspended', 'suspension-lifted', 'interval-started', 'interval-cleared', 'interval-reduced'],
  ...['interval-amended', 'interval-final', 'interval-corrected', 'batch-cut', 'cut anew', 'leaving-out'],
  ...['batch-missed', 'late-readings', 'disown-batch', 'budget-set'],
]

async function kindsOf({ writer, store }: ScratchArea): Promise<string[]> {
  const events = writer.events.map((event) =>
    event.type === 'batch-cut' && event.number > 1 ? 'cut anew' : event.type,
  )
  const commands = (await store.rowsAfter(0)).map(({ command }) => decodeCommand(command).type)
  return [...events, ...commands]
}

test('random journals of every kind of event give every table again, however they were grouped', async () => {
  const unseen = new Set(allKinds)
  for await (const area of randomAreas(server, { seeds: { first: 1, most: 40 }, steps: 400 })) {
    if (area.seed % 3 === 0) await disownSettled(area)
    const expected = { sequence: area.writer.place.sequence, difference: null }
    if (area.seed % 2 === 0) {
      await area.store.saveSnapshot(area.writer.committed, snapshotOf(area.writer.state))
      await packJournal(area.database, area.areaId, 5_000)
    }
    expect(await rebuild(area), `seed ${area.seed}`).toEqual(expected)
    for (const kind of await kindsOf(area)) unseen.delete(kind)
    if (unseen.size === 0 && area.seed >= 10) break
  }
  expect([...unseen]).toEqual([])
}, 300_000)

/** As if the chain had settled another batch than the newest one of the journal that it has settled. */
async function disownSettled({ writer, database, areaId }: ScratchArea): Promise<void> {
  const { settledUntil } = writer.state.chain
  const [cut] = writer.events.filter((event) => event.type === 'batch-cut' && event.batch.end === settledUntil)
  if (cut?.type !== 'batch-cut') return
  const { start, end } = cut.batch
  writer.run({ type: 'disown-batch', atMs: writer.state.nowMs, start, end })
  await writer.commit()
  expect(await database`select from batches where area_id = ${areaId} and end_at = ${end}`).toHaveLength(0)
  const left = await database`
    select distinct on (start) status from intervals where area_id = ${areaId} and start >= ${start} and start < ${end}
    order by start, run desc`
  expect(new Set(left.map(({ status }) => status))).toEqual(new Set(['missed']))
}

describe('a table that is not what the journal gives', () => {
  let area: ScratchArea
  beforeAll(async () => {
    for (let seed = 1; ; seed += 1) {
      area = await randomArea(server, seed, 600)
      if ((await emptyTables()).length === 0) break
      if (seed === 40) throw new Error('no random journal fills every table')
      await area.close()
    }
  }, 300_000)
  afterAll(() => area.close())

  async function emptyTables(): Promise<string[]> {
    const counts = await Promise.all(
      marketTables.map(async (table) => {
        const rows = await area.database`select 1 from ${area.database(table)} limit 1`
        return { table, isEmpty: rows.length === 0 }
      }),
    )
    return counts.flatMap(({ table, isEmpty }) => (isEmpty ? [table] : []))
  }

  /** Changes a table, compares, and puts it back. */
  async function planted(table: string, change: () => Promise<unknown>) {
    const { database } = area
    await database`create table kept as table ${database(table)}`
    await change()
    const result = await rebuild(area)
    await database`truncate ${database(table)}`
    await database`insert into ${database(table)} table kept`
    await database`drop table kept`
    return result.difference
  }

  test.each(marketTables)('%s: a row that is missing is named', async (table) => {
    const { database } = area
    const difference = await planted(
      table,
      () => database`delete from ${database(table)} where ctid = (select min(ctid) from ${database(table)})`,
    )
    expect(difference).toMatchObject({ table, stored: null, key: { area_id: area.areaId } })
    expect(difference!.rebuilt).not.toBeNull()
  })

  test.each([
    ['area_settings', 'settings', `settings || '{"more":1}'`],
    ['seats', 'suspended', 'not suspended'],
    ['seat_funds', 'available', 'available + 1'],
    ['orders', 'signed', `signed || '\\x00'`],
    ['forward_orders', 'open_wh', 'open_wh + 1'],
    ['forward_trades', 'delivered_wh', 'coalesce(delivered_wh, 0) + 1'],
    ['agreements', 'end_at', 'end_at + 1'],
    ['session_revocations', 'from_start', 'from_start + 1'],
    ['readings', 'late', 'late is not true'],
    ['reading_stretches', 'stretch', 'stretch + 1000000'],
    ['suspensions', 'lifted_at', `now()`],
    ['intervals', 'missing_readings', 'missing_readings + 1'],
    ['interval_zones', 'import_wh', 'import_wh + 1'],
    ['interval_grounds', 'block', 'block + 1'],
    ['seat_intervals', 'current', 'not current'],
    ['seat_sums', 'paid', 'paid + 1'],
    ['batches', 'left_out', 'left_out || 9'],
    ['batch_entries', 'paid', 'paid + 1'],
    ['missed_batches', 'noticed_at', 'now()'],
  ])('%s: a value that is another one is named (%s)', async (table, column, value) => {
    const { database } = area
    const difference = await planted(table, () =>
      database.unsafe(`update ${table} set ${column} = ${value} where ctid = (select max(ctid) from ${table})`),
    )
    expect(difference).toMatchObject({ table })
    const isOfKey = Object.keys(difference!.key).includes(column)
    if (!isOfKey) expect(difference!.columns).toEqual([column])
  })

  test('a row that the journal does not give is named', async () => {
    const difference = await planted(
      'missed_batches',
      () => area.database`insert into missed_batches values (${area.areaId}, 1, 2, now())`,
    )
    expect(difference).toMatchObject({ table: 'missed_batches', rebuilt: null, key: { end_at: 2 } })
  })

  test('another area of the database is none of its business', async () => {
    const difference = await planted(
      'missed_batches',
      () => area.database`insert into missed_batches values (${area.areaId + 1}, 1, 2, now())`,
    )
    expect(difference).toBeNull()
  })

  test('and it leaves nothing behind', async () => {
    const { database } = area
    expect(await database`select nspname from pg_namespace where nspname like 'rebuilt%'`).toHaveLength(0)
  })
})

describe('the journal itself', () => {
  test('is checked against its hashes on the way', async () => {
    const area = await randomArea(server, 11, 60)
    await area.database`update journal set hash = ${Buffer.alloc(32, 1)} where sequence = 20`
    await expect(rebuild(area)).rejects.toMatchObject({
      code: 'STORE_DIVERGED',
      message: expect.stringContaining('row 20'),
    })
    await area.close()
  })

  test('goes on while its tables are compared as of one moment', async () => {
    const area = await scratchArea(server)
    const draw = seededDraws(12)
    const street = new RandomStreet(area.writer, draw)
    for (let step = 0; step < 100; step += 1) await street.step()
    await area.writer.commit()
    let isCompared = false
    const comparing = rebuild(area).finally(() => {
      isCompared = true
    })
    let commits = 0
    while (!isCompared) {
      await street.step()
      await area.writer.commit()
      commits += 1
    }
    const { sequence, difference } = await comparing
    expect(difference).toBeNull()
    expect(commits).toBeGreaterThan(0)
    expect(sequence).toBeLessThanOrEqual(area.writer.place.sequence)
    await area.close()
  })

  test('is made anew by one at a time', async () => {
    const area = await randomArea(server, 13, 60)
    const both = await Promise.allSettled([rebuild(area), rebuild(area)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await area.close()
  })
})
