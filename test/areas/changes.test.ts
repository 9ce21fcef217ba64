/** What an area tells of a seat after a commit. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SeatSummary } from '../../server/areas/area-handle.ts'
import { summaryOf, ToldSeats } from '../../server/areas/changes.ts'
import type { AreaState } from '../../server/market/area/state.ts'
import { streets } from '../market/engine/random-steps.ts'
import { RandomStreet } from '../market/engine/random-streets.ts'
import { boundary, eventsOf, intervalSeconds, open, reading, seat } from '../market/engine/street.ts'

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

describe('what those outside were told of the seats', () => {
  it('is what the area knows after every command, though most of them tell of few seats', () => {
    let toldAfterCuts = 0
    let begun = 0
    let followed = 0
    fc.assert(
      fc.property(streets, ({ steps, funds }) => {
        const told = new ToldSeats()
        const known = new Map<number, SeatSummary>()
        let state: AreaState | null = null
        new RandomStreet(funds, (street, _, events) => {
          // A street that goes back to a backup is made again from its journal.
          if (street.state !== state) for (const summary of told.all(street.state)) known.set(summary.seat, summary)
          state = street.state
          const { seats, newest } = told.changedBy(state, events)
          for (const [seat, summary] of seats) {
            if (summary === null) known.delete(seat)
            else known.set(seat, summary)
          }
          for (const [place, seat] of newest.seats.entries()) {
            known.get(seat)!.newest = { epoch: newest.epochs[place]!, time: newest.times[place]! }
            followed += 1
          }
          const started = eventsOf(events, 'interval-started').at(-1)
          // Terms that begin are told with the first interval that starts under them.
          const isInTime = started !== undefined && (started.start + intervalSeconds) * 1000 > state.nowMs
          if (eventsOf(events, 'batch-cut').length > 0) toldAfterCuts += 1
          if (isInTime && [...state.seats.values()].some(({ chain }) => chain.terms.length > 1)) begun += 1
          expect([...known.keys()].sort()).toEqual([...state.seats.keys()].sort())
          for (const [seat, summary] of known) {
            const today = summaryOf(state, state.seats.get(seat)!)
            const { closed, zone, confirmed } = isInTime ? today : summary
            expect(summary).toEqual({ ...today, closed, zone, confirmed })
          }
        }).play(steps)
      }),
      { seed: Number(process.env.SEED ?? 20_261_129), numRuns: Number(process.env.RUNS ?? 10), endOnFailure: true },
    )
    expect([toldAfterCuts > 0, begun > 0, followed > 0]).toEqual([true, true, true])
  })
})
