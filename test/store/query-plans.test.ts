/**
 * No query has to read a table from end to end, and none touches more pages than its answer needs. The planner is told to use an
 * index wherever there is one for what is asked: for it the tables of a test are small.
 */
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Journaled } from '../../server/areas/area-store.ts'
import type { Command, Event } from '../../server/market/area/area.ts'
import { deleteExpired, findSession, openTokens } from '../../server/store/account-store.ts'
import { findAreas } from '../../server/store/areas.ts'
import {
  agreementsOfBatch,
  forwardOrdersOfBatch,
  forwardTradesOfBatch,
  ordersOfBatch,
  revocationsOf,
} from '../../server/store/batch-signed.ts'
import {
  batchesWithoutStatement,
  contradictionsOf,
  fillsOfBatch,
  groundsOfBatch,
  readCutBatch,
  readingsOfBatch,
  readingsOfSeat,
} from '../../server/store/batch-store.ts'
import { spentBetween } from '../../server/store/budget-store.ts'
import {
  blockAtOrBelow,
  eventsBetween,
  failuresOf,
  findTransaction,
  newestBlock,
  unminedTransactions,
} from '../../server/store/chain-store.ts'
import type { Database } from '../../server/store/database.ts'
import { newestPlace, rowsAfter } from '../../server/store/journal.ts'
import { lateReadings } from '../../server/store/late-readings.ts'
import {
  namedTrades,
  neighboursOf,
  partnerChoices,
  preferredSeats,
  seatNames,
  tradedBeside,
} from '../../server/store/partner-store.ts'
import { Projection } from '../../server/store/projection.ts'
import {
  batchEndingAt,
  batches,
  intervals,
  intervalsStartingAt,
  missedBatches,
  runsOfInterval,
} from '../../server/store/queries.ts'
import { agreementsByArrival, agreementsById, agreementsOfSeats } from '../../server/store/queries-agreements.ts'
import {
  forwardLevels,
  forwardLevelsOfOrders,
  forwardOrderById,
  forwardOrdersByArrival,
  forwardOrdersOfSeats,
  forwardTradesByNumber,
  forwardTradesOfSeats,
  newestForwardTrades,
} from '../../server/store/queries-forward.ts'
import { pastSeats, startsWithOffer } from '../../server/store/queries-offers.ts'
import { activeOrders, orderById, ordersOfSeats, sessionRevocation } from '../../server/store/queries-orders.ts'
import { isRangeFinal, reportRows, reportRowsByPoint, sourcesOf } from '../../server/store/queries-report.ts'
import {
  productionByTime,
  seatBatches,
  seatIntervals,
  seatIntervalsOfAccounts,
  seatsOfAccount,
  seatsOfAccounts,
} from '../../server/store/queries-seats.ts'
import { batchesOfSeat, seatOutcomes, seatTotals } from '../../server/store/queries-totals.ts'
import { seatSummary } from '../../server/store/seat-sums.ts'
import { settingsAt, settingsBetween, settingsHistory } from '../../server/store/settings-store.ts'
import { batchesAfter, markSubmitted, signedEntries, unknownBatches } from '../../server/store/settlement-store.ts'
import { addressOf, intervalSeconds, reading, seal, t0 } from '../market/engine/street.ts'
import { chainId, endOf, escrow, fill, sender, startOf } from './filled-database.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
let sql: Database
/** Plans of what was carried out, as the server tells them. */
const plans: string[] = []

beforeAll(async () => {
  server = await startScratchServer()
  const { database, url } = await server.fresh()
  await fill(database)
  sql = postgres(url, {
    max: 1,
    onnotice: ({ message }) => plans.push(message!),
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  }) as unknown as Database
  await sql`load 'auto_explain'`
  for (const setting of ['log_min_duration = 0', 'log_analyze = on', 'log_buffers = on', 'log_timing = off']) {
    await sql.unsafe(`set auto_explain.${setting}`)
  }
  await sql`set enable_seqscan = off`
  await sql`set client_min_messages = log`
})
afterAll(async () => {
  await sql.end()
  await server.stop()
})

const tablesRead = (plan: string) => [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table!)

/** Of the whole statement: the first line of its plan that tells of pages. */
function pagesOf(plan: string): number {
  const [, hit = '0'] = plan.match(/Buffers: shared hit=(\d+)/) ?? []
  const [, read = '0'] = plan.match(/Buffers: shared (?:hit=\d+ )?read=(\d+)/) ?? []
  return Number(hit) + Number(read)
}

