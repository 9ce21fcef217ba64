/** An area with its journal: what a snapshot of it brings to the store, and what it costs. */
import { expect, test, vi } from 'vitest'
import type { AreaStore } from '../../server/areas/area-store.ts'
import { JournaledArea } from '../../server/areas/journaled-area.ts'
import type { Piece } from '../../server/market/engine/snapshot.ts'
import { addressOf, config, face, following, reading, seal, seat, t0 } from '../market/engine/street.ts'

const hashed = vi.hoisted(() => ({ times: 0 }))
vi.mock(import('node:crypto'), async (load) => {
  const crypto = await load()
  const createHash: typeof crypto.createHash = (...args) => {
    hashed.times += 1
    return crypto.createHash(...args)
  }
  return { ...crypto, default: crypto, createHash }
})

/** Takes every commit, and keeps the pieces of the newest snapshot. */
class Kept implements Pick<AreaStore, 'commit' | 'hasPiece' | 'saveSnapshot'> {
  pieces: readonly Piece[] = []
  private readonly hashes = new Set<string>()
  async commit() {}
  hasPiece = (hash: string) => this.hashes.has(hash)
  async saveSnapshot(_: unknown, pieces: readonly Piece[]) {
    this.pieces = pieces
    for (const { hash } of pieces) this.hashes.add(hash)
  }
}

test('a snapshot neither writes nor hashes an interval again that has not changed', async () => {
  const store = new Kept()
  const area = new JournaledArea(store as Partial<AreaStore> as AreaStore)
  area.apply({ type: 'configure', atMs: t0 * 1000 - 5_000, config, face })
  area.apply(following(t0 * 1000 - 4_000, [seat(1), seat(2)]))
  const intervals = 40
  for (let number = 0; number <= intervals; number += 1) {
    for (let tick = 0; tick < 4; tick += 1) area.apply({ type: 'tick', atMs: (t0 + number * 900 + 300) * 1000, seal })
  }
  await area.commit()
  await area.keep()
  const [first, timesBefore] = [store.pieces, hashed.times]
  expect(first.every(({ bytes }) => bytes !== null)).toBe(true)
  expect(first.filter(({ name }) => name.startsWith('interval/')).length).toBeGreaterThan(8)
  await area.keep()
  expect(store.pieces.filter(({ bytes }) => bytes !== null)).toEqual([])
  const others = first.filter(({ name }) => !name.startsWith('interval/')).length
  expect(hashed.times - timesBefore).toBe(others)
})

test('readings of long before their seat opened are refused, whenever the epoch began', async () => {
  const asked: number[] = []
  const store: Partial<AreaStore> = {
    archivedUntil: async () => 0,
    async late(readings) {
      asked.push(...readings.map(({ reading: { time } }) => time))
      const nothing = { before: null, same: null, after: null, startQuality: null, endQuality: null }
      return readings.map((each) => ({ ...each, ...nothing, ending: null, starting: null }))
    },
  }
  const area = new JournaledArea(store as AreaStore)
  area.apply({ type: 'configure', atMs: t0 * 1000 - 5_000, config, face })
  const epochStart = { epoch: 1, time: 900, importWh: 0, exportWh: 0 }
  area.apply(following(t0 * 1000 - 4_000, [seat(1, { epochStart, base: epochStart })]))
  const [oldest, unknown] = [t0 - 62 * 86_400, addressOf('b', 9)]
  const times = [1_800, oldest + 900, oldest]
  const readings = [...times.map((time) => reading(1, time, 0, 0)), reading(1, 1_800, 0, 0, { meter: unknown })]
  const { commands, refused, places } = await area.take({ type: 'readings', readings }, t0 * 1000)
  const refusal = { type: 'reading', status: 'refused', code: 'READING_BEFORE_SEAT' }
  expect(refused).toMatchObject([
    { ...refusal, time: 1_800, details: [1_800, oldest] },
    { ...refusal, time: oldest, details: [oldest, oldest] },
  ])
  expect(places).toEqual([0, 2, 1, 3])
  expect(asked).toEqual([oldest + 900, 1_800])
  const answers = commands.flatMap((command) => area.apply(command))
  expect(answers).toMatchObject([
    { time: oldest + 900, status: 'stored' },
    { time: 1_800, status: 'refused', code: 'READING_UNKNOWN_METER' },
  ])
})
