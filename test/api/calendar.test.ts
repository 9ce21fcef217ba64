/** Quarter-hours, hours, days and months of a time zone, on the days on which its clocks change and on others. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarParts, monthBounds, startsOf } from '../../server/api/calendar.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'

const vienna = new TimeZone('Europe/Vienna')
const at = (text: string) => Date.parse(text) / 1000
const day = (from: string, to: string) => ({ from: at(from), to: at(to) })

test.each([
  ['in spring', day('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'), 92, 23],
  ['in summer', day('2026-07-01T22:00:00Z', '2026-07-02T22:00:00Z'), 96, 24],
  ['in autumn', day('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'), 100, 25],
])('a local day %s has its quarter-hours and hours', (_, range, quarters, hours) => {
  expect(startsOf('quarter-hour', vienna, range)).toHaveLength(quarters)
  expect(startsOf('hour', vienna, range)).toHaveLength(hours)
  expect(startsOf('day', vienna, range)).toEqual([range.from])
})

test('a year has its months and days, and hours of a zone of half an hour begin where its clocks say', () => {
  const year = { from: monthBounds(vienna, '2026-01').from, to: monthBounds(vienna, '2026-12').to }
  expect(startsOf('month', vienna, year)).toHaveLength(12)
  expect(startsOf('day', vienna, year)).toHaveLength(365)
  const kolkata = new TimeZone('Asia/Kolkata')
  expect(startsOf('hour', kolkata, day('2026-07-01T18:30:00Z', '2026-07-01T20:30:00Z'))).toEqual([
    at('2026-07-01T18:30:00Z'),
    at('2026-07-01T19:30:00Z'),
  ])
})

test('parts ascend, begin with the range and lie in it', () => {
  const zones = ['UTC', 'Europe/Vienna', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'].map(
    (id) => new TimeZone(id),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...calendarParts),
      fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
      fc.integer({ min: 1, max: 40 * 86_400 }),
      (zone, period, from, length) => {
        const starts = startsOf(period, zone, { from, to: from + length })
        expect(starts[0]).toBe(from)
        expect(
          starts.every((start, index) => index === 0 || (start > starts[index - 1]! && start < from + length)),
        ).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})
