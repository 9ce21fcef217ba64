/** Meters that change keys while they trade. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RotateKey, signFull } from '../../contracts/protocol/typed-data.ts'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { readSettledSeat } from '../../server/chain/settled-seat.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import type { Database } from '../../server/store/database.ts'
import { exportedBatch, statementOfSeat } from '../settlement/exported.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { type Market, startMarket } from './market.ts'
import { area, fundedKey, type Home, openStreet, type Street, startTestChain, type TestChain } from './street.ts'

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

/** A seller and a buyer who trade 60 Wh in each interval of 10 s from `start`, a whole minute, on. */
async function openTrading() {
  const { database, url } = await server.fresh()
  const operator = new Wallet(fundedKey(4))
  const street = await openStreet(chain.provider, { operator, deposits: [0n, 9_000_000n] })
  const market = await startMarket({ chain, database, url, street, operator })
  await market.indexer.advance()
  const [seller, buyer] = street.homes as [Home, Home]
  const start = Math.ceil(street.from / 60) * 60
  await market.order(seller, 'sell', 500, start + 600)
  await market.order(buyer, 'buy', 1_500, start + 600)
  return { database, street, market, seller, buyer, start }
}

async function signedRotation({ domain }: Street, home: Home, next: Wallet, from: number, key = home.meter) {
  const rotation: RotateKey = {
    account: home.account.address.toLowerCase(),
    meter: home.meter.address.toLowerCase(),
    key: key.address.toLowerCase(),
    next: next.address.toLowerCase(),
    from,
    deadline: from + 3600,
  }
  const sign = (signer: Wallet) => signFull(signer, domain, 'RotateKey', rotation)
  const [accountSignature, keySignature, nextSignature] = await Promise.all([home.account, key, next].map(sign))
  return {
    rotation,
    accountSignature: accountSignature!,
    keySignature: keySignature!,
    nextSignature: nextSignature!,
  }
}

async function settled(market: Market, database: Database, end: number): Promise<void> {
  for (let round = 0; round < 6; round += 1) await market.turn()
  const [batch] = await database`select status from batch_progress where end_at = ${end}`
  expect(batch).toMatchObject({ status: 'settled' })
}

