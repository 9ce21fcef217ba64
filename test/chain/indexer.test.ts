/** The indexer against a real chain, reorganisations included. */
import { type JsonRpcProvider, makeError, Wallet } from 'ethers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, type Mandate, signFull } from '../../contracts/protocol/typed-data.ts'
import { asChainError, openProvider, readEscrowFacts } from '../../server/chain/escrow-client.ts'
import { type AreaDelivery, createIndexer, type IndexerOptions } from '../../server/chain/indexer.ts'
import { createRelay } from '../../server/chain/relay.ts'
import { chainSeatOf } from '../../server/chain/seat-view.ts'
import { createSender } from '../../server/chain/sender.ts'
import { freePort } from '../../server/demo/ports.ts'
import type { Database } from '../../server/store/database.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import {
  area,
  chainId,
  chainTime,
  forever,
  fundedKey,
  type Home,
  mine,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

const log = pino({ level: 'silent' })
const seed = Number(process.env.SEED ?? 20_261_122)

function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

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

function follow(database: Database, street: Street, parts: Partial<IndexerOptions> = {}) {
  const delivered: AreaDelivery[] = []
  const indexer = createIndexer({
    ...{ database, provider: chain.provider, escrow: street.escrow, chainId, log, confirmations: 1, firstBlock: 0 },
    async deliver(_, delivery) {
      delivered.push(delivery)
    },
    ...parts,
  })
  const seatOf = (home: Home) => chainSeatOf(indexer.head.view.get(area)!.seats.get(home.number)!)
  const told = (home: Home) => delivered.flatMap(({ seats }) => seats).findLast(({ seat }) => seat === home.number)
  return { indexer, delivered, seatOf, told }
}

async function scene(deposits: bigint[] = [1_000_000n]) {
  const { database } = await server.fresh()
  const operator = new Wallet(fundedKey(7))
  const street = await openStreet(chain.provider, { operator, deposits })
  return { database, street, home: street.homes[0]! }
}

/** The account sends its own messages here, so it needs gas. */
async function funded(home: Home): Promise<Wallet> {
  await chain.provider.send('anvil_setBalance', [home.account.address, `0x${(10n ** 20n).toString(16)}`])
  return home.account
}

async function mandateOf(street: Street, home: Home, parts: Partial<Mandate>): Promise<Mandate> {
  const day = Math.floor((await chainTime(chain.provider)) / 86_400)
  return {
    account: home.account.address.toLowerCase(),
    meter: home.meter.address.toLowerCase(),
    rules: hashRules(street.rules),
    ...{ sellFloor: -100, buyCeiling: 5_000, maxSellWh: 70_000, maxBuyWh: 60_000 },
    ...{ validFrom: 0, validUntil: (day + 9) * 86_400, version: 2, deadline: forever },
    ...parts,
  }
}

test('every change is a boundary on the seat’s timeline, whoever made it', async () => {
  const { database, street, home } = await scene()
  const { indexer, seatOf } = follow(database, street)
  const grid = new Wallet(fundedKey(8), chain.provider)
  const id = seatIdOf(area, home.number)
  const later = street.from + 1_000
  const mandate = await mandateOf(street, home, { validFrom: later })
  await street.call(grid, 'changeMandate', id, mandate, await signFull(home.account, street.domain, 'Mandate', mandate))
  await street.call(grid, 'revokeMeter', id, later + 100, 2, forever, '0x')
  await indexer.advance()
  const terms = seatOf(home).terms
  // The mandate began with the boundary after the seat was opened, the confirmation with the same one or the next.
  const inForce = terms.findLast(({ from }) => from <= street.from)
  expect(inForce).toMatchObject({
    buyCeiling: 10_000,
    maxSellWh: 100_000,
    zone: 'street',
    nameplateWh: 100_000,
    closed: false,
  })
  expect(terms.slice(-2)).toEqual([
    {
      ...{ from: later, sellFloor: -100, buyCeiling: 5_000, maxSellWh: 70_000, maxBuyWh: 60_000, version: 2 },
      ...{ validUntil: mandate.validUntil, zone: 'street', nameplateWh: 100_000, grade: 0, closed: false },
    },
    {
      ...{ from: later + 100, sellFloor: -100, buyCeiling: 5_000, maxSellWh: 70_000, maxBuyWh: 60_000, version: 2 },
      ...{ validUntil: mandate.validUntil, zone: 'street', nameplateWh: null, grade: 0, closed: true },
    },
  ])

  // A newer mandate that begins earlier replaces the one that waits; closing ends both.
  const sooner = await mandateOf(street, home, { validFrom: later - 500, version: 3, buyCeiling: 4_000 })
  await street.call(grid, 'changeMandate', id, sooner, await signFull(home.account, street.domain, 'Mandate', sooner))
  await indexer.advance()
  expect(
    seatOf(home)
      .terms.map(({ from, version }) => [from, version])
      .slice(-2),
  ).toEqual([
    [later - 500, 3],
    [later + 100, 3],
  ])
  await street.call(await funded(home), 'closeSeat', id, 4, forever, '0x')
  await indexer.advance()
  expect(seatOf(home).terms.at(-2)?.closed).toBe(true)
  expect(seatOf(home).terms.at(-1)).toMatchObject({ from: later + 100, closed: true, version: 4 })
})

