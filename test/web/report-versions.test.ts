/** Versions of reports as the page lists them. */
import { expect, it } from 'vitest'
import type { ReportVersionResource } from '../../server/api/report-resources.ts'
import { reportName } from '../../web/documents/report-name.ts'
import { changedSinceOf, isProposable, queryOf, rangeOf } from '../../web/utility/report-version.ts'

const report = { format: 'csv', from: 1_793_491_200, to: 1_793_577_600, by: 'interval', timeZone: 'UTC' }
const version = (number: number, computedUntil: string | null, own = report): ReportVersionResource => ({
  ...{ report: own, version: number, createdAt: '2026-11-02T00:00:00Z', refusals: [] },
  manifest: computedUntil === null ? null : { computedUntil },
})

it('are asked for again by what they were asked for', () => {
  expect(rangeOf(version(1, null))).toEqual({ from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' })
  expect(queryOf(version(1, null, { ...report, zone: 'north' } as typeof report))).toEqual({
    ...{ from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' },
    ...{ format: 'csv', by: 'interval', timeZone: 'UTC', zone: 'north' },
  })
})

it('differ by what was computed after the version before, where that was read to its end', () => {
  const all = [
    version(3, null),
    version(2, null),
    version(1, '2026-11-01T12:00:00Z'),
    version(1, '2026-11-09T00:00:00Z', { ...report, format: 'espi' }),
  ]
  expect(changedSinceOf(all[1]!, all)).toBe('2026-11-01T12:00:00Z')
  expect(changedSinceOf(all[0]!, all)).toBeNull()
  expect(changedSinceOf(all[2]!, all)).toBeNull()
})

it('are put forward to be released once, the newest one, when it was written to its end', () => {
  const all = [version(3, null), version(2, '2026-11-02T00:00:00Z'), version(1, '2026-11-01T00:00:00Z')]
  const [third, second, first] = all as [ReportVersionResource, ReportVersionResource, ReportVersionResource]
  expect([third, second, first].map((each) => isProposable(each, all, []))).toEqual([false, false, false])
  expect(isProposable(second, [second, first], [first])).toBe(true)
  expect(isProposable(second, [second, first], [second])).toBe(false)
})

it('are told apart by what they were asked for', () => {
  expect(reportName(report)).toBe('csv')
  expect(reportName({ ...report, by: 'day', zone: 'north' })).toBe('csv, by day, north')
  expect(reportName({ ...report, by: 'month', point: 'AT00', changedSince: 7 })).toBe(
    'csv, by month, AT00, changes only',
  )
})