async function expectGoodPlans(work: () => Promise<unknown>, mostPages: number): Promise<void> {
  plans.length = 0
  await work()
  const seen = plans.filter((plan) => plan.includes('Query Text'))
  expect(seen.length).toBeGreaterThan(0)
  for (const plan of seen) {
    expect(tablesRead(plan), plan).toEqual([])
    expect(pagesOf(plan), plan).toBeLessThanOrEqual(mostPages)
  }
}

async function all<Part>(parts: AsyncIterable<Part>): Promise<Part[]> {
  const list: Part[] = []
  for await (const part of parts) list.push(part)
  return list
}

const area = 1
const seat = { area, seat: 77 }
const account = addressOf('a', 77)
const batch = { start: endOf(49), end: endOf(50) }
const report = {
  ...{ area, from: startOf(100), to: startOf(102), intervalSeconds, meters: null },
  zoneAt: (_start: number, place: number) => String(place),
}
const accepted = { acceptedAtMs: Date.now(), arrival: 1_000, area }

describe('a query', () => {
  test.each<[string, number, () => Promise<unknown>]>([
    ['areas', 20, () => findAreas(sql, { area: 1 })],
    ['settings at a time', 40, () => settingsAt(sql, area, startOf(200))],
    ['settings between times', 40, () => settingsBetween(sql, area, { from: startOf(100), to: startOf(200) })],
    ['settings ever', 40, () => settingsHistory(sql, area)],
    ['newest intervals', 5_000, () => intervals(sql, { area, limit: 100 })],
    ['intervals of a range', 5_000, () => intervals(sql, { area, from: startOf(50), to: startOf(150), limit: 100 })],
    ['intervals that start then', 400, () => intervalsStartingAt(sql, area, [startOf(3), startOf(9)])],
    ['runs of an interval', 200, () => runsOfInterval(sql, area, startOf(200))],
    ['batches', 200, () => batches(sql, { area, limit: 20 })],
    ['a batch', 20, () => batchEndingAt(sql, area, batch.end)],
    ['missed batches', 20, () => missedBatches(sql, { area, limit: 20 })],
    ['seats of an account', 200, () => seatsOfAccount(sql, { account, areas: [1, 2], limit: 100 })],
    ['seats of accounts', 400, () => seatsOfAccounts(sql, area, [account, addressOf('a', 5)])],
    ['intervals of a seat', 1_500, () => seatIntervals(sql, { seats: [seat], limit: 100 })],
    [
      'later intervals of two seats',
      3_000,
      () =>
        seatIntervals(sql, {
          seats: [seat, { area: 2, seat: 3 }],
          after: { area, seat: 5, start: startOf(300) },
          limit: 100,
        }),
    ],
    [
      'intervals of accounts',
      400,
      () => seatIntervalsOfAccounts(sql, { area, starts: [startOf(5), startOf(6)], accounts: [account] }),
    ],
    ['sums of a seat', 3_000, () => seatSummary(sql, { ...seat, from: startOf(0), to: startOf(300) })],
    ['what a seat has spent', 1_500, () => spentBetween(sql, seat, { from: startOf(0), to: startOf(96) })],
    [
      'sums of a seat in parts',
      9_000,
      () => seatTotals(sql, { ...seat, bounds: [startOf(0), startOf(100), startOf(300)], intervalSeconds }),
    ],
    ['outcomes of a seat', 3_000, () => all(seatOutcomes(sql, { ...seat, from: startOf(0), to: startOf(300) }))],
    [
      'offers of a seat',
      3_000,
      () => startsWithOffer(sql, { ...seat, side: 'sell', from: startOf(0), to: startOf(300), limit: 100 }),
    ],
    ['everybody’s offers', 1_500, () => pastSeats(sql, area, [startOf(5), startOf(6)])],
    [
      'trades beside a seat',
      30_000,
      () => tradedBeside(sql, { ...seat, from: startOf(0), to: startOf(300), limit: 100 }),
    ],
    ['trades with a partner by name', 12_000, () => namedTrades(sql, { area, starts: [0, 1, 2, 3].map(startOf) })],
    ['names of seats', 1_000, () => seatNames(sql, area)],
    ['preferred seats', 2_000, () => preferredSeats(sql, area)],
    ['neighbours', 1_000, () => neighboursOf(sql, { account, areas: [1, 2] })],
    ['what an account chose', 20, () => partnerChoices(sql, account)],
    ['batches with a seat', 1_000, () => batchesOfSeat(sql, { ...seat, from: startOf(0), to: startOf(300) })],
    ['batches of a seat', 1_000, () => seatBatches(sql, { seats: [seat], limit: 50 })],
    ['production', 1_500, () => productionByTime(sql, { ...seat, from: startOf(0), to: startOf(200) })],
    ['active orders', 50, () => activeOrders(sql, [seat])],
    ['an order', 20, () => orderById(sql, [area], `0x${'1'.repeat(64)}`)],
    ['orders of a seat', 100, () => ordersOfSeats(sql, { seats: [seat], before: accepted, limit: 50 })],
    ['a revocation', 20, () => sessionRevocation(sql, area, { account, key: addressOf('b', 77) })],
    ['agreements by name', 20, () => agreementsById(sql, area, [`0x${'1'.repeat(64)}`])],
    ['agreements by arrival', 20, () => agreementsByArrival(sql, area, [200_771])],
    ['agreements of a seat', 100, () => agreementsOfSeats(sql, { seats: [seat], before: accepted, limit: 50 })],
    ['a forward order', 50, () => forwardOrderById(sql, [area], `0x${'1'.repeat(64)}`)],
    ['forward orders of a seat', 4_000, () => forwardOrdersOfSeats(sql, { seats: [seat], status: 'open', limit: 50 })],
    [
      'forward orders by arrival',
      1_000,
      () => forwardOrdersByArrival(sql, { area, arrivals: [101_541, 101_561], accounts: [account] }),
    ],
    ['forward trades of a seat', 500, () => forwardTradesOfSeats(sql, { seats: [seat], limit: 50 })],
    ['a book', 3_000, () => forwardLevels(sql, { area, start: startOf(5), zone: 'zone1', limit: 100 })],
    ['levels of orders', 3_000, () => forwardLevelsOfOrders(sql, area, [101_541])],
    [
      'newest trades of a book',
      900,
      () => newestForwardTrades(sql, { area, start: startOf(5), zone: 'zone1', limit: 20 }),
    ],
    ['trades by number', 50, () => forwardTradesByNumber(sql, area, [{ start: startOf(5), number: 7 }])],
    ['a page of a report', 16_000, () => reportRows(sql, report).next()],
    ['a page of a report by point', 16_000, () => reportRowsByPoint(sql, report).next()],
    ['what a report rests on', 60, () => sourcesOf(sql, area, report)],
    ['whether a range is final', 60, () => isRangeFinal(sql, area, report)],
    ['a batch that was cut', 20, () => readCutBatch(sql, area, batch.end)],
    ['batches without statement', 1_500, () => batchesWithoutStatement(sql, area, { after: endOf(80), limit: 10 })],
    ['fills of a batch', 1_500, () => all(fillsOfBatch(sql, area, batch))],
    ['readings of a batch', 1_500, () => all(readingsOfBatch(sql, area, batch))],
    ['readings of a seat', 60, () => readingsOfSeat(sql, area, { ...batch, seat: 5 })],
    ['orders of a batch', 9_000, () => ordersOfBatch(sql, area, { start: endOf(18), end: endOf(19) })],
    ['orders that traded ahead', 12_000, () => forwardOrdersOfBatch(sql, area, { start: startOf(0), end: startOf(4) })],
    ['trades ahead', 2_000, () => forwardTradesOfBatch(sql, area, { start: startOf(0), end: startOf(4) })],
    ['agreements of a batch', 3_000, () => agreementsOfBatch(sql, area, { start: endOf(8), end: endOf(9) })],
    ['revocations', 40, () => revocationsOf(sql, area, [account])],
    ['grounds', 40, () => groundsOfBatch(sql, area, batch)],
    ['contradictions', 200, () => contradictionsOf(sql, area, [5, 10])],
    ['batches on their way', 300, () => batchesAfter(sql, area, endOf(89))],
    [
      'batches that only the chain knows',
      600,
      () =>
        unknownBatches(
          sql,
          area,
          [1, 50, 99, 5_000].map((number) => ({ start: 0, end: endOf(number) })),
        ),
    ],
    ['signed entries', 9_000, () => signedEntries(sql, area, batch.end)],
    ['noting a transaction', 60, () => markSubmitted(sql, area, endOf(95), '0x12')],
    ['the journal’s end', 20, () => newestPlace(sql, area)],
    ['a part of the journal', 600, () => rowsAfter(sql, area, 15_000)],
    ['a purpose', 20, () => findTransaction(sql, { chainId, sender }, 'batch 5')],
    ['failures', 20, () => failuresOf(sql, { chainId, sender }, 'batch 5')],
    ['unmined transactions', 60, () => unminedTransactions(sql, { chainId, sender }, 19_995)],
    ['the newest block', 20, () => newestBlock(sql, { chainId, escrow })],
    ['a block or the one below', 20, () => blockAtOrBelow(sql, { chainId, escrow }, 777)],
    ['events', 300, () => all(eventsBetween(sql, { chainId, escrow }, { after: 15_000, upTo: 15_500 }))],
    [
      'events of all time, page by page',
      150,
      () => all(eventsBetween(sql, { chainId, escrow }, { after: 0, upTo: 20_000 })),
    ],
    ['a session', 20, () => findSession(sql, Buffer.alloc(32), new Date())],
    ['open sessions', 60, () => openTokens(sql, ['ab'.repeat(32)], new Date())],
    ['what has expired', 60, () => deleteExpired(sql, new Date())],
    [
      'what is said of late readings',
      9_000,
      () =>
        lateReadings(sql, area, {
          intervalSeconds,
          readings: Array.from({ length: 100 }, (_, n) => ({
            reading: reading(n + 1, startOf(3 * n), 0, 0),
            seat: n + 1,
          })),
        }),
    ],
  ])('for %s', (_name, mostPages, query) => expectGoodPlans(query, mostPages))
})

