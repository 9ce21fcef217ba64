/** The contracts as they are committed and deployed. */
import { readFile } from 'node:fs/promises'
import type { Signer } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileContracts } from '../../contracts/build/compile.js'
import { type Deployment, deployEscrow, deployToken, escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { entryWordsOf, hashOfEntryWords } from '../../contracts/protocol/batch.ts'
import { encodeEntry, seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import { nobodyWatches, numbered, plainRules } from '../rules.ts'
import { startChain, type TestChain } from './chain.ts'

const interval = 10
let chain: TestChain
let grid: Signer
let token: Deployment
let escrow: Deployment

beforeAll(async () => {
  chain = await startChain()
  grid = await chain.provider.getSigner(0)
  token = await deployToken(grid)
  escrow = await deployEscrow(grid, { token: token.address, withdrawalDelaySeconds: 300 })
})
afterAll(() => chain?.close())

test('the committed interface and code are those of the sources', async () => {
  for (const [name, text] of Object.entries(compileContracts())) {
    const committed = await readFile(new URL(`../../contracts/build/abi/${name}.json`, import.meta.url), 'utf8')
    expect(committed, `run: node contracts/build/compile.js`).toBe(text)
  }
}, 240_000)

test('a deployed escrow knows its token and delay, and fits under the size limit of contracts', async () => {
  const contract = escrowAt(escrow.address, chain.provider)
  expect((await contract.token()).toLowerCase()).toBe(token.address)
  expect(await contract.withdrawalDelaySeconds()).toBe(300n)
  const code = await chain.provider.getCode(escrow.address)
  expect((code.length - 2) / 2).toBeLessThanOrEqual(24_576)
  expect(await tokenAt(token.address, chain.provider).decimals()).toBe(6n)
})

/** From signature to payout with what TypeScript signs and packs: every structure of the escrow is used once. */
/** The block that takes a word of the grid operator may be of another second than the one that it was estimated for, and then costs more. */
const enough = { gasLimit: 1_000_000 }

test('a seat opened, settled and withdrawn by signatures made in TypeScript', async () => {
  const [operator, account, meter, buyerAccount, buyerMeter] = await Promise.all(
    [1, 2, 3, 4, 5].map((index) => chain.provider.getSigner(index)),
  )
  const address = async (signer: Signer) => (await signer.getAddress()).toLowerCase()
  const contract = escrowAt(escrow.address, grid)
  const domain = { chainId: 31_337, escrow: escrow.address }
  const rules = numbered({
    grid: await address(grid),
    token: token.address,
    intervalSeconds: interval,
    batchSeconds: 6 * interval,
    priceTick: 100,
    maxGridPerKwh: 1000,
    maxBandTicks: 5000,
    ...plainRules,
    settlingGrade: 0,
  })
  await (await contract.openArea(rules, nobodyWatches, await address(operator!))).wait()
  const now = (await chain.provider.getBlock('latest'))!.timestamp
  const start = (Math.floor(now / 60) + 2) * 60

  const open = async (account: Signer, meter: Signer, number: number) => {
    const mandate = {
      account: await address(account),
      meter: await address(meter),
      rules: hashRules(rules),
      sellFloor: 800,
      buyCeiling: 3000,
      maxSellWh: 50,
      maxBuyWh: 50,
      validFrom: start,
      validUntil: (Math.floor(now / 86_400) + 10) * 86_400,
      version: 1,
      deadline: now + 3600,
    }
    const parties = { account: mandate.account, meter: mandate.meter, rules: mandate.rules }
    const times = { validFrom: start, deadline: now + 3600 }
    const consent = { ...parties, ...times }
    const epoch = { ...parties, epoch: 1, time: start - interval, importWh: 100, exportWh: 200 }
    await (
      await contract.openSeat(
        mandate,
        await signFull(account, domain, 'Mandate', mandate),
        times,
        await signCompact(meter, domain, 'MeterConsent', consent),
        epoch,
        await signCompact(meter, domain, 'EpochStart', epoch),
      )
    ).wait()
    const seat = seatIdOf(rules.area, number)
    expect(await contract.seatOf(mandate.account, mandate.meter, rules.area)).toBe(seat)
    const confirm = {
      ...{ seat, zone: `0x${'00'.repeat(32)}`, nameplateWh: 40, grade: 0 },
      ...{ from: start, bars: 0, version: 1, deadline: now + 3600 },
    }
    const signature = await signFull(grid, domain, 'ConfirmMeter', confirm)
    await (await contract.confirmMeter(confirm, signature, enough)).wait()
    return seat
  }
  const seller = await open(account!, meter!, 1)
  const buyer = await open(buyerAccount!, buyerMeter!, 2)
  const tokens = tokenAt(token.address, grid)
  await (await tokens.mint(await address(grid), 1_000_000)).wait()
  await (await tokens.approve(escrow.address, 1_000_000)).wait()
  await (await contract.deposit(buyer, 1_000_000)).wait()

  const entry = async (number: number, meter: Signer, lag: number, time: number, sold: number, bought: number) => {
    const reading = {
      meter: await address(meter),
      epoch: 1,
      time,
      importWh: 100 + bought,
      exportWh: 200 + sold,
      quality: 0,
    }
    const fields = { number, lag, exportDelta: sold, importDelta: bought, soldWh: sold, boughtWh: bought }
    const money = { paid: 1100n * BigInt(bought), received: 1000n * BigInt(sold) }
    return { ...fields, ...money, signature: await signCompact(meter, domain, 'Reading', reading) }
  }
  const end = start + 60
  await chain.provider.send('evm_setNextBlockTimestamp', [end])
  const entries = [
    await entry(1, meter!, 6, start, 0, 0),
    await entry(1, meter!, 0, end, 240, 0),
    await entry(2, buyerMeter!, 6, start, 0, 0),
    await entry(2, buyerMeter!, 0, end, 0, 240),
  ]
  const batch = {
    area: rules.area,
    start,
    end,
    bandLow: 1000,
    bandHigh: 1100,
    statementRoot: `0x${'12'.repeat(32)}`,
    gridTake: 24_000n,
    part: 0,
    parts: [hashOfEntryWords(entryWordsOf(entries))],
  }
  const data = entries.map(({ signature, ...fields }) => encodeEntry(fields, signature).slice(2)).join('')
  const unwatched = { watchers: nobodyWatches, signatures: '0x' }
  await (await escrowAt(escrow.address, operator!).settle(batch, `0x${data}`, unwatched)).wait()
  expect(await contract.balanceOf(seller)).toBe(240_000n)
  expect(await contract.balanceOf(buyer)).toBe(10_000_000n - 264_000n)
  expect(await contract.gridBalance(rules.area)).toBe(24_000n)

  const to = `0x${'77'.repeat(20)}`
  const withdrawal = {
    account: await address(account!),
    seat: seller,
    amount: 240_000n,
    to,
    nonce: 0,
    deadline: end + 3600,
  }
  await (
    await contract.requestWithdrawal(withdrawal, await signFull(account!, domain, 'Withdrawal', withdrawal))
  ).wait()
  const revoke = { seat: buyer, from: end, version: 2, deadline: end + 3600 }
  const revocation = await signFull(grid, domain, 'RevokeMeter', revoke)
  await (await contract.revokeMeter(buyer, revoke.from, revoke.version, revoke.deadline, revocation, enough)).wait()
  const close = { account: await address(account!), seat: seller, version: 2, deadline: end + 3600 }
  await (
    await contract.closeSeat(
      seller,
      close.version,
      close.deadline,
      await signFull(account!, domain, 'CloseSeat', close),
    )
  ).wait()
  await chain.provider.send('evm_increaseTime', [301])
  await (await contract.claim(seller)).wait()
  expect(await tokens.balanceOf(to)).toBe(24_000n)
})
