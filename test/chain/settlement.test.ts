/** The settlement service against a real database and chain. */
import { randomBytes } from 'node:crypto'
import { Wallet } from 'ethers'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { type Hex, hashRules } from '../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { type AreaDelivery, createIndexer } from '../../server/chain/indexer.ts'
import { createSender } from '../../server/chain/sender.ts'
import { createSettlement, settlementMetrics } from '../../server/chain/settlement-service.ts'
import type { BatchCut } from '../../server/market/area/area.ts'
import { registerArea } from '../../server/store/areas.ts'
import type { Database } from '../../server/store/database.ts'
import { type Fill, netBatch } from '../settlement/net-batch.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import {
  area,
  chainId,
  type Home,
  mine,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

const log = pino({ level: 'silent' })
let chain: TestChain
let server: ScratchServer

beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
})

/** Everything a process of the server has of the chain, made anew from the database alone. */
function startProcess(
  database: Database,
  street: Street,
  operator: Wallet,
  parts: { entriesPerPart?: number; disowns?: boolean } = {},
) {
  const { provider } = chain
  const delivered: AreaDelivery[] = []
  const disowned: { start: number; end: number }[] = []
  const registry = new Registry()
  const sender = createSender({
    ...{ database, provider, wallet: operator, chainId, log },
    ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
  })
  const indexer = createIndexer({
    ...{ database, provider, escrow: street.escrow, chainId, log, confirmations: 2, firstBlock: street.firstBlock },
    async deliver(_, delivery) {
      delivered.push(delivery)
    },
  })
  const rulesHash = hashRules(street.rules)
  const settings = [{ area, rulesHash, chain: { escrow: street.escrow } }] as unknown as AreaSettings[]
  const settlement = createSettlement({
    ...{ database, provider, sender, indexer, settings, log, ...parts },
    metrics: settlementMetrics(registry),
    leaveOut: async () => false,
    async disown(_, { start, end }) {
      disowned.push({ start, end })
      return parts.disowns ?? true
    },
    loadsOf: () => 1,
  })
  return {
    ...{ sender, indexer, settlement, delivered, disowned, registry },
    /** A block with what was sent, then one turn of each of the server's loops. */
    async turn() {
      await mine(provider)
      await sender.watch()
      await indexer.advance()
      await settlement.advance(area)
    },
  }
}

/** Readings and fills of one home, as the engine would have them. */
interface Day {
  home: Home
  /** Boundary → registers. */
  readings: { time: number; importWh: number; exportWh: number }[]
  fills: Fill[]
}

/** Stores a batch as the area does when it cuts one, with a statement that says nothing. */
async function cutBatch(scene: Scene, start: number, end: number, days: Day[]): Promise<BatchCut & { root: Hex }> {
  const { database, areaId, street, bases } = scene
  const cut = netBatch(
    { start, end, intervalSeconds: 10 },
    days.map(({ home, readings, fills }) => {
      const base = bases.get(home.number)!
      const measured = readings.filter(({ time }) => time > base && time <= end)
      return { seat: home.number, base, measured, changes: [], fills }
    }),
  )
  for (const { home, readings } of days) {
    for (const { time, importWh, exportWh } of readings) {
      const { signature } = await street.reading(home, time, importWh, exportWh)
      await database`select make_months(array[${time}::bigint])`
      await database`
        insert into readings ${database({
          ...{ area_id: areaId, seat: home.number, time, import_wh: importWh, export_wh: exportWh, epoch: 1 },
          ...{ quality: 0, late: false },
          signature: Buffer.from(signature.slice(2), 'hex'),
        })} on conflict do nothing`
    }
  }
  await database`
    insert into batches ${database({
      ...{ area_id: areaId, start, end_at: end, number: 1, left_out: [], seats: days.length, cut_sequence: 1 },
      ...{ band_low: cut.bandLow, band_high: cut.bandHigh, energy_wh: cut.energyWh, cut_at: new Date() },
      ...{ paid: cut.paid.toString(), received: cut.received.toString() },
    })}`
  for (const entry of cut.entries) {
    bases.set(entry.seat, entry.time)
    await database`
      insert into batch_entries ${database({
        ...{ area_id: areaId, end_at: end, seat: entry.seat, kind: entry.kind, time: entry.time, epoch: entry.epoch },
        ...{ import_wh: entry.importWh, export_wh: entry.exportWh, sold_wh: entry.soldWh, bought_wh: entry.boughtWh },
        ...{ paid: entry.paid.toString(), received: entry.received.toString() },
      })}`
  }
  return { ...cut, root: await stateBatch(scene, end) }
}

