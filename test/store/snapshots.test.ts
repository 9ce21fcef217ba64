/** Snapshots in pieces: written once, kept as long as a snapshot names them, and believed only where the journal agrees. */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { hashState, snapshotOf, stateOf } from '../../server/market/engine/snapshot.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { packJournal } from '../../server/store/journal-segments.ts'
import { order, placing, seat, t0 } from '../market/engine/street.ts'
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

let nonce = 0

async function advance(): Promise<void> {
  nonce += 1
  area.writer.passTime((t0 + nonce * 900) * 1000)
  area.writer.run(placing((t0 + nonce * 900) * 1000, order(1, 'buy', { nonce })))
  await area.writer.commit()
}

function keep() {
  const pieces = snapshotOf(area.writer.state, (hash) => area.store.hasPiece(hash))
  return area.store.saveSnapshot(area.writer.committed, pieces).then(() => pieces)
}

const storedHashes = async () =>
  (await area.database`select distinct encode(hash, 'hex') as hash from snapshot_pieces`).map(({ hash }) => hash)

test('there is none before the first', async () => {
  area = await openedArea(server, [seat(1)])
  expect(await area.store.snapshot()).toBeNull()
})

test('one gives the state again, and the place in the journal that it stands for', async () => {
  area = await openedArea(server, [seat(1), seat(2)])
  await advance()
  await keep()
  const loaded = (await area.store.snapshot())!
  expect({ sequence: loaded.sequence, hash: loaded.hash }).toEqual(area.writer.committed)
  expect(hashState(stateOf(loaded.pieces))).toBe(hashState(area.writer.state))
})

test('a piece that has not changed is written once, and goes with the last snapshot that names it', async () => {
  area = await openedArea(server, [seat(1), seat(2)])
  const named: string[][] = []
  for (let count = 0; count < 5; count += 1) {
    await advance()
    const pieces = await keep()
    named.push(pieces.map(({ hash }) => hash))
    if (count > 0) expect(pieces.some(({ bytes }) => bytes === null)).toBe(true)
  }
  const kept = new Set(named.slice(-2).flat())
  expect(new Set(await storedHashes())).toEqual(kept)
  expect(named.flat().filter((hash) => area.store.hasPiece(hash) !== kept.has(hash))).toEqual([])
  expect(await area.database`select 1 from snapshots`).toHaveLength(2)
  expect(hashState(stateOf((await area.store.snapshot())!.pieces))).toBe(hashState(area.writer.state))
})

test('what is known is known after opening again', async () => {
  area = await openedArea(server, [seat(1)])
  await advance()
  const pieces = await keep()
  const again = await openAreaStore(area.url, identity)
  expect(pieces.every(({ hash }) => again.store.hasPiece(hash))).toBe(true)
  expect(again.store.hasPiece('0'.repeat(64))).toBe(false)
  await again.close()
})

test('a long piece lies in parts, no text of which is longer than a megabyte', async () => {
  area = await openedArea(server, [seat(1)])
  const bytes = Buffer.from(Array.from({ length: 3_000_001 }, (_, index) => (index * 7919) % 251))
  const piece = { name: 'area', hash: createHash('sha256').update(bytes).digest('hex'), bytes }
  await area.store.saveSnapshot(area.writer.committed, [piece])
  const [{ parts, longest }] = (await area.database`
    select count(*)::int as parts, max(length(bytes)) as longest from snapshot_pieces`) as [
    { parts: number; longest: number },
  ]
  expect(parts).toBeGreaterThan(1)
  expect(2 * longest).toBeLessThanOrEqual(2 ** 20)
  expect((await area.store.snapshot())!.pieces[0]!.bytes.equals(bytes)).toBe(true)
})

test('one of a row that the journal does not have is not kept, and one that is there is not believed', async () => {
  area = await openedArea(server, [seat(1)])
  await keep()
  const first = area.writer.committed
  await advance()
  await keep()
  await area.database`delete from journal where sequence > ${first.sequence}`
  expect((await area.store.snapshot())!.sequence).toBe(first.sequence)
  await expect(keep()).rejects.toMatchObject({ code: 'STORE_FENCED' })
})

test('where another process has dropped pieces, the next snapshot brings all of them again', async () => {
  area = await openedArea(server, [seat(1)])
  await advance()
  await keep()
  await area.database`delete from snapshot_pieces`
  await advance()
  await expect(keep()).rejects.toMatchObject({ code: 'STORE_SNAPSHOT' })
  await keep()
  expect(hashState(stateOf((await area.store.snapshot())!.pieces))).toBe(hashState(area.writer.state))
})

test('one of other rules is not read', async () => {
  area = await openedArea(server, [seat(1)])
  await keep()
  await area.database`update snapshots set rules_version = 2`
  expect(await area.store.snapshot()).toBeNull()
})

test('rows that no snapshot needs are packed, and read as they were', async () => {
  area = await openedArea(server, [seat(1), seat(2)])
  for (let count = 0; count < 6; count += 1) await advance()
  await keep()
  await advance()
  await keep()
  const { database, areaId, store } = area
  const before = await store.rowsAfter(0)
  await packJournal(database, areaId, 400)
  const [{ packed }] = (await database`select max(last)::int as packed from journal_segments`) as [{ packed: number }]
  const [{ oldest }] = (await database`select min(sequence)::int as oldest from snapshots`) as [{ oldest: number }]
  expect(packed).toBeGreaterThan(1)
  expect(packed).toBeLessThan(oldest)
  expect(await database`select 1 from journal where sequence <= ${packed}`).toEqual([])
  const after = await everyRowAfter(0)
  expect(after.map(({ sequence, command }) => [sequence, command.toString('hex')])).toEqual(
    before.map(({ sequence, command }) => [sequence, command.toString('hex')]),
  )
  expect((await everyRowAfter(3)).map(({ sequence }) => sequence)).toEqual(before.slice(3).map((row) => row.sequence))
  const again = new JournalWriter(store)
  for (const row of after) again.replay(row)
  expect(again.place).toEqual(area.writer.place)
  await advance()
  await database`update journal_segments set bytes = substring(bytes from 2) where last = ${packed}`
  await expect(everyRowAfter(0)).rejects.toMatchObject({ code: 'STORE_DIVERGED' })
})

async function everyRowAfter(sequence: number) {
  const rows = await area.store.rowsAfter(sequence)
  for (;;) {
    const more = await area.store.rowsAfter(rows.at(-1)!.sequence)
    if (more.length === 0) return rows
    rows.push(...more)
  }
}
