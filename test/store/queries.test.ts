/** Pages of lists, newest runs, and production across epochs, on rows written by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../server/market/area/area.ts'
import { encodeCommand } from '../../server/market/engine/journal.ts'
import type { Database } from '../../server/store/database.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { batchEndingAt, batches, intervals, runsOfInterval } from '../../server/store/queries.ts'
import { agreementsOfSeats } from '../../server/store/queries-agreements.ts'
import { forwardOrdersOfSeats, forwardTradesOfSeats } from '../../server/store/queries-forward.ts'
import { ordersOfSeats } from '../../server/store/queries-orders.ts'
import { reportRows } from '../../server/store/queries-report.ts'
import {
  productionByTime,
  seatBatches,
  seatIntervals,
  seatIntervalsOfAccounts,
  seatsOfAccount,
} from '../../server/store/queries-seats.ts'
import { seatSummary } from '../../server/store/seat-sums.ts'
import { settingsAt, settingsBetween, settingsFor } from '../../server/store/settings-store.ts'
import { batchesAfter, markCut, markSettled, markSubmitted } from '../../server/store/settlement-store.ts'
import { addressOf, config, face, order, placing } from '../market/engine/street.ts'
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
const starts = [900, 1_800, 2_700, 3_600]
const seats = areas.flatMap((area) => [1, 2, 3].map((seat) => ({ area, seat })))
const signed = encodeCommand(placing(5_000, order(1, 'buy', { nonce: 9 })))
const outcome: Outcome = {
  ...{ stage: 'forward', arrival: 31, side: 'buy', limitTicks: 5, offeredWh: 9, filledWh: 4, priceTicks: 5 },
  ...{ amount: -20n, code: 'less-delivered', details: [7] },
}

/**
 * Two areas of three seats (the first two of one account) and four intervals, each corrected once for seat 2 alone, the first two
 * of them in a batch each.
 */
