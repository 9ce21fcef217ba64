/** How an account takes its money out without the operator. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, type Mandate, signFull } from '../../contracts/protocol/typed-data.ts'
import { type ExitOptions, exitStep, seatsToExit } from '../../server/chain/exit.ts'
import { freePort } from '../../server/demo/ports.ts'
import { bundleProgram } from '../demo/bundle.ts'
import { makeStatements } from '../settlement/exported.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import {
  area,
  chainId,
  chainTime,
  fundedKey,
  type Home,
  mine,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

let chain: TestChain
beforeAll(async () => {
  chain = await startTestChain()
})
afterAll(() => chain?.stop())

async function streetOf(deposits: bigint[]): Promise<Street> {
  return openStreet(chain.provider, { operator: new Wallet(fundedKey(7)), deposits })
}

async function withGas(wallet: Wallet): Promise<Wallet> {
  await chain.provider.send('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`])
  return wallet
}

/** One step with the seats that are found for it. */
async function step(street: Street, wallet: Wallet, parts: Partial<ExitOptions> = {}) {
  const account = parts.account ?? wallet.address.toLowerCase()
  const options = {
    ...{ provider: chain.provider, chainId, escrow: street.escrow, wallet, account, to: account },
    ...{ firstBlock: street.firstBlock, ...parts },
  }
  return exitStep(options, await seatsToExit(options))
}

const tokensOf = (street: Street, account: string): Promise<bigint> =>
  tokenAt(street.token, chain.provider).getFunction('balanceOf')(account)

/** One more seat of an account, with a meter of its own. `sign` makes what the account signs. */
async function openSeat(street: Street, account: string, sign: (mandate: Mandate) => Promise<string>): Promise<number> {
  const { domain, rules } = street
  const { provider } = chain
  const meter = new Wallet(Wallet.createRandom().privateKey)
  const time = Math.floor((await chainTime(provider)) / 10) * 10
  const deadline = time + 3600
  const parties = { account: account.toLowerCase(), meter: meter.address.toLowerCase(), rules: hashRules(rules) }
  const mandate: Mandate = {
    ...parties,
    ...{ sellFloor: 0, buyCeiling: 1_000, maxSellWh: 10, maxBuyWh: 10, validFrom: time, version: 1, deadline },
    validUntil: (Math.floor(time / 86_400) + 30) * 86_400,
  }
  const consent = { ...parties, validFrom: time, deadline }
  const epoch = { ...parties, epoch: 1, time, importWh: 0, exportWh: 0 }
  const deployer = new Wallet(fundedKey(9), provider)
  const [consented, begun] = [
    await signFull(meter, domain, 'MeterConsent', consent),
    await signFull(meter, domain, 'EpochStart', epoch),
  ]
  await street.call(
    deployer,
    'openSeat',
    mandate,
    await sign(mandate),
    { validFrom: time, deadline },
    consented,
    epoch,
    begun,
  )
  const id: bigint = await escrowAt(street.escrow, provider).getFunction('seatOf')(account, meter.address, area)
  return Number(id & 0xffff_ffffn)
}

describe('an account with its key and a node', () => {
  test('takes everything out, from each of its seats', async () => {
    const { provider } = chain
    const street = await streetOf([1_234_560n, 77_000n])
    const wallet = await withGas(street.homes[0]!.account)
    const number = await openSeat(street, wallet.address, (mandate) => {
      return signFull(wallet, street.domain, 'Mandate', mandate)
    })
    await street.deposit({ ...street.homes[0]!, number }, 50_000n)
    const to = Wallet.createRandom().address.toLowerCase()
    const requested = await step(street, wallet, { to })
    expect(requested).toMatchObject([
      { step: 'requested', balance: 1_234_560n },
      { step: 'requested', balance: 50_000n },
    ])
    const waiting = { step: 'waiting', transaction: null }
    expect(await step(street, wallet, { to })).toMatchObject([
      { ...waiting, possibleAt: requested[0]!.possibleAt },
      waiting,
    ])
    // What arrives meanwhile is taken out with the rest.
    await street.deposit(street.homes[0]!, 440n)
    await passUntil(provider, requested[1]!.possibleAt!)
    expect(await step(street, wallet, { to })).toMatchObject([
      { step: 'claimed', balance: 1_235_000n },
      { step: 'claimed' },
    ])
    expect(await step(street, wallet, { to })).toMatchObject([{ step: 'done', balance: 0n }, { step: 'done' }])
    expect(await tokensOf(street, to)).toBe(128_500n)
  })

  test('replaces a request that goes elsewhere', async () => {
    const { provider } = chain
    const street = await streetOf([500_000n])
    const wallet = await withGas(street.homes[0]!.account)
    const [first, second] = [1, 2].map(() => Wallet.createRandom().address.toLowerCase()) as [string, string]
    await step(street, wallet, { to: first })
    expect(await step(street, wallet, { to: second })).toMatchObject([{ step: 'requested' }])
    const [waiting] = await step(street, wallet, { to: second })
    await passUntil(provider, waiting!.possibleAt!)
    expect(await step(street, wallet, { to: second })).toMatchObject([{ step: 'claimed' }])
    expect(await tokensOf(street, second)).toBe(50_000n)
    expect(await step(street, new Wallet(fundedKey(6)))).toEqual([])
  })

  test('that pays no gas is told where to send some', async () => {
    const street = await streetOf([500_000n])
    const { account } = street.homes[0]!
    await expect(step(street, account)).rejects.toMatchObject({
      code: 'CHAIN_FUNDS',
      message: `${account.address} cannot pay the gas: send it some of the chain's own coin`,
    })
  })
})

