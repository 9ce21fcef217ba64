/** `commonwatt watch`: one watcher of one area, with its metrics, until it is stopped. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Gauge, Registry } from 'prom-client'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { outliveAccepting } from '../accepting.ts'
import { refuseDevelopmentKey } from '../chain/development-keys.ts'
import { openProvider, readEscrowFacts } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { startPoller } from '../chain/poller.ts'
import { createMetricsServer, measureProcess } from '../metrics-server.ts'
import { DecisionBook } from './decision-book.ts'
import { WatchError } from './error.ts'
import { watchMetrics } from './metrics.ts'
import { createWatcher } from './watcher.ts'

export interface WatchOptions {
  serverUrl: string
  rpcUrl: string
  escrow: string
  firstBlock: number
  area: number
  keyFile: string
  dataFolder: string
  metricsHost: string
  /** Null for no such port. */
  metricsPort: number | null
  pollMs: number
  log: Logger
}

/** A watcher that has had no answer of server and node for so long is not ready. */
const answeredWithinMs = 60_000

/** Starts watching; resolves when it has begun. Throws `ChainError` and `WatchError`; then nothing is left running. */
export async function watch(options: WatchOptions): Promise<{ stop(): Promise<void> }> {
  const { serverUrl, rpcUrl, firstBlock, area, log, pollMs } = options
  const wallet = readWalletFile(options.keyFile)
  const { chainId, escrow } = await readEscrowFacts(rpcUrl, parseAddress(options.escrow))
  refuseDevelopmentKey(parseAddress(wallet.address), chainId)
  mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 })
  const book = new DecisionBook(join(options.dataFolder, `${chainId}-${escrow}-${area}`))
  const registry = new Registry()
  measureProcess(registry)
  const provider = openProvider(rpcUrl, chainId)
  const metrics = watchMetrics(registry)
  const watcher = createWatcher({
    ...{
      serverUrl: serverUrl.replace(/\/+$/, ''),
      provider,
      chainId,
      escrow,
      firstBlock,
      area,
      wallet,
      book,
      metrics,
      log,
    },
  })
  let answeredAtMs = Date.now()
  let trouble: string | null = null
  let wei: bigint | null = null

  async function run(): Promise<void> {
    try {
      wei = await provider.getBalance(wallet.address)
      await watcher.look()
    } catch (error) {
      const passes =
        error instanceof WatchError && ['WATCH_BEHIND', 'WATCH_CHANGED', 'WATCH_UNSURE'].includes(error.code)
      if (!passes) {
        trouble = (error as Error).message
        throw error
      }
      log.info({ code: error.code }, error.message)
    }
    answeredAtMs = Date.now()
    trouble = null
  }

  function notReady(): string[] {
    const missing: string[] = []
    if (watcher.isNamed === false) missing.push(`${wallet.address} is no watcher of area ${area}: look at its rules`)
    if (watcher.unseen !== null)
      missing.push(`the chain announces a batch that the server does not show: ${watcher.unseen}`)
    const silentMs = Date.now() - answeredAtMs
    if (silentMs > answeredWithinMs)
      missing.push(`nothing could be looked at for ${Math.round(silentMs / 1000)} s: ${trouble}`)
    return missing
  }

  new Gauge({
    ...{ name: 'commonwatt_watch_ready', help: '1 while the watcher does its work', registers: [registry] },
    collect() {
      this.set(notReady().length === 0 ? 1 : 0)
    },
  })
  new Gauge({
    name: 'commonwatt_watch_balance_ether',
    help: 'What the key has to send refusals to the chain',
    registers: [registry],
    collect() {
      if (wei !== null) this.set(Number(wei) / 1e18)
    },
  })
  const poller = startPoller({ name: `watcher of area ${area}`, everyMs: pollMs, log, run })
  const measured = { registry, ready: async () => notReady(), names: [options.metricsHost] }
  const server = options.metricsPort === null ? null : createMetricsServer(measured)
  if (server !== null) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.metricsPort!, options.metricsHost, resolve)
    })
    outliveAccepting(server, log)
  }
  log.info({ area, watcher: wallet.address, server: serverUrl }, 'watching')
  return {
    async stop() {
      await poller.stop()
      server?.close()
      server?.closeAllConnections()
      provider.destroy()
    },
  }
}
