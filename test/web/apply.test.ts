/** How live messages change what the page has loaded. */
import { QueryClient } from '@tanstack/react-query'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SeatResource, TelemetryEvent } from '../../server/api/resources.ts'
import { applySeat, applyTelemetry, withNewest } from '../../web/live/apply.ts'
import { seatOf } from './resources.ts'

const at = (second: number, run: number) => ({ start: new Date(second * 1000).toISOString(), run })

describe('a live list', () => {
  it('holds the newest run of each interval, newest first, in whatever order the events come', () => {
    const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 4 })), { maxLength: 40 })
    fc.assert(
      fc.property(events, (pairs) => {
        const list = pairs.reduce<ReturnType<typeof at>[]>(
          (items, [second, run]) => withNewest(items, at(second, run), 100),
          [],
        )
        const newest = new Map<number, number>()
        for (const [second, run] of pairs) newest.set(second, Math.max(run, newest.get(second) ?? 0))
        expect(list).toEqual([...newest].sort(([a], [b]) => b - a).map(([second, run]) => at(second, run)))
      }),
      { seed: 5 },
    )
  })

  it('stays bounded', () => {
    let list: ReturnType<typeof at>[] = []
    for (let second = 0; second < 50; second++) list = withNewest(list, at(second, 1), 10)
    expect(list.map(({ start }) => start)).toEqual(Array.from({ length: 10 }, (_, index) => at(49 - index, 1).start))
  })

  it('takes the same run again, for example when it becomes final', () => {
    const before = [{ ...at(5, 1), status: 'provisional' }]
    expect(withNewest(before, { ...at(5, 1), status: 'final' }, 10)).toEqual([{ ...at(5, 1), status: 'final' }])
  })
})

it('renews a seat in place and leaves what was never fetched alone', () => {
  const account = `0x${'a'.repeat(40)}`
  const queries = new QueryClient()
  applySeat(queries, account, seatOf(account))
  expect(queries.getQueryData(['seats', account])).toBeUndefined()
  queries.setQueryData<SeatResource[]>(
    ['seats', account],
    [seatOf(account), seatOf(account, { seat: String(2 ** 32 + 4) })],
  )
  applySeat(queries, account, seatOf(account, { balance: '2' }))
  expect(queries.getQueryData<SeatResource[]>(['seats', account])?.map(({ balance }) => balance)).toEqual(['2', '1.5'])
})

it('keeps a bounded trace of telemetry', () => {
  const queries = new QueryClient()
  const value = (second: number): TelemetryEvent => ({
    seat: '7',
    time: new Date(second * 1000).toISOString(),
    powerW: second,
    productionW: null,
    batteryPowerW: null,
    stateOfChargePercent: null,
  })
  for (let second = 0; second < 400; second++) applyTelemetry(queries, 'a', value(second))
  const trace = queries.getQueryData<TelemetryEvent[]>(['telemetry', 'a', '7'])!
  expect(trace).toHaveLength(300)
  expect(trace.at(-1)?.powerW).toBe(399)
})
