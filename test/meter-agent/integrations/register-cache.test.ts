/** What is remembered of devices' answers for others: whole replies, and only fresh ones. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RegisterCache } from '../../../meter-agent/integrations/register-cache.ts'
import type { WatchedReply } from '../../../meter-agent/modbus/connection.ts'

const place = { key: 'tcp:a:502', unit: 1 }

interface Given {
  address: number
  words: number[]
  atMs: number
  lasting?: boolean
  generation?: number
}

function reply({ address, words, atMs, lasting, generation = 1 }: Given): WatchedReply {
  const count = words.length
  return {
    key: place.key,
    generation,
    request: { unit: place.unit, functionCode: 3, address, count, timeoutMs: 1, tries: 1, lasting },
    reply: { registers: words, requestedAtMs: atMs - 1, repliedAtMs: atMs },
  }
}

const readAt = (cache: RegisterCache, address: number, count: number, nowMs: number) =>
  cache.read(place, { functionCode: 3, address, count }, { nowMs, maxAgeMs: 100 })

test('registers are given for as long as they are fresh, and newer ones take their place', () => {
  const cache = new RegisterCache()
  expect(readAt(cache, 10, 2, 0)).toBe('stale')
  cache.take(reply({ address: 10, words: [1, 2, 3], atMs: 0 }))
  expect(readAt(cache, 11, 2, 100)).toEqual([2, 3])
  expect(readAt(cache, 11, 2, 101)).toBe('stale')
  expect(readAt(cache, 12, 2, 0)).toBe('unknown')
  cache.take(reply({ address: 10, words: [4, 5, 6], atMs: 90 }))
  expect(readAt(cache, 11, 2, 101)).toEqual([5, 6])
  expect(
    cache.read({ ...place, unit: 2 }, { functionCode: 3, address: 11, count: 1 }, { nowMs: 90, maxAgeMs: 100 }),
  ).toBe('stale')
  expect(cache.read(place, { functionCode: 4, address: 11, count: 1 }, { nowMs: 90, maxAgeMs: 100 })).toBe('unknown')
})

test('what lasts is given for as long as the unit answers on the same connection', () => {
  const cache = new RegisterCache()
  cache.take(reply({ address: 0, words: [7, 8], atMs: 0, lasting: true }))
  cache.take(reply({ address: 2, words: [9], atMs: 0, lasting: true }))
  cache.take(reply({ address: 50, words: [1], atMs: 10_000 }))
  expect(readAt(cache, 0, 3, 10_100)).toEqual([7, 8, 9])
  expect(readAt(cache, 0, 3, 10_101)).toBe('stale')
  cache.take(reply({ address: 50, words: [1], atMs: 20_000, generation: 2 }))
  expect(readAt(cache, 0, 3, 20_000)).toBe('stale')
})

interface Range {
  address: number
  count: number
}

test('an answer is always part of one reply, of which no later one has had any register', () => {
  const given = fc.record({
    address: fc.integer({ min: 0, max: 20 }),
    count: fc.integer({ min: 1, max: 8 }),
  })
  fc.assert(
    fc.property(
      fc.array(given, { maxLength: 30 }),
      fc.integer({ min: 0, max: 24 }),
      fc.integer({ min: 1, max: 8 }),
      (replies, address, count) => {
        const cache = new RegisterCache()
        // Each word says which reply it is of.
        for (const [index, { address: first, count: size }] of replies.entries()) {
          cache.take(reply({ address: first, words: Array.from({ length: size }, () => index), atMs: 0 }))
        }
        const touches = (a: Range, b: Range) => a.address < b.address + b.count && b.address < a.address + a.count
        const stands = (one: Range, index: number) => !replies.slice(index + 1).some((later) => touches(one, later))
        const covers = (one: Range) => one.address <= address && address + count <= one.address + one.count
        const of = replies.findIndex((one, index) => covers(one) && stands(one, index))
        const words = replies.length === 0 ? 'stale' : of < 0 ? 'unknown' : Array.from({ length: count }, () => of)
        expect(readAt(cache, address, count, 0)).toEqual(words)
      },
    ),
  )
})

test('it does not grow without end', () => {
  const cache = new RegisterCache()
  for (let address = 0; address < 2000; address += 2) cache.take(reply({ address, words: [address], atMs: 0 }))
  expect(readAt(cache, 0, 1, 0)).toBe('unknown')
  expect(readAt(cache, 1998, 1, 0)).toEqual([1998])
})
