/** An area with its journal: what a snapshot of it brings to the store, and what it costs. */
import { expect, test, vi } from 'vitest'
import type { AreaStore } from '../../server/areas/area-store.ts'
import { JournaledArea } from '../../server/areas/journaled-area.ts'
import type { Piece } from '../../server/market/engine/snapshot.ts'
import { config, face, following, seal, seat, t0 } from '../market/engine/street.ts'

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
