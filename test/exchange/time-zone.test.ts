/** Clock times against the operating system's own knowledge of zones. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOf, isoSeconds, readInstant } from '../../server/exchange/instants.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'

/** What the clocks of a zone show at an instant, by `Intl`. */
function shown(zone: string, instant: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).formatToParts(instant * 1000)
  const part = (type: string) => Number(parts.find((each) => each.type === type)!.value)
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) / 1000
}

const zones = [
  'Europe/Vienna',
  'Atlantic/Canary',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Martinique',
]

describe('a zone', () => {
  test('names for a clock time every instant at which clocks show it, and no other', () => {
    const quarter = fc
      .integer({ min: Date.UTC(2015, 0) / 900_000, max: Date.UTC(2035, 0) / 900_000 })
      .map((each) => each * 900)
    fc.assert(
      fc.property(fc.constantFrom(...zones), quarter, (name, instant) => {
        const zone = new TimeZone(name)
        expect(zone.local(instant)).toBe(shown(name, instant))
        expect(zone.instants(shown(name, instant))).toContain(instant)
        for (const each of zone.instants(instant)) expect(shown(name, each)).toBe(instant)
      }),
      { numRuns: 500, seed: 20261112 },
    )
  })

  test('shows some clock times twice and skips others', () => {
    const zone = new TimeZone('Europe/Vienna')
    expect(zone.instants(Date.UTC(2025, 9, 26, 2, 30) / 1000)).toEqual([
      Date.UTC(2025, 9, 26, 0, 30) / 1000,
      Date.UTC(2025, 9, 26, 1, 30) / 1000,
    ])
    expect(zone.instants(Date.UTC(2025, 2, 30, 2, 30) / 1000)).toEqual([])
    expect(zone.startOfDay(dayOf(2025, 10, 27)!) - zone.startOfDay(dayOf(2025, 10, 26)!)).toBe(25 * 3600)
  })

  test('may be a fixed offset', () => {
    expect(new TimeZone('+10:00').startOfDay(dayOf(2026, 4, 14)!)).toBe(Date.UTC(2026, 3, 13, 14) / 1000)
  })

  test.each(['Mars/Phobos', '', 'Z', '2026-01-01T00:00Z', 'Europe/Vienna[x]'])('is none for %j', (name) => {
    expect(() => new TimeZone(name)).toThrow('is not known')
  })
})

describe('an instant', () => {
  test.each([
    ['2026-10-25T00:15:00+02:00', '2026-10-24T22:15:00Z', ''],
    ['2026-10-25T00:15:00.5391430Z', '2026-10-25T00:15:00Z', '539143'],
    ['2026-10-25T00:15-03:30', '2026-10-25T03:45:00Z', ''],
  ])('of %s is %s', (text, expected, fraction) => {
    const instant = readInstant(text, () => '')
    expect([isoSeconds(instant.seconds), instant.fraction]).toEqual([expected, fraction])
  })

  test.each([
    '2026-10-25',
    '2026-10-25T24:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-10-25T00:00:00',
    '25.10.2026 00:00',
    '1969-12-31T00:00:00Z',
    '2026-10-25T00:00:60Z',
  ])('is none for %s', (text) => {
    expect(() => readInstant(text, () => 'here')).toThrow('here: ')
  })
})