describe('a meter whose key changes in the middle of trading', () => {
  test('keeps seat, orders, mandate and registers; batches before, over and after settle and verify', async () => {
    const { database, street, market, seller, buyer, start } = await openTrading()
    const next = new Wallet(Wallet.createRandom().privateKey)
    const from = start + 30
    for (let time = start; time <= start + 180; time += 10) {
      await market.passTo(time)
      const count = (time - start) / 10
      if (time === start + 10) {
        const request = await signedRotation(street, seller, next, from)
        await expect(
          market.relay.rotateKey({ ...request, accountSignature: request.keySignature }),
        ).rejects.toMatchObject({ contractError: 'BadSignature' })
        await market.relay.rotateKey(request)
        await market.turn()
      }
      await market.read(seller, time, 1_000, 2_000 + 60 * count, time > from ? next : seller.meter)
      await market.read(buyer, time, 1_000 + 60 * count, 2_000)
    }
    const keys = [{ key: next.address.toLowerCase(), from }]
    expect(market.area.seat(seller.number)).toMatchObject({
      meter: seller.meter.address.toLowerCase(),
      keys,
    })
    expect(market.area.seat(buyer.number)!.keys).toEqual([])
    await market.passTo(start + 200)
    await settled(market, database, start + 180)
    const settledWh = await database`select end_at, energy_wh from batches where end_at > ${start} order by end_at`
    expect(settledWh.map(({ energy_wh }) => energy_wh)).toEqual([360, 360, 360])

    for (const end of [start + 60, start + 180]) {
      const query = { ...street.domain, escrow: street.escrow, area, end, seat: seller.number }
      const chainQuery = { ...query, provider: chain.provider, firstBlock: street.firstBlock }
      const file = await statementOfSeat(database, market.stored, query)
      const said = await readSettledSeat(chainQuery)
      expect(said.keys).toEqual(keys)
      expect(verifyStatement(file, said)).toBeNull()
      expect(verifyStatement(file, { ...said, keys: [] })).toMatch(/is not signed by the meter/)
      const whole = await exportedBatch(database, market.stored, end)
      const settledArea = await readSettledArea({ ...chainQuery, knownFrom: whole.intervals[0]!.block })
      expect(verifyArea(whole, settledArea)).toBeNull()
      const without = settledArea.seats.map((seat) => ({ ...seat, keys: [] }))
      expect(verifyArea(whole, { ...settledArea, seats: without })).toMatch(/is not signed by its meter/)
    }
    await market.stop()
  })

  test('and its server hears of it late: what the former key signed is void, and settles once the next one has signed it', async () => {
    const { database, street, market, seller, buyer, start } = await openTrading()
    const next = new Wallet(Wallet.createRandom().privateKey)
    await market.passTo(start)
    const request = await signedRotation(street, seller, next, start + 20)
    await street.call(new Wallet(fundedKey(7)), 'rotateKey', ...Object.values(request))
    for (let time = start; time <= start + 60; time += 10) {
      await market.passTo(time)
      const count = (time - start) / 10
      await market.read(seller, time, 1_000, 2_000 + 60 * count)
      await market.read(buyer, time, 1_000 + 60 * count, 2_000)
    }
    await market.passTo(start + 80)
    await market.hear()
    for (let time = start + 30; time <= start + 60; time += 10) {
      const answer = await market.read(seller, time, 1_000, 2_000 + 6 * (time - start), next)
      expect(answer.filter(({ type }) => type === 'reading')).toMatchObject([{ status: 'stored' }])
    }
    await settled(market, database, start + 60)
    await market.stop()
  })

  test('takes its keys along to another seat, and further keys follow there', async () => {
    const { street, market, seller, start } = await openTrading()
    const [next, third] = [new Wallet(Wallet.createRandom().privateKey), new Wallet(Wallet.createRandom().privateKey)]
    await market.passTo(start)
    await market.relay.rotateKey(await signedRotation(street, seller, next, start + 20))
    await market.turn()
    const heir = new Wallet(Wallet.createRandom().privateKey)
    const meter = seller.meter.address.toLowerCase()
    const rules = market.settings.rulesHash
    const mandate = {
      ...{ account: heir.address.toLowerCase(), meter, rules, sellFloor: 0, buyCeiling: 1_000, maxSellWh: 100 },
      ...{ maxBuyWh: 100, validFrom: start, validUntil: Math.ceil(start / 86_400 + 30) * 86_400, version: 1 },
      deadline: start + 3600,
    }
    const { account, deadline } = mandate
    const consent = { meter, account, rules, validFrom: start, deadline }
    const epoch = { account, rules, meter, epoch: 2, time: start + 100, importWh: 0, exportWh: 0 }
    const { domain } = street
    await market.relay.openSeat({
      ...{ mandate, consentValidFrom: start, consentDeadline: deadline, epoch },
      mandateSignature: await signFull(heir, domain, 'Mandate', mandate),
      consentSignature: await signFull(next, domain, 'MeterConsent', consent),
      epochSignature: await signFull(next, domain, 'EpochStart', epoch),
    })
    await market.turn()
    const home = { number: 3, account: heir, meter: seller.meter }
    await market.relay.rotateKey(await signedRotation(street, home, third, start + 60, next))
    await market.turn()
    expect(market.area.seat(3)!.keys).toEqual([
      { key: next.address.toLowerCase(), from: start + 20 },
      { key: third.address.toLowerCase(), from: start + 60 },
    ])
    // The former seat may still run, and knows them as well.
    expect(market.area.seat(1)!.keys).toHaveLength(2)
    await market.stop()
  })
})
