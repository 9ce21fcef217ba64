/** What an area tells of a seat after a commit. */
import { expect, it } from 'vitest'
import { summaryOf } from '../../server/areas/changes.ts'
import { boundary, open, reading, seat } from '../market/engine/street.ts'

const readAt = (...places: number[]) => {
  const { state, run } = open([seat(1), seat(2)])
  const atMs = boundary(Math.max(...places)) * 1000 + 1_000
  run({ type: 'readings', atMs, readings: places.map((place) => reading(1, boundary(place), 10 * place, 0)) })
  return summaryOf(state, state.seats.get(1)!)
}

it.each([
  [[1, 2, 3], []],
  [[4], [[1, 3]]],
  [
    [1, 3, 4, 8],
    [
      [2, 2],
      [5, 7],
    ],
  ],
])('of boundaries %j are stored, and in the gaps before the newest are %j', (stored, gaps) => {
  const summary = readAt(...stored)
  expect(summary.newest).toEqual({ epoch: 1, time: boundary(stored.at(-1)!) })
  expect(summary.gaps).toEqual(gaps.map(([from, to]) => ({ from: boundary(from!), to: boundary(to!) })))
})
