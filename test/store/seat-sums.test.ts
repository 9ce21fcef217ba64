/** Sums of stretches are those of the rows of intervals, whatever became of them, and a range is summed as if row by row. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../server/store/database.ts'
import { migrations } from '../../server/store/migrations.ts'
import { monthOf } from '../../server/store/months.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { seatSummary, sumSeconds } from '../../server/store/seat-sums.ts'
import { seededDraws } from '../bench/measure.ts'
import { config, face, intervalSeconds, t0 } from '../market/engine/street.ts'
import { randomAreas } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

/** Row by row. */
const slowSums = (database: Database, seconds: number) => database<Record<string, unknown>[]>`
  select area_id, seat, (start / ${seconds}::bigint)::int as stretch, sum(import_wh)::bigint as import_wh,
    sum(export_wh)::bigint as export_wh, sum(least(import_wh, export_wh))::bigint as own_use_wh,
    sum(bought_wh)::bigint as bought_wh, sum(sold_wh)::bigint as sold_wh, sum(paid)::bigint as paid,
    sum(received)::bigint as received
  from seat_intervals where current group by 1, 2, 3 order by 1, 2, 3`

test('random journals leave the sums of their rows, however often these were computed, amended, corrected or reduced', async () => {
  const kinds = ['interval-amended', 'interval-corrected', 'interval-reduced', 'recomputed']
  const unseen = new Set(kinds)
  for await (const area of randomAreas(server, { seeds: { first: 101, most: 40 }, steps: 400 })) {
    // A row is left where all that it summed is gone again.
    const fast = await area.database`
      select * from seat_sums own where exists (
        select from seat_intervals rows where rows.area_id = own.area_id and rows.seat = own.seat and current
          and rows.start / ${sumSeconds(intervalSeconds)}::bigint = own.stretch)
      order by area_id, seat, stretch`
    expect([...fast], `seed ${area.seed}`).toEqual([...(await slowSums(area.database, sumSeconds(intervalSeconds)))])
    const [emptied] = await area.database<[{ isRight: boolean }]>`
      select coalesce(bool_and(import_wh = 0 and export_wh = 0 and paid = 0 and received = 0), true) as "isRight"
      from seat_sums own where not exists (
        select from seat_intervals rows where rows.area_id = own.area_id and rows.seat = own.seat and current
          and rows.start / ${sumSeconds(intervalSeconds)}::bigint = own.stretch)`
    expect(emptied.isRight, `seed ${area.seed}`).toBe(true)
    for (const event of area.writer.events) {
      unseen.delete(event.type === 'interval-cleared' && event.result.run > 1 ? 'recomputed' : event.type)
    }
    if (unseen.size === 0 && area.seed >= 108) break
  }
  expect([...unseen]).toEqual([])
}, 300_000)

test('a range is summed as row by row, wherever it begins and ends, for any length of interval', async () => {
  const seed = 20_261_129
  const draw = seededDraws(seed)
  for (const seconds of [4, 900, 7_000]) {
    const { database } = await server.fresh()
    const rules = { ...config.rules, intervalSeconds: seconds }
    await database`
      insert into areas (chain_id, escrow, area) values (1, '0xe', 1)`
    await database`
      insert into area_settings values (1, 0, ${database.json({ config: { ...config, rules }, face } as never)})`
    const first = Math.floor(t0 / seconds)
    const times = Array.from({ length: 600 }, (_, place) => (first + place) * seconds)
    await database`select make_months(${[...new Set(times.map((time) => monthOf(time)))]})`
    await database`
      insert into intervals
      select 1, start, run, 'final', 'computed', 0, 0, 0, 0, 0, 0, 0, 0, now()
      from unnest(${times}::bigint[]) start, generate_series(1, 2) run`
    await database`
      insert into seat_intervals
      select 1, seat, start, start % 1009, start % 499, 1, start % 97 + 83, start % 89 + 79, start % 83, start % 79, 0, 0, 0,
        start % 7 <> seat, ${encodeOutcomes([])}
      from unnest(${times}::bigint[]) start, generate_series(1, 2) seat where start % 11 <> 0`
    // As they are filled from what is there.
    const { text } = migrations.find(({ name }) => name === '0018_sums-of-stretches')!
    await database.unsafe(text.slice(text.indexOf('insert into seat_sums')))
    expect([...(await database`select * from seat_sums order by area_id, seat, stretch`)]).toEqual([
      ...(await slowSums(database, sumSeconds(seconds))),
    ])
    for (let round = 0; round < 60; round += 1) {
      const bounds = [draw(620), draw(620)].map(
        (place) => (first + place - 10) * seconds + (draw(3) === 0 ? draw(seconds) : 0),
      )
      const [from, to] = bounds.sort((a, b) => a - b) as [number, number]
      const [slow] = await database`
        select coalesce(sum(import_wh), 0)::bigint as import_wh, coalesce(sum(export_wh), 0)::bigint as export_wh,
          coalesce(sum(least(import_wh, export_wh)), 0)::bigint as own_use_wh,
          coalesce(sum(bought_wh), 0)::bigint as bought_wh, coalesce(sum(sold_wh), 0)::bigint as sold_wh,
          coalesce(sum(paid), 0)::text as paid, coalesce(sum(received), 0)::text as received
        from seat_intervals where seat = 2 and start >= ${from} and start < ${to} and current`
      const what = `seed ${seed}, ${seconds} s, [${from}, ${to})`
      expect({ ...(await seatSummary(database, { area: 1, seat: 2, from, to })) }, what).toEqual({ ...slow })
    }
  }
}, 120_000)
