/** What a watcher compares before it signs a batch, and why it refuses one. */
import { expect, test } from 'vitest'
import {
  type BatchHeader,
  type ComputedBatch,
  entryWordsOf,
  hashOfEntryWords,
  headerOf,
  reasonToRefuse,
  type ShownBatch,
} from '../../contracts/protocol/batch.ts'
import type { EntryFields } from '../../contracts/protocol/entry.ts'

const root = `0x${'12'.repeat(32)}`
const common = { area: 7, start: 900, end: 1_800, bandLow: -5, bandHigh: 40, statementRoot: root, gridTake: 3n }
const entry = (number: number, change: Partial<EntryFields> = {}): EntryFields => ({
  ...{ number, lag: 0, exportDelta: 9, importDelta: 8, soldWh: 0, boughtWh: 0, paid: 0n, received: 0n },
  ...change,
})
const seller = entry(1, { soldWh: 5, received: 50n })
const buyer = entry(2, { boughtWh: 5, paid: 53n })
const computed: ComputedBatch = { ...common, entries: [seller, buyer, entry(3)] }

function shownAs(parts: EntryFields[][], change: Partial<BatchHeader> = {}): ShownBatch {
  const bound = { ...common, ...change }
  const hashes = parts.map((entries) => hashOfEntryWords(entryWordsOf(entries)))
  return { ...bound, parts, header: headerOf({ ...bound, parts: hashes }) }
}

test('a watcher signs what it computed itself, however it is divided into parts', () => {
  expect(reasonToRefuse(shownAs([computed.entries]), computed)).toBeNull()
  expect(reasonToRefuse(shownAs([[seller], [buyer], [entry(3)]]), computed)).toBeNull()
})

test.each<[string, ShownBatch]>([
  ['header', { ...shownAs([computed.entries]), header: root }],
  ['header', { ...shownAs([computed.entries]), parts: [[seller], [buyer, entry(3)]] }],
  ['times', shownAs([computed.entries], { end: 2_700 })],
  ['times', shownAs([computed.entries], { start: 0 })],
  ['times', shownAs([computed.entries], { area: 8 })],
  ['moved-without-trade', shownAs([[entry(1), buyer, entry(3)]])],
  ['entries', shownAs([[buyer, entry(3)]])],
  ['entries', shownAs([[seller, { ...buyer, paid: 54n }, entry(3)]])],
  ['entries', shownAs([[seller, buyer, entry(3), entry(4)]])],
  ['band', shownAs([computed.entries], { bandLow: -6 })],
  ['band', shownAs([computed.entries], { bandHigh: 41 })],
  ['grid-take', shownAs([computed.entries], { gridTake: 4n })],
  ['statement', shownAs([computed.entries], { statementRoot: `0x${'13'.repeat(32)}` })],
])('it refuses for its %s', (reason, shown) => {
  expect(reasonToRefuse(shown, computed)).toBe(reason)
})
