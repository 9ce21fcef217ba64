/** The server: areas, chain, API, live events and page, wired together in one process. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { Server as SocketServer } from 'socket.io'
import { CodedError } from '../contracts/protocol/error.ts'
import { createApp } from './api/app.ts'
import type { ApiParts, TrustedProxies } from './api/parts.ts'
import type { DemoPerson } from './api/resources.ts'
import type { ConnectedArea } from './areas/messages.ts'
import { areaMetrics } from './areas/metrics.ts'
import { type AreaSettings, readSettingsFile } from './areas/settings.ts'
import { startAreaThread } from './areas/start-area.ts'
import { readEscrowFacts } from './chain/escrow-client.ts'
import { readWalletFile } from './chain/key-file.ts'
import { settlementMetrics } from './chain/settlement-service.ts'
import { type EscrowServices, startEscrowServices } from './escrow-services.ts'
import { attachAgents } from './live/agents.ts'
import { socketOptions } from './live/limits.ts'
import { attachLive } from './live/live.ts'
import { meterOwners } from './live/meter-seats.ts'
import { createTelemetryBoard } from './live/telemetry-board.ts'
import { readiness } from './readiness.ts'
import { startSignatureCheck } from './signatures/signature-check.ts'
import { startStatements } from './statements/start-statements.ts'
import { migrate, openDatabase } from './store/database.ts'

/** One escrow on one chain, with the areas in it that are served. */
export interface ServedEscrow {
  rpcUrl: string
  escrow: string
  /** Block at which the escrow was deployed. */
  firstBlock: number
  areaFiles: readonly string[]
}

export interface ServeOptions {
  databaseUrl: string
  escrows: readonly ServedEscrow[]
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
}

export interface RunningServer {
  url: string
  stop(): Promise<void>
}

/** Chain ids whose keys may be public. */
const developmentChainIds: readonly number[] = [31337, 1337]
/** A server that starts waits this long for another one to give its areas up. */
const patienceMs = 10_000

export class ServeError extends CodedError<
  'SERVE_AREA_HELD' | 'SERVE_AREA_TWICE' | 'SERVE_PORT_TAKEN' | 'SERVE_DEMO_PEOPLE'
> {
  override readonly name = 'ServeError'
}

