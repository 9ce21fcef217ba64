/** The server: areas, chain, API, live events and page, wired together in one process. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { Server as SocketServer } from 'socket.io'
import { parseAddress } from '../contracts/protocol/typed-data.ts'
import { outliveAccepting } from './accepting.ts'
import type { TrustedProxies } from './api/addresses.ts'
import { networkReader, proxyReader } from './api/addresses.ts'
import { createReadAllowance } from './api/allowance.ts'
import { createApp } from './api/app.ts'
import { clerksOfArea } from './api/clerks.ts'
import type { DemoFacts } from './api/demo-resources.ts'
import { createDoor } from './api/door.ts'
import { HeardHellos } from './api/heard-hellos.ts'
import { ownHosts, pageOrigins, pageSenders } from './api/hosts.ts'
import { createOrderGate } from './api/order-gate.ts'
import type { ApiParts } from './api/parts.ts'
import { createPatientServer } from './api/patient-server.ts'
import { presentNotice } from './api/present-notice.ts'
import { tellWhoWatches } from './api/routes/demo.ts'
import type { ConnectedArea } from './areas/messages.ts'
import { areaMetrics } from './areas/metrics.ts'
import { type AreaSettings, readSettingsFile } from './areas/settings.ts'
import { startAreaThread } from './areas/start-area.ts'
import { refuseDevelopmentKey } from './chain/development-keys.ts'
import { readEscrowFacts } from './chain/escrow-client.ts'
import { readWalletFile } from './chain/key-file.ts'
import { readAccountsFacts } from './chain/passkey-accounts.ts'
import { settlementMetrics } from './chain/settlement-service.ts'
import { type EscrowServices, startEscrowServices } from './escrow-services.ts'
import { startHealth } from './health.ts'
import { attachAgents } from './live/agents.ts'
import { limitPackets, socketOptions } from './live/limits.ts'
import { attachLive } from './live/live.ts'
import { meterOwners } from './live/meter-seats.ts'
import { createReadingIntake, toldBy } from './live/reading-intake.ts'
import { createTelemetryBoard } from './live/telemetry-board.ts'
import type { Tolerance } from './metering/witnesses.ts'
import { createMetricsServer, measureProcess } from './metrics-server.ts'
import { startNotices } from './notices/start-notices.ts'
import { startFileIntake } from './official/file-intake.ts'
import { startFeeder } from './official/start-feeder.ts'
import { startSignatureCheck } from './signatures/signature-check.ts'
import {
  portError,
  requireContracts,
  requireDatabase,
  requireFreeAreas,
  requireFreePort,
  requireJournals,
  ServeError,
} from './start-up.ts'
import { startStatements } from './statements/start-statements.ts'
import { openDatabase } from './store/database.ts'
import { makeMonthsAhead } from './store/months.ts'

/** One escrow on one chain, with the areas in it that are served. */
export interface ServedEscrow {
  rpcUrl: string
  /** The id of the chain that the escrow was deployed on; null where nobody wrote it down. */
  chainId: number | null
  escrow: string
  /** Block at which the escrow was deployed. */
  firstBlock: number
  /** The contract that opens accounts of passkeys; null where there is none. */
  accounts: string | null
  /** The contract by which accounts take grants of data back; null where no grants can be given. */
  revocations: string | null
  areaFiles: readonly string[]
}

export interface ServeOptions {
  databaseUrl: string
  escrows: readonly ServedEscrow[]
  /** File with the private key that submits batches. */
  operatorKeyFile: string
  /** File with the private key that pays for what people sign, or null to relay nothing. */
  relayKeyFile: string | null
  host: string
  port: number
  /** File with the metering operator's private key, or null where this server signs no official values. */
  meteringKeyFile: string | null
  /** How far the metering operator and a home's agent may differ in an interval before somebody should look. */
  witnessTolerance: Tolerance
  /** Where Prometheus reads; null for no such port. */
  metricsHost: string
  metricsPort: number | null
  /** Where people open the page, when it is not the listening address. */
  origins: readonly string[]
  /** Proxies before this server, or null. */
  trustProxy: TrustedProxies | null
  /** Blocks until a deposit or a batch counts. */
  confirmations: number
  /** Pause between looks at the chain. */
  chainPollMs: number
  /** The folder whose newest file tells when the last backup was made. */
  backupFolder: string | null
  /** Whether an older database is brought up to date. */
  migrates: boolean
  /** Whether an area may begin a new journal though it has settled batches. */
  beginsAnew: boolean
  /** File with the demo's people and their keys; only on development chains. */
  demoFile: string | null
  pageFolder: string | null
  log: Logger
}