test('deposits count when they are deep enough; a withdrawal request at once, and until its payment counts', async () => {
  const { database, street, home } = await scene([0n])
  const { indexer, told } = follow(database, street, { confirmations: 3 })
  const account = await funded(home)
  const id = seatIdOf(area, home.number)
  await mine(chain.provider, 3)
  await indexer.advance()
  expect(told(home)?.balance).toBe(0n)
  await street.deposit(home, 500_000n)
  await indexer.advance()
  expect(told(home)?.balance).toBe(0n)
  await mine(chain.provider, 2)
  await indexer.advance()
  expect(told(home)?.balance).toBe(500_000n)

  const to = Wallet.createRandom().address.toLowerCase()
  const request = { account: account.address, seat: id, amount: 200_000n, to, nonce: 0, deadline: forever }
  await street.call(account, 'requestWithdrawal', request, '0x')
  await indexer.advance()
  expect(told(home)).toMatchObject({ balance: 500_000n, withdrawal: { amount: 200_000n, to }, withdrawalNonce: 1 })

  await passUntil(chain.provider, told(home)!.withdrawal!.claimableAt)
  await street.call(account, 'claim', id)
  await indexer.advance()
  expect(told(home)).toMatchObject({ balance: 500_000n, withdrawal: { amount: 200_000n } })
  await mine(chain.provider, 2)
  await indexer.advance()
  expect(told(home)).toMatchObject({ balance: 300_000n, withdrawal: null })
})

test('a reorganisation is rolled back, told to the area, and the same as a view built from block zero', async () => {
  const { database, street, home } = await scene([0n])
  const { indexer, told, delivered } = follow(database, street)
  await indexer.advance()
  await street.deposit(home, 500_000n)
  await indexer.advance()
  expect(told(home)?.balance).toBe(500_000n)
  // The deposit's block and the approval's are replaced by empty ones.
  await chain.provider.send('anvil_reorg', [2, []])
  await indexer.advance()
  expect(told(home)?.balance).toBe(0n)
  await street.deposit(home, 700_000n)
  await indexer.advance()
  expect(told(home)?.balance).toBe(700_000n)
  const count = delivered.length
  await indexer.advance()
  expect(delivered.length).toBe(count)

  const rebuilt = follow((await server.fresh()).database, street)
  await rebuilt.indexer.advance()
  expect(rebuilt.indexer.head).toEqual(indexer.head)
  const restarted = follow(database, street)
  await restarted.indexer.advance()
  expect(restarted.indexer.head).toEqual(indexer.head)
  expect(restarted.told(home)).toEqual(told(home))
})

test('a shorter chain is a reorganisation', async () => {
  const { database, street, home } = await scene([0n])
  const { indexer, told } = follow(database, street)
  const before = await chain.provider.send('evm_snapshot', [])
  await street.deposit(home, 500_000n)
  await mine(chain.provider, 5)
  await indexer.advance()
  expect(told(home)?.balance).toBe(500_000n)
  await chain.provider.send('evm_revert', [before])
  await indexer.advance()
  expect(told(home)?.balance).toBe(0n)
  expect(indexer.head.block).toBe(await chain.provider.getBlockNumber())
})

