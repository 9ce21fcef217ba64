/** The stretch of time that a chart of intervals shows. */
import { expect, it } from 'vitest'
import { timeRange } from '../../web/charts/time-range.ts'

const at = (...starts: number[]) => ({ data: [starts] }) as unknown as Parameters<ReturnType<typeof timeRange>>[0]

it('has room for eight quarter-hours where there is one, and for all of them where there are more', () => {
  const range = timeRange(900)
  expect(range(at(90_000))).toEqual([90_000 - 7 * 900, 90_900])
  expect(range(at(0, 45_000, 90_000))).toEqual([0, 90_900])
})