async function stateBatch({ database, areaId }: Scene, end: number): Promise<Hex> {
  const root = `0x${randomBytes(32).toString('hex')}`
  await database`
    insert into statements ${database({ area_id: areaId, end_at: end, number: 1, leaves: 0, root, stated: Buffer.alloc(32) })}`
  return root
}

/** One sells 50 Wh to the other in each interval: at 1,000 ticks received and 1,100 paid. */
function trade(street: Street, start: number, end: number): Day[] {
  const days: Day[] = street.homes.map((home) => ({ home, readings: [], fills: [] }))
  for (let time = start; time <= end; time += 10) {
    const count = 1 + (time - street.from) / 10
    days[0]!.readings.push({ time, importWh: 1_000, exportWh: 2_000 + 60 * count })
    days[1]!.readings.push({ time, importWh: 1_000 + 70 * count, exportWh: 2_000 })
    if (time === end) break
    days[0]!.fills.push({ start: time, isSale: true, energyWh: 50, amount: 50_000 })
    days[1]!.fills.push({ start: time, isSale: false, energyWh: 50, amount: 55_000 })
  }
  return days
}

interface Scene {
  database: Database
  areaId: number
  operator: Wallet
  street: Street
  bases: Map<number, number>
}

async function newScene(deposits: bigint[]): Promise<Scene> {
  const { database } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(chain.provider, {
    operator,
    deposits,
    withdrawalDelaySeconds: 100_000,
    batchSeconds: 120,
  })
  const areaId = await registerArea(database, { chainId, escrow: street.escrow, area })
  return { database, areaId, operator, street, bases: new Map(street.homes.map(({ number }) => [number, 0])) }
}

async function balances(street: Street): Promise<bigint[]> {
  const escrow = escrowAt(street.escrow, chain.provider)
  return Promise.all(street.homes.map(({ number }) => escrow.getFunction('balanceOf')(seatIdOf(area, number))))
}

async function statuses(database: Database) {
  const rows = await database`
    select coalesce(status, 'cut') as status from batches left join batch_progress using (area_id, end_at) order by end_at`
  return rows.map(({ status }) => status)
}