/**
 * Migrates the database, starts the areas and starts serving; resolves when the port is open. Throws `ServeError`: another
 * server writes an area (`SERVE_AREA_HELD`), two areas have one number (`SERVE_AREA_TWICE`), the port is taken
 * (`SERVE_PORT_TAKEN`), or people of the demo are to be served on a real chain (`SERVE_DEMO_PEOPLE`).
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { log, databaseUrl, confirmations, chainPollMs: pollMs } = options
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const database = openDatabase(databaseUrl)
  const ran = await migrate(database)
  if (ran.length > 0) log.info({ migrations: ran }, 'database migrated')

  const wallet = readWalletFile(options.operatorKeyFile)
  const served = await Promise.all(options.escrows.map(readEscrow))
  const settings = served.flatMap(({ areas }) => areas)
  requireDifferentAreas(settings)
  const demoPeople = readDemoPeople(options.demoPeopleFile, served[0]!.facts.chainId)

  const owner = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`
  const handles = new Map<number, ConnectedArea>()
  const metrics = areaMetrics(registry, () => [...handles.values()])
  for (const area of settings) {
    const handle = startAreaThread({ databaseUrl, settings: area, owner, logLevel: log.level }, log)
    handle.onCounts((counts) => metrics.count(area.area, counts))
    handles.set(area.area, handle)
  }
  const stopAreas = () => Promise.all([...handles.values()].map((handle) => handle.stop()))
  try {
    await requireFreeAreas([...handles.values()])
  } catch (error) {
    await stopAreas()
    await database.end({ timeout: 5 })
    throw error
  }

  const statements = startStatements({ databaseUrl, settings, log, registry })
  const escrowMetrics = settlementMetrics(registry)
  const escrows = served.map(({ rpcUrl, firstBlock, facts, areas }) =>
    startEscrowServices({
      ...{ database, rpcUrl, facts, firstBlock, areas, wallet, confirmations, pollMs, log, registry },
      handleOf: (area) => handles.get(area),
      metrics: escrowMetrics,
    }),
  )
  const servicesOf = new Map<number, EscrowServices>()
  for (const [index, { areas }] of served.entries()) {
    for (const { area } of areas) servicesOf.set(area, escrows[index]!)
  }
  const signatures = await startSignatureCheck({ registry })

  const http = createServer()
  const url = await listen(http, options)
  const parts: ApiParts = {
    ...{ database, signatures, statements, registry, log, demoPeople },
    areas: { get: (area) => handles.get(area), all: () => [...handles.values()] },
    servicesOf: (area) => servicesOf.get(area)!.services,
    ready: readiness({ database, areas: () => [...handles.values()], escrows }),
    pageFolder: options.pageFolder,
    origins: [url, `http://localhost:${new URL(url).port}`, ...options.origins],
    trustProxy: options.trustProxy,
  }
  http.on('request', createApp(parts))
  const io = new SocketServer(http, socketOptions)
  const telemetry = createTelemetryBoard(meterOwners(parts.areas))
  attachAgents(io, { ...parts, telemetry })
  const live = attachLive(io, { ...parts, telemetry })
  log.info({ url, areas: settings.map(({ area }) => area), operator: escrows[0]!.sender.address }, 'serving')

  return {
    url,
    async stop() {
      live.close()
      await io.close()
      http.closeAllConnections()
      await Promise.all(escrows.map((escrow) => escrow.stop()))
      await stopAreas()
      await statements.stop()
      await signatures.close()
      await database.end({ timeout: 5 })
    },
  }
}

async function readEscrow({ rpcUrl, escrow, firstBlock, areaFiles }: ServedEscrow) {
  const facts = await readEscrowFacts(rpcUrl, escrow)
  return { rpcUrl, firstBlock, facts, areas: areaFiles.map((file) => readSettingsFile(file, facts)) }
}

/** The page and the API name an area by its number alone. */
function requireDifferentAreas(settings: readonly AreaSettings[]): void {
  const escrowOf = new Map<number, string>()
  for (const { area, chain } of settings) {
    const other = escrowOf.get(area)
    if (other !== undefined) {
      throw new ServeError(
        'SERVE_AREA_TWICE',
        `area ${area} is named twice (escrows ${other} and ${chain.escrow}): serve them from two servers`,
      )
    }
    escrowOf.set(area, chain.escrow)
  }
}

/** A second server on one database does not start; one that follows a server that has just ended waits for its lease to run out. */
async function requireFreeAreas(handles: readonly ConnectedArea[]): Promise<void> {
  const held = () =>
    handles.find(({ status: { condition } }) => condition.is === 'waiting' && condition.code === 'AREA_HELD')
  const isStarting = () =>
    handles.some(({ status: { condition } }) => condition.is === 'waiting' && condition.code === 'AREA_LOADING')
  const untilMs = performance.now() + patienceMs
  while ((held() !== undefined || isStarting()) && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { settings, status } = held() ?? {}
  if (settings === undefined || status?.condition.is !== 'waiting') return
  throw new ServeError('SERVE_AREA_HELD', `area ${settings.area}: ${status.condition.reason}. Stop that server first`)
}

function readDemoPeople(file: string | null, chainId: number): DemoPerson[] | null {
  if (file === null) return null
  if (!developmentChainIds.includes(chainId)) {
    throw new ServeError(
      'SERVE_DEMO_PEOPLE',
      `the demo's people have public keys: chain ${chainId} is no development chain`,
    )
  }
  return JSON.parse(readFileSync(file, 'utf8')) as DemoPerson[]
}

function listen(http: Server, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new ServeError('SERVE_PORT_TAKEN', `port ${port} is taken by another program: choose another with --port`)
          : error,
      ),
    )
    http.listen({ host, port }, () => {
      const bound = (http.address() as AddressInfo).port
      resolve(`http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${bound}`)
    })
  })
}
