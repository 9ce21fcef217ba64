/** How the page shows times. */
import { expect, it } from 'vitest'
import { duration, localDay, nextBoundary } from '../../web/time/clock.ts'

it('puts lengths of time as people say them', () => {
  expect([0, 42, 60, 200, 3600, 7500, 259_200].map(duration)).toEqual([
    '0 s',
    '42 s',
    '1 min',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '3 days',
  ])
})

it('finds the boundary after now, never now itself', () => {
  expect(nextBoundary(1_000_000_005_000, 10)).toBe(1_000_000_010)
  expect(nextBoundary(1_000_000_010_000, 10)).toBe(1_000_000_020)
  expect(nextBoundary(1_000_000_009_999, 10)).toBe(1_000_000_010)
})

it('bounds the local day that holds a moment', () => {
  const now = Date.parse('2026-07-01T12:34:56Z')
  const { from, to } = localDay(now)
  expect(Date.parse(from)).toBeLessThanOrEqual(now)
  expect(Date.parse(to)).toBeGreaterThan(now)
  expect(new Date(from).getHours()).toBe(0)
  expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000)
})