describe('two batches', () => {
  let scene: Scene
  let first: BatchCut & { root: Hex }
  beforeEach(async () => {
    scene = await newScene([0n, 10_000_000n])
    const { street } = scene
    const { from } = street
    await passUntil(chain.provider, from + 120)
    first = await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
    await cutBatch(scene, from + 60, from + 120, trade(street, from + 60, from + 120))
  })

  test('are settled in order, and counted when the chain has confirmed them', async () => {
    const { database, street, operator } = scene
    const server = startProcess(database, street, operator)
    await server.turn()
    expect(await statuses(database)).toEqual(['submitted', 'cut'])
    for (let round = 0; round < 4; round += 1) await server.turn()
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    expect(await balances(street)).toEqual([600_000n, 10_000_000n - 660_000n])
    const escrow = escrowAt(street.escrow, chain.provider)
    expect(await escrow.getFunction('settledUntil')(area)).toBe(BigInt(street.from + 120))
    expect(await escrow.getFunction('gridBalance')(area)).toBe(60_000n)
    expect(await server.registry.metrics()).toContain(`commonwatt_batches_settled_total{area="${area}"} 2`)
    const [row] = await database`select gas_used, transaction, block from batch_progress where end_at = ${first.end}`
    const receipt = await chain.provider.getTransactionReceipt(row!.transaction)
    expect(row).toMatchObject({ gas_used: Number(receipt!.gasUsed), block: receipt!.blockNumber })

    const told = server.delivered.flatMap(({ seats }) => seats).findLast(({ seat }) => seat === street.homes[0]!.number)
    expect(told).toMatchObject({ balance: 600_000n, base: { epoch: 1, time: street.from + 120 } })
    expect(server.delivered.at(-1)?.settledUntil).toBe(street.from + 120)
  })

  test('settle once although every process is killed after each step', async () => {
    const { database, street, operator } = scene
    for (let life = 0; life < 6; life += 1) {
      const server = startProcess(database, street, operator)
      if (life % 2 === 0) await server.indexer.advance()
      else await server.turn().catch(() => {})
      await startProcess(database, street, operator).turn()
    }
    await mine(chain.provider)
    await startProcess(database, street, operator).turn()
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    expect(await balances(street)).toEqual([600_000n, 9_340_000n])
    expect(await chain.provider.getTransactionCount(operator.address)).toBe(2)
  })

  test('settle once although two servers do the work', async () => {
    const { database, street, operator } = scene
    const both = [startProcess(database, street, operator), startProcess(database, street, operator)]
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(both.map((server) => server.turn()))
      await mine(chain.provider)
    }
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    expect(await balances(street)).toEqual([600_000n, 9_340_000n])
    expect(await chain.provider.getTransactionCount(operator.address)).toBe(2)
  })

  test('are settled again when a reorganisation takes them back', async () => {
    const { database, street, operator } = scene
    const server = startProcess(database, street, operator)
    const before = await chain.provider.getBlockNumber()
    for (let round = 0; round < 5; round += 1) await server.turn()
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    await chain.provider.send('anvil_reorg', [(await chain.provider.getBlockNumber()) - before, []])
    expect(await balances(street)).toEqual([0n, 10_000_000n])
    await server.indexer.advance()
    await server.settlement.advance(area)
    expect(await statuses(database)).not.toContain('settled')
    expect(server.indexer.head.view.get(area)?.seats.get(street.homes[0]!.number)?.balance).toBe(0n)
    for (let round = 0; round < 4; round += 1) {
      await server.turn()
      await mine(chain.provider)
    }
    await server.turn()
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    expect(await balances(street)).toEqual([600_000n, 9_340_000n])
  })

  test('in several parts give the same balances', async () => {
    const { database, street, operator } = scene
    const server = startProcess(database, street, operator, { entriesPerPart: 1 })
    for (let round = 0; round < 6; round += 1) await server.turn()
    await mine(chain.provider)
    await server.turn()
    expect(await statuses(database)).toEqual(['settled', 'settled'])
    expect(await balances(street)).toEqual([600_000n, 9_340_000n])
    const view = server.indexer.head.view.get(area)!
    expect(street.homes.map(({ number }) => view.seats.get(number)!.balance)).toEqual([600_000n, 9_340_000n])
    expect(view.gridBalance).toBe(60_000n)
    expect(view.open).toBeNull()
  })
})

