/** A batch exported and computed again from what was signed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { readSettledSeat } from '../../server/chain/settled-seat.ts'
import { contentOf } from '../../server/market/area/declarations.ts'
import { ArchiveWriter } from '../../server/settlement/archive-file.ts'
import type { AreaFile } from '../../server/settlement/area-file.ts'
import { chancesOf } from '../../server/settlement/passed-over.ts'
import type { SettledArea } from '../../server/settlement/verify/settled.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import type { StoredArea } from '../../server/store/areas.ts'
import type { Database } from '../../server/store/database.ts'
import { bundleProgram } from '../demo/bundle.ts'
import { patiently } from '../patience.ts'
import { exportedBatch, linesOfAny, statementOfSeat } from '../settlement/exported.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import {
  area,
  chainTime,
  type Home,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'
import { openWatchedStreet, type TestWatcher } from './watched-street.ts'

let chain: TestChain
let server: ScratchServer
let database: Database
let url: string
let street: Street
let stored: StoredArea
let file: AreaFile
let settled: SettledArea
let end: number

/** A batch in two zones with a full link, a poor buyer whose offers are cut, and a gap in one meter's readings. */
beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
  ;({ database, url } = await server.fresh())
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const zones = ['street', 'lane', 'street', 'lane', 'street']
  street = await openStreet(chain.provider, {
    operator,
    zones,
    deposits: [0n, 9_000_000n, 9_000_000n, 9_000_000n, 900_000n],
  })
  const market = await startMarket({ chain, database, url, street, operator, entriesPerPart: 3 })
  await market.indexer.advance()
  const { from, homes } = street
  const start = Math.floor(from / 60) * 60 + 60
  const [roof, lane, flat, house, poor] = homes as [Home, Home, Home, Home, Home]
  await market.order(roof, 'sell', 500, start + 600)
  await market.order(house, 'sell', 700, start + 600)
  await market.order(lane, 'buy', 2_600, start + 600)
  await market.order(flat, 'buy', 1_200, start + 600)
  await market.order(poor, 'buy', 1_900, start + 600)
  await market.forward(roof, 'sell', 600, start + 40)
  await market.forward(flat, 'buy', 900, start + 40)
  for (let time = start - 60; time <= start + 120; time += 10) {
    await market.passTo(time)
    const count = 6 + (time - start) / 10
    // A newer order of the flat counts from the middle on.
    if (time === start + 30) await market.order(flat, 'buy', 1_700, start + 600)
    for (const [index, home] of homes.entries()) {
      const sells = home === roof || home === house
      if (home === flat && time === start + 20) continue
      if (time < start) continue
      const exportWh = 2_000 + (sells ? (90 - 40 * (index === 3 ? 1 : 0)) * count : 0)
      await market.read(home, time, 1_000 + (sells ? 0 : 80 * count), exportWh)
    }
  }
  await market.passTo(start + 140)
  for (let round = 0; round < 12; round += 1) await market.turn()
  end = start + 60
  const query = { escrow: street.escrow, area, end, firstBlock: street.firstBlock }
  ;({ stored } = market)
  file = await exportedBatch(database, stored, end)
  settled = await readSettledArea({ ...query, provider: chain.provider, knownFrom: file.intervals[0]!.block })
  await market.stop()
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
})

const changed = (change: (copy: AreaFile) => void): AreaFile => {
  const copy = structuredClone(file)
  change(copy)
  return copy
}

