/** Two escrows with a token of their own each, on one chain, in one database and settled by one key. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { type Market, startMarket } from './market.ts'
import { type Home, openStreet, type Street, startTestChain, type TestChain } from './street.ts'
import { verified } from './traded-batch.ts'

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

test('areas of two escrows trade, settle and verify side by side, each in its own money', async () => {
  const { provider } = chain
  const { database, url } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const deposits = [3_000_000n, 5_000_000n]
  const streets: Street[] = []
  for (const deposit of deposits) streets.push(await openStreet(provider, { operator, deposits: [0n, deposit] }))
  const places: { street: Street; market: Market; energyWh: number; deposit: bigint }[] = []
  for (const [index, opened] of streets.entries()) {
    // Both begin when the last one has been opened.
    const street = { ...opened, from: streets.at(-1)!.from }
    const market = await startMarket({ chain, database, url, street, operator })
    await market.hear()
    places.push({ street, market, energyWh: 20 + 10 * index, deposit: deposits[index]! })
  }
  const start = Math.floor(streets.at(-1)!.from / 60) * 60 + 60
  for (const { street, market } of places) {
    const [seller, buyer] = street.homes as [Home, Home]
    await market.order(seller, 'sell', 500, start + 60)
    await market.order(buyer, 'buy', 1_500, start + 60)
  }
  for (let time = start; time <= start + 60; time += 10) {
    for (const { street, market, energyWh } of places) {
      await market.passTo(time)
      const [seller, buyer] = street.homes as [Home, Home]
      const sumWh = (energyWh * (time - start)) / 10
      await market.read(seller, time, 1_000, 2_000 + sumWh)
      await market.read(buyer, time, 1_000 + sumWh, 2_000)
    }
  }
  for (const { market } of places) await market.passTo(start + 80)
  for (let round = 0; round < 5; round += 1) for (const { market } of places) await market.turn()

  for (const { street, market, energyWh, deposit } of places) {
    const [batch] = await database`
      select status, energy_wh, paid from batches join batch_progress using (area_id, end_at)
      where area_id = ${market.stored.areaId} and end_at = ${start + 60}`
    expect(batch).toMatchObject({ status: 'settled', energy_wh: 6 * energyWh })
    const escrow = escrowAt(street.escrow, provider)
    const balances = await Promise.all(
      street.homes.map(({ number }) => escrow.getFunction('balanceOf')(seatIdOf(street.rules.area, number))),
    )
    expect(balances).toEqual([BigInt(batch!.paid), deposit - BigInt(batch!.paid)])
    expect(await tokenAt(street.token, provider).getFunction('balanceOf')(street.escrow)).toBe(deposit / 10n)
    expect(await verified({ chain }, database, street, start + 60)).toBeNull()
    const view = market.indexer.head.view.get(street.rules.area)!
    expect(street.homes.map(({ number }) => view.seats.get(number)!.balance)).toEqual(balances)
  }
  expect(new Set(places.map(({ street }) => street.token)).size).toBe(2)
  const sent = await provider.getTransactionCount(operator.address)
  const [{ count } = { count: 0 }] = await database<{ count: number }[]>`
    select count(*)::int as count from transactions where status = 'mined'`
  expect(count).toBe(sent)
  for (const { market } of places) await market.stop()
})