export interface RunningServer {
  url: string
  stop(): Promise<void>
}

/** How often it is looked whether there is something to tell accounts. */
const noticesEveryMs = 1_000

/** Chain ids whose keys may be public. */
const developmentChainIds: readonly number[] = [31337, 1337]

/**
 * Checks that everything a server needs is there, starts the areas and starts serving; resolves when the port is open. Throws
 * `ServeError`, `StoreError`, `ChainError` and `SettingsError`, each saying what to do; then nothing is left running.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { log, databaseUrl, confirmations, chainPollMs: pollMs } = options
  await requireFreePort(options.host, options.port, '--port')
  if (options.metricsPort !== null) await requireFreePort(options.metricsHost, options.metricsPort, '--metrics-port')
  const wallet = readWalletFile(options.operatorKeyFile)
  const operator = parseAddress(wallet.address)
  const relayWallet = options.relayKeyFile === null ? null : readWalletFile(options.relayKeyFile)
  if (relayWallet?.address === wallet.address) {
    throw new ServeError('SERVE_RELAY_KEY', 'what people sign is paid by a key of its own, not by the one that settles')
  }
  const meteringWallet = options.meteringKeyFile === null ? null : readWalletFile(options.meteringKeyFile)
  const registry = new Registry()
  measureProcess(registry)
  const database = openDatabase(databaseUrl)
  const { served, settings, demo } = await checked().catch(async (error) => {
    await database.end({ timeout: 5 })
    throw error
  })

  async function checked() {
    const served = await Promise.all(options.escrows.map(readEscrow))
    const settings = served.flatMap(({ areas }) => areas)
    requireDifferentAreas(settings)
    for (const { rpcUrl, revocations, facts, areas } of served) {
      refuseDevelopmentKey(operator, facts.chainId)
      for (const warning of await requireContracts(rpcUrl, facts, { revocations, areas, operator })) log.warn(warning)
    }
    const requireAllJournals = async () => {
      if (options.beginsAnew) return
      for (const escrow of served) await requireJournals(database, { databaseUrl, ...escrow })
    }
    // A wrong database is left as it was: a backup can still be restored into an empty one.
    const ran = await requireDatabase(database, { ...options, beforeSetUp: requireAllJournals })
    if (ran.length > 0) log.info({ migrations: ran }, 'database migrated')
    await requireAllJournals()
    await makeMonthsAhead(database, Date.now() / 1000)
    await requireFreeAreas(database, settings)
    return { served, settings, demo: readDemo(options.demoFile, served[0]!.facts.chainId) }
  }

  const owner = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`
  const handles = new Map<number, ConnectedArea>()
  const metrics = areaMetrics(registry, () => [...handles.values()])
  for (const area of settings) {
    const handle = startAreaThread({ databaseUrl, settings: area, owner, logLevel: log.level }, log)
    handle.onCounts((counts) => metrics.count(area.area, counts))
    handles.set(area.area, handle)
  }
  const stopAreas = () => Promise.all([...handles.values()].map((handle) => handle.stop()))

  const files = startFileIntake(databaseUrl)
  const statements = startStatements({ databaseUrl, settings, log, registry })
  const escrowMetrics = settlementMetrics(registry)
  const escrows = served.map(({ rpcUrl, firstBlock, revocations, facts, areas }) =>
    startEscrowServices({
      ...{ database, rpcUrl, facts, firstBlock, revocations, areas, wallet, relayWallet },
      ...{ confirmations, pollMs, log, registry },
      handleOf: (area) => handles.get(area),
      metrics: escrowMetrics,
    }),
  )
  const servicesOf = new Map<number, EscrowServices>()
  for (const [index, { areas }] of served.entries()) {
    for (const { area } of areas) servicesOf.set(area, escrows[index]!)
  }
  const signatures = await startSignatureCheck({ registry })

  const health = startHealth({
    ...{ database, registry, log, escrows, operator, backupFolder: options.backupFolder },
    areas: () => [...handles.values()],
  })
  const http = createPatientServer(proxyReader(options.trustProxy))
  const url = await listen(http, options, '--port')
  outliveAccepting(http, log)
  const names = [options.metricsHost, ...options.origins.map((origin) => new URL(origin).hostname)]
  const metricsServer =
    options.metricsPort === null ? null : createMetricsServer({ registry, ready: health.ready, names })
  if (metricsServer !== null) {
    await listen(metricsServer, { host: options.metricsHost, port: options.metricsPort! }, '--metrics-port')
    outliveAccepting(metricsServer, log)
  }
  const origins = pageOrigins(options.origins, url)
  const parts: ApiParts = {
    ...{ database, signatures, statements, registry, log, demo, takeFile: files.take },
    meteringOperator: meteringWallet === null ? null : parseAddress(meteringWallet.address),
    areas: { get: (area) => handles.get(area), all: () => [...handles.values()] },
    servicesOf: (area) => servicesOf.get(area)!.services,
    ...{ ready: health.ready, operationOf: health.operationOf },
    pageFolder: options.pageFolder,
    origins,
    networkOf: networkReader(options.trustProxy, log),
    gate: createOrderGate(),
    hellos: new HeardHellos(),
    reads: createReadAllowance(),
    witnessTolerance: options.witnessTolerance,
    isOwnHost: ownHosts(origins),
    senderOf: pageSenders(origins),
  }
  const door = createDoor(parts.networkOf)
  http.on('request', door.before(createApp(parts)))
  const io = new SocketServer(http, socketOptions(parts.isOwnHost, parts.senderOf, door.admits))
  limitPackets(io, parts.networkOf)
  const telemetry = createTelemetryBoard(meterOwners(parts.areas))
  attachAgents(io, { ...parts, telemetry })
  const live = attachLive(io, { ...parts, telemetry })
  const notices = startNotices({
    ...{ database, registry, log, confirmations, everyMs: Math.max(pollMs, noticesEveryMs), areas: parts.areas.all },
    clerksOf: (area, areaId) => clerksOfArea(parts, area, areaId),
    tell: (area, notice) => live.tell(notice.account, presentNotice(area.settings, notice)),
  })
  const stopTelling = demo?.homesUrl ? tellWhoWatches(demo.homesUrl, live.watching) : () => {}
  const intake = createReadingIntake(parts.areas, signatures)
  const feeder = startFeeder({
    ...{ database, registry, log, pollMs, wallet: meteringWallet, areas: parts.areas.all },
    tolerance: options.witnessTolerance,
    deliver(area, readings) {
      const { chain: domain } = area.settings
      const told = toldBy(parts.areas.all().map((each) => ({ area: each })))
      return intake.take(readings.map((reading) => ({ reading, domain, told })))
    },
  })
  log.info({ url, areas: settings.map(({ area }) => area), operator: escrows[0]!.sender.address }, 'serving')

  return {
    url,
    async stop() {
      await notices.stop()
      stopTelling()
      live.close()
      await feeder.stop()
      const closed = io.close()
      http.closeAllConnections()
      await closed
      metricsServer?.close()
      metricsServer?.closeAllConnections()
      await health.stop()
      await Promise.all(escrows.map((escrow) => escrow.stop()))
      await stopAreas()
      await statements.stop()
      await files.stop()
      await signatures.close()
      await database.end({ timeout: 5 })
    },
  }
}

async function readEscrow(served: ServedEscrow) {
  const { rpcUrl, chainId, escrow, firstBlock, accounts, revocations: given, areaFiles } = served
  const ofEscrow = await readEscrowFacts(rpcUrl, escrow, chainId)
  const facts =
    accounts === null
      ? ofEscrow
      : { ...ofEscrow, accounts: await readAccountsFacts(rpcUrl, ofEscrow.chainId, parseAddress(accounts)) }
  const revocations = given === null ? null : parseAddress(given)
  return { rpcUrl, firstBlock, revocations, facts, areas: areaFiles.map((file) => readSettingsFile(file, facts)) }
}

/** Refuses two areas with the same number, since the page and the API name an area by its number alone. */
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

function readDemo(file: string | null, chainId: number): DemoFacts | null {
  if (file === null) return null
  if (!developmentChainIds.includes(chainId)) {
    throw new ServeError(
      'SERVE_DEMO_PEOPLE',
      `the demo's people have public keys: chain ${chainId} is no development chain`,
    )
  }
  return JSON.parse(readFileSync(file, 'utf8')) as DemoFacts
}

function listen(http: Server, { host, port }: { host: string; port: number }, option: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error) => reject(portError(error, option)))
    http.listen({ host, port }, () => {
      const bound = (http.address() as AddressInfo).port
      resolve(`http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${bound}`)
    })
  })
}
