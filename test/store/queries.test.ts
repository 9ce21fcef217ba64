/** Pages of private lists, and production across epochs, on rows written by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../server/store/database.ts'
import { reportRows } from '../../server/store/queries-report.ts'
import { productionByTime, seatBatches, seatIntervals } from '../../server/store/queries-seats.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
let database: Database
beforeAll(async () => {
  server = await startScratchServer()
  database = (await server.fresh()).database
  await fill()
})
afterAll(() => server.stop())

const areas = [1, 2]
const seatsPerArea = 3
const starts = [900, 1_800, 2_700, 3_600]
const seats = areas.flatMap((area) => [1, 2, 3].map((seat) => ({ area, seat })))

/** Two areas of three seats and four intervals, each interval superseded once, the first two of them in a batch. */
async function fill(): Promise<void> {
  await database`
    insert into intervals
    select area, start, run, 'final', 0, 0, 0, 0, 0, 0, 0, '[{"zone":"z","priceTicks":7}]', '[]', now()
    from unnest(${areas}::bigint[]) area, unnest(${starts}::bigint[]) start, generate_series(1, 2) run`
  await database`
    insert into seat_intervals
    select area_id, start, run, seat, 'm' || seat, 'z', 'measured', 10 * run, 0, 0, 0, 0, 0, 0, '[]', run = 2
    from intervals, generate_series(1, ${seatsPerArea}) seat`
  await database`
    insert into batches
    select area, 900 * n, 900 * (n + 1), 0, 0, 0, 0, 0, 'root' || n, 'cut', null, null, null, now()
    from unnest(${areas}::bigint[]) area, generate_series(1, 2) n`
  await database`
    insert into batch_entries
    select area_id, end_at, seat, kind, end_at - case kind when 'settle' then 0 else 1 end, 1, 0, 0, 5, 0, 0, 6
    from batches, generate_series(1, ${seatsPerArea}) seat, unnest(array['settle', 'rebase']) kind`
}

/** Pages through a list and gives every row's key in order. */
async function walk<Row>(
  page: (after: Row | undefined) => Promise<Row[]>,
  key: (row: Row) => string,
): Promise<string[]> {
  const keys: string[] = []
  let after: Row | undefined
  for (;;) {
    const rows = await page(after)
    if (rows.length === 0) return keys
    keys.push(...rows.map(key))
    after = rows.at(-1)
  }
}

describe('pages', () => {
  test.each([1, 2, 5, 24, 100])('of %i intervals give each newest run once, newest first', async (limit) => {
    const keys = await walk(
      (after: { area_id: number; seat: number; start: number } | undefined) =>
        seatIntervals(database, {
          seats,
          limit,
          after: after === undefined ? undefined : { area: after.area_id, seat: after.seat, start: after.start },
        }),
      (row) => `${row.start}/${row.area_id}/${row.seat}`,
    )
    expect(keys).toEqual(
      [...starts].reverse().flatMap((start) => seats.map(({ area, seat }) => `${start}/${area}/${seat}`)),
    )
  })

  test.each([1, 4, 100])('of %i batches give each once, rebased entries left out', async (limit) => {
    const keys = await walk(
      (after: { area_id: number; seat: number; end_at: number } | undefined) =>
        seatBatches(database, {
          seats,
          limit,
          after: after === undefined ? undefined : { area: after.area_id, seat: after.seat, end: after.end_at },
        }),
      (row) => `${row.end_at}/${row.area_id}/${row.seat}`,
    )
    expect(keys).toEqual([2_700, 1_800].flatMap((end) => seats.map(({ area, seat }) => `${end}/${area}/${seat}`)))
  })

  test('show the newest run, the zone’s price and the batch’s sums', async () => {
    const [row] = await seatIntervals(database, { seats: [{ area: 1, seat: 2 }], limit: 1 })
    expect(row).toMatchObject({ start: 3_600, run: 2, import_wh: 20, price_ticks: 7, status: 'final' })
    const [batch] = await seatBatches(database, { seats: [{ area: 1, seat: 2 }], limit: 1 })
    expect(batch).toMatchObject({ start: 1_800, end_at: 2_700, sold_wh: 5, received: '6' })
    expect(await seatIntervals(database, { seats: [], limit: 9 })).toEqual([])
  })

  test('of a report have one row per seat and interval of its area, with the batch where there is one', async () => {
    const rows = []
    for await (const page of reportRows(database, { area: 2, from: 1_000, to: 3_600 })) rows.push(...page)
    expect(rows.map(({ start, seat, run, batch_end }) => [start, seat, run, batch_end])).toEqual([
      [1_800, 1, 2, 2_700],
      [1_800, 2, 2, 2_700],
      [1_800, 3, 2, 2_700],
      [2_700, 1, 2, null],
      [2_700, 2, 2, null],
      [2_700, 3, 2, null],
    ])
  })
})

describe('production', () => {
  test('is never taken across two epochs', async () => {
    const rows = [
      [1, 900, 5],
      [1, 1_800, 8],
      [2, 1_800, 0],
      [2, 2_700, 4],
      [7, 3_600, 1],
      [7, 4_500, null],
    ] as const
    for (const [epoch, time, production] of rows) {
      await database`
        insert into readings (area_id, meter, epoch, time, import_wh, export_wh, quality, signature, sequence, production_wh, reasons)
        values (1, 'm1', ${epoch}, ${time}, 0, 0, 0, '\\x00', 1, ${production}, '{}')`
    }
    expect(
      [...(await productionByTime(database, { meter: 'm1', from: 0, to: 9_000 }))].sort(([a], [b]) => a - b),
    ).toEqual([
      [900, { epoch: 1, productionWh: 5 }],
      [2_700, { epoch: 2, productionWh: 4 }],
      [3_600, { epoch: 7, productionWh: 1 }],
    ])
    expect((await productionByTime(database, { meter: 'm1', from: 2_000, to: 3_000 })).size).toBe(1)
    expect((await productionByTime(database, { meter: 'nobody', from: 0, to: 9_000 })).size).toBe(0)
  })
})
