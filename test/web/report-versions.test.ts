/** Versions of reports as the page lists them. */
import { expect, it } from 'vitest'
import type { ReportVersionResource } from '../../server/api/report-resources.ts'
import { changedSinceOf, queryOf, rangeOf } from '../../web/utility/report-version.ts'

const report = { format: 'csv', from: 1_793_491_200, to: 1_793_577_600, by: 'interval', timeZone: 'UTC' }
const version = (number: number, computedUntil: string | null, own = report): ReportVersionResource => ({
  ...{ report: own, version: number, createdAt: '2026-11-02T00:00:00Z', refusals: [] },
  manifest: computedUntil === null ? null : { computedUntil },
})

it('are asked for again by what they were asked for', () => {
  expect(rangeOf(version(1, null))).toEqual({ from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' })
  const query = new URLSearchParams(queryOf(version(1, null, { ...report, zone: 'north' } as typeof report)))
  expect(Object.fromEntries(query)).toEqual({
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
