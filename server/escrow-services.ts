/** What a server does for the areas of one escrow: follows its chain, sends for them, settles their batches. */
import type { JsonRpcProvider, Wallet } from 'ethers'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { formatMoney } from '../contracts/protocol/units.ts'
import type { AreaServices } from './api/parts.ts'
import type { ConnectedArea } from './areas/messages.ts'
import type { AreaSettings, EscrowFacts } from './areas/settings.ts'
import { openProvider, readWallet } from './chain/escrow-client.ts'
import { type Indexer, startIndexer } from './chain/indexer.ts'
import { createRelay } from './chain/relay.ts'
import { type Sender, startSender } from './chain/sender.ts'
import { type SettlementMetrics, startSettlement } from './chain/settlement-service.ts'
import { walletSignatures } from './chain/wallet-signature.ts'
import type { Database } from './store/database.ts'

export interface EscrowOptions {
  database: Database
  rpcUrl: string
  facts: EscrowFacts
  /** Block at which the escrow was deployed. */
  firstBlock: number
  /** The areas of this escrow. */
  areas: readonly AreaSettings[]
  /** The running area of a number. */
  handleOf(area: number): ConnectedArea | undefined
  /** Of the key that settles and relays. */
  wallet: Wallet
  confirmations: number
  pollMs: number
  log: Logger
  registry: Registry
  metrics: SettlementMetrics
}

export interface EscrowServices {
  readonly services: AreaServices
  readonly indexer: Pick<Indexer, 'head' | 'silentMs'>
  readonly sender: Pick<Sender, 'address'>
  stop(): Promise<void>
}

/** A stuck transaction is replaced after this. */
const replaceAfterMs = 60_000
/** 500 gwei: no transaction ever pays more for a unit of gas. */
const maxFeePerGas = 500_000_000_000n

export function startEscrowServices(options: EscrowOptions): EscrowServices {
  const { database, rpcUrl, facts, firstBlock, areas, handleOf, wallet, confirmations, pollMs, log, metrics } = options
  const provider: JsonRpcProvider = openProvider(rpcUrl, facts.chainId)
  const sender = startSender({
    ...{ database, provider, wallet, chainId: facts.chainId, log, confirmations, replaceAfterMs, maxFeePerGas, pollMs },
  })
  const indexer = startIndexer({
    ...{ database, provider, escrow: facts.escrow, chainId: facts.chainId, log, confirmations, firstBlock, pollMs },
    async deliver(area, delivery) {
      await handleOf(area)?.submit({ type: 'chain', ...delivery })
    },
    loadsOf: (area) => handleOf(area)?.status.loads ?? 0,
    hasTold: (area, time) => handleOf(area)?.chainTold(time * 1000),
    seen(time) {
      for (const { area } of areas) handleOf(area)?.seeChain(time * 1000)
    },
  })
  const settlement = startSettlement({
    ...{ database, provider, sender, indexer, settings: areas, log, metrics, pollMs },
    async leaveOut(area, request) {
      const events = await handleOf(area)?.submit({ type: 'leave-out', ...request })
      return events?.some(({ type }) => type === 'leaving-out') ?? false
    },
  })
  return {
    indexer,
    sender,
    services: {
      relay: createRelay({ sender, indexer, facts, batchesOf: (area) => handleOf(area)?.status }),
      isWalletSignature: walletSignatures(provider),
      async wallet(account) {
        const { baseUnits, permitNonce } = await readWallet(provider, facts.token, account)
        return { account, tokens: formatMoney(baseUnits, facts.tokenDecimals - 3), permitNonce }
      },
    },
    async stop() {
      await settlement.stop()
      await indexer.stop()
      await sender.stop()
      provider.destroy()
    },
  }
}
