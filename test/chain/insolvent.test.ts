/** Batches of accounts that took their money out before they were settled. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import type { Database } from '../../server/store/database.ts'
import { decodeOutcomes } from '../../server/store/outcomes.ts'
import { makeStatements } from '../settlement/exported.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

import {
  area,
  chainTime,
  forever,
  type Home,
  mine,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'
import { tradedBatch, verified } from './traded-batch.ts'

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

const balances = (street: Street) =>
  Promise.all(
    street.homes.map(({ number }) =>
      escrowAt(street.escrow, chain.provider).getFunction('balanceOf')(seatIdOf(area, number)),
    ),
  )

/** Asks for everything before the batch begins; `claim` takes it, as anybody may once the withdrawal delay has passed. */
async function askForAll(street: Street, { account, number }: Home) {
  const wallet = account.connect(chain.provider)
  await chain.provider.send('anvil_setBalance', [account.address, `0x${(10n ** 18n).toString(16)}`])
  const request = {
    ...{ account: account.address, seat: seatIdOf(area, number), amount: 2n ** 100n, to: account.address },
    ...{ nonce: 0, deadline: forever },
  }
  await street.call(wallet, 'requestWithdrawal', request, '0x')
  const claimableAt = (await chainTime(chain.provider)) + 300
  return async () => {
    await passUntil(chain.provider, claimableAt)
    await street.call(wallet, 'claim', request.seat)
  }
}

const batchRows = (database: Database) => database`
  select number, left_out, coalesce(status, 'cut') as status, energy_wh, paid - received as take
  from batches left join batch_progress using (area_id, end_at, number) order by end_at`

test('an account that took its money out before a late submission is left out, and the batch settles without it', async () => {
  let claim = async () => {}
  const { database, street, market, start } = await tradedBatch({ chain, server }, [0n, 5_000_000n, 5_000_000n], {
    heardLate: async ({ homes, ...rest }) => {
      claim = await askForAll({ homes, ...rest }, homes[1]!)
    },
  })
  expect((await batchRows(database)).at(-1)).toMatchObject({ number: 1, status: 'cut', energy_wh: 360 })
  // The server submits late, though not too late.
  await claim()
  for (let round = 0; round < 4; round += 1) await market.turn()
  const batch = (await batchRows(database)).at(-1)
  expect(batch).toMatchObject({ number: 2, left_out: [2], status: 'settled', energy_wh: 180, take: '0' })
  const [sold, gone, paid] = await balances(street)
  expect(gone).toBe(0n)
  expect(sold + paid).toBe(5_000_000n)
  expect(sold).toBeGreaterThan(0n)
  const runs = await database`
    select run, status, matched_wh from intervals where start = ${start} order by run`
  // Before the batch was cut the interval may have been computed without the readings that came late.
  expect(runs.filter(({ status }) => status === 'final').map(({ matched_wh }) => matched_wh)).toEqual([60, 30])
  const outcomes = await database<{ outcomes: Buffer }[]>`
    select outcomes from seat_intervals where start = ${start} and current order by seat`
  expect(outcomes.flatMap((row) => decodeOutcomes(row.outcomes)).map(({ code }) => code)).toEqual([
    'partner-left-out',
    'left-out',
    'partly-filled-at-margin',
  ])
  expect(await verified({ chain }, database, street, start + 60)).toBeNull()
  await market.stop()
})

test('a batch of parts that has begun is given up and settled without the seats of its first parts', async () => {
  let claim = async () => {}
  const { database, street, market, start } = await tradedBatch({ chain, server }, [0n, 5_000_000n, 5_000_000n], {
    entriesPerPart: 2,
    heardLate: async ({ homes, ...rest }) => {
      claim = await askForAll({ homes, ...rest }, homes[2]!)
    },
  })
  await makeStatements(database, market.stored)
  const view = () => market.indexer.head.view.get(area)!
  for (let round = 0; view().open?.end !== start + 60; round += 1) {
    expect(round).toBeLessThan(10)
    await market.settlement.advance(area)
    await mine(chain.provider)
    await market.indexer.advance()
  }
  await claim()
  for (let round = 0; round < 8; round += 1) await market.turn()
  const batch = (await batchRows(database)).at(-1)
  expect(batch).toMatchObject({ number: 2, left_out: [1, 2], status: 'settled', energy_wh: 0, take: '0' })
  expect(view().abandoned.get(start + 60)).toBe(1)
  expect(await balances(street)).toEqual([0n, 5_000_000n, 0n])
  expect(await verified({ chain }, database, street, start + 60)).toBeNull()
  await market.stop()
})
