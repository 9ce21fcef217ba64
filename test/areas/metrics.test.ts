/** What `/metrics` says of areas, in the moments that are easily told wrong. */
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { AreaHandle, AreaStatus } from '../../server/areas/area-handle.ts'
import { areaMetrics } from '../../server/areas/metrics.ts'

const start = 1_800_000_000

const atStart: AreaStatus = {
  ...{ condition: { is: 'ready' }, sequence: 3, hash: '', aheadOfDatabaseMs: null, aheadOfChainMs: 1_500, loads: 1 },
  ...{ nowMs: (start + 70) * 1000, cutUntil: start, settledUntil: 0, unsettledFrom: null, oldestOpen: null },
}

async function said(change: Partial<AreaStatus>): Promise<Record<string, number>> {
  const registry = new Registry()
  const settings = { area: 7, rules: { intervalSeconds: 10 } } as AreaHandle['settings']
  areaMetrics(registry, () => [{ settings, status: { ...atStart, ...change } } as AreaHandle])
  const lines = (await registry.metrics()).split('\n').filter((line) => line.includes('{area="7"}'))
  return Object.fromEntries(
    lines.map((line) => [line.replace(/^commonwatt_|\{.*/g, ''), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

test('an area that has settled nothing yet is no epoch behind', async () => {
  expect(await said({})).toMatchObject({ unsettled_seconds: 0, oldest_open_interval_seconds: 0, area_ready: 1 })
  expect(await said({ cutUntil: start + 120, unsettledFrom: start })).toMatchObject({ unsettled_seconds: 120 })
})

test('what is settled is behind, whatever of it was without a trade', async () => {
  const settled = { settledUntil: start - 60, cutUntil: start + 60 }
  expect(await said(settled)).toMatchObject({ unsettled_seconds: 0 })
  expect(await said({ ...settled, unsettledFrom: start })).toMatchObject({ unsettled_seconds: 60 })
})

test('an interval is open from its end on, and a clock that nobody was asked about is not told', async () => {
  const open = await said({ oldestOpen: start + 50 })
  expect(open).toMatchObject({ oldest_open_interval_seconds: 10, clock_ahead_of_chain_seconds: 1.5 })
  expect(open).not.toHaveProperty('clock_ahead_of_database_seconds')
})
