/** Settled months leave the tables for files, and together they are everything that was there. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { JournaledArea } from '../../server/areas/journaled-area.ts'
import { hashState, snapshotOf } from '../../server/market/engine/snapshot.ts'
import { ArchiveReader } from '../../server/settlement/archive-file.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { archiveMonths } from '../../server/store/archive-files.ts'
import { requireKept } from '../../server/store/archives.ts'
import { areaFileLines } from '../../server/store/area-export.ts'
import { openDatabase } from '../../server/store/database.ts'
import { packJournal } from '../../server/store/journal-segments.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { markSettled } from '../../server/store/settlement-store.ts'
import { readingsOf } from '../../server/store/told.ts'
import { builtProgram } from '../built.ts'
import { config, face, following, order, placing, reading, seat, terms } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { identity, type ScratchArea, scratchArea } from './area.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

const day = 86_400
const intervalSeconds = day / 4
/** Two days before a month ends; the area lives for five. */
const begin = Date.UTC(2026, 0, 30) / 1000
const days = 5
const february = Date.UTC(2026, 1) / 1000
const march = Date.UTC(2026, 2) / 1000
const ends = Array.from({ length: days }, (_, index) => begin + (index + 1) * day)

let server: ScratchServer
let area: ScratchArea
let folder: string
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-archive-'))
  area = await livedArea()
})
afterEach(async () => {
  await area.close()
  rmSync(folder, { recursive: true })
})

/** Two homes that trade for some days, settled; the last day is not. */
async function livedArea(): Promise<ScratchArea> {
  const own = await scratchArea(server)
  const { writer, store, database, areaId } = own
  const rules = { ...config.rules, intervalSeconds, batchSeconds: day }
  const start = { epoch: 1, time: begin, importWh: 0, exportWh: 0 }
  const seats = [1, 2].map((number) =>
    seat(number, { openedAt: begin, terms: [terms({ from: begin })], epochStart: start, base: start }),
  )
  const beginMs = begin * 1000 - 60_000
  writer.run({ type: 'configure', atMs: beginMs, config: { ...config, rules }, face })
  writer.run(following(beginMs, seats))
  for (const [number, side] of [[1, 'sell'] as const, [2, 'buy'] as const]) {
    writer.run(placing(beginMs, order(number, side, { start: begin, end: begin + days * day })))
  }
  for (let place = 1; place <= 4 * days; place += 1) {
    const time = begin + place * intervalSeconds
    writer.passTime((time - intervalSeconds) * 1000 + 1_000)
    const readings = [reading(1, time, 0, 500 * place), reading(2, time, 400 * place, 0)].map((each) => ({
      ...each,
      signature: `0x${'ab'.repeat(64)}`,
    }))
    writer.run({ type: 'readings', atMs: time * 1000 + 500, readings })
    writer.passTime(time * 1000 + 600_000)
    await writer.commit()
    if (place % 4 !== 0) continue
    await makeStatement(database, { ...identity, areaId }, time)
    if (place < 4 * days) {
      await markSettled(database, areaId, time, { transaction: '0xab', block: place, gasUsed: 1, approvals: null })
      const bases = [[0, 500 * place] as const, [400 * place, 0] as const]
      const shown = seats.map((each, index) => {
        const [importWh, exportWh] = bases[index]!
        return { ...each, base: { epoch: 1, time, importWh, exportWh } }
      })
      writer.run(following(time * 1000 + 700_000, shown, time, place + 1))
      await writer.commit()
    }
    await store.saveSnapshot(writer.committed, snapshotOf(writer.state))
  }
  await packJournal(database, areaId, 300)
  return own
}

const archive = (change: { retainMonths?: number; now?: number } = {}) =>
  archiveMonths(area.database, {
    ...{ folder, retainMonths: 1, now: march + day, release: 'test', done: () => {}, ...change },
  })

const hotLines = async (end: number) => {
  const lines: string[] = []
  for await (const line of areaFileLines(area.database, { ...identity, areaId: area.areaId }, end)) lines.push(line)
  return lines.join('')
}

/** What the file of a month says of its batches, by end. */
function archivedBatches(path: string): Map<number, string> {
  const reader = new ArchiveReader()
  const batches = new Map<number, string>()
  let end = 0
  for (const line of gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')) {
    const said = reader.take(line)
    if (said.kind === 'batch') end = said.value.end
    if (said.kind === 'part') batches.set(end, `${batches.get(end) ?? ''}${line}\n`)
  }
  reader.finish()
  return batches
}

const rebuild = (archiveFolder?: string) =>
  rebuildArea({ databaseUrl: area.url, areaId: area.areaId, archiveFolder, progress() {} })

const fileOf = (month: string) => join(folder, `area-1-666666-${month}.commonwatt-archive.gz`)

test('a settled month moves into a file: both together are everything, and nothing is in both', async () => {
  const { database, areaId, store } = area
  const before = new Map<number, string>()
  for (const end of ends) before.set(end, await hotLines(end))
  const rows = await database`select count(*)::int as count from readings`
  expect(await archive()).toBeNull()
  const archived = archivedBatches(fileOf('2026-01'))
  expect([...archived.keys()]).toEqual(ends.filter((end) => end <= february))
  for (const end of ends) {
    if (archived.has(end)) await expect(hotLines(end)).rejects.toMatchObject({ code: 'STORE_ARCHIVED' })
    expect(archived.get(end) ?? (await hotLines(end))).toBe(before.get(end))
  }
  const [{ count, first }] = (await database`
    select count(*)::int as count, min(time) as first from readings`) as [{ count: number; first: number }]
  expect(first).toBe(february)
  expect(count).toBeLessThan(rows[0]!.count)
  for (const [table, column] of [
    ['seat_intervals', 'start'],
    ['intervals', 'start'],
    ['interval_zones', 'start'],
    ['batch_entries', 'end_at'],
    ['statement_seats', 'end_at'],
  ] as const) {
    const [{ oldest }] = (await database`select min(${database(column)}) as oldest from ${database(table)}`) as [
      { oldest: number },
    ]
    expect(oldest, table).toBe(column === 'start' ? february : february + day)
  }
  await expect(requireKept(database, areaId, february - 1)).rejects.toMatchObject({ code: 'STORE_ARCHIVED' })
  await expect(requireKept(database, areaId, february)).resolves.toBeUndefined()
  expect(await store.archivedUntil()).toBe(february)
})

