import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt } from '../../contracts/deploy.ts'
import { seatIdOf } from '../../contracts/entry.ts'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { readAreaFile } from '../../server/settlement/area-file.ts'
import { verifyArea } from '../../server/settlement/verify-area.ts'
import { areaFile } from '../../server/store/area-export.ts'
import type { Database } from '../../server/store/database.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { area, startMarket } from './market.ts'
import {
  chainTime,
  type Home,
  mine,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

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

async function newStreet(deposits: bigint[]) {
  const { database } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(chain.provider, { operator, deposits })
  return { database, operator, street }
}

const balances = (street: Street) =>
  Promise.all(
    street.homes.map(({ number }) =>
      escrowAt(street.escrow, chain.provider).getFunction('balanceOf')(seatIdOf(area, number)),
    ),
  )

/** Takes everything out of a seat, as the account may once the withdrawal delay has passed. */
async function withdrawAll(street: Street, { account, number }: Home) {
  const wallet = account.connect(chain.provider)
  await chain.provider.send('anvil_setBalance', [account.address, `0x${(10n ** 18n).toString(16)}`])
  const request = {
    ...{ account: account.address, seat: seatIdOf(area, number), amount: 2n ** 100n, to: account.address },
    ...{ nonce: 0, deadline: 4_000_000_000 },
  }
  await street.call(wallet, 'requestWithdrawal', request, '0x')
  await passUntil(chain.provider, (await chainTime(chain.provider)) + 301)
  await street.call(wallet, 'claim', request.seat)
}

const batchRows = (database: Database) => database`
  select number, left_out, status, energy_wh, paid - received as take from batches order by end_at`

/** What computing the batch again from its export says of it. */
async function verified(database: Database, street: Street, end: number): Promise<string | null> {
  const file = readAreaFile(JSON.parse(JSON.stringify(await areaFile(database, { area, end }))))
  const { escrow, firstBlock } = street
  return verifyArea(file, await readSettledArea({ provider: chain.provider, escrow, area, end, firstBlock }))
}

/** Home 0 sells, the others buy; each boundary moves every register by 60 Wh. */
async function tradedBatch(deposits: bigint[], parts: { entriesPerPart?: number } = {}) {
  const scene = await newStreet(deposits)
  const { street } = scene
  const market = await startMarket({ chain, ...scene, ...parts })
  const { from } = street
  await market.indexer.advance()
  const [seller, ...buyers] = street.homes as [Home, ...Home[]]
  await market.order(seller, 'sell', 500, from + 600)
  for (const buyer of buyers) await market.order(buyer, 'buy', 1_500, from + 600)
  const start = Math.ceil(from / 60) * 60
  for (let time = start; time <= start + 60; time += 10) {
    await market.passTo(time)
    const count = 1 + (time - start) / 10
    await market.read(seller, time, 1_000, 2_000 + 60 * count)
    for (const buyer of buyers) await market.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  await market.passTo(start + 80)
  return { ...scene, market, start }
}

test('an account that took its money out before a late submission is left out, and the batch settles without it', async () => {
  const { database, street, market, start } = await tradedBatch([0n, 5_000_000n, 5_000_000n])
  expect((await batchRows(database)).at(-1)).toMatchObject({ number: 1, status: 'cut', energy_wh: 360 })
  // The server was away for longer than the withdrawal delay.
  await withdrawAll(street, street.homes[1]!)
  for (let round = 0; round < 4; round += 1) await market.turn()
  const batch = (await batchRows(database)).at(-1)
  expect(batch).toMatchObject({ number: 2, left_out: [2], status: 'settled', energy_wh: 180, take: '0' })
  const [sold, gone, paid] = await balances(street)
  expect(gone).toBe(0n)
  expect(sold + paid).toBe(5_000_000n)
  expect(sold).toBeGreaterThan(0n)
  const runs = await database`
    select run, status, matched_wh from intervals where start = ${start} order by run`
  expect(runs).toMatchObject([
    { run: 1, status: 'final', matched_wh: 60 },
    { run: 2, status: 'final', matched_wh: 30 },
  ])
  const outcomes = await database`
    select seat, o ->> 'code' as code from seat_intervals cross join jsonb_array_elements(outcomes) o
    where start = ${start} and current order by seat`
  expect(outcomes.map(({ code }) => code)).toEqual(['partner-left-out', 'left-out', 'partly-filled-at-margin'])
  expect(await verified(database, street, start + 60)).toBeNull()
  await market.worker.stop()
})

test('a batch of parts that has begun is given up and settled without the seats of its first parts', async () => {
  const { database, street, market, start } = await tradedBatch([0n, 5_000_000n, 5_000_000n], { entriesPerPart: 2 })
  const view = () => market.indexer.head.view.get(area)!
  for (let round = 0; view().open?.end !== start + 60; round += 1) {
    expect(round).toBeLessThan(10)
    await market.settlement.advance(area)
    await mine(chain.provider)
    await market.indexer.advance()
  }
  await withdrawAll(street, street.homes[2]!)
  for (let round = 0; round < 8; round += 1) await market.turn()
  const batch = (await batchRows(database)).at(-1)
  expect(batch).toMatchObject({ number: 2, left_out: [1], status: 'settled', energy_wh: 0, take: '0' })
  expect(view().abandoned.get(start + 60)).toBe(1)
  expect(await balances(street)).toEqual([0n, 5_000_000n, 0n])
  expect(await verified(database, street, start + 60)).toBeNull()
  await market.worker.stop()
})