/** The same node with its own answer to requests for logs. */
function answering<Asked = LogFilter>(answer: (asked: Asked) => Promise<unknown>, method = 'getLogs'): JsonRpcProvider {
  return new Proxy(chain.provider, {
    get(target, name) {
      if (name === method) return answer
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
interface LogFilter {
  fromBlock?: number
  toBlock?: number
  blockHash?: string
}

test(`whatever the chain takes back, the view is the contract’s, and the same built from block zero (SEED=${seed})`, async () => {
  const random = randomOf(seed)
  const { database, street } = await scene([400_000n, 300_000n, 200_000n])
  const { provider } = chain
  const accounts = await Promise.all(street.homes.map(funded))
  const grid = new Wallet(fundedKey(8), provider)
  const escrow = escrowAt(street.escrow, provider)
  // Two servers of different depths share what they have read.
  const followers = [follow(database, street), follow(database, street, { confirmations: 4 })]
  const floor = await provider.getBlockNumber()
  let reorganised = 0
  for (let step = 0; step < 40; step += 1) {
    const index = random(street.homes.length)
    const home = street.homes[index]!
    const id = seatIdOf(area, home.number)
    const { nextNonce, amount, claimableAt } = await escrow.getFunction('withdrawalOf')(id)
    const request = { account: home.account.address, seat: id, to: home.account.address, deadline: forever }
    switch (random(6)) {
      case 0:
        await street.deposit(home, BigInt(10 * (1 + random(5_000))))
        break
      case 1: {
        const withdrawal = { ...request, amount: BigInt(random(100_000)), nonce: nextNonce }
        await street.call(accounts[index]!, 'requestWithdrawal', withdrawal, '0x')
        break
      }
      case 2:
        if (amount > 0n) {
          await passUntil(provider, Number(claimableAt))
          await street.call(accounts[index]!, 'claim', id).catch((error) => {
            expect(asChainError(error)).toMatchObject({ contractError: 'NothingToMove' })
          })
        }
        break
      case 3: {
        const version = 2 + step
        const mandate = await mandateOf(street, home, { version, buyCeiling: 4_000 + step })
        await street.call(
          grid,
          'changeMandate',
          id,
          mandate,
          await signFull(home.account, street.domain, 'Mandate', mandate),
        )
        break
      }
      default: {
        const depth = Math.min((await provider.getBlockNumber()) - floor, 1 + random(9))
        if (depth < 1) break
        await provider.send('anvil_reorg', [depth, []])
        reorganised += 1
      }
    }
    for (const { indexer } of followers) if (random(2) === 0) await indexer.advance()
  }
  expect(reorganised).toBeGreaterThan(5)
  const rebuilt = follow((await server.fresh()).database, street)
  for (const { indexer } of [...followers, rebuilt]) await indexer.advance()
  const { head } = rebuilt.indexer
  for (const { indexer } of followers) expect(indexer.head).toEqual(head)
  for (const home of street.homes) {
    const id = seatIdOf(area, home.number)
    const record = head.view.get(area)!.seats.get(home.number)!
    expect(record.balance).toBe(await escrow.getFunction('balanceOf')(id))
    const open = await escrow.getFunction('withdrawalOf')(id)
    expect([record.withdrawal?.amount ?? 0n, record.withdrawalNonce]).toEqual([open.amount, Number(open.nextNonce)])
  }
})

test('events of one block count in their order, whichever order the node lists them in', async () => {
  const { database, street, home } = await scene([100_000n])
  const { provider } = chain
  const account = (await funded(home)).connect(provider)
  const escrow = escrowAt(street.escrow, account)
  const request = {
    account: account.address,
    seat: seatIdOf(area, home.number),
    to: account.address,
    deadline: forever,
  }
  const first = await provider.getTransactionCount(account.address)
  await provider.send('evm_setAutomine', [false])
  for (const nonce of [0, 1, 2]) {
    const withdrawal = { ...request, amount: BigInt(10_000 * (nonce + 1)), nonce }
    const overrides = { nonce: first + nonce, gasLimit: 300_000 }
    await escrow.getFunction('requestWithdrawal')(withdrawal, '0x', overrides)
  }
  await mine(provider)
  await provider.send('evm_setAutomine', [true])
  const backwards = answering(async (filter) => (await provider.getLogs(filter)).reverse())
  const { indexer, seatOf } = follow(database, street, { provider: backwards })
  await indexer.advance()
  expect(seatOf(home)).toMatchObject({ withdrawal: { amount: 30_000n }, withdrawalNonce: 3 })
  await mine(provider, 100)
  const later = follow((await server.fresh()).database, street, { provider: backwards })
  await later.indexer.advance()
  expect(later.seatOf(home)).toMatchObject({ withdrawal: { amount: 30_000n }, withdrawalNonce: 3 })
})

test('a node that has not yet seen what it is asked about loses no event', async () => {
  const { database, street, home } = await scene([0n])
  const { provider } = chain
  await street.deposit(home, 500_000n)
  let seen = (await provider.getBlockNumber()) - 1
  // Behind one address stand two nodes: one knows the newest block, the other one answers for logs.
  const lagging = answering(async (filter) => {
    if (filter.blockHash === undefined) return provider.getLogs({ ...filter, toBlock: Math.min(filter.toBlock!, seen) })
    if ((await provider.getBlock(filter.blockHash))!.number > seen) throw new Error('unknown block')
    return provider.getLogs(filter)
  })
  const { indexer, seatOf } = follow(database, street, { provider: lagging })
  await expect(indexer.advance()).rejects.toThrow('unknown block')
  seen += 1
  await indexer.advance()
  expect(seatOf(home).balance).toBe(500_000n)
})

test('a node that answers for no long range, or with what was not asked for, is asked again', async () => {
  const { database, street, home } = await scene([250_000n])
  const { provider } = chain
  await mine(provider, 300)
  let requests = 0
  const narrow = answering(async (filter) => {
    requests += 1
    const { fromBlock = 0, toBlock = 0 } = filter
    if (toBlock - fromBlock >= 50) throw makeError('more than 50 blocks', 'UNKNOWN_ERROR')
    return provider.getLogs(filter)
  })
  const { indexer, seatOf } = follow(database, street, { provider: narrow })
  await indexer.advance()
  expect(seatOf(home).balance).toBe(250_000n)
  expect(requests).toBeGreaterThan(5)

  const other = await scene([990_000n])
  const mixed = answering(async (filter) => {
    const foreign = await provider.getLogs({ ...filter, address: street.escrow })
    return [...(await provider.getLogs(filter)), ...foreign]
  })
  await mine(provider, 100)
  const { indexer: confused } = follow(other.database, other.street, { provider: mixed })
  await expect(confused.advance()).rejects.toMatchObject({ code: 'CHAIN_BEHIND' })
})

test('two indexers on one database neither double nor lose an event', async () => {
  const { database, street, home } = await scene([0n])
  const both = [follow(database, street), follow(database, street)]
  for (const units of [100_000n, 200_000n, 300_000n]) {
    await street.deposit(home, units)
    await Promise.all(both.map(({ indexer }) => indexer.advance()))
  }
  await chain.provider.send('anvil_reorg', [2, []])
  await Promise.all(both.map(({ indexer }) => indexer.advance()))
  for (const { indexer, seatOf } of both) {
    await indexer.advance()
    expect(seatOf(home).balance).toBe(300_000n)
  }
})

test('a long history is read in steps, and what an area did not take is delivered again', async () => {
  const { database, street, home } = await scene()
  await mine(chain.provider, 2500)
  await street.deposit(home, 50_000n)
  let failing = true
  const taken: AreaDelivery[] = []
  const { indexer, seatOf } = follow(database, street, {
    async deliver(_, delivery) {
      if (failing) throw new Error('the area is busy')
      taken.push(delivery)
    },
  })
  await expect(indexer.advance()).rejects.toThrow('the area is busy')
  failing = false
  await indexer.advance()
  expect(taken.length).toBe(1)
  expect(taken[0]?.seats).toEqual([seatOf(home)])
  expect(seatOf(home).balance).toBe(1_050_000n)
  const [kept] = await database`select count(*)::int as blocks from chain_blocks`
  expect(kept!.blocks).toBeLessThan(400)
})

test('an event that was folded into what counts is not read again', async () => {
  const { database, street, home } = await scene()
  const readAfter: number[] = []
  const watched = new Proxy(database, {
    apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
      if (args[0].join('?').includes('from chain_events')) readAfter.push(args[4] as number)
      return Reflect.apply(target, self, args)
    },
  })
  const { indexer, seatOf } = follow(watched, street)
  await indexer.advance()
  const { block } = indexer.counted
  readAfter.length = 0
  await street.deposit(home, 50_000n)
  await indexer.advance()
  expect(seatOf(home).balance).toBe(1_050_000n)
  expect(readAfter.length).toBeGreaterThan(0)
  expect(Math.min(...readAfter)).toBe(block)
})

test('an area that was made again is told everything anew, and hears until when it was told', async () => {
  const { database, street, home } = await scene([100_000n, 200_000n])
  let loads = 1
  let isMadeAgain = false
  let isBusy = false
  const taken: AreaDelivery[] = []
  const told: number[] = []
  const { indexer, seatOf } = follow(database, street, {
    async deliver(_, delivery) {
      if (isBusy) throw new Error('the area is busy')
      if (isMadeAgain) loads += 1
      isMadeAgain = false
      taken.push(delivery)
    },
    loadsOf: () => loads,
    hasTold: (_, time) => told.push(time),
  })
  const everybody = () => street.homes.map(seatOf)
  const advance = async () => {
    const before = taken.length
    await indexer.advance()
    // Where a batch has ended meanwhile, only that is told.
    return taken.slice(before).filter(({ seats }) => seats.length > 0)
  }
  expect(await advance()).toMatchObject([{ seats: everybody(), isPart: false }])
  expect(told).toEqual([indexer.counted.time])
  // What is known is not told again, but that nothing else has happened is.
  await passUntil(chain.provider, indexer.counted.time + 1)
  expect(await advance()).toEqual([])
  expect(told.at(-1)).toBe(indexer.counted.time)
  expect(told[1]).toBeGreaterThan(told[0]!)
  loads += 1
  expect(await advance()).toMatchObject([{ seats: everybody() }])
  // Made again while it was told of one seat: nobody knows whether it has kept that.
  await street.deposit(home, 50_000n)
  isMadeAgain = true
  expect(await advance()).toMatchObject([{ seats: [seatOf(home)] }])
  expect(await advance()).toMatchObject([{ seats: everybody() }])
  expect(await advance()).toEqual([])
  // One that does not take what is new has not been told of it.
  await street.deposit(home, 50_000n)
  isBusy = true
  const heard = told.length
  await expect(indexer.advance()).rejects.toThrow('the area is busy')
  expect(told.length).toBe(heard)
})

test('a node that names a newest block far ahead is asked again later', async () => {
  const { database, street } = await scene()
  const boasting = answering<number | string>(async (which) => {
    const block = await chain.provider.getBlock(which)
    return which === 'latest' ? Object.create(block, { number: { value: 0xfffffff } }) : block
  }, 'getBlock')
  const { indexer } = follow(database, street, { provider: boasting })
  await expect(indexer.advance()).rejects.toMatchObject({ code: 'CHAIN_BEHIND' })
})

test('a chain that cannot be reached is named', async () => {
  const { database, street } = await scene()
  const provider = openProvider(`http://127.0.0.1:${await freePort()}`, chainId)
  const { indexer } = follow(database, street, { provider })
  await expect(indexer.advance()).rejects.toMatchObject({ name: 'ChainError', code: 'CHAIN_UNREACHABLE' })
  provider.destroy()
  const elsewhere = follow(database, street, { chainId: 5 })
  await expect(elsewhere.indexer.advance()).rejects.toMatchObject({ code: 'CHAIN_REQUEST' })
})

test('facts of an escrow are read from the chain, and a wrong address is named', async () => {
  const { street } = await scene([])
  expect(await readEscrowFacts(chain.chain.url, street.escrow)).toMatchObject({
    ...{ chainId, escrow: street.escrow, token: street.token, tokenDecimals: 6, withdrawalDelaySeconds: 300 },
  })
  await expect(readEscrowFacts(chain.chain.url, `0x${'12'.repeat(20)}`)).rejects.toMatchObject({
    code: 'CHAIN_NO_ESCROW',
  })
})

test('what people signed is carried once, and a refusal comes in plain words', async () => {
  const { database, street, home } = await scene()
  const { indexer, seatOf } = follow(database, street)
  await indexer.advance()
  const sender = createSender({
    ...{ database, provider: chain.provider, wallet: new Wallet(fundedKey(6)), chainId, log },
    ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
  })
  const facts = await readEscrowFacts(chain.chain.url, street.escrow)
  const relay = createRelay({ sender, indexer, facts, revocations: null, batchesOf: () => undefined })
  const seat = seatIdOf(area, home.number).toString()
  const withdrawal = {
    ...{ account: home.account.address.toLowerCase(), seat: BigInt(seat), amount: 250_000n },
    ...{ to: home.account.address.toLowerCase(), nonce: 0, deadline: forever },
  }
  const signature = await signFull(home.account, street.domain, 'Withdrawal', withdrawal)
  const request = { seat, amount: '0.025', to: withdrawal.to, nonce: 0, deadline: forever, signature }
  const { hash } = await relay.requestWithdrawal(request)
  expect(await relay.requestWithdrawal(request)).toEqual({ hash })
  // Whatever the node has not put into a block of its own accord is in this one.
  await mine(chain.provider)
  await indexer.advance()
  expect(seatOf(home).withdrawal?.amount).toBe(250_000n)

  await expect(relay.claim({ seat })).rejects.toMatchObject({ code: 'CHAIN_REFUSED', contractError: 'TooEarly' })
  await expect(relay.requestWithdrawal({ ...request, amount: '0.03' })).rejects.toMatchObject({
    contractError: 'WrongNonce',
  })
  await expect(relay.claim({ seat: seatIdOf(area, home.number + 99).toString() })).rejects.toMatchObject({
    code: 'CHAIN_REQUEST',
  })
  await passUntil(chain.provider, seatOf(home).withdrawal!.claimableAt)
  await relay.claim({ seat })
  await mine(chain.provider)
  await indexer.advance()
  const escrow = escrowAt(street.escrow, chain.provider)
  expect(await escrow.getFunction('balanceOf')(seat)).toBe(750_000n)
  expect(seatOf(home)).toMatchObject({ balance: 750_000n, withdrawal: null, withdrawalNonce: 1 })
})

test('a deposit is carried with the account’s permit', async () => {
  const { database, street, home } = await scene([0n])
  const { indexer, seatOf } = follow(database, street)
  await indexer.advance()
  const facts = await readEscrowFacts(chain.chain.url, street.escrow)
  const sender = createSender({
    ...{ database, provider: chain.provider, wallet: new Wallet(fundedKey(5)), chainId, log },
    ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
  })
  const relay = createRelay({ sender, indexer, facts, revocations: null, batchesOf: () => undefined })
  const seat = seatIdOf(area, home.number).toString()
  const deployer = new Wallet(fundedKey(9), chain.provider)
  await (await tokenAt(street.token, deployer).getFunction('mint')(home.account.address, 12_500_000n)).wait()
  const permit = {
    ...{ owner: home.account.address, spender: street.escrow, value: 12_500_000n, nonce: 0, deadline: forever },
  }
  const signature = await home.account.signTypedData(
    { name: facts.tokenName, version: '1', chainId, verifyingContract: street.token },
    {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    permit,
  )
  await expect(relay.deposit({ seat, amount: '12.6', deadline: forever, signature })).rejects.toMatchObject({
    contractError: 'BadSignature',
  })
  await expect(relay.deposit({ seat, amount: '0.0000001', deadline: forever, signature })).rejects.toMatchObject({
    code: 'CHAIN_REQUEST',
  })
  await relay.deposit({ seat, amount: '12.5', deadline: forever, signature })
  await mine(chain.provider)
  await indexer.advance()
  expect(seatOf(home).balance).toBe(125_000_000n)
})
