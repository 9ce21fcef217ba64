/** What a server does for the areas of one escrow: follows its chain, sends for them, settles their batches. */
import { type JsonRpcProvider, type Wallet, ZeroAddress } from 'ethers'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { type Address, parseAddress } from '../contracts/protocol/typed-data.ts'
import { formatMoney } from '../contracts/protocol/units.ts'
import type { AreaServices, GasBalance, Offices } from './api/parts.ts'
import type { ConnectedArea } from './areas/messages.ts'
import type { AreaSettings, EscrowFacts } from './areas/settings.ts'
import { type AreaOffers, readOffers } from './chain/contract-facts.ts'
import { startEquivocations } from './chain/equivocations.ts'
import { openProvider, readWallet } from './chain/escrow-client.ts'
import { type Indexer, startIndexer } from './chain/indexer.ts'
import { passkeyAccounts } from './chain/passkey-accounts.ts'
import { createRelay } from './chain/relay.ts'
import { startRevocations } from './chain/revocations.ts'
import { type Sender, startSender } from './chain/sender.ts'
import { readSettledRoot } from './chain/settled-root.ts'
import { type RunningSettlement, type SettlementMetrics, startSettlement } from './chain/settlement-service.ts'
import { walletSignatures } from './chain/wallet-signature.ts'
import { createWatchingDesk, type WatchingDesk } from './chain/watching-desk.ts'
import type { Database } from './store/database.ts'

export interface EscrowOptions {
  database: Database
  rpcUrl: string
  facts: EscrowFacts
  /** Block at which the escrow was deployed. */
  firstBlock: number
  /** The contract by which grants of data are taken back, or null. */
  revocations: Address | null
  /** The areas of this escrow. */
  areas: readonly AreaSettings[]
  /** The running area of a number. */
  handleOf(area: number): ConnectedArea | undefined
  /** The wallet of the key that settles. */
  wallet: Wallet
  /** The wallet of the key that pays for what is relayed; null relays nothing. */
  relayWallet: Wallet | null
  confirmations: number
  pollMs: number
  log: Logger
  registry: Registry
  metrics: SettlementMetrics
}

export interface EscrowServices {
  readonly facts: EscrowFacts
  readonly services: AreaServices
  /** Asks the node what the keys have that settle and relay. */
  readGas(): Promise<GasBalance[]>
  /** Asks the node from which key the escrow takes the batches of an area, and who is to take an office over. */
  readOffers(area: number): Promise<AreaOffers>
  readonly indexer: Pick<Indexer, 'head' | 'silentMs' | 'trouble'>
  readonly sender: Pick<Sender, 'address'>
  readonly watching: Pick<WatchingDesk, 'waiting'>
  readonly settlement: Pick<RunningSettlement, 'heldUp' | 'unnamed'>
  stop(): Promise<void>
}

/** A stuck transaction is replaced after this. */
const replaceAfterMs = 60_000
/** 500 gwei: no transaction ever pays more for a unit of gas. */
const maxFeePerGas = 500_000_000_000n

