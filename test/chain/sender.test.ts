/** The transaction sender against a real chain and a node that misbehaves. */
import { type JsonRpcProvider, Wallet } from 'ethers'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deployToken, escrowInterface, tokenAt, tokenInterface } from '../../contracts/build/deploy.ts'
import { createSender, type SenderOptions } from '../../server/chain/sender.ts'
import { findTransaction } from '../../server/store/chain-store.ts'
import type { Database } from '../../server/store/database.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { chainId, fundedKey, mine, startTestChain, type TestChain } from './street.ts'

const log = pino({ level: 'silent' })
let chain: TestChain
let server: ScratchServer
let token: string

beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
  token = (await deployToken(new Wallet(fundedKey(0), chain.provider))).address
  // Blocks come when a test mines them.
  await chain.provider.send('evm_setAutomine', [false])
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
})

/** Moves all of a fresh account's ether away from the other tests: each test has a key of its own. */
async function freshWallet(): Promise<Wallet> {
  const wallet = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`])
  return wallet
}

function senderOf(database: Database, wallet: Wallet, parts: Partial<SenderOptions> = {}) {
  const { provider } = chain
  const defaults = { confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n }
  return createSender({ database, provider, wallet, chainId, log, ...defaults, ...parts })
}

const stored = (database: Database, wallet: Wallet, purpose: string) =>
  findTransaction(database, { chainId, sender: wallet.address.toLowerCase() }, purpose)

/** Approvals are counted by the spender that each names. */
const approve = (spender: string, amount: bigint) => async () => ({
  to: token,
  data: tokenInterface.encodeFunctionData('approve', [spender, amount]),
})
const spenderOf = (number: number) => `0x${number.toString(16).padStart(40, '0')}`
async function allowance(wallet: Wallet, spender: string): Promise<bigint> {
  return tokenAt(token, chain.provider).getFunction('allowance')(wallet.address, spender)
}
/** What the token's owner does besides, in a block of its own. */
async function owner(name: string, ...args: unknown[]): Promise<void> {
  await tokenAt(token, new Wallet(fundedKey(0), chain.provider)).getFunction(name)(...args)
  await mine(chain.provider)
}
const ownerAddress = new Wallet(fundedKey(0)).address

/** The same node with some answers of its own. */
function answering(provider: JsonRpcProvider, answers: Record<string, unknown>): JsonRpcProvider {
  return new Proxy(provider, {
    get(target, name) {
      const value = answers[String(name)] ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('a purpose', () => {
  test('is sent once, however often it is asked for', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const sender = senderOf(database, wallet)
    const first = await sender.send('one', approve(spenderOf(1), 7n))
    expect(await sender.send('one', approve(spenderOf(1), 8n))).toEqual(first)
    expect(await senderOf(database, wallet).send('one', approve(spenderOf(1), 8n))).toEqual(first)
    await mine(chain.provider)
    await sender.watch()
    expect(await sender.send('one', approve(spenderOf(1), 8n))).toEqual(first)
    expect(await stored(database, wallet, 'one')).toMatchObject({ status: 'mined', hash: first.hash })
    expect(await allowance(wallet, spenderOf(1))).toBe(7n)
    expect(await chain.provider.getTransactionCount(wallet.address)).toBe(1)
  })

  test('that the contract would refuse is not sent, and the error names its reason', async () => {
    const { database } = await server.fresh()
    const sender = senderOf(database, await freshWallet())
    const call = async () => ({ to: token, data: tokenInterface.encodeFunctionData('transfer', [spenderOf(5), 1n]) })
    await expect(sender.send('refused', call)).rejects.toMatchObject({
      code: 'CHAIN_REFUSED',
      contractError: 'ERC20InsufficientBalance',
    })
    expect(await findTransaction(database, { chainId, sender: sender.address }, 'refused')).toBeNull()
  })

  test('that was mined and failed can be sent again', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    await owner('mint', ownerAddress, 5n)
    await owner('approve', wallet.address, 5n)
    const sender = senderOf(database, wallet)
    const transfer = async () => ({
      to: token,
      data: tokenInterface.encodeFunctionData('transferFrom', [ownerAddress, spenderOf(6), 5n]),
    })
    const { hash } = await sender.send('transfer', transfer)
    await chain.provider.send('anvil_dropTransaction', [hash])
    await owner('approve', wallet.address, 0n)
    await sender.watch()
    await mine(chain.provider)
    await sender.watch()
    expect(await stored(database, wallet, 'transfer')).toMatchObject({ failure: 'CHAIN_TRANSACTION_FAILED' })
    await owner('approve', wallet.address, 5n)
    await sender.send('transfer', transfer)
    await mine(chain.provider)
    await sender.watch()
    expect((await findTransaction(database, { chainId, sender: sender.address }, 'transfer'))?.status).toBe('mined')
    expect(await tokenAt(token, chain.provider).getFunction('balanceOf')(spenderOf(6))).toBe(5n)
  })
})

test('a purpose that fails on chain again and again rests longer each time', async () => {
  const { database } = await server.fresh()
  const wallet = await freshWallet()
  await owner('mint', ownerAddress, 5n)
  const data = tokenInterface.encodeFunctionData('transferFrom', [ownerAddress, spenderOf(16), 5n])
  const attempt = async (parts: Partial<SenderOptions> = {}) => {
    const sender = senderOf(database, wallet, parts)
    await owner('approve', wallet.address, 5n)
    const { hash } = await sender.send('hopeless', async () => ({ to: token, data }))
    await chain.provider.send('anvil_dropTransaction', [hash])
    await owner('approve', wallet.address, 0n)
    await sender.watch()
    await mine(chain.provider)
    await sender.watch()
  }
  await attempt()
  await attempt()
  await expect(attempt()).rejects.toMatchObject({ code: 'CHAIN_TRANSACTION_FAILED' })
  expect(await chain.provider.getTransactionCount(wallet.address)).toBe(2)
  await attempt({ replaceAfterMs: 0 })
  expect(await chain.provider.getTransactionCount(wallet.address)).toBe(3)
  // The clock was a year ahead when it was sent, and was set right.
  await isOfNextYear(database)
  await attempt()
  expect(await chain.provider.getTransactionCount(wallet.address)).toBe(4)
})

/** What was signed is said to have been so by a clock that was a year ahead. */
async function isOfNextYear(database: Database): Promise<void> {
  const nextYear = Date.now() + 365 * 86_400_000
  await database`
    update transactions
    set attempts = (select jsonb_agg(each || jsonb_build_object('atMs', ${nextYear}::bigint)) from jsonb_array_elements(attempts) each)`
}

describe('a transaction', () => {
  test('that the node forgot is sent again, also by a process that was started later', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { hash } = await senderOf(database, wallet).send('dropped', approve(spenderOf(2), 3n))
    await chain.provider.send('anvil_dropTransaction', [hash])
    const restarted = senderOf(database, wallet)
    await restarted.watch()
    await mine(chain.provider)
    await restarted.watch()
    expect(await allowance(wallet, spenderOf(2))).toBe(3n)
    expect((await findTransaction(database, { chainId, sender: restarted.address }, 'dropped'))?.hash).toBe(hash)
  })

  test('that was stored but never sent goes out at the next start', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { provider } = chain
    const offline = answering(provider, {
      send: (method: string, args: unknown[]) =>
        method === 'eth_sendRawTransaction' ? Promise.reject(new Error('killed')) : provider.send(method, args),
    })
    const { hash } = await senderOf(database, wallet, { provider: offline }).send('unsent', approve(spenderOf(3), 9n))
    expect(await provider.getTransaction(hash)).toBeNull()
    const restarted = senderOf(database, wallet)
    await restarted.watch()
    await mine(chain.provider)
    await restarted.watch()
    expect(await stored(database, wallet, 'unsent')).toMatchObject({ status: 'mined', hash })
    expect(await allowance(wallet, spenderOf(3))).toBe(9n)
  })

  test.each([
    ['', { replaceAfterMs: 0 }, async () => {}],
    [', also after the clock was set back by a year', {}, isOfNextYear],
  ])('that offers too little is replaced under its nonce%s', async (_when, parts, happen) => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const sender = senderOf(database, wallet, parts)
    const { hash } = await sender.send('cheap', approve(spenderOf(4), 4n))
    await happen(database)
    await chain.provider.send('anvil_setNextBlockBaseFeePerGas', ['0x2540be4000'])
    await mine(chain.provider)
    expect(await chain.provider.getTransactionReceipt(hash)).toBeNull()
    await sender.watch()
    await mine(chain.provider)
    await sender.watch()
    const stored = await findTransaction(database, { chainId, sender: sender.address }, 'cheap')
    expect(stored?.status).toBe('mined')
    expect(stored?.attempts.length).toBe(2)
    expect(stored?.hash).not.toBe(hash)
    expect(await chain.provider.getTransactionCount(wallet.address)).toBe(1)
    await chain.provider.send('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00'])
    await mine(chain.provider)
  })

  test('that a reorganisation took back goes out again, and those after it', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const sender = senderOf(database, wallet)
    for (const number of [1, 2, 3]) {
      await sender.send(`reorg ${number}`, approve(spenderOf(20 + number), BigInt(number)))
      await mine(chain.provider)
    }
    await sender.watch()
    await chain.provider.send('anvil_reorg', [2, []])
    expect(await chain.provider.getTransactionCount(wallet.address)).toBe(1)
    await sender.watch()
    await mine(chain.provider)
    await sender.watch()
    expect(await chain.provider.getTransactionCount(wallet.address)).toBe(3)
    for (const number of [1, 2, 3]) expect(await allowance(wallet, spenderOf(20 + number))).toBe(BigInt(number))
    expect((await findTransaction(database, { chainId, sender: sender.address }, 'reorg 3'))?.status).toBe('mined')
  })

  test('that succeeded, and failed where a reorganisation put it, is sent anew for whoever asks again', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { provider } = chain
    await owner('mint', ownerAddress, 5n)
    const sender = senderOf(database, wallet)
    const data = tokenInterface.encodeFunctionData('transferFrom', [ownerAddress, spenderOf(9), 5n])
    const transfer = async () => ({ to: token, data })
    await owner('approve', wallet.address, 5n)
    const { hash } = await sender.send('moved', transfer)
    await mine(provider)
    await sender.watch()
    const { attempts } = (await stored(database, wallet, 'moved'))!
    expect(await stored(database, wallet, 'moved')).toMatchObject({ status: 'mined' })
    // The approval and the transfer are taken back, and the transfer alone is in a block again.
    await provider.send('anvil_reorg', [2, [[attempts[0]!.raw, 0]]])
    expect((await provider.getTransactionReceipt(hash))!.status).toBe(0)
    await owner('approve', wallet.address, 5n)
    await sender.watch()
    const again = await sender.send('moved', transfer)
    expect(again.hash).not.toBe(hash)
    await mine(provider)
    await sender.watch()
    expect(await stored(database, wallet, 'moved')).toMatchObject({ status: 'mined', hash: again.hash })
    expect(await tokenAt(token, provider).getFunction('balanceOf')(spenderOf(9))).toBe(5n)
  })

  test.each([1, 2, 3, 4])('survives a reorganisation of %i blocks between two lives of its sender', async (depth) => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { provider } = chain
    await mine(provider, 4)
    for (const number of [1, 2, 3]) {
      const sender = senderOf(database, wallet)
      await sender.send(`deep ${number}`, approve(spenderOf(60 + number), BigInt(number)))
      await mine(provider)
      await sender.watch()
    }
    await provider.send('anvil_reorg', [depth, []])
    const restarted = senderOf(database, wallet)
    await restarted.watch()
    for (const number of [1, 2, 3]) await restarted.send(`deep ${number}`, approve(spenderOf(60 + number), 99n))
    await mine(provider)
    await restarted.watch()
    for (const number of [1, 2, 3]) expect(await allowance(wallet, spenderOf(60 + number))).toBe(BigInt(number))
    expect(await provider.getTransactionCount(wallet.address)).toBe(3)
  })

  test('is not held up by a nonce that nobody has: a node that went back lost another program’s transaction', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { provider } = chain
    const before = await provider.send('evm_snapshot', [])
    await wallet.connect(provider).sendTransaction({ to: wallet.address, value: 1n })
    await mine(provider)
    const sender = senderOf(database, wallet)
    await sender.send('after', approve(spenderOf(10), 6n))
    await mine(provider)
    await sender.watch()
    await provider.send('evm_revert', [before])
    for (let round = 0; round < 2; round += 1) {
      await sender.watch()
      await mine(provider)
    }
    await sender.watch()
    expect(await allowance(wallet, spenderOf(10))).toBe(6n)
    expect(await stored(database, wallet, 'after')).toMatchObject({ status: 'mined', nonce: 1 })
  })

  test('goes out while fees are between half the cap and the cap, waits while they are above it, and is not lost then', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const { provider } = chain
    const baseFee = async (wei: bigint) => {
      await provider.send('anvil_setNextBlockBaseFeePerGas', [`0x${wei.toString(16)}`])
      await mine(provider)
    }
    const cap = 10n ** 11n
    const sender = senderOf(database, wallet, { maxFeePerGas: cap, replaceAfterMs: 0 })
    await baseFee((cap * 6n) / 10n)
    const { hash } = await sender.send('dear', approve(spenderOf(11), 1n))
    const [attempt] = (await stored(database, wallet, 'dear'))!.attempts
    expect(BigInt(attempt!.maxFeePerGas)).toBe(cap)
    // Now no block takes it, and the node has forgotten it as well.
    await provider.send('anvil_dropTransaction', [hash])
    await baseFee(2n * cap)
    await expect(sender.watch()).rejects.toMatchObject({ code: 'CHAIN_FEE_CAP' })
    await expect(sender.send('later', approve(spenderOf(12), 1n))).rejects.toMatchObject({ code: 'CHAIN_FEE_CAP' })
    await baseFee(10n ** 9n)
    await sender.watch()
    await mine(provider)
    await sender.watch()
    expect(await stored(database, wallet, 'dear')).toMatchObject({ status: 'mined', hash })
  })

  test('whose nonce another program took is given up by name, and its purpose is free', async () => {
    const { database } = await server.fresh()
    const wallet = await freshWallet()
    const sender = senderOf(database, wallet)
    const { hash } = await sender.send('taken', approve(spenderOf(7), 1n))
    await chain.provider.send('anvil_dropTransaction', [hash])
    const foreign = { to: wallet.address, value: 1n, nonce: 0, gasLimit: 21_000n, type: 2, chainId }
    const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n }
    await chain.provider.send('eth_sendRawTransaction', [await wallet.signTransaction({ ...foreign, ...fees })])
    await mine(chain.provider, 2)
    await sender.watch()
    expect(await stored(database, wallet, 'taken')).toMatchObject({ status: 'failed', failure: 'CHAIN_NONCE_TAKEN' })
    await sender.send('taken', approve(spenderOf(7), 1n))
    await mine(chain.provider)
    await sender.watch()
    expect(await allowance(wallet, spenderOf(7))).toBe(1n)
  })
})

test('two senders with one key and one database never use a nonce twice or send a purpose twice', async () => {
  const { database } = await server.fresh()
  const wallet = await freshWallet()
  const senders = [senderOf(database, wallet), senderOf(database, wallet)]
  const purposes = Array.from({ length: 6 }, (_, number) => number)
  const sent = await Promise.all(
    senders.flatMap((sender) => purposes.map((n) => sender.send(`both ${n}`, approve(spenderOf(40 + n), 1n)))),
  )
  await mine(chain.provider)
  await Promise.all(senders.map((sender) => sender.watch()))
  expect(new Set(sent.map(({ hash }) => hash)).size).toBe(6)
  expect(await chain.provider.getTransactionCount(wallet.address)).toBe(6)
  for (const n of purposes) expect(await allowance(wallet, spenderOf(40 + n))).toBe(1n)
})

test('a receipt whose block does not hold the transaction is not believed', async () => {
  const { database } = await server.fresh()
  const wallet = await freshWallet()
  const { provider } = chain
  const lying = answering(provider, {
    getTransactionCount: async () => 1,
    getTransactionReceipt: async (hash: string) => {
      const block = await provider.getBlock('latest')
      return { hash, status: 1, blockNumber: block!.number, blockHash: block!.hash, gasUsed: 1n }
    },
  })
  await senderOf(database, wallet).send('lie', approve(spenderOf(8), 2n))
  const fooled = senderOf(database, wallet, { provider: lying, confirmations: 1_000_000 })
  await fooled.watch()
  expect((await findTransaction(database, { chainId, sender: fooled.address }, 'lie'))?.status).not.toBe('mined')
  await mine(provider)
})

test('a node that lies about the account’s nonce delays a transaction, and neither loses nor doubles it', async () => {
  const { database } = await server.fresh()
  const wallet = await freshWallet()
  const { provider } = chain
  const ahead = answering(provider, { getTransactionCount: async () => 3 })
  await senderOf(database, wallet, { provider: ahead }).send('ahead', approve(spenderOf(14), 2n))
  const sender = senderOf(database, wallet)
  for (let round = 0; round < 3; round += 1) {
    await sender.watch()
    await mine(provider)
  }
  await sender.watch()
  expect(await allowance(wallet, spenderOf(14))).toBe(2n)
  expect(await provider.getTransactionCount(wallet.address)).toBe(4)
  // One that lags behind what it has taken before.
  const behind = senderOf(database, wallet, { provider: answering(provider, { getTransactionCount: async () => 0 }) })
  await behind.send('behind', approve(spenderOf(15), 3n))
  await behind.watch()
  await mine(provider)
  await sender.watch()
  expect(await allowance(wallet, spenderOf(15))).toBe(3n)
  expect(await provider.getTransactionCount(wallet.address)).toBe(5)
})

test('a development key is refused on any other chain', () => {
  const wallet = new Wallet(fundedKey(3))
  const options = { database: null as never, provider: chain.provider, wallet, log, confirmations: 1 }
  expect(() => createSender({ ...options, chainId: 100, replaceAfterMs: 0, maxFeePerGas: 1n })).toThrow(
    expect.objectContaining({ code: 'CHAIN_DEVELOPMENT_KEY' }),
  )
  expect(escrowInterface.getError('Insolvent')).not.toBeNull()
})
