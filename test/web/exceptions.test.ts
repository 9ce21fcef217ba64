/** One light for the utility, and what it is red or yellow for. */
import { expect, it } from 'vitest'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { attentionOf } from '../../web/utility/exceptions.ts'
import { loadOf } from '../../web/utility/load.ts'
import { area } from './resources.ts'

const interval = (change: Partial<IntervalResource> = {}): IntervalResource => ({
  ...{ area: 1, start: '2026-07-01T12:00:00.000Z', end: '2026-07-01T12:00:10.000Z', run: 1, status: 'final' },
  ...{ kind: 'computed', matchedWh: 0, importWh: 0, exportWh: 0, missingReadings: 0, forwardWh: 0, deviationWh: 0 },
  ...{ gridFees: '0', congestionRent: '0', gridTake: '0', zones: [], flows: [] },
  ...change,
})
const nowMs = Date.parse('2026-07-01T12:01:00Z')
const settled: AreaResource = { ...area, missed: [], settledUntil: '2026-07-01T12:00:00.000Z' }
const look = (intervals: IntervalResource[], waiting = 0, own = settled) =>
  attentionOf(own, intervals, { waiting, nowMs })

it('is green where nothing waits for anybody', () => {
  expect(look([interval()])).toEqual({ light: 'good', exceptions: [], notes: [] })
  expect(attentionOf(settled, [], { waiting: null, nowMs })).toEqual({ light: 'good', exceptions: [], notes: [] })
})

it('is yellow for meters, readings, payments, corrections and deviations that somebody has to look at', () => {
  const late = { ...settled, settledUntil: '2026-07-01T11:00:00.000Z' }
  const { light, exceptions, notes } = look(
    [interval({ missingReadings: 2 }), interval({ run: 2 }), interval({ deviationWh: 40 })],
    1,
    late,
  )
  expect([light, exceptions.map((each) => each.replaceAll('\u202f', ' '))]).toEqual([
    'warn',
    [
      'One meter waits to be confirmed.',
      '2 meters have no reading in the newest final result.',
      expect.stringMatching(/^Nothing was paid since /),
    ],
  ])
  expect(notes.map((each) => each.replaceAll('\u202f', ' '))).toEqual([
    'Corrected by readings that came late: 1 of these periods.',
    '40 Wh that were agreed ahead were not delivered or not taken.',
  ])
})

it('is red for what does not add up, and for payments that nobody here knows', () => {
  const missed = [{ start: '2026-07-01T11:00:00.000Z', end: '2026-07-01T11:01:00.000Z' }]
  expect(look([interval({ importWh: 5 })]).light).toBe('bad')
  expect(look([interval()], 1, { ...settled, missed })).toMatchObject({
    light: 'bad',
    exceptions: [expect.stringMatching(/^1 payment was settled/), 'One meter waits to be confirmed.'],
  })
})

it('a line’s load is what went over it, whichever way, where that is told', () => {
  const flows = [
    { zone: 'north', exportWh: -30, congestionPerKwh: '0' },
    { zone: 'south', exportWh: null, congestionPerKwh: '0' },
  ]
  expect(['north', 'south', 'west'].map((zone) => loadOf(interval({ flows }), zone))).toEqual([30, null, null])
})
