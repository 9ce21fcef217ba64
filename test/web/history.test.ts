/** Days, weeks, months and years of a home: their bounds, what their parts are called, and a chart's one zero line. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startsOf } from '../../server/api/calendar.ts'
import type { TotalsResource } from '../../server/api/totals-resources.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { aroundOneZero } from '../../web/charts/zero.ts'
import { drawnColumns } from '../../web/history/drawn-columns.ts'
import { labelOf, spanName, ticksOf } from '../../web/history/labels.ts'
import { boundsOf, finenessesOf } from '../../web/history/spans.ts'
import { monthName, newestMonths } from '../../web/time/clock.ts'

const zone = process.env.TZ
beforeAll(() => {
  process.env.TZ = 'Europe/Vienna'
})
afterAll(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

/** The parts of the span that holds a time, as the server makes them. */
function partsAt(time: string, span: 'day' | 'week' | 'month' | 'year', by: 'quarter-hour' | 'hour' | 'day' | 'month') {
  const { from, to } = boundsOf(span, 0, Date.parse(time))
  const range = { from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 }
  const starts = startsOf(by, new TimeZone('Europe/Vienna'), range).map((start) => new Date(start * 1000).toISOString())
  return starts.map((start, index) => ({ start, end: starts[index + 1] ?? to }))
}

describe('a local day', () => {
  it.each([
    ['2026-03-29T12:00:00Z', 92],
    ['2026-07-01T12:00:00Z', 96],
    ['2026-10-25T12:00:00Z', 100],
  ])('of %s has %d quarter-hours, and no two of one name', (time, count) => {
    for (const language of ['en', 'de']) {
      const labels = partsAt(time, 'day', 'quarter-hour').map((part) =>
        labelOf(part, { span: 'day', by: 'quarter-hour', language }),
      )
      expect(new Set(labels).size).toBe(count)
    }
  })

  it('tells the hour apart that comes twice in autumn', () => {
    const labels = partsAt('2026-10-25T12:00:00Z', 'day', 'hour').map((part) =>
      labelOf(part, { span: 'day', by: 'hour', language: 'en' }),
    )
    expect(labels.slice(1, 5)).toEqual([
      '01:00–\u206002:00 CEST',
      '02:00 CEST–\u206002:00 CET',
      '02:00 CET–\u206003:00',
      '03:00–\u206004:00',
    ])
  })

  it('skips the hour that does not come in spring', () => {
    const labels = partsAt('2026-03-29T12:00:00Z', 'day', 'hour').map((part) =>
      labelOf(part, { span: 'day', by: 'hour', language: 'de' }),
    )
    expect(labels.slice(1, 3)).toEqual(['01:00–\u206003:00', '03:00–\u206004:00'])
  })
})

describe('spans', () => {
  it('begin on Mondays, firsts and New Year, and turn back', () => {
    const at = Date.parse('2026-11-29T12:00:00Z')
    expect(boundsOf('week', 0, at)).toEqual({ from: '2026-11-22T23:00:00.000Z', to: '2026-11-29T23:00:00.000Z' })
    expect(boundsOf('month', 1, at)).toEqual({ from: '2026-09-30T22:00:00.000Z', to: '2026-10-31T23:00:00.000Z' })
    expect(boundsOf('year', 1, at)).toEqual({ from: '2024-12-31T23:00:00.000Z', to: '2025-12-31T23:00:00.000Z' })
    expect(finenessesOf('day', 3600)).toEqual(['hour'])
    expect(newestMonths(Date.parse('2026-01-15T12:00:00Z'), 3)).toEqual(['2026-01', '2025-12', '2025-11'])
    expect(monthName('2026-03')).toBe('March 2026')
  })

  it('have names', () => {
    const name = (span: 'day' | 'week' | 'month' | 'year') =>
      spanName(boundsOf(span, 0, Date.parse('2026-11-28T12:00:00Z')), span, 'en').replaceAll('\u2009', ' ')
    expect(name('day')).toBe('Saturday, 28 November 2026'.replace(',', name('day').includes(',') ? ',' : ''))
    expect(name('week')).toMatch(/^23 ?– ?29 November 2026$/)
    expect([name('month'), name('year')]).toEqual(['November 2026', '2026'])
  })
})

/** Totals of quarter-hours that took and gave so much. */
function totalsOf(quarters: readonly { importWh: number; exportWh: number; soldWh: number }[]): TotalsResource {
  const each = <Value>(value: Value) => quarters.map(() => value)
  const starts = quarters.map((_, index) => new Date(Date.UTC(2025, 11, 31, 23, 15 * index)).toISOString())
  return {
    ...{
      seat: '1',
      from: starts[0] ?? '',
      to: '2026-12-31T23:00:00.000Z',
      by: 'quarter-hour',
      timeZone: 'Europe/Vienna',
    },
    ...{ starts, intervals: each(1), provisional: each(0), ownUseWh: each(0), boughtWh: each(0) },
    importWh: quarters.map(({ importWh }) => importWh),
    exportWh: quarters.map(({ exportWh }) => exportWh),
    soldWh: quarters.map(({ soldWh }) => soldWh),
    ...{ productionWh: each(null), usedAtOnceWh: each(null), producing: each(0) },
    ...{ paid: each('0'), received: each('0'), soldAtFeedIn: each('0'), boughtAtRetail: each('0') },
  }
}