describe('a batch of an area, computed again from what was signed', () => {
  test('is right, and has something to compute', () => {
    expect(verifyArea(file, settled)).toBeNull()
    expect(file.seats.flatMap(({ fills }) => fills).length).toBeGreaterThan(15)
    expect(file.forwardTrades).toMatchObject([{ start: end - 20, energyWh: 30, priceTicks: 600 }])
    expect(settled.gridTake).toBeGreaterThan(0n)
    expect(file.intervals.some(({ cut }) => cut.some(({ energyWh }) => energyWh === 0))).toBe(true)
  })

  test('is wrong when the chain settled something else', () => {
    const entries = structuredClone(settled.entries)
    entries[1]!.paid += 1n
    expect(verifyArea(file, { ...settled, entries })).toMatch(/the chain settled paid/)
    expect(verifyArea(file, { ...settled, entries: settled.entries.slice(0, -1) })).toMatch(/entries/)
    expect(verifyArea(file, { ...settled, gridTake: settled.gridTake + 1n })).toMatch(/grid operator/)
    const shorter = { end: end - 10 }
    expect(verifyArea({ ...file, ...shorter }, { ...settled, ...shorter })).toMatch(/a batch from .* ends at/)
  })

  test.each<[string, RegExp, (copy: AreaFile) => void]>([
    ['a reading was changed', /is not signed by its meter/, ({ seats }) => (seats[0]!.readings[3]![3] += 1)],
    ['a reading was left out', /settled .* computed/, ({ seats }) => seats[1]!.readings.splice(2, 1)],
    ['an order was changed', /is not signed by/, ({ orders }) => (orders[0]!.order.limitPrice -= 1)],
    ['an order was left out', /settled .* computed/, ({ orders }) => orders.splice(2, 1)],
    ['an order counted for a shorter time', /settled .* computed/, ({ orders }) => (orders[0]!.activeUntil -= 10)],
    [
      'what funds covered was another energy',
      // Where it held the order back another energy is computed, else only the root tells.
      /do not give the statement root|settled .* computed/,
      ({ intervals }) => (intervals.flatMap(({ cut }) => cut)[0]!.energyWh += 1),
    ],
    [
      'funds were said to be short of an order that costs nothing',
      /was cut in the interval .* for no reason/,
      ({ intervals, orders }) => {
        const { arrival } = orders.find(({ order }) => order.side === 1)!
        intervals[0]!.cut.unshift({ arrival, energyWh: 1 })
      },
    ],
    ['a fill was changed', /settled .* computed/, ({ seats }) => (seats[0]!.fills[0]![4] += 1)],
    ['the fee was another', /settled .* computed/, ({ settings }) => (settings[0]!.zones[1]!.feeTicksPerKwh += 10)],
    ['a seat was left out', /each time that seats are left out/, ({ leftOut }) => leftOut.push([2])],
    ['a forward price was changed', /outside the limit/, ({ forwardTrades }) => (forwardTrades[0]!.priceTicks = 901)],
    ['the salt was another', /do not give the statement root/, (copy) => (copy.salt = `0x${'11'.repeat(32)}`)],
  ])('is wrong when %s', (_, difference, change) => {
    expect(verifyArea(changed(change), settled)).toMatch(difference)
  })
})

test('the commands export and verify do the same', async () => {
  const program = await bundleProgram(join(import.meta.dirname, '../../server/cli.ts'))
  const run = (args: string[], input = '') =>
    spawnSync(process.execPath, [program, ...args], { input, encoding: 'utf8' })
  const exported = run([
    'export',
    '--database-url',
    url,
    '--area',
    String(area),
    '--end',
    new Date(end * 1_000).toISOString(),
  ])
  expect(exported.status).toBe(0)
  const right = run(['verify', '-', '--rpc-url', chain.chain.url], exported.stdout)
  expect([right.status, right.stdout, right.stderr]).toEqual([0, 'right\n', ''])
  const fewer = linesOfAny(changed(({ orders }) => orders.splice(2, 1))).join('\n')
  const wrong = run(['verify', '-', '--rpc-url', chain.chain.url], fewer)
  expect([wrong.status, wrong.stdout]).toEqual([1, ''])
  expect(wrong.stderr).toMatch(/settled .* computed/)
  const archive = join(mkdtempSync(join(tmpdir(), 'commonwatt-test-')), 'month.gz')
  const archived = (batch: string) => {
    const writer = new ArchiveWriter()
    const { chainId, escrow } = stored
    const head = writer.head({ release: 'test', chainId, escrow, area, month: 0, until: end, after: 0 })
    const mark = writer.batch({ end, erased: false })
    const parts = batch.split('\n').flatMap((line) => (line === '' ? [] : [writer.part(`${line}\n`)]))
    writeFileSync(archive, gzipSync([head, mark, ...parts, writer.end()].join('')))
    return run(['verify', archive, '--rpc-url', chain.chain.url])
  }
  expect(archived(exported.stdout).stdout).toBe('right: 1 batch, and 0 rows of the journal\n')
  expect(archived(fewer).stderr).toMatch(/settled .* computed/)
  writeFileSync(archive, gzipSync(gunzipSync(readFileSync(archive)).subarray(0, -100)))
  expect(run(['verify', archive, '--rpc-url', chain.chain.url]).status).toBe(1)
  rmSync(dirname(archive), { recursive: true })
  const unknown = run(['export', '--database-url', url, '--area', String(area), '--end', '60'])
  expect([unknown.status, unknown.stderr]).toEqual([
    1,
    `area ${area} has no batch that ends at 1970-01-01T00:01:00.000Z\n`,
  ])
})

