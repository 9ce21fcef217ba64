/** What happens to a seat whose meter begins a new epoch. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import { area, fundedKey, openStreet, startTestChain, type TestChain } from './street.ts'

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

test('a new epoch waits until all of the old one is settled, and what comes after it is read again', async () => {
  const { database, url } = await server.fresh()
  const operator = new Wallet(fundedKey(4))
  const street = await openStreet(chain.provider, { operator, deposits: [0n, 5_000_000n] })
  const market = await startMarket({ chain, database, url, street, operator })
  await market.indexer.advance()
  const [seller, buyer] = street.homes as [(typeof street.homes)[0], (typeof street.homes)[0]]
  const start = Math.ceil(street.from / 60) * 60
  await market.order(seller, 'sell', 500, start + 600)
  await market.order(buyer, 'buy', 1_500, start + 600)
  for (let time = start; time <= start + 60; time += 10) {
    await market.passTo(time)
    const count = (time - start) / 10
    if (time <= start + 40) await market.read(seller, time, 1_000, 2_000 + 60 * count)
    await market.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  // The meter was replaced: another life of its registers begins.
  const seat = seatIdOf(area, seller.number).toString()
  const epoch = {
    ...{ account: seller.account.address.toLowerCase(), rules: market.settings.rulesHash },
    ...{ meter: seller.meter.address.toLowerCase(), epoch: 2, time: start + 50, importWh: 0, exportWh: 0 },
  }
  const sign = (signer: Wallet) => signFull(signer, street.domain, 'EpochStart', epoch)
  const request = {
    ...{ seat, epoch, meterSignature: await sign(seller.meter), accountSignature: await sign(seller.account) },
    gridSignature: await sign(new Wallet(fundedKey(8))),
  }
  await expect(market.relay.startEpoch(request)).rejects.toMatchObject({ code: 'CHAIN_BEHIND' })
  await market.passTo(start + 80)
  await expect(market.relay.startEpoch(request)).rejects.toMatchObject({ code: 'CHAIN_BEHIND' })
  for (let round = 0; round < 6; round += 1) await market.turn()
  const settled =
    await database`select status, energy_wh from batches join batch_progress using (area_id, end_at) order by end_at desc limit 1`
  expect(settled[0]).toMatchObject({ status: 'settled', energy_wh: 240 })
  await expect(market.relay.startEpoch({ ...request, gridSignature: undefined })).rejects.toMatchObject({
    contractError: 'BadSignature',
  })
  await market.relay.startEpoch(request)
  await market.turn()
  expect(market.area.seat(seller.number)!.newest).toMatchObject({ epoch: 2, time: start + 50 })
  await market.stop()
})
