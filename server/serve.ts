/** The server: areas, chain, API, live events and page, wired together in one process. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { Server as SocketServer } from 'socket.io'
import { formatMoney } from '../contracts/protocol/units.ts'
import { createApp } from './api/app.ts'
import type { ApiParts, Areas, TrustedProxies } from './api/parts.ts'
import type { DemoPerson } from './api/resources.ts'
import { type AreaSettings, readSettingsFile } from './areas/settings.ts'
import { type RunningAreaWorker, startAreaWorker } from './areas/worker.ts'
import { openProvider, readEscrowFacts, readWallet } from './chain/escrow-client.ts'
import { startIndexer } from './chain/indexer.ts'
import { readWalletFile } from './chain/key-file.ts'
import { createRelay } from './chain/relay.ts'
import { startSender } from './chain/sender.ts'
import { startSettlement } from './chain/settlement-service.ts'
import { walletSignatures } from './chain/wallet-signature.ts'
import { attachAgents } from './live/agents.ts'
import { socketOptions } from './live/limits.ts'
import { attachLive } from './live/live.ts'
import { createTelemetryBoard } from './live/telemetry-board.ts'
import { startSignatureCheck } from './signatures/signature-check.ts'
import { type Database, migrate, openDatabase } from './store/database.ts'

export interface ServeOptions {
  databaseUrl: string
  rpcUrl: string
  escrow: string
  /** Block at which the escrow was deployed. */
  firstBlock: number
  /** Area files. */
  areaFiles: readonly string[]
  /** File with the private key that submits batches and relays. */
  operatorKeyFile: string
  host: string
  port: number
  /** Where people open the page, when it is not the listening address. */
  origins: readonly string[]
  /** Proxies before this server, or null. */
  trustProxy: TrustedProxies | null
  /** Blocks until a deposit or a batch counts. */
  confirmations: number
  /** Pause between looks at the chain. */
  chainPollMs: number
  /** File with the demo's people and their keys; only on development chains. */
  demoPeopleFile: string | null
  pageFolder: string | null
  log: Logger
  /** Called when the server cannot go on. */
  onFatal: (error: Error) => void
}

export interface RunningServer {
  url: string
  stop(): Promise<void>
}

/** A stuck transaction is replaced after this. */
const replaceAfterMs = 60_000
/** 500 gwei: no transaction ever pays more for a unit of gas. */
const maxFeePerGas = 500_000_000_000n
/** Chain ids whose keys may be public. */
const developmentChainIds: readonly number[] = [31337, 1337]

/** Migrates the database, loads the areas and starts serving; resolves when the port is open. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { log } = options
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const database = openDatabase(options.databaseUrl)
  const ran = await migrate(database)
  if (ran.length > 0) log.info({ migrations: ran }, 'database migrated')

  const facts = await readEscrowFacts(options.rpcUrl, options.escrow)
  const settings = options.areaFiles.map((file) => readSettingsFile(file, facts))
  const wallet = readWalletFile(options.operatorKeyFile)
  const demoPeople = readDemoPeople(options.demoPeopleFile, facts.chainId)
  const provider = openProvider(options.rpcUrl, facts.chainId)
  const sender = startSender({
    database,
    provider,
    wallet,
    chainId: facts.chainId,
    log,
    confirmations: options.confirmations,
    replaceAfterMs,
    maxFeePerGas,
    pollMs: options.chainPollMs,
  })

  const workers = new Map<number, RunningAreaWorker>()
  for (const area of settings)
    workers.set(area.area, await startArea(area, { database, log, registry, onFatal: options.onFatal }))
  const areas: Areas = { get: (area) => workers.get(area), all: () => [...workers.values()] }

  const indexer = startIndexer({
    database,
    provider,
    escrow: facts.escrow,
    chainId: facts.chainId,
    log,
    confirmations: options.confirmations,
    firstBlock: options.firstBlock,
    pollMs: options.chainPollMs,
    deliver: async (area, { block, settledUntil, seats }) => {
      await workers.get(area)?.submit({ type: 'chain', atMs: 0, block, settledUntil, seats })
    },
  })
  const settlement = startSettlement({
    database,
    provider,
    sender,
    indexer,
    settings,
    log,
    registry,
    pollMs: options.chainPollMs,
    async leaveOut(area, request) {
      const events = await workers.get(area)!.submit({ type: 'leave-out', atMs: 0, ...request })
      return events.some((event) => event.type === 'batch-cut' && event.batch.end === request.end)
    },
  })
  const signatures = await startSignatureCheck({ registry })

  const http = createServer()
  const url = await listen(http, options)
  const parts: ApiParts = {
    database,
    areas,
    signatures,
    isWalletSignature: walletSignatures(provider),
    relay: createRelay({ sender, indexer, facts, batchesOf: (area) => workers.get(area)?.state }),
    async wallet(account) {
      const { baseUnits, ...permit } = await readWallet(provider, facts, account)
      const tokens = formatMoney(baseUnits, facts.tokenDecimals - 3)
      return { account, tokens, ...permit }
    },
    registry,
    log,
    ready: async () => notReady(database, workers, indexer.head.block),
    demoPeople,
    pageFolder: options.pageFolder,
    origins: [url, `http://localhost:${new URL(url).port}`, ...options.origins],
    trustProxy: options.trustProxy,
  }
  http.on('request', createApp(parts))
  const io = new SocketServer(http, socketOptions)
  const telemetry = createTelemetryBoard()
  attachAgents(io, { ...parts, telemetry })
  const live = attachLive(io, { ...parts, telemetry })
  log.info({ url, areas: settings.map(({ area }) => area), operator: sender.address }, 'serving')

  return {
    url,
    async stop() {
      live.close()
      await io.close()
      http.closeAllConnections()
      await settlement.stop()
      await indexer.stop()
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      await sender.stop()
      await signatures.close()
      provider.destroy()
      await database.end({ timeout: 5 })
    },
  }
}

function startArea(
  settings: AreaSettings,
  parts: { database: Database; log: Logger; registry: Registry; onFatal: (error: Error) => void },
): Promise<RunningAreaWorker> {
  return startAreaWorker({ ...parts, settings, now: Date.now })
}

function readDemoPeople(file: string | null, chainId: number): DemoPerson[] | null {
  if (file === null) return null
  if (!developmentChainIds.includes(chainId)) {
    throw new Error(`the demo's people have public keys: chain ${chainId} is no development chain`)
  }
  return JSON.parse(readFileSync(file, 'utf8')) as DemoPerson[]
}

function listen(http: Server, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is taken by another program: choose another with --port`)
          : error,
      ),
    )
    http.listen({ host, port }, () => {
      const bound = (http.address() as AddressInfo).port
      resolve(`http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${bound}`)
    })
  })
}

async function notReady(
  database: Database,
  workers: ReadonlyMap<number, RunningAreaWorker>,
  chainBlock: number,
): Promise<string[]> {
  const missing = [...workers].filter(([, worker]) => !worker.ready).map(([area]) => `area ${area}`)
  if (chainBlock < 0) missing.push('chain')
  try {
    await database`select 1`
  } catch {
    missing.push('database')
  }
  return missing
}