test('each seat’s statement holds its orders, and is right', async () => {
  let orders = 0
  for (const { number: seat } of street.homes) {
    const query = { ...street.domain, area, end, seat }
    const own = await statementOfSeat(database, stored, query)
    const view = await readSettledSeat({ ...query, provider: chain.provider, firstBlock: street.firstBlock })
    expect(own.orders.length).toBe(new Set(own.leaves.map(({ reference }) => reference)).size)
    expect(verifyStatement(own, view)).toBeNull()
    expect(own.chances).toEqual(chancesOf(file, 10).get(seat) ?? { wanted: 0, passedOver: 0 })
    if (own.leaves.length > 0) {
      const [entry] = view.entries
      const paidMore = { ...view, entries: [{ ...entry!, paid: entry!.paid + 1n }, ...view.entries.slice(1)] }
      expect(verifyStatement(own, paidMore)).toMatch(/ledger units/)
    }
    orders += own.orders.length
    for (const { order } of own.orders.slice(0, 1)) {
      order.maxWh += 1
      expect(verifyStatement(own, view)).toMatch(/not signed/)
    }
  }
  expect(orders).toBeGreaterThan(5)
})

test('a batch settles with two of three watchers, which run as processes of their own; a wrong one never does', async () => {
  const watched = await openWatchedStreet(chain, server)
  const { watchers, database: own, street: place, url: api } = watched
  const [first, second, third] = watchers as [TestWatcher, TestWatcher, TestWatcher]
  try {
    const start = Math.floor(place.from / 60) * 60 + 60
    const settledWith = async (end: number) => {
      const [row] = await own`select approvals from batch_progress where end_at = ${end} and status = 'settled'`
      return row?.approvals
    }
    await Promise.all([first.start(), second.start()])
    await watched.tradeTo(start + 60)
    await watched.turnUntil(async () => (await settledWith(start + 60)) !== undefined)
    expect(await settledWith(start + 60)).toBe(2)

    // One is killed, another takes its place; then the first comes back.
    await first.kill()
    await third.start()
    await watched.tradeTo(start + 120)
    await watched.turnUntil(async () => (await settledWith(start + 120)) !== undefined)
    const said = await own`select distinct watcher from watcher_words where signature is not null and reason is null`
    expect(said.map(({ watcher }) => watcher).sort()).toEqual([first, second, third].map(({ address }) => address))
    await first.start()
    await vi.waitFor(async () => expect(await first.ready()).toEqual({ ready: true, notReady: [] }), patiently)

    // The server takes from the seller what it is owed, and from the buyer what it bought.
    await watched.tradeTo(start + 180)
    await own`update batch_entries set sold_wh = 0, bought_wh = 0, paid = 0, received = 0 where end_at = ${start + 180}`
    await expect(watched.turnUntil(async () => false)).rejects.toMatchObject({
      code: 'CHAIN_WATCHERS',
      message: expect.stringMatching(/settled nothing|would lose|shows soldWh 0, computed/),
    })
    const { waiting } = await (await fetch(`${api}/api/v1/areas/${place.rules.area}/watchers`)).json()
    expect(waiting.words.map(({ reason }: { reason: string }) => reason)).toContain('moved-without-trade')
    const refusals = escrowAt(place.escrow, chain.provider).getFunction('refusalsOf')
    await vi.waitFor(
      async () => expect(await refusals(place.rules.area, waiting.header)).toBeGreaterThan(1n),
      patiently,
    )
    expect(await settledWith(start + 180)).toBeUndefined()
    // The second one has run all the while: it signed every batch that settled, refused this one, and its metrics say so.
    const { length: settled } = await own`select 1 from batch_progress where status = 'settled'`
    const says = (word: string) => `commonwatt_watch_batches_total{says="${word}"}`
    await vi.waitFor(async () => expect((await second.measured())[says('refused')]).toBe(1), patiently)
    const measured = await second.measured()
    expect(measured).toMatchObject({
      ...{ [says('approved')]: settled, [says('withheld')]: 0 },
      ...{ commonwatt_watch_computing_seconds_count: settled + 1, commonwatt_watch_newest_end_seconds: start + 180 },
      commonwatt_watch_ready: 1,
    })
    expect(measured.commonwatt_watch_balance_ether).toBeLessThanOrEqual(100)
    expect(measured.commonwatt_watch_balance_ether).toBeGreaterThan(99)

    // It says instead that the buyer could not pay.
    const buyer = place.homes[1]!.number
    await watched.market.area.submit({ type: 'leave-out', end: start + 180, number: 1, seats: [buyer] })
    await expect(watched.turnUntil(async () => false)).rejects.toMatchObject({
      code: 'CHAIN_WATCHERS',
      message: expect.stringContaining(`seat ${buyer} is stated as unable to pay`),
    })

    // It announces a batch that it shows to nobody, and would have it settle by their silence.
    const hidden = `0x${'ab'.repeat(32)}` as const
    await watched.announce(hidden)
    const unseen = () => Promise.all(watchers.map(async (one) => (await one.measured()).commonwatt_watch_unseen))
    await vi.waitFor(async () => expect(await unseen()).toEqual([1, 1, 1]), patiently)
    expect((await second.ready())!.notReady).toEqual([expect.stringContaining(hidden)])
    expect(await refusals(place.rules.area, hidden)).toBe(0n)
    await passUntil(chain.provider, (await chainTime(chain.provider)) + (place.rules.watcherGraceSeconds * 3) / 4)
    await vi.waitFor(async () => expect(await refusals(place.rules.area, hidden)).toBe(3n), patiently)
    await vi.waitFor(async () => expect(await unseen()).toEqual([0, 0, 0]), patiently)
  } finally {
    await watched.stop()
  }
}, 240_000)