test('the area loads without its archived journal, and with it every table is made again', async () => {
  await archive()
  const [{ first }] = (await area.database`
    select min(first)::int as first from (
      select first from journal_segments union all select sequence from journal) rows`) as [{ first: number }]
  expect(first).toBeGreaterThan(1)
  const loaded = await JournaledArea.load(area.store)
  expect(loaded.isAt(area.writer.committed)).toBe(true)
  expect(hashState(loaded.state)).toBe(hashState(area.writer.state))
  expect(await rebuild(folder)).toEqual({ sequence: area.writer.place.sequence, difference: null })
  await expect(rebuild()).rejects.toMatchObject({ code: 'STORE_ARCHIVE' })
  const path = fileOf('2026-01')
  writeFileSync(path, readFileSync(path).subarray(1))
  await expect(rebuild(folder)).rejects.toMatchObject({ code: 'STORE_ARCHIVE' })
})

test('a reading of an archived interval is refused by name, and its neighbours are taken', async () => {
  await archive()
  const loaded = await JournaledArea.load(area.store)
  const late = [begin + intervalSeconds, february + intervalSeconds].map((time) => reading(1, time, 0, 500))
  const { commands, refused, places } = await loaded.take({ type: 'readings', readings: late }, begin * 1000)
  expect(refused).toMatchObject([
    { status: 'refused', code: 'READING_ARCHIVED', details: [begin + intervalSeconds, february] },
  ])
  expect(commands.flatMap(readingsOf)).toEqual([late[1]])
  expect(places).toEqual([0, 1])
})

test('what is not settled, and what is not old enough, stays', async () => {
  expect(await archive({ now: february + day })).toBeNull()
  expect(await archive({ retainMonths: 2 })).toBeNull()
  expect(existsSync(fileOf('2026-01'))).toBe(false)
  expect(await archive({ now: march + 40 * day })).toBe(
    `area 1: the batch that ends at ${new Date(ends.at(-1)! * 1000).toISOString()} is not settled`,
  )
  expect(existsSync(fileOf('2026-01'))).toBe(true)
  expect(await area.database`select 1 from readings where time < ${february}`).toEqual([])
})

test('a file that was written and is not what it was keeps its month in the tables', async () => {
  const { database } = area
  await expect(interruptedAfterFile()).rejects.toThrow('interrupted')
  const path = fileOf('2026-01')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, -1))
  await expect(archive()).rejects.toMatchObject({ code: 'STORE_ARCHIVE' })
  rmSync(path)
  await expect(archive()).rejects.toMatchObject({ code: 'STORE_ARCHIVE' })
  expect(await database`select 1 from readings where time < ${february} limit 1`).toHaveLength(1)
  writeFileSync(path, bytes)
  expect(await archive()).toBeNull()
  expect(await database`select 1 from readings where time < ${february}`).toEqual([])
})

test('two runs at once do not write to one file', async () => {
  const blocking = openDatabase(area.url, 1)
  await blocking`begin`
  await blocking`lock table statement_seats in access exclusive mode`
  const first = archive()
  await vi.waitUntil(() => existsSync(`${fileOf('2026-01')}.partial`), patiently)
  await expect(archive()).rejects.toMatchObject({ code: 'STORE_IN_USE' })
  await blocking`rollback`
  await blocking.end()
  expect(await first).toBeNull()
  expect([...archivedBatches(fileOf('2026-01')).keys()]).toEqual(ends.filter((end) => end <= february))
  expect(await archive()).toBeNull()
})

test('killed in the middle of writing a file, the next run writes it whole', async () => {
  const { database, url } = area
  const blocking = openDatabase(url, 1)
  await blocking`begin`
  await blocking`lock table statement_seats in access exclusive mode`
  const killed = spawn(process.execPath, commandLine(url), { stdio: 'ignore' })
  await vi.waitUntil(() => existsSync(`${fileOf('2026-01')}.partial`), patiently)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  await blocking`rollback`
  await blocking.end()
  expect(existsSync(fileOf('2026-01'))).toBe(false)
  expect(await database`select 1 from archives`).toEqual([])
  const { status, stdout, stderr } = spawnSync(process.execPath, commandLine(url), { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/2026-01 is out of the database\nthe next month waits: area 1: .* is not settled\n$/)
  expect([...archivedBatches(fileOf('2026-01')).keys()]).toEqual(ends.filter((end) => end <= february))
})

function commandLine(url: string): string[] {
  return [
    builtProgram('commonwatt'),
    ...['archive', '--retain', '1 month', '--archive-folder', folder, '--database-url', url],
  ]
}

/** The file is there and noted, and the month is still in the tables. */
function interruptedAfterFile() {
  return archiveMonths(area.database, {
    ...{ folder, retainMonths: 1, now: march + day, release: 'test' },
    done() {
      throw new Error('interrupted')
    },
  })
}
