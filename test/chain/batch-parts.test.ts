/** How a batch is cut into transactions that stay below the gas cap. */
import { expect, test } from 'vitest'
import { divideIntoParts } from '../../server/chain/batch-parts.ts'
import type { AreaView, SeatRecord } from '../../server/chain/seat-view.ts'
import type { SignedEntry } from '../../server/store/settlement-store.ts'

/** An area whose first `changing` seats have terms that the escrow has not put in force yet. */
function areaOf(seats: number, changing: number, change: Partial<AreaView> = {}): AreaView {
  const records = Array.from({ length: seats }, (_, index): [number, SeatRecord] => {
    const terms = [{ from: 100 }]
    const record = { terms, standings: [], keys: [], inForceUntil: index < changing ? 0 : 100 }
    return [index + 1, record as unknown as SeatRecord]
  })
  return { seats: new Map(records), batches: new Map(), settledUntil: 0, open: null, ...change } as AreaView
}

const entriesOf = (seats: number) => Array.from({ length: seats }, (_, index) => ({ seat: index + 1 }) as SignedEntry)
const sizes = (seats: number, view: AreaView, entriesPerPart?: number) =>
  divideIntoParts(entriesOf(seats), view, entriesPerPart).map((part) => part.length)

test('a thousand usual entries are one part', () => {
  expect(sizes(1_000, areaOf(1_000, 0))).toEqual([1_000])
  expect(sizes(1_001, areaOf(1_001, 0))).toEqual([645, 356])
})

test('entries of seats that have just opened fill more parts', () => {
  expect(sizes(300, areaOf(300, 300))).toEqual([140, 140, 20])
  expect(sizes(300, areaOf(300, 10))).toEqual([300])
})

test('a batch that has begun, or follows one of several parts, costs more an entry', () => {
  const header = { header: '0x', gridTake: 0n, hashes: ['0x', '0x'] }
  const open = { end: 60, ...header, credits: new Map(), debits: new Map(), settledParts: 1, transactions: ['0x1'] }
  expect(sizes(700, areaOf(700, 0, { open }))).toEqual([645, 55])
  const batch = { start: 0, end: 60, statementRoot: '0x', transactions: ['0x1', '0x2'], block: 1, approvals: null }
  const after = { batches: new Map([[60, batch]]), settledUntil: 60 }
  expect(sizes(830, areaOf(830, 0, after))).toEqual([830])
  expect(sizes(840, areaOf(840, 0, after))).toEqual([645, 195])
})

test('entries of meters that have had another key cost more', () => {
  const view = areaOf(900, 0)
  for (const [number, record] of view.seats) view.seats.set(number, { ...record, keys: [{ key: '0x', from: 60 }] })
  expect(sizes(830, view)).toEqual([830])
  expect(sizes(840, view)).toEqual([569, 271])
})

test('nothing to settle is one empty part, and a smaller bound is kept', () => {
  expect(sizes(0, areaOf(0, 0))).toEqual([0])
  expect(sizes(5, areaOf(5, 0), 2)).toEqual([2, 2, 1])
})
