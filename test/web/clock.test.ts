/** How the page shows times. */
import { describe, expect, it } from 'vitest'
import { duration, type LocalSpan, localSpan, nextBoundary, simulatedTime } from '../../web/time/clock.ts'
import { localRange } from '../../web/time/range.ts'

it('puts lengths of time as people say them', () => {
  expect([0, 42, 60, 200, 3600, 7500, 259_200].map(duration).map((text) => text.replaceAll('\u202f', ' '))).toEqual([
    '0 s',
    '42 s',
    '1 min',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '3 days',
  ])
})

it('tells whole days by their dates', () => {
  const at = (day: number, hour = 0) => new Date(2026, 6, day, hour).toISOString()
  expect(localRange(at(1), at(2))).toBe('1 Jul 2026')
  expect(localRange(at(1), at(4))).toBe('1 Jul 2026 – 3 Jul 2026')
  expect(localRange(at(1), at(1, 6))).toBe('1 Jul 2026, 00:00:00 – 1 Jul 2026, 06:00:00')
})

it('finds the boundary after now, never now itself', () => {
  expect(nextBoundary(1_000_000_005_000, 10)).toBe(1_000_000_010)
  expect(nextBoundary(1_000_000_010_000, 10)).toBe(1_000_000_020)
  expect(nextBoundary(1_000_000_009_999, 10)).toBe(1_000_000_010)
})

it('tells the time of a sun that runs faster', () => {
  const day = { epoch: '2026-07-01T00:00:00.000Z', dayLengthSeconds: 360 }
  const at = (seconds: number) => simulatedTime(day, Date.parse(day.epoch) + seconds * 1000)
  expect([0, 90, 180, 359, 360, 450].map(at)).toEqual(['00:00', '06:00', '12:00', '23:56', '00:00', '06:00'])
})

describe('a span of local time', () => {
  const now = Date.parse('2026-07-01T12:34:56Z')
  const span = (name: LocalSpan) => {
    const { from, to } = localSpan(name, now)
    return { from: new Date(from), to: new Date(to) }
  }

  it('holds the moment and begins at a local midnight', () => {
    for (const name of ['day', 'month', 'year'] as const) {
      const { from, to } = span(name)
      expect(from.getTime()).toBeLessThanOrEqual(now)
      expect(to.getTime()).toBeGreaterThan(now)
      expect([from.getHours(), from.getMinutes(), to.getHours(), to.getMinutes()]).toEqual([0, 0, 0, 0])
    }
    expect([span('month').from.getDate(), span('year').from.getMonth(), span('year').from.getDate()]).toEqual([1, 0, 1])
  })

  it('of the day before ends where the day begins', () => {
    expect(span('dayBefore').to).toEqual(span('day').from)
  })
})
