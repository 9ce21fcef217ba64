/** A mandate that was changed on chain while the server did not hear of it: the escrow goes by it, so must the market. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, signFull } from '../../contracts/protocol/typed-data.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

import { area, forever, fundedKey, startTestChain, type TestChain } from './street.ts'
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

test('what was traded by terms that had ended is computed again before the batch is cut, and the batch settles', async () => {
  const place = { chain, server }
  const { database, street, market, start } = await tradedBatch(place, [0n, 5_000_000n, 5_000_000n], {
    async heardLate({ domain, homes, rules, call, from }) {
      const { account, meter, number } = homes[1]!
      const mandate = {
        ...{ account: account.address.toLowerCase(), meter: meter.address.toLowerCase(), rules: hashRules(rules) },
        ...{ sellFloor: 0, buyCeiling: 0, maxSellWh: 100, maxBuyWh: 100, validFrom: from, version: 2 },
        ...{ validUntil: Math.ceil(from / 86_400 + 30) * 86_400, deadline: forever },
      }
      const signature = await signFull(account, domain, 'Mandate', mandate)
      await call(new Wallet(fundedKey(7)), 'changeMandate', seatIdOf(area, number), mandate, signature)
    },
  })
  const runs = await database`
    select run, matched_wh, bought_wh from intervals left join seat_intervals using (area_id, start, run)
    where start = ${start} and coalesce(seat, 2) = 2 order by run`
  // How often it was computed before its readings were there depends on when the test began.
  expect(runs.slice(-2)).toMatchObject([
    { matched_wh: 60, bought_wh: null },
    { matched_wh: 60, bought_wh: 0 },
  ])
  for (let round = 0; round < 4; round += 1) await market.turn()
  const [batch] =
    await database`select number, left_out, status from batches join batch_progress using (area_id, end_at, number)
    order by end_at desc limit 1`
  expect(batch).toMatchObject({ number: 1, left_out: [], status: 'settled' })
  expect(await verified({ chain }, database, street, start + 60)).toBeNull()
  await market.stop()
})
