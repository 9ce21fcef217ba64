/** A street for tests: a real chain with the contracts, an area, and seats whose accounts and meters sign for themselves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ContractTransactionResponse,
  encodeBytes32String,
  HDNodeWallet,
  isError,
  type JsonRpcProvider,
  Mnemonic,
  Wallet,
} from 'ethers'
import { deployEscrow, deployToken, escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { partsOfSeatId, seatIdOf } from '../../contracts/protocol/entry.ts'
import {
  type AreaRules,
  type EscrowDomain,
  type Hex,
  hashRules,
  type Mandate,
  type Reading,
  signFull,
  type Watchers,
} from '../../contracts/protocol/typed-data.ts'
import { openProvider } from '../../server/chain/escrow-client.ts'
import { type EmbeddedChain, startChain } from '../../server/demo/embedded-chain.ts'
import { freePort } from '../../server/demo/ports.ts'
import { signReading } from '../../server/signatures/reading-signer.ts'
import { guardOf } from '../orphans.ts'
import { nobodyWatches, numbered, plainRules } from '../rules.ts'

export const chainId = 31337
/** The number of the area that was opened last. It follows from the rules, and they name a token that is made for each street. */
export let area = 0
const daySeconds = 86_400
/** Later than anything that the tests do; no date that is signed lies more than a year ahead. */
export const forever = Math.floor(Date.now() / 1000) + 300 * daySeconds

/** The accounts that the development chain funds. */
export function fundedKey(index: number): string {
  const parent = HDNodeWallet.fromMnemonic(
    Mnemonic.fromPhrase('test test test test test test test test test test test junk'),
    "m/44'/60'/0'/0",
  )
  return parent.deriveChild(index).privateKey
}

export interface TestChain {
  chain: EmbeddedChain
  provider: JsonRpcProvider
  stop(): Promise<void>
}

