/** A server whose database was emptied: what the chain has settled of its areas meanwhile is named, and not traded over. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missedBatches } from '../../server/store/queries.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import { area, chainTime, type Home, startTestChain, type TestChain } from './street.ts'
import { tradedBatch } from './traded-batch.ts'

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

test('each batch that only the chain knows is named, and what comes after them is traded and settles', async () => {
  const { database, street, operator, market, start } = await tradedBatch({ chain, server }, [0n, 5_000_000n])
  for (let round = 0; round < 6; round += 1) await market.turn()
  const settled = await database<{ start: number; end_at: number }[]>`
    select start, end_at from batches join batch_progress using (area_id, end_at, number)
    where status = 'settled' order by end_at desc`
  expect(settled[0]).toMatchObject({ start, end_at: start + 60 })
  expect(settled.length).toBeGreaterThan(1)
  await market.stop()

  const empty = await server.fresh()
  const anew = await startMarket({ chain, ...empty, street, operator, now: await chainTime(chain.provider) })
  await anew.turn()
  expect(anew.settlement.unnamed(area)).toBe(0)
  const missed = await missedBatches(empty.database, { area: anew.stored.areaId, limit: 10 })
  expect(missed.map((each) => ({ start: each.start, end_at: each.end_at }))).toEqual([...settled])
  // Named once.
  const { sequence } = anew.area.status
  await anew.settlement.advance(area)
  expect(anew.area.status.sequence).toBe(sequence)

  const next = Math.ceil((await chainTime(chain.provider)) / 60) * 60
  const [seller, buyer] = street.homes as [Home, Home]
  await anew.order(seller, 'sell', 500, next + 600)
  await anew.order(buyer, 'buy', 1_500, next + 600)
  for (let time = next; time <= next + 60; time += 10) {
    await anew.passTo(time)
    const count = 8 + (time - next) / 10
    await anew.read(seller, time, 1_000, 2_000 + 60 * count)
    await anew.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  await anew.passTo(next + 80)
  await anew.hear()
  for (let round = 0; round < 6; round += 1) await anew.turn()
  const [batch] = await empty.database`
    select start, end_at, energy_wh, status from batches join batch_progress using (area_id, end_at, number)
    where end_at = ${next + 60}`
  expect(batch).toMatchObject({ start: next, status: 'settled' })
  expect(batch!.energy_wh).toBeGreaterThan(0)
  await anew.stop()
})