test.each([1, 2] as const)(
  'a batch of an area of allocation %i settles, and what was declared computes it again',
  async (allocation) => {
    const scratch = await server.fresh()
    const operator = new Wallet(Wallet.createRandom().privateKey)
    await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
    const zones = ['street', 'street', 'lane']
    const deposits = [0n, 9_000_000n, 9_000_000n]
    const place = await openStreet(chain.provider, { operator, zones, deposits, rules: { allocation } })
    const market = await startMarket({ chain, ...scratch, street: place, operator })
    await market.indexer.advance()
    const [roof, flat, house] = place.homes as [Home, Home, Home]
    const start = Math.floor(place.from / 60) * 60 + 60
    const until = start + 60
    // What nobody limits is set aside at the mandate's worst, which no money would cover for long.
    for (const home of [flat, house]) await market.order(home, 'buy', 2_000, until + 600)
    const rounds = [{ ofMillionths: 1_000_000, key: { type: 'proportional' as const } }]
    const members = { consumers: [flat.number, house.number], producers: [roof.number] }
    if (allocation === 2) {
      const key = { type: 'key' as const, ...members, steps: [{ from: start, rounds }] }
      await market.declare(key, { start, end: start + 86_400 * 30, version: 1 })
    }
    for (let time = start; time <= until; time += 10) {
      await market.passTo(time)
      const count = (time - start) / 10
      await market.read(roof, time, 1_000, 2_000 + 90 * count)
      await market.read(flat, time, 1_000 + 40 * count, 2_000)
      await market.read(house, time, 1_000 + 80 * count, 2_000)
    }
    if (allocation === 1) {
      const seats = [
        { seat: roof.number, allocatedWh: 0, sharedWh: 90 },
        { seat: flat.number, allocatedWh: 30, sharedWh: 0 },
        { seat: house.number, allocatedWh: 60, sharedWh: 0 },
      ].sort((a, b) => a.seat - b.seat)
      const starts = Array.from({ length: 6 }, (_, interval) => start + 10 * interval)
      const intervals = starts.map((own) => ({ start: own, seats }))
      await market.passTo(until + 1)
      await market.declare({ type: 'quantities', intervals }, { start, end: until, version: 1 })
    }
    await market.passTo(until + 20)
    for (let round = 0; round < 12; round += 1) await market.turn()
    const { escrow, firstBlock } = place
    const own = await exportedBatch(scratch.database, market.stored, until)
    const knownFrom = own.intervals[0]!.block
    const view = await readSettledArea({ provider: chain.provider, escrow, area, end: until, firstBlock, knownFrom })
    await market.stop()
    expect(verifyArea(own, view)).toBeNull()
    // The house lies behind a link of 100 ticks; what it and the flat drew, 120 Wh, is more than the 90 Wh of the roof.
    const entryOf = (home: Home) => view.entries.find(({ number }) => number === home.number)!
    expect(entryOf(roof)).toMatchObject({ soldWh: 540, received: 540n * 1_200n })
    expect(entryOf(flat)).toMatchObject({ boughtWh: 180, paid: 180n * 1_200n })
    expect(entryOf(house)).toMatchObject({ boughtWh: 360, paid: 360n * 1_300n })
    expect(view.gridTake).toBe(36_000n)
    const forged = structuredClone(own)
    const { body } = forged.declarations[0]!
    if (body.type === 'key') body.consumers.reverse()
    if (body.type === 'quantities') body.intervals[0]!.seats[1]!.allocatedWh += 1
    expect(verifyArea(forged, view)).toMatch(/does not say what was signed/)
    forged.declarations[0]!.declaration.content = contentOf(body)
    expect(verifyArea(forged, view)).toMatch(/is not signed by the grid operator/)
    if (allocation === 1) return
    const program = await bundleProgram(join(import.meta.dirname, '../../server/cli.ts'))
    const args = [program, 'verify', '-', '--rpc-url', chain.chain.url]
    const run = (input: AreaFile) =>
      spawnSync(process.execPath, args, { input: linesOfAny(input).join('\n'), encoding: 'utf8' })
    expect(run(own).stdout).toBe('right\n')
    expect(run(forged).stderr).toMatch(/is not signed by the grid operator/)
  },
  120_000,
)