test('a contract wallet leaves with the key that it listens to', async () => {
  const { provider } = chain
  const street = await streetOf([])
  // Says yes to every signature (EIP-1271): puts the magic value first and returns 32 bytes.
  const yes = `7f1626ba7e${'00'.repeat(28)}60005260206000f3`
  const deployed = await new Wallet(fundedKey(9), provider).sendTransaction({
    data: `0x6029600c60003960296000f3${yes}`,
  })
  await mine(provider)
  const account = (await deployed.wait())!.contractAddress!.toLowerCase()
  const owner = await withGas(new Wallet(Wallet.createRandom().privateKey))
  const number = await openSeat(street, account, (mandate) => signFull(owner, street.domain, 'Mandate', mandate))
  await street.deposit({ number } as Home, 80_000n)
  const [requested] = await step(street, owner, { account })
  expect(requested).toMatchObject({ step: 'requested', balance: 80_000n })
  await passUntil(provider, requested!.possibleAt!)
  expect(await step(street, owner, { account })).toMatchObject([{ step: 'claimed' }])
  expect(await tokensOf(street, account)).toBe(8_000n)
  expect(await step(street, owner, { account })).toMatchObject([{ step: 'done' }])
})

describe('while a batch of several parts lies open and its operator is gone', () => {
  let server: ScratchServer
  let street: Street
  beforeAll(async () => {
    const { provider } = chain
    server = await startScratchServer()
    const { database, url } = await server.fresh()
    const operator = await withGas(new Wallet(Wallet.createRandom().privateKey))
    street = await openStreet(provider, { operator, deposits: [5_000_000n, 0n, 5_000_000n] })
    const market = await startMarket({ chain, database, url, street, operator, entriesPerPart: 2 })
    await market.indexer.advance()
    const [buyer, seller] = street.homes as [Home, Home]
    const start = Math.ceil(street.from / 60) * 60 + 60
    // The batch before trades nothing: from it on, every seat has one entry a batch.
    for (let time = start - 60; time <= start + 60; time += 10) {
      await market.passTo(time)
      if (time === start - 10) {
        await market.order(buyer, 'buy', 1_500, start + 600)
        await market.order(seller, 'sell', 500, start + 600)
      }
      const count = 7 + (time - start) / 10
      for (const home of street.homes) {
        const [importWh, exportWh] = home === seller ? [0, 60 * count] : [60 * count, 0]
        await market.read(home, time, 1_000 + importWh, 2_000 + exportWh)
      }
    }
    await market.passTo(start + 80)
    await market.hear()
    await makeStatements(database, market.stored)
    const open = () => market.indexer.head.view.get(area)?.open
    for (let round = 0; open()?.end !== start + 60; round += 1) {
      expect(round).toBeLessThan(20)
      await market.settlement.advance(area)
      await mine(provider)
      await market.indexer.advance()
    }
    await market.stop()
  })
  afterAll(() => server?.stop())

  test('its buyer frees what was taken and leaves with all of it, and its seller has nothing to leave with', async () => {
    const { provider } = chain
    const [buyer, seller] = street.homes as [Home, Home]
    const wallet = await withGas(buyer.account)
    const id = seatIdOf(area, buyer.number)
    expect(await escrowAt(street.escrow, provider).getFunction('balanceOf')(id)).toBeLessThan(5_000_000n)
    const held = await step(street, await withGas(seller.account))
    expect(held).toMatchObject([{ step: 'held', balance: 0n }])
    const steps: string[] = []
    for (let exits = await step(street, wallet); exits[0]!.step !== 'done'; exits = await step(street, wallet)) {
      steps.push(exits[0]!.step)
      expect(steps.length).toBeLessThan(9)
      if (exits[0]!.possibleAt !== null) await passUntil(provider, exits[0]!.possibleAt)
    }
    expect(steps).toEqual(['requested', 'freed', 'claimed'])
    expect(await tokensOf(street, wallet.address)).toBe(500_000n)
    expect(await step(street, seller.account)).toMatchObject([{ step: 'done' }])
  })
})

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-exit-'))
  let street: Street
  beforeAll(async () => {
    street = await streetOf([300_000n])
    await withGas(street.homes[0]!.account)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const bundled = () => bundleProgram(join(import.meta.dirname, '../../server/cli.ts'))
  function exit(
    program: string,
    parts: { key?: string; rpc?: string; escrow?: string; flags?: string[] } = {},
  ): { status: number | null; stdout: string; stderr: string } {
    const file = join(folder, 'key')
    writeFileSync(file, parts.key ?? `${street.homes[0]!.account.privateKey}\n`, { mode: 0o600 })
    const { rpc = chain.chain.url, escrow = street.escrow, flags = ['--key-file', file] } = parts
    const args = [program, 'exit', '--rpc-url', rpc, '--escrow', escrow, ...flags]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  test('requests, and once the delay has passed claims and says so', async () => {
    const { provider } = chain
    const id = seatIdOf(area, street.homes[0]!.number)
    const program = await bundled()
    const requested = exit(program)
    expect([requested.status, requested.stderr]).toEqual([0, ''])
    expect(requested.stdout).toMatch(new RegExp(`^seat ${id}: everything requested \\(300000 ledger units now\\)`))
    expect(exit(program).stdout).toMatch(/everything is requested, to be claimed from/)
    await passUntil(provider, (await chainTime(provider)) + 301)
    const flags = ['--key-file', join(folder, 'key'), '--wait', '--first-block', String(street.firstBlock)]
    const claimed = exit(program, { flags })
    expect([claimed.status, claimed.stderr]).toEqual([0, ''])
    expect(claimed.stdout).toMatch(/claimed: 0x[0-9a-f]{64}\n.*nothing is left to withdraw\n$/s)
    expect(await tokensOf(street, street.homes[0]!.account.address)).toBe(30_000n)
  })

  test('says in one line what is wrong', async () => {
    const program = await bundled()
    const refusals: [ReturnType<typeof exit>, RegExp][] = [
      [exit(program, { key: `${fundedKey(5)}0` }), /key: it holds no private key \(0x and 64 hexadecimal digits\)$/],
      [exit(program, { key: '' }), /key: it holds no private key/],
      [
        exit(program, { flags: ['--key-file', join(folder, 'none')] }),
        /^there is no key file .*none: run "commonwatt key new/,
      ],
      [
        exit(program, { rpc: `http://127.0.0.1:${await freePort()}` }),
        /^the chain’s node cannot be reached: ECONNREFUSED/,
      ],
      [exit(program, { rpc: 'chain.example' }), /a node looks like https:\/\/node\.example\.$/],
      [exit(program, { escrow: `0x${'12'.repeat(20)}` }), /^no contract is deployed at 0x1212.* on chain 31337$/],
      [exit(program, { escrow: street.token }), /^the contract at 0x.* on chain 31337 is no escrow$/],
    ]
    for (const [{ status, stdout, stderr }, message] of refusals) {
      expect(stderr.trimEnd()).toMatch(message)
      expect(stderr).not.toContain(fundedKey(5).slice(2, 60))
      expect([status, stdout, stderr.trimEnd().split('\n').length]).toEqual([1, '', 1])
    }
    const stranger = exit(program, { key: fundedKey(5) })
    expect([stranger.status, stranger.stderr]).toEqual([0, ''])
    expect(stranger.stdout).toMatch(/^0x[0-9a-f]{40} has no seat in this escrow\n$/)
  })
})
