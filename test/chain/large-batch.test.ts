/** Gas of batches as large as an area may have. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import { openStreet, startTestChain, type TestChain } from './street.ts'

/** `node test/soak/settlement.js` settles a thousand. */
const entries = Number(process.env.ENTRIES ?? 20)
/** EIP-7825. */
const gasCap = 16_777_216

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

test(`batches of ${entries} entries settle in transactions below the gas cap`, async () => {
  const { database, url } = await server.fresh()
  const { provider } = chain
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const deposits = Array.from({ length: entries }, (_, index) => (index % 2 === 0 ? 0n : 1_000_000n))
  const street = await openStreet(provider, { operator, deposits })
  const market = await startMarket({ chain, database, url, street, operator })
  await market.indexer.advance()
  const start = Math.floor(street.from / 60) * 60 + 60
  for (const [index, home] of street.homes.entries()) {
    await market.order(home, index % 2 === 0 ? 'sell' : 'buy', index % 2 === 0 ? 500 : 1_500, start + 600)
  }
  for (let time = start; time <= start + 120; time += 30) {
    for (let now = time - 20; now <= time; now += 10) {
      await market.passTo(now)
      if (now < start || (now % 60 !== 0 && now % 60 !== 10)) continue
      const count = (now - start) / 10
      await Promise.all(
        street.homes.map((home, index) =>
          index % 2 === 0
            ? market.read(home, now, 1_000, 2_000 + 60 * count)
            : market.read(home, now, 1_000 + 60 * count, 2_000),
        ),
      )
    }
    // So that the first batch is cut, and binds no more of anybody's funds than was traded in it.
    await market.hear()
  }
  await market.passTo(start + 140)
  for (let round = 0; round < 8 + entries / 20; round += 1) await market.turn()
  const rows = await database`
    select gas_used, energy_wh, status, count(*) as entries from batches
    join batch_progress using (area_id, end_at) join batch_entries using (area_id, end_at)
    where area_id = ${market.stored.areaId} group by end_at, gas_used, energy_wh, status order by end_at`
  const traded = rows.filter(({ energy_wh }) => energy_wh > 0)
  expect(traded.length).toBe(2)
  for (const { status, gas_used, entries: count } of traded) {
    expect(status).toBe('settled')
    expect(count).toBeGreaterThanOrEqual(entries)
    console.log(`${count} entries: ${gas_used} gas in all, ${Math.round(gas_used / count)} an entry`)
  }
  const transactions = await database`select purpose, gas_used, hash from transactions where status = 'mined'`
  for (const { purpose, gas_used } of transactions) {
    expect(gas_used).toBeLessThan(gasCap)
    console.log(`${purpose}: ${gas_used} gas`)
  }
  await checkNamedWords(transactions.map(({ hash }) => hash as string))
  await market.stop()
}, 1_800_000)

/** What a settlement names ahead is what it reads, two words a seat: a word that it did not read would cost and save nothing. */
async function checkNamedWords(hashes: string[]): Promise<void> {
  const { provider } = chain
  const settlements = (await Promise.all(hashes.map((hash) => provider.getTransaction(hash)))).filter(
    (transaction) => transaction!.accessList!.length > 0,
  )
  expect(settlements.length).toBeGreaterThan(0)
  for (const transaction of settlements) {
    const { from, to, data, blockNumber, accessList } = transaction!
    const named = accessList!.flatMap(({ storageKeys }) => storageKeys)
    expect(named.length).toBeGreaterThanOrEqual(2 * 16)
    const before = `0x${(blockNumber! - 1).toString(16)}`
    const answer = await provider.send('eth_createAccessList', [{ from, to, data }, before])
    const read = (answer.accessList as { address: string; storageKeys: string[] }[]).find(
      ({ address }) => address.toLowerCase() === to!.toLowerCase(),
    )!.storageKeys
    expect(named.filter((key) => !read.includes(key))).toEqual([])
  }
}