async function fill(): Promise<void> {
  const account = (seat: string) => database.unsafe(`case ${seat} when 3 then '0xc' else '0xa' end`)
  await database`
    insert into area_settings
    select area, from_start, ${database.json({ config, face } as never)}::jsonb
      || jsonb_build_object('face', ${database.json(face as never)}::jsonb || jsonb_build_object('name', 'from ' || from_start))
    from unnest(${areas}::int[]) area, unnest(array[900, 2700]) from_start`
  await database`
    insert into seats
    select area, seat, ${account('seat')}, '0xb' || seat, '{}', false from unnest(${areas}::int[]) area, generate_series(1, 3) seat`
  await database`
    insert into intervals
    select area, start, run, 'final', case run when 1 then 'computed' else 'corrected' end, 0, 0, 0, 0, 0, 0, 0, 0, now()
    from unnest(${areas}::int[]) area, unnest(${starts}::bigint[]) start, generate_series(1, 2) run`
  await database`
    insert into interval_zones
    select area_id, start, run, place, 'z' || place, 7, 6, 8, 0, 0, 10 * run, 0, 0, nullif(place, 0), nullif(place, 0)
    from intervals, generate_series(0, 1) place where run = 1 or place = 1`
  await database`select make_months(${starts})`
  await database`
    insert into seat_intervals
    select area_id, seat, start, 3, 1, run, 10 * run, 4, 4, 0, 0, 1, 0, not (run = 1 and seat = 2), ${encodeOutcomes([outcome])}
    from intervals, generate_series(1, 3) seat where run = 1 or seat = 2`
  await database`
    insert into batches (
      area_id, end_at, start, number, left_out, band_low, band_high, energy_wh, paid, received, seats, cut_sequence, cut_at)
    select area, 900 * (n + 1), 900 * n, 1, '{3}', 0, 0, 0, 0, 0, 3, 1, now()
    from unnest(${areas}::int[]) area, generate_series(1, 2) n`
  await database`
    insert into batch_entries
    select area_id, end_at, seat, kind, end_at - case kind when 'settle' then 0 else 1 end, 1, 0, 0, 5, 0, 0, 6
    from batches, generate_series(1, 3) seat, unnest(array['settle', 'rebase']) kind`
  await database`
    insert into statements (area_id, end_at, number, leaves, root, stated)
    select area_id, end_at, case end_at when 1800 then 1 else 2 end, 1, 'root' || end_at, '\\x' from batches`
  // Two accepted in one millisecond.
  await database`
    insert into orders
    select area, 10 * seat + n, sha256((area || ' ' || seat || ' ' || n)::bytea), seat, 'buy', 5, 5, 900, 1800, n, 'active',
      to_timestamp(10 * seat + n / 2), ${signed}
    from unnest(${areas}::int[]) area, generate_series(1, 3) seat, generate_series(0, 3) n`
  await database`
    insert into forward_orders
    select area_id, arrival, order_id, seat, 'z1', side, 900, 5, 9, case arrival % 3 when 2 then 4 else 0 end, 'GTC', 1, case arrival % 3 when 1 then 'requested' end,
      accepted_at, signed
    from orders`
  await database`
    insert into forward_trades
    select area, start, n, 'z1', 10 * (1 + n % 3) + 1, 10 * (1 + (n + 1) % 3) + 1, 1 + n % 3, 1 + (n + 1) % 3, 5, 9,
      case when start < 3600 then 4 end, now()
    from unnest(${areas}::int[]) area, unnest(array[900, 2700, 9000]) start, generate_series(1, 5) n`
  await database`
    insert into agreements
    select area, 10 * n, sha256((area || ' ' || n)::bytea), 1, 1 + n % 3, 1 + (n + 1) % 3, 0, 5, 5, 900, 1800, null, to_timestamp(n),
      ${encodeCommand({
        type: 'agreements',
        atMs: 0,
        items: [
          {
            id: `0x${'1'.repeat(64)}`,
            agreement: {
              ...{ seller: addressOf('a', 1), sellerMeter: addressOf('b', 1), buyer: addressOf('a', 2) },
              ...{ buyerMeter: addressOf('b', 2), rules: config.rulesHash, kind: 0, amount: 5, price: 5 },
              ...{ start: 900, end: 1_800, noticeSeconds: 0, nonce: 1 },
            },
            ...{ sellerSignature: '0x12', buyerSignature: '0x34' },
          },
        ],
      })}
    from unnest(${areas}::int[]) area, generate_series(1, 7) n`
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
  test.each([1, 2, 5, 24, 100])('of %i intervals give each newest row once, newest first', async (limit) => {
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

  /** Orders and agreements: by when they were accepted, then by arrival and area, newest first. */
  const accepted = (row: { accepted_at: Date; arrival: number; area_id: number }) =>
    `${row.accepted_at.getTime()}/${row.arrival}/${row.area_id}`
  const placeOf = (row: { accepted_at: Date; arrival: number; area_id: number } | undefined) =>
    row && { acceptedAtMs: row.accepted_at.getTime(), arrival: row.arrival, area: row.area_id }
  const newestFirst = (rows: { at: number; arrival: number; area: number }[]) =>
    rows
      .sort((a, b) => b.at - a.at || b.arrival - a.arrival || b.area - a.area)
      .map(({ at, arrival, area }) => `${at * 1000}/${arrival}/${area}`)
  const allOrders = newestFirst(
    seats.flatMap(({ area, seat }) =>
      [0, 1, 2, 3].map((n) => ({ at: 10 * seat + Math.floor(n / 2), arrival: 10 * seat + n, area })),
    ),
  )

  test.each([1, 3, 7, 100])('of %i orders give each once, newest first', async (limit) => {
    expect(await walk((after) => ordersOfSeats(database, { seats, before: placeOf(after), limit }), accepted)).toEqual(
      allOrders,
    )
    expect(
      await walk((after) => forwardOrdersOfSeats(database, { seats, before: placeOf(after), limit }), accepted),
    ).toEqual(allOrders)
    const byStatus = await Promise.all(
      (['open', 'filled', 'cancelled'] as const).map((status) =>
        walk((after) => forwardOrdersOfSeats(database, { seats, status, before: placeOf(after), limit }), accepted),
      ),
    )
    expect(byStatus.flat().sort()).toEqual([...allOrders].sort())
  })

  test.each([1, 3, 100])('of %i agreements give each once, whichever sides the seats have', async (limit) => {
    const keys = await walk((after) => agreementsOfSeats(database, { seats, before: placeOf(after), limit }), accepted)
    expect(keys).toEqual(
      newestFirst(areas.flatMap((area) => [1, 2, 3, 4, 5, 6, 7].map((n) => ({ at: n, arrival: 10 * n, area })))),
    )
  })

  test.each([1, 3, 100])('of %i forward trades give each once, newest interval first', async (limit) => {
    const own = seats.filter(({ seat }) => seat === 2)
    const keys = await walk(
      (after: { start: number; area_id: number; number: number } | undefined) =>
        forwardTradesOfSeats(database, {
          seats: own,
          limit,
          ...(after && { after: { start: after.start, area: after.area_id, number: after.number } }),
        }),
      (row) => `${row.start}/${row.area_id}/${row.number}`,
    )
    const numbers = [4, 3, 1]
    expect(keys).toEqual(
      [9_000, 2_700, 900].flatMap((start) => areas.flatMap((area) => numbers.map((n) => `${start}/${area}/${n}`))),
    )
  })

  test('of a report have one row per seat and interval of its area, with the batch where there is one', async () => {
    const range = { area: 2, from: 1_000, to: 3_600, intervalSeconds: 900, meters: null }
    const rows = []
    for await (const page of reportRows(database, { ...range, zoneAt: (_start, place) => `z${place}` }))
      rows.push(...page)
    expect(rows.map(({ start, meter, run, batch_end, zone }) => [start, meter, run, batch_end, zone])).toEqual([
      [1_800, '0xb1', 1, 2_700, 'z1'],
      [1_800, '0xb2', 2, 2_700, 'z1'],
      [1_800, '0xb3', 1, 2_700, 'z1'],
      [2_700, '0xb1', 1, null, 'z1'],
      [2_700, '0xb2', 2, null, 'z1'],
      [2_700, '0xb3', 1, null, 'z1'],
    ])
    const { stage, arrival, side, filledWh, priceTicks, amount } = outcome
    const fill = { stage, arrival, side, filledWh, priceTicks, amount }
    expect(rows[0]).toMatchObject({ statement_root: null, meter: '0xb1', outcomes: [fill], status: 'final' })
  })

  test('of seats are those of the account in the areas that are asked for', async () => {
    const rows = await seatsOfAccount(database, { account: '0xa', areas: [2, 9], limit: 10 })
    expect(rows.map(({ area_id, seat }) => [area_id, seat])).toEqual([
      [2, 1],
      [2, 2],
    ])
    expect(rows[0]).toMatchObject({ available: '0', newest_time: null, newest_epoch: null, suspended: false })
  })
})

describe('one of them', () => {
  test('shows the newest run of the seat, its zone’s price and what became of its orders', async () => {
    const [row] = await seatIntervals(database, { seats: [{ area: 1, seat: 2 }], limit: 1 })
    expect(row).toMatchObject({
      ...{ start: 3_600, run: 2, import_wh: 20, price_ticks: 7, zone: 'z1', status: 'final', quality: 'measured' },
      ...{ paid: '3', received: '1', meter: '0xb2', outcomes: [outcome] },
    })
    const [other] = await seatIntervals(database, { seats: [{ area: 1, seat: 1 }], limit: 1 })
    expect(other).toMatchObject({ run: 1, import_wh: 10 })
    expect(await seatIntervals(database, { seats: [], limit: 9 })).toEqual([])
    const live = await seatIntervalsOfAccounts(database, { area: 1, starts: [900, 7], accounts: ['0xc', '0xz'] })
    expect(live.map(({ seat, start, account }) => [seat, start, account])).toEqual([[3, 900, '0xc']])
    const sums = await seatSummary(database, { area: 1, seat: 2, from: 900, to: 2_700 })
    expect(sums).toMatchObject({ import_wh: 40, export_wh: 8, own_use_wh: 8, bought_wh: 8, paid: '6', received: '2' })
  })

  test('has of each zone the newest row up to its run', async () => {
    const [newest, first] = await runsOfInterval(database, 1, 900)
    const energies = (result: typeof newest) => result!.zones.map(({ zone, importWh }) => [zone, importWh])
    expect([newest!.kind, energies(newest)]).toEqual([
      'corrected',
      [
        ['z0', 10],
        ['z1', 20],
      ],
    ])
    expect(energies(first)).toEqual([
      ['z0', 10],
      ['z1', 10],
    ])
    expect(newest!.flows).toEqual([{ zone: 'z1', exportWh: 1, congestionTicks: 1 }])
    expect(newest!.forward_wh).toBe(45)
    const listed = await intervals(database, { area: 1, from: 1_000, limit: 2 })
    expect(listed.map(({ start, run }) => [start, run])).toEqual([
      [3_600, 2],
      [2_700, 2],
    ])
  })

  test('of orders shows what was signed, and of trades what became of them', async () => {
    const [row] = await ordersOfSeats(database, { seats: [{ area: 1, seat: 1 }], limit: 1 })
    expect(row!.signed).toEqual({ order: order(1, 'buy', { nonce: 9 }), signature: '0x', session: null })
    expect(row!.order_id).toMatch(/^0x[0-9a-f]{64}$/)
    const trades = await forwardTradesOfSeats(database, { seats: [{ area: 1, seat: 3 }], order: 31, limit: 20 })
    expect(
      trades.map(({ start, number, side, outcome: became }) => [start, number, side, became?.code ?? null]),
    ).toEqual([
      [9_000, 5, 'buy', null],
      [9_000, 4, 'sell', null],
      [9_000, 2, 'buy', null],
      [9_000, 1, 'sell', null],
      [2_700, 5, 'buy', 'less-delivered'],
      [2_700, 4, 'sell', 'less-delivered'],
      [2_700, 2, 'buy', 'less-delivered'],
      [2_700, 1, 'sell', 'less-delivered'],
      [900, 5, 'buy', 'less-delivered'],
      [900, 4, 'sell', 'less-delivered'],
      [900, 2, 'buy', 'less-delivered'],
      [900, 1, 'sell', 'less-delivered'],
    ])
    expect(trades[0]).toMatchObject({ status: null, delivered_wh: null })
    expect(trades[4]).toMatchObject({ status: 'final', delivered_wh: 4 })
  })
})

describe('a batch on its way', () => {
  test('is cut, submitted and settled, and cut again where the chain forgets it', async () => {
    const statusOf = async () => (await batchEndingAt(database, 1, 1_800))!
    expect(await statusOf()).toMatchObject({ status: 'cut', statement_root: 'root1800', transaction: null, seats: 3 })
    await markSubmitted(database, 1, 1_800, '0x01')
    expect(await statusOf()).toMatchObject({ status: 'submitted', transaction: '0x01' })
    const settled = { transaction: '0x02', block: 7, gasUsed: 9, approvals: 2 }
    expect(await markSettled(database, 1, 1_800, settled)).toBe(true)
    expect(await markSettled(database, 1, 1_800, settled)).toBe(false)
    expect(await statusOf()).toMatchObject({ status: 'settled', transaction: '0x02', block: 7, gas_used: 9 })
    expect((await batchesAfter(database, 1, 1_800)).map(({ end }) => end)).toEqual([2_700])
    expect((await batchesAfter(database, 1, 0)).map(({ end }) => end)).toEqual([1_800, 2_700])
    await markCut(database, 1, 1_800)
    expect(await statusOf()).toMatchObject({ status: 'cut', transaction: null })
  })

  test('that is cut anew has no statement and no transaction until it gets its own', async () => {
    await markSubmitted(database, 2, 1_800, '0x01')
    await database`update batches set number = 2 where area_id = 2 and end_at = 1800`
    const [newest] = await batches(database, { area: 2, endsBefore: 2_700, limit: 1 })
    expect(newest).toMatchObject({ number: 2, status: 'cut', transaction: null, statement_root: null })
    expect((await batchesAfter(database, 2, 0))[0]).toMatchObject({ number: 2, status: 'cut', statementRoot: null })
    const [own] = await seatBatches(database, {
      seats: [{ area: 2, seat: 1 }],
      after: { area: 0, seat: 0, end: 2_700 },
      limit: 1,
    })
    expect(own).toMatchObject({ status: 'cut', transaction: null, received: '6' })
  })
})

describe('settings', () => {
  test('are those of the time; before the first began, those', async () => {
    const names = await Promise.all([0, 900, 2_699, 2_700, 9_999].map((start) => settingsAt(database, 1, start)))
    expect(names.map((settings) => settings!.name)).toEqual([
      'from 900',
      'from 900',
      'from 900',
      'from 2700',
      'from 2700',
    ])
    expect(await settingsAt(database, 9, 0)).toBeNull()
  })

  test('of a range are all that hold in it', async () => {
    const within = async (from: number, to: number) =>
      (await settingsBetween(database, 1, { from, to })).map((each) => each.from)
    expect(await within(0, 900)).toEqual([900])
    expect(await within(0, 2_701)).toEqual([900, 2_700])
    expect(await within(1_000, 2_700)).toEqual([900])
    expect(await within(2_700, 5_000)).toEqual([2_700])
    const all = await settingsBetween(database, 1, { from: 0, to: 5_000 })
    expect([0, 1_800, 2_700].map((start) => settingsFor(all, start).name)).toEqual([
      'from 900',
      'from 900',
      'from 2700',
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
        insert into readings values (1, 9, ${time}, 0, 0, ${production}, ${epoch}, 0, false, '\\x00')`
    }
    const production = await productionByTime(database, { area: 1, seat: 9, from: 0, to: 9_000 })
    expect([...production].sort(([a], [b]) => a - b)).toEqual([
      [900, { epoch: 1, productionWh: 5 }],
      [2_700, { epoch: 2, productionWh: 4 }],
      [3_600, { epoch: 7, productionWh: 1 }],
    ])
    expect((await productionByTime(database, { area: 1, seat: 9, from: 2_000, to: 3_000 })).size).toBe(1)
    expect((await productionByTime(database, { area: 1, seat: 8, from: 0, to: 9_000 })).size).toBe(0)
  })
})