export function startEscrowServices(options: EscrowOptions): EscrowServices {
  const { database, rpcUrl, facts, firstBlock, revocations, areas, handleOf, wallet, relayWallet } = options
  const { confirmations, pollMs, log, metrics } = options
  const provider: JsonRpcProvider = openProvider(rpcUrl, facts.chainId)
  const sending = {
    database,
    provider,
    chainId: facts.chainId,
    log,
    confirmations,
    replaceAfterMs,
    maxFeePerGas,
    pollMs,
  }
  const sender = startSender({ ...sending, wallet })
  const relaySender = relayWallet === null ? null : startSender({ ...sending, wallet: relayWallet })
  const loadsOf = (area: number) => handleOf(area)?.status.loads ?? 0
  const indexer = startIndexer({
    ...{ database, provider, escrow: facts.escrow, chainId: facts.chainId, log, confirmations, firstBlock, pollMs },
    async deliver(area, delivery) {
      const events = await handleOf(area)?.submit({ type: 'chain', ...delivery })
      for (const event of events ?? []) {
        if (event.type !== 'batch-missed') continue
        const { start, end } = event
        log.error(
          { area, start, end },
          `the chain has settled until ${end}, and the journal knows nothing of it from ${start} on: it was restored or lost rows`,
        )
      }
    },
    loadsOf,
    hasTold: (area, time) => handleOf(area)?.chainTold(time * 1000),
    seen(time) {
      for (const { area } of areas) handleOf(area)?.seeChain(time * 1000)
    },
  })
  const watching = createWatchingDesk({ database, facts, indexer, settings: areas })
  const settlement = startSettlement({
    ...{ database, provider, sender, indexer, settings: areas, log, metrics, pollMs, approvals: watching },
    async leaveOut(area, request) {
      const events = await handleOf(area)?.submit({ type: 'leave-out', ...request })
      return events?.some(({ type }) => type === 'leaving-out') ?? false
    },
    async disown(area, { start, end }) {
      const events = await handleOf(area)?.submit({ type: 'disown-batch', start, end })
      return events?.some(({ type }) => type === 'batch-missed') ?? false
    },
    loadsOf,
  })
  const batchesOf = (area: number) => handleOf(area)?.status
  // What the server itself has to say about a meter is paid by the key that settles where there is no other.
  const relaying = { sender: relaySender ?? sender, indexer, facts, revocations, batchesOf }
  const equivocations = startEquivocations({ database, relay: createRelay(relaying), settings: areas, log, pollMs })
  const revoked =
    revocations === null
      ? null
      : startRevocations({ database, provider, chainId: facts.chainId, revocations, firstBlock, log, pollMs })
  function officesOf(number: number): Offices {
    const { rules } = areas.find(({ area }) => area === number)!
    // Before the first block is read, those of the rules hold.
    return indexer.head.view.get(number) ?? { grid: rules.grid, operator: ZeroAddress }
  }
  return {
    facts,
    indexer,
    sender,
    watching,
    settlement,
    async readGas() {
      const gasPrice = BigInt((await provider.send('eth_gasPrice', [])) as string)
      const balanceOf = async ({ address }: Wallet, does: GasBalance['does']): Promise<GasBalance> => {
        return { address: parseAddress(address), does, wei: await provider.getBalance(address), gasPrice }
      }
      return Promise.all([
        balanceOf(wallet, 'settles'),
        ...(relayWallet === null ? [] : [balanceOf(relayWallet, 'relays')]),
      ])
    },
    readOffers: (area) => readOffers(provider, { escrow: facts.escrow, area }),
    services: {
      relay: relaySender === null ? null : (allow) => createRelay({ ...relaying, allow }),
      revocations,
      officesOf,
      isWalletSignature: walletSignatures(provider),
      watching,
      accounts:
        facts.accounts === undefined ? null : passkeyAccounts({ provider, facts: facts.accounts, sender: relaySender }),
      async wallet(account) {
        const { baseUnits, ...permit } = await readWallet(provider, facts, account)
        return { account, tokens: formatMoney(baseUnits, facts.tokenDecimals - 3), ...permit }
      },
      barsOf: (area, meter) => indexer.head.view.get(area)?.bars.get(meter) ?? 0,
      nextVersionOf: (area, meter) => (indexer.head.view.get(area)?.instructions.get(meter) ?? 0) + 1,
      moveOf: (area, seat) => indexer.head.view.get(area)?.seats.get(seat)?.movesTo ?? null,
      async settledRoot(area, end, block) {
        const said = await readSettledRoot(provider, { escrow: facts.escrow, area, end, block })
        return { ...said, chainId: facts.chainId, escrow: facts.escrow, node: new URL(rpcUrl).host }
      },
    },
    async stop() {
      await settlement.stop()
      await Promise.all([indexer.stop(), equivocations.stop(), revoked?.stop()])
      await Promise.all([sender.stop(), relaySender?.stop()])
      provider.destroy()
    },
  }
}