describe('the columns of a chart', () => {
  const energy = fc.integer({ min: 0, max: 2_000 })
  const quarters = fc.array(fc.record({ importWh: energy, exportWh: energy, soldWh: energy }), { maxLength: 200 })

  it('are no more than there is room for, hide no part, and stand for their highest one', () => {
    fc.assert(
      fc.property(quarters, fc.integer({ min: 1, max: 60 }), (list, most) => {
        const { data, partAt, columnAt } = drawnColumns(totalsOf(list), { importSign: -1, most })
        const [first, out, , , into] = data
        expect(first.length).toBeLessThanOrEqual(most)
        list.forEach(({ importWh, exportWh }, part) => {
          const column = columnAt(part)
          expect(first[column]).toBeLessThanOrEqual(part)
          expect(out![column]).toBeGreaterThanOrEqual(exportWh)
          expect(into![column]).toBeLessThanOrEqual(-importWh)
          const { importWh: taken, exportWh: given } = list[partAt(column)]!
          expect(columnAt(partAt(column))).toBe(column)
          expect(taken + given).toBeGreaterThanOrEqual(importWh + exportWh)
        })
      }),
    )
  })

  it('are the parts themselves while there is room for each', () => {
    fc.assert(
      fc.property(quarters, (list) => {
        const { data, partAt, columnAt } = drawnColumns(totalsOf(list), { importSign: 1, most: 200 })
        expect(data[0]).toEqual(list.map((_, index) => index))
        expect(data[1]).toEqual(list.map(({ exportWh }) => exportWh))
        expect(data[2]).toEqual(list.map(({ soldWh }) => soldWh))
        expect(list.every((_, index) => partAt(index) === index && columnAt(index) === index)).toBe(true)
      }),
    )
  })

  it('of a year of quarter-hours are as many as a wide screen can show', () => {
    const year = totalsOf(
      Array.from({ length: 35_040 }, (_, index) => ({ importWh: index % 96, exportWh: 0, soldWh: 0 })),
    )
    const { data } = drawnColumns(year, { importSign: 1, most: 1_500 })
    expect(data.map((list) => list.length)).toEqual(Array(6).fill(1_460))
  })
})

describe('the ticks of an axis', () => {
  const texts = (
    time: string,
    span: 'day' | 'week' | 'month' | 'year',
    by: 'quarter-hour' | 'hour' | 'day' | 'month',
    most: number,
  ) =>
    ticksOf(
      partsAt(time, span, by).map(({ start }) => start),
      { span, language: 'en', most },
    ).map(({ text }) => text)

  it('stand where hours, days and months begin, as many as there is room for', () => {
    const summer = '2026-07-01T12:00:00Z'
    expect(texts(summer, 'day', 'quarter-hour', 8)).toEqual([
      '00:00',
      '03:00',
      '06:00',
      '09:00',
      '12:00',
      '15:00',
      '18:00',
      '21:00',
    ])
    expect(texts(summer, 'day', 'hour', 4)).toEqual(['00:00', '06:00', '12:00', '18:00'])
    expect(texts(summer, 'week', 'hour', 7)).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])
    expect(texts(summer, 'month', 'hour', 7)).toEqual(['1', '6', '11', '16', '21', '26', '31'])
    expect(texts(summer, 'year', 'quarter-hour', 6)).toEqual(['Jan', 'Mar', 'May', 'Jul', 'Sept', 'Nov'])
    expect(texts(summer, 'year', 'month', 12)).toHaveLength(12)
  })

  it('stand at the first quarter-hour of each month, and name a single part', () => {
    const year = partsAt('2026-07-01T12:00:00Z', 'year', 'quarter-hour').map(({ start }) => start)
    expect(year).toHaveLength(35_040)
    expect(ticksOf(year, { span: 'year', language: 'en', most: 12 }).map(({ index }) => year[index])).toEqual(
      partsAt('2026-07-01T12:00:00Z', 'year', 'month').map(({ start }) => start),
    )
    expect(ticksOf(['2026-07-01T13:15:00.000Z'], { span: 'day', language: 'en', most: 8 })).toEqual([
      { index: 0, text: '15:15' },
    ])
  })
})

it('a chart has one zero line, and everything is within', () => {
  // Watt-hours, and hundredths of a cent.
  const extent = fc.record({
    low: fc.integer({ min: -1_000_000, max: 0 }),
    high: fc.integer({ min: 0, max: 1_000_000 }),
  })
  fc.assert(
    fc.property(extent, extent, (first, second) => {
      const scales = aroundOneZero(first, second)
      for (const [index, { low, high }] of [first, second].entries()) {
        const scale = scales[index]!
        const slack = 1e-6 * (scale.high - scale.low)
        expect(scale.low).toBeLessThanOrEqual(low + slack)
        expect(scale.high).toBeGreaterThanOrEqual(high - slack)
        expect(scale.high).toBeGreaterThan(scale.low)
      }
      const zeros = scales.map(({ low, high }) => -low / (high - low))
      expect(zeros[0]).toBeCloseTo(zeros[1]!, 9)
    }),
  )
})
