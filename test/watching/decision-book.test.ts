/** What a watcher decided stays decided: whatever is killed, and whoever else has the same key. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Decision, DecisionBook } from '../../server/watching/decision-book.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-book-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const headerOf = (letter: string) => `0x${letter.repeat(64)}`
const decision = (header: string, change: Partial<Decision> = {}): Decision => ({
  ...{ start: 0, end: 60, number: 1, attempt: 0, header, says: 'approved', reason: null, sentence: null, keptOut: [] },
  ...change,
})

test('a decision is there after a restart', () => {
  const kept = new DecisionBook(folder).keep(decision(headerOf('a')))
  expect(kept.says).toBe('approved')
  expect(new DecisionBook(folder).of(headerOf('a'))).toEqual(kept)
  expect(new DecisionBook(folder).of(headerOf('b'))).toBeNull()
})

test('of one batch one header is signed, also by a process that did not know of it', () => {
  const [one, other] = [new DecisionBook(folder), new DecisionBook(folder)]
  one.keep(decision(headerOf('a')))
  expect(other.keep(decision(headerOf('b')))).toMatchObject({ says: 'withheld', reason: 'signed-another' })
  // The same header is the same decision.
  expect(other.keep(decision(headerOf('a'))).says).toBe('approved')
  // Cut anew, or given up on chain before, it is another batch.
  expect(other.keep(decision(headerOf('c'), { number: 2 })).says).toBe('approved')
  expect(other.keep(decision(headerOf('d'), { attempt: 1 })).says).toBe('approved')
})

test('a header that was refused leaves its batch free for a right one', () => {
  const book = new DecisionBook(folder)
  book.keep(decision(headerOf('a'), { says: 'refused', reason: 'entries', sentence: 'an entry' }))
  expect(book.keep(decision(headerOf('b'))).says).toBe('approved')
  expect(new DecisionBook(folder).of(headerOf('a'))?.reason).toBe('entries')
})

test('a draft that a kill left behind counts for nothing, and a torn decision stops the watcher', () => {
  writeFileSync(join(folder, '0011.draft'), '{"start":0,"en')
  const book = new DecisionBook(folder)
  expect(readdirSync(folder)).toEqual([])
  book.keep(decision(headerOf('a')))
  writeFileSync(join(folder, '60-1-0.json'), '{"start":0,"en')
  expect(() => new DecisionBook(folder)).toThrow(expect.objectContaining({ code: 'WATCH_DATA' }))
})

test('batches in which a seat was kept out count as long as they follow one another', () => {
  const book = new DecisionBook(folder)
  const batch = (end: number, keptOut: number[]) =>
    book.keep(decision(`0x${String(end).padStart(64, '0')}`, { start: end - 60, end, keptOut }))
  for (const end of [60, 120, 240, 300]) batch(end, end === 300 ? [5] : [5, 7])
  expect([5, 7].map((seat) => book.keptOutBefore(seat, 300))).toEqual([2, 0])
  expect(book.keptOutBefore(7, 240)).toBe(1)
  expect([120, 180].map((start) => book.keptOutBefore(7, start))).toEqual([2, 0])
})