test('a commit looks nothing up but by key', async () => {
  const command = (part: Partial<Command>): Command => ({ type: 'tick', atMs: t0 * 1000, seal, ...part }) as Command
  const start = startOf(200)
  const events: [Command, Event[]][] = [
    [
      command({}),
      [
        { type: 'order-ended', arrival: 1_559, seat: 77, status: 'cancelled', activeUntil: t0 },
        {
          ...{ type: 'forward-cancelled', arrival: 101_541, seat: 77, zone: 'zone1', start, energyWh: 4 },
          reason: 'requested',
        },
        { type: 'interval-final', start, run: 2 },
        { type: 'suspension-lifted', meter: addressOf('b', 5) },
        {
          ...{ type: 'interval-corrected', start, run: 3, seat: 77, zone: 'zone1', quality: 'measured' },
          ...{ importWh: 120, exportWh: 0, importChangeWh: 20, exportChangeWh: 0, missingChange: 0 },
        },
        {
          ...{ type: 'interval-amended', start: startOf(202), run: 2, seat: 79, zone: 'zone1', quality: 'measured' },
          ...{ importWh: 120, exportWh: 0, importChangeWh: 20, exportChangeWh: 0, missingChange: 0, outcomes: [] },
        },
        {
          ...{ type: 'interval-reduced', start: startOf(201), run: 3, matchedWh: 0, gridFees: 0n, congestionRent: 0n },
          ...{ gridTake: 0n, deviationWh: 0, zones: [], flows: [] },
          ...{
            changes: [{ seat: 78, boughtWh: 0, soldWh: 0, paid: 0n, received: 0n, deviationChangeWh: 0, fills: [] }],
          },
          forward: [{ number: 3, deliveredWh: 0 }],
        },
        {
          ...{ type: 'batch-cut', number: 1, leftOut: [], seal },
          batch: {
            ...{ start: endOf(98), end: endOf(200), bandLow: 0, bandHigh: 0, energyWh: 0, paid: 0n, received: 0n },
            entries: [],
          },
        },
      ],
    ],
    [
      command({ type: 'readings', readings: [reading(77, startOf(500), 1, 1)] }),
      [
        {
          ...{ type: 'reading', meter: addressOf('b', 77), epoch: 1, time: startOf(500), status: 'stored', seat: 77 },
          ...{ nextSeat: 0, isLate: false, code: null, details: [] },
        },
      ],
    ],
  ]
  const journaled = events.map(
    ([own, said], index): Journaled => ({ sequence: 40_000 + index, command: own, events: said }),
  )
  const undone = new Error('undone')
  await expectGoodPlans(async () => {
    const projecting = sql.begin(async (transaction) => {
      await new Projection(area, intervalSeconds).project(transaction, journaled, new Map())
      throw undone
    })
    await expect(projecting).rejects.toBe(undone)
  }, 300)
})