test('an abandoned batch gives its debits back, in the view as on chain', async () => {
  const scene = await newScene([10_000_000n, 1_000_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 60)
  // The first seat buys, so the first part holds a debit.
  const buyersFirst = { ...street, homes: street.homes.toReversed() }
  await cutBatch(scene, from, from + 60, trade(buyersFirst, from, from + 60))
  const server = startProcess(database, street, operator, { entriesPerPart: 3 })
  await server.turn()
  await mine(chain.provider)
  await server.indexer.advance()
  const view = () => street.homes.map(({ number }) => server.indexer.head.view.get(area)!.seats.get(number)!.balance)
  expect(server.indexer.head.view.get(area)!.open).toMatchObject({ end: from + 60, settledParts: 1 })
  expect(await balances(street)).toEqual([9_670_000n, 1_000_000n])
  expect(view()).toEqual([9_670_000n, 1_000_000n])

  await street.call(new Wallet(operator.privateKey, chain.provider), 'abandonBatch', area)
  await server.indexer.advance()
  expect(await balances(street)).toEqual([10_000_000n, 1_000_000n])
  expect(view()).toEqual([10_000_000n, 1_000_000n])
  await mine(chain.provider)
  await server.indexer.advance()
  await expect(server.settlement.advance(area)).rejects.toMatchObject({ code: 'CHAIN_OVERTAKEN' })
})

test('a batch that the chain has settled otherwise than this journal has it is disowned, and settling goes on', async () => {
  const scene = await newScene([10_000_000n, 1_000_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 120)
  await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
  const before = startProcess(database, street, operator)
  for (let round = 0; round < 4; round += 1) await before.turn()
  expect(await statuses(database)).toEqual(['settled'])
  // As after a restore from before the batch was cut anew: its statement is that of the number before.
  await database`delete from batch_progress`
  await database`update statements set root = ${`0x${'5e'.repeat(32)}`}`

  const unheard = startProcess(database, street, operator, { disowns: false })
  await expect(unheard.turn()).rejects.toMatchObject({ code: 'CHAIN_OVERTAKEN' })
  const after = startProcess(database, street, operator)
  await after.turn()
  expect(after.disowned).toEqual([{ start: from, end: from + 60 }])
  expect(await database`select from statements`).toHaveLength(0)
  // What the area does with it.
  await database`delete from batches`
  await cutBatch(scene, from + 60, from + 120, trade(street, from + 60, from + 120))
  for (let round = 0; round < 4; round += 1) await after.turn()
  expect(await statuses(database)).toEqual(['settled'])
  expect(after.disowned).toHaveLength(1)
})

test('a batch that only the chain knows is named once, and said until then', async () => {
  const scene = await newScene([10_000_000n, 1_000_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 120)
  await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
  const before = startProcess(database, street, operator)
  for (let round = 0; round < 4; round += 1) await before.turn()
  expect([before.settlement.unnamed(area), before.disowned]).toEqual([0, []])
  await database`delete from batch_progress`
  await database`delete from batches`

  const unheard = startProcess(database, street, operator, { disowns: false })
  expect(unheard.settlement.unnamed(area)).toBeNull()
  await unheard.turn()
  expect(unheard.settlement.unnamed(area)).toBe(1)
  const after = startProcess(database, street, operator)
  for (let round = 0; round < 2; round += 1) await after.turn()
  expect([after.settlement.unnamed(area), after.disowned]).toEqual([0, [{ start: from, end: from + 60 }]])

  // Named by its area, as a batch of its own or as a part of a longer time; or in a file.
  const [areaId] = (await database<{ area_id: number }[]>`select area_id from areas`).map((row) => row.area_id)
  for (const note of [
    () => database`insert into missed_batches values (${areaId!}, ${from}, ${from + 60}, now())`,
    () => database`update missed_batches set start = ${from - 60}, end_at = ${from + 120}`,
    () => database`
      with gone as (delete from missed_batches)
      insert into archives values (${areaId!}, ${from}, ${from}, ${from + 60}, 'file', '', 1, 1)`,
  ]) {
    await note()
    const known = startProcess(database, street, operator)
    await known.turn()
    expect(known.disowned).toEqual([])
  }
})

test('a batch that the escrow refuses stops its area by name and is never skipped', async () => {
  const scene = await newScene([0n, 100_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 120)
  await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
  await cutBatch(scene, from + 60, from + 120, trade(street, from + 60, from + 120))
  const server = startProcess(database, street, operator)
  await expect(server.turn()).rejects.toMatchObject({ code: 'CHAIN_REFUSED', contractError: 'Insolvent' })
  await expect(server.turn()).rejects.toMatchObject({ contractError: 'Insolvent' })
  expect(await statuses(database)).toEqual(['cut', 'cut'])
  await street.deposit(street.homes[1]!, 1_000_000n)
  for (let round = 0; round < 4; round += 1) await server.turn()
  await mine(chain.provider)
  await server.turn()
  expect(await statuses(database)).toEqual(['settled', 'settled'])
})

test('a batch that ended after the newest block settles in the next one', async () => {
  const scene = await newScene([0n, 10_000_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 55)
  await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
  const server = startProcess(database, street, operator)
  await server.indexer.advance()
  await expect(server.settlement.advance(area)).rejects.toMatchObject({ contractError: 'BadBatchTimes' })
  await chain.provider.send('evm_setNextBlockTimestamp', [from + 60])
  expect((await chain.provider.getBlock('latest'))!.timestamp).toBeLessThan(from + 60)
  await server.settlement.advance(area)
  for (let round = 0; round < 2; round += 1) await server.turn()
  expect(await statuses(database)).toEqual(['settled'])
})

test('a batch is sent once its statement of the same number is there', async () => {
  const scene = await newScene([0n, 10_000_000n])
  const { database, street, operator } = scene
  const { from } = street
  await passUntil(chain.provider, from + 60)
  await cutBatch(scene, from, from + 60, trade(street, from, from + 60))
  await database`delete from statements`
  const server = startProcess(database, street, operator)
  for (let round = 0; round < 2; round += 1) await server.turn()
  expect(await statuses(database)).toEqual(['cut'])
  const root = await stateBatch(scene, from + 60)
  await database`update batches set number = 2`
  await server.turn()
  expect(await statuses(database)).toEqual(['cut'])
  await database`update batches set number = 1`
  await server.turn()
  await mine(chain.provider)
  await server.indexer.advance()
  // Made anew, as after the loss of a disk: what the chain has settled is judged once it is there.
  await database`delete from statements`
  for (let round = 0; round < 2; round += 1) await server.turn()
  expect(await statuses(database)).toEqual(['submitted'])
  await database`insert into statements ${database({ area_id: scene.areaId, end_at: from + 60, number: 1, leaves: 0, root, stated: Buffer.alloc(32) })}`
  await server.turn()
  expect(await statuses(database)).toEqual(['settled'])
})

test('random streets settle on chain to what netting says, view and contract alike', async () => {
  let seed = 20_260_704
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const scene = await newScene([5_000_000n, 5_000_000n, 5_000_000n, 5_000_000n, 5_000_000n])
  const { database, street, operator } = scene
  const server = startProcess(database, street, operator, { entriesPerPart: 3 })
  const registers = new Map(street.homes.map(({ number }) => [number, { importWh: 1_000, exportWh: 2_000 }]))
  const expected = street.homes.map(() => 5_000_000n)
  await passUntil(chain.provider, street.from + 4 * 60)
  for (let round = 0; round < 4; round += 1) {
    const start = street.from + 60 * round
    const days: Day[] = street.homes.map((home) => ({ home, readings: [], fills: [] }))
    const measured = (time: number) => days.map(({ readings }) => readings.some((reading) => reading.time === time))
    for (let time = start; time <= start + 60; time += 10) {
      for (const { home, readings } of days) {
        const before = registers.get(home.number)!
        const now =
          time === start
            ? before
            : { importWh: before.importWh + 100 + random(400), exportWh: before.exportWh + 100 + random(400) }
        registers.set(home.number, now)
        if (random(5) > 0) readings.push({ time, ...now })
      }
      if (time === start) continue
      const atStart = measured(time - 10)
      const atEnd = measured(time)
      const trading = days.filter((_, index) => atStart[index] && atEnd[index])
      const [seller, ...buyers] = trading.slice(random(Math.max(1, trading.length)))
      if (seller === undefined || buyers.length === 0) continue
      const price = random(3_000) - 400
      const bought = buyers.map(() => 1 + random(40))
      const sold = bought.reduce((sum, energyWh) => sum + energyWh, 0)
      if (sold > 100) continue
      seller.fills.push({ start: time - 10, isSale: true, energyWh: sold, amount: sold * price })
      buyers.forEach(({ fills }, index) => {
        const energyWh = bought[index]!
        fills.push({ start: time - 10, isSale: false, energyWh, amount: energyWh * (price + 30) })
      })
    }
    const cut = await cutBatch(scene, start, start + 60, days)
    for (const { seat, paid, received } of cut.entries) {
      const index = street.homes.findIndex(({ number }) => number === seat)
      expected[index] = expected[index]! - paid + received
    }
    for (let turn = 0; turn < 5; turn += 1) await server.turn()
    expect(await balances(street)).toEqual(expected)
    const view = server.indexer.head.view.get(area)!
    expect(street.homes.map(({ number }) => view.seats.get(number)!.balance)).toEqual(expected)
    const escrow = escrowAt(street.escrow, chain.provider)
    for (const { number } of street.homes) {
      const { epoch, time, importWh, exportWh } = await escrow.getFunction('seatView')(seatIdOf(area, number))
      const base = { epoch: Number(epoch), time: Number(time), importWh: Number(importWh), exportWh: Number(exportWh) }
      expect(view.seats.get(number)!.base).toEqual(base)
    }
  }
})