export async function startTestChain(): Promise<TestChain> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-chain-'))
  // Blocks without transactions come when the test mines them.
  const chain = await startChain({
    dataFolder: folder,
    port: await freePort(),
    log: () => {},
    chainId,
    blockSeconds: 3600,
  })
  const guard = guardOf(chain.pid, 'TERM')
  const provider = openProvider(chain.url, chainId)
  provider.pollingInterval = 20
  // Leaves the mixed mode, in which mining cannot be stopped.
  await provider.send('evm_setAutomine', [true])
  return {
    chain,
    provider,
    async stop() {
      provider.destroy()
      guard.kill()
      await chain.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Mines `blocks` in pieces: a busy machine needs longer for some hundreds than a provider waits for one answer. */
export async function mine(provider: JsonRpcProvider, blocks = 1): Promise<void> {
  for (let left = blocks; left > 0; left -= 50) {
    await provider.send('anvil_mine', [`0x${Math.min(left, 50).toString(16)}`])
  }
}

export async function chainTime(provider: JsonRpcProvider): Promise<number> {
  return (await provider.getBlock('latest'))!.timestamp
}

/** The next blocks begin at `time` or later. */
export async function passUntil(provider: JsonRpcProvider, time: number): Promise<void> {
  if ((await chainTime(provider)) >= time) return
  await provider.send('evm_setNextBlockTimestamp', [time])
  await mine(provider)
}

/** Resolves when a transaction is in a block. The node may forget to make one of its own accord: then it is told to. */
async function mined(provider: JsonRpcProvider, sent: ContractTransactionResponse): Promise<void> {
  try {
    await sent.wait(1, promptlyMs)
  } catch (error) {
    if (!isError(error, 'TIMEOUT')) throw error
    await mine(provider)
    await sent.wait()
  }
}
const promptlyMs = 2_000

export interface Home {
  number: number
  account: Wallet
  meter: Wallet
}

export interface Street {
  withdrawalDelaySeconds: number
  domain: EscrowDomain
  escrow: string
  token: string
  firstBlock: number
  rules: AreaRules
  /** From here on mandates and confirmations are in force. */
  from: number
  homes: Home[]
  /** Signed by the meter's first key, or by `key`. */
  reading(
    home: Pick<Home, 'meter'>,
    time: number,
    importWh: number,
    exportWh: number,
    key?: Wallet,
  ): Promise<Reading & { signature: Hex }>
  call(signer: Wallet, name: string, ...args: unknown[]): Promise<void>
  deposit(home: Pick<Home, 'number'>, ledgerUnits: bigint): Promise<void>
}

const newKey = () => new Wallet(Wallet.createRandom().privateKey)

/** Deploys, opens an area of 10 s intervals and a seat for each deposit (in ledger units), confirmed. */
export async function openStreet(
  provider: JsonRpcProvider,
  options: {
    operator: Wallet
    deposits: bigint[]
    withdrawalDelaySeconds?: number
    batchSeconds?: number
    zones?: readonly string[]
    rules?: Partial<AreaRules>
    watchers?: Watchers
    /** Whose each seat is, and of what grade; new keys and 0 where it does not say. */
    owners?: readonly { account?: Wallet; meter?: Wallet; grade?: number }[]
    /** How long mandates are in force. */
    validDays?: number
  },
): Promise<Street> {
  const { operator, deposits, withdrawalDelaySeconds = 300, batchSeconds = 60, zones = [] } = options
  const { owners = [], validDays = 30 } = options
  const deployer = new Wallet(fundedKey(9), provider)
  const grid = new Wallet(fundedKey(8), provider)
  const token = await deployToken(deployer)
  const escrow = await deployEscrow(deployer, { token: token.address, withdrawalDelaySeconds })
  const domain = { chainId, escrow: escrow.address }
  const rules = numbered({
    ...plainRules,
    grid: grid.address.toLowerCase(),
    token: token.address,
    intervalSeconds: 10,
    batchSeconds,
    priceTick: 100,
    maxGridPerKwh: 1_000,
    maxBandTicks: 20_000,
    settlingGrade: 0,
    ...options.rules,
  })
  area = rules.area
  const call = async (signer: Wallet, name: string, ...args: unknown[]) => {
    const contract = escrowAt(escrow.address, signer.provider === null ? signer.connect(provider) : signer)
    const method = contract.getFunction(name)
    // The block that takes it may be of another second than the one that it was estimated for.
    const gasLimit = ((await method.estimateGas(...args)) * 5n) / 4n
    await mined(provider, await method(...args, { gasLimit }))
  }
  await call(grid, 'openArea', rules, options.watchers ?? nobodyWatches, operator.address)

  const { intervalSeconds } = rules
  const now = await chainTime(provider)
  const epochTime = Math.floor(now / intervalSeconds) * intervalSeconds
  const deadline = now + 300 * daySeconds
  const homes: Home[] = []
  for (const index of deposits.keys()) {
    const { account = newKey(), meter = newKey(), grade = 0 } = owners[index] ?? {}
    const mandate: Mandate = {
      account: account.address.toLowerCase(),
      meter: meter.address.toLowerCase(),
      rules: hashRules(rules),
      sellFloor: -500,
      buyCeiling: 10_000,
      maxSellWh: 100_000,
      maxBuyWh: 100_000,
      validFrom: epochTime,
      validUntil: (Math.floor(now / daySeconds) + validDays) * daySeconds,
      version: 1,
      deadline,
    }
    const { account: owner, meter: name, rules: signedRules } = mandate
    const parties = { account: owner, meter: name, rules: signedRules }
    const consent = { ...parties, validFrom: epochTime, deadline: now + 3600 }
    const epoch = { ...parties, epoch: 1, time: epochTime, importWh: 1_000, exportWh: 2_000 }
    await call(
      deployer,
      'openSeat',
      mandate,
      await signFull(account, domain, 'Mandate', mandate),
      { validFrom: consent.validFrom, deadline: consent.deadline },
      await signFull(meter, domain, 'MeterConsent', consent),
      epoch,
      await signFull(meter, domain, 'EpochStart', epoch),
    )
    const id: bigint = await escrowAt(escrow.address, provider).getFunction('seatOf')(
      account.address,
      meter.address,
      area,
    )
    const { number } = partsOfSeatId(id)
    await call(
      grid,
      'confirmMeter',
      {
        ...{ seat: id, zone: encodeBytes32String(zones[index] ?? 'street'), nameplateWh: 100_000, grade },
        ...{ from: epochTime, bars: 0, version: 1, deadline },
      },
      '0x',
    )
    homes.push({ number, account, meter })
  }
  const deposit = async (home: Pick<Home, 'number'>, units: bigint) => {
    // Six decimals and a tick of 0.0001: ten ledger units are one base unit.
    const tokens = units / 10n
    const coin = tokenAt(token.address, deployer)
    await mined(provider, await coin.getFunction('mint')(deployer.address, tokens))
    await mined(provider, await coin.getFunction('approve')(escrow.address, tokens))
    await call(deployer, 'deposit', seatIdOf(area, home.number), tokens)
  }
  for (const [index, units] of deposits.entries()) if (units > 0n) await deposit(homes[index]!, units)
  const from = (Math.floor((await chainTime(provider)) / intervalSeconds) + 1) * intervalSeconds
  return {
    domain,
    escrow: escrow.address,
    token: token.address,
    firstBlock: escrow.blockNumber,
    withdrawalDelaySeconds,
    rules,
    from,
    homes,
    call,
    deposit,
    async reading(home, time, importWh, exportWh, key = home.meter) {
      const reading = { meter: home.meter.address.toLowerCase(), epoch: 1, time, importWh, exportWh, quality: 0 }
      return { ...reading, signature: signReading(key.privateKey, domain, reading) }
    },
  }
}
