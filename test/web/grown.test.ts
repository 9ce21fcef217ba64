/** An area's growth, part by part. */
import { expect, test } from 'vitest'
import { grownParts } from '../../web/neighbourhood/grown.ts'

test('money adds up from part to part, and a part without a result is left out', () => {
  const growth = {
    ...({ area: 1, currency: 'EUR', by: 'day', timeZone: 'UTC' } as const),
    ...{ from: '2026-10-01T06:00:00.000Z', to: '2026-10-04T12:00:00.000Z' },
    starts: [
      '2026-10-01T06:00:00.000Z',
      '2026-10-02T00:00:00.000Z',
      '2026-10-03T00:00:00.000Z',
      '2026-10-04T00:00:00.000Z',
    ],
    ...{ meters: [3, 3, 4, 5], intervals: [72, 0, 96, 48], matchedWh: [100, 0, 0, 300], importWh: [400, 0, 0, 600] },
    keptInStreet: ['0.1', '0', '-0.02', '0.3'],
    today: { from: '2026-10-04T00:00:00.000Z', matchedWh: 300, importWh: 600, keptInStreet: '0.3' },
  }
  expect(grownParts(growth).map(({ meters, share, keptSoFar }) => [meters, share, keptSoFar])).toEqual([
    [3, 0.25, '0.1'],
    [4, null, '0.08'],
    [5, 0.5, '0.38'],
  ])
})
