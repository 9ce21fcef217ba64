/**
 * A small street for tests of the server's edge: real PostgreSQL, a real area, real HTTP and sockets on a free port. The
 * area's clocks stand still until a test moves them. Alice sells from the north feeder, Bob buys in the south one, whose
 * link carries 400 Wh an interval; the relay writes down what it was given.
 */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Wallet } from 'ethers'
import type { Express } from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { SiweMessage } from 'siwe'
import { Server } from 'socket.io'
import { io as connect, type Socket } from 'socket.io-client'
import type { Watchers } from '../../contracts/protocol/typed-data.ts'
import type { HelloAnswer, ReadingsAnswer } from '../../contracts/protocol/wire.ts'
import { networkReader, type TrustedProxies } from '../../server/api/addresses.ts'
import { createReadAllowance } from '../../server/api/allowance.ts'
import { createApp } from '../../server/api/app.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import { createDoor, type DoorLimits } from '../../server/api/door.ts'
import { HeardHellos } from '../../server/api/heard-hellos.ts'
import { ownHosts, pageSenders } from '../../server/api/hosts.ts'
import { createOrderGate } from '../../server/api/order-gate.ts'
import type { Offices, OperationFacts } from '../../server/api/parts.ts'
import type { Relay } from '../../server/api/relay.ts'
import type { ConnectedArea } from '../../server/areas/messages.ts'
import { areaMetrics } from '../../server/areas/metrics.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { startAreaHere } from '../../server/areas/start-area.ts'
import type { ChainError } from '../../server/chain/error.ts'
import type { AllowGas } from '../../server/chain/sender.ts'
import type { WaitingBatch } from '../../server/chain/watching-desk.ts'
import { attachAgents } from '../../server/live/agents.ts'
import { limitPackets, socketOptions } from '../../server/live/limits.ts'
import { attachLive, type Live } from '../../server/live/live.ts'
import { meterOwners } from '../../server/live/meter-seats.ts'
import { createTelemetryBoard } from '../../server/live/telemetry-board.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { type SentFile, takeSentFile } from '../../server/official/sent-file.ts'
import type { StatementFile } from '../../server/settlement/statement-file.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import {
  type BetterLimitsQuery,
  betterLimitsOf,
  type OtherPricesQuery,
  otherPrices,
} from '../../server/statements/other-prices.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { findAreas } from '../../server/store/areas.ts'
import type { Database } from '../../server/store/database.ts'
import { withClock } from '../areas/with-clock.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { startScratchServer } from '../store/scratch-database.ts'
import { domain, hello, lower, people, seatOfPerson, settings, signedOrder, signedReading } from './people.ts'

/** Where accounts take grants back. */
export const revocations = `0x${'8'.repeat(40)}`

const demoPeople: DemoPerson[] = [
  {
    name: 'Alice',
    role: 'household',
    description: 'a roof',
    area: null,
    account: lower(people.alice),
    privateKey: '0x00',
  },
]

export interface Street {
  app: Express
  origin: string
  database: Database
  databaseUrl: string
  area: ConnectedArea
  /** All of them. */
  areas: ConnectedArea[]
  registry: Registry
  /** Who holds the offices, as the chain would say. */
  offices: Offices
  relayed: { method: string; request: unknown }[]
  notReady: string[]
  /** Who watches the first area, and the batch that waits for them. */
  watching: { watchers: Watchers | null; waiting: WaitingBatch | null }
  /** How the server works, as far as health and settlement would say; the same for all areas. */
  operation: OperationFacts
  /** Lines of the log. */
  logged: string[]
  /** `account digest signature`, of what contract wallets call their own. */
  walletSignatures: Set<string>
  /** What the relay refuses with, once, what it waits for, and the gas that its transactions may use. */
  relayError: { next: ChainError | null; until?: Promise<void>; gas?: number }
  /** What whoever makes statements answers, by area, seat and end. */
  statements: Map<string, StatementFile | Error>
  /** Moves the clocks and lets the area do what has become due; the chain shows a block of then. */
  setTime(seconds: number): Promise<void>
  /** The chain shows these seats. */
  syncSeats(seats: ChainSeat[], area?: number): Promise<void>
  agent(): Socket
  /** With a session's token, or with whatever else is shown. */
  page(shown?: string | Record<string, unknown>): Socket
  tell: Live['tell']
  stop(): Promise<void>
}

export interface StreetOptions {
  /** Of an account that belongs here, or of a network of others. */
  readsPerMinute?: number
  /** What one network may ask at all. */
  door?: DoorLimits
  demo?: boolean
  /** Where the demo gives visitors homes. */
  homesUrl?: string
  pageFolder?: string | null
  trustProxy?: TrustedProxies
  /** Where people open the page, beside the street's own address. */
  origins?: string[]
  /** The forward books are per zone, so Bob may live next to Alice. */
  bobZone?: string
  /** Further areas, in which nobody has a seat yet. */
  others?: AreaSettings[]
  /** Who holds the offices of those; without it whoever holds the first area's. */
  otherOffices?: Offices
}

export async function startStreet(options: StreetOptions = {}): Promise<Street> {
  const scratch = await startScratchServer()
  const { database, url: databaseUrl } = await scratch.fresh()
  const registry = new Registry()
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
  const clock = { ms: (t0 - 5) * 1000 }
  // One after the other, so that the database counts them in this order.
  const parts: StreetPart[] = []
  for (const each of [settings, ...(options.others ?? [])]) parts.push(await startPart(each, databaseUrl, clock))
  const [first] = parts
  await first!.sync([seatOfPerson('alice', 'north'), seatOfPerson('bob', options.bobZone ?? 'south')])
  const handles = parts.map(({ area }) => area)
  const metrics = areaMetrics(registry, () => handles)
  for (const area of handles) area.onCounts((counts) => metrics.count(area.settings.area, counts))
  const get = (number: number) => handles.find((each) => each.settings.area === number)
  const areas = { get, all: () => handles }
  const signatures = await startSignatureCheck({ registry, threads: 0 })
  const relayed: Street['relayed'] = []
  const relayError: Street['relayError'] = { next: null }
  const notReady: string[] = []
  const operation: OperationFacts = {
    ...{ troubles: [], heldUp: null, head: { block: 41, time: t0 } },
    keys: [
      { address: lower(people.stranger), does: 'settles', wei: 2n * 10n ** 18n, gasPrice: 10n ** 9n },
      { address: lower(people.metering), does: 'relays', wei: 5n * 10n ** 17n, gasPrice: 10n ** 9n },
    ],
    settlesAs: lower(people.stranger),
    offers: { operatorNow: lower(people.stranger), operator: null, grid: null, successionFrom: null },
  }
  const walletSignatures = new Set<string>()
  const statements: Street['statements'] = new Map()
  const offices = { grid: settings.rules.grid, operator: lower(people.stranger) }
  const watching: Street['watching'] = { watchers: null, waiting: null }
  const servicesOf = (area: number) => ({
    watching: {
      watchersOf: (number: number) => (number === settings.area ? watching.watchers : null),
      waiting: (number: number) => (number === settings.area ? watching.waiting : null),
      take: async () => {},
    },
    relay: (allow: AllowGas) => recordingRelay(relayed, relayError, allow),
    revocations,
    officesOf: (number: number) => (number === settings.area ? offices : (options.otherOffices ?? offices)),
    isWalletSignature: async (...said: string[]) => walletSignatures.has(said.join(' ')),
    accounts: null,
    wallet: async (account: string) => ({ account, tokens: `${area}2.5`, permitNonce: 3, permitDomain: null }),
    barsOf: () => 0,
    nextVersionOf: () => 1,
    moveOf: () => null,
    settledRoot: async (_area: number, end: number, block: number) => ({
      ...{ statementRoot: `0x${String(end).padStart(64, '0')}` as const, transaction: '0x12', block },
      ...{ chainId: settings.chain.chainId, escrow: settings.chain.escrow, node: 'node.example:8545' },
    }),
  })
  const apiParts = {
    ...{ database, areas, signatures, registry, log, servicesOf },
    meteringOperator: lower(people.metering),
    witnessTolerance: { wh: 5, percent: 1 },
    networkOf: networkReader(options.trustProxy ?? null, log),
    gate: createOrderGate(),
    hellos: new HeardHellos(),
    reads: createReadAllowance(options.readsPerMinute ?? 1_000_000),
    takeFile: (areaId: number, sent: SentFile) => takeSentFile(database, areaId, sent),
    statements: {
      async file({ area: number, seat, end }: { area: number; seat: number; end: number }) {
        const statement = statements.get(`${number} ${seat} ${end}`) ?? null
        if (statement instanceof Error) throw statement
        return statement
      },
      async otherPrices({ area: number, ...query }: OtherPricesQuery & { area: number }) {
        const { chainId, escrow } = settings.chain
        const [found] = await findAreas(database, { chainId, escrow, area: number })
        return otherPrices(database, found!.areaId, query)
      },
      async betterLimits({ area: number, ...query }: BetterLimitsQuery & { area: number }) {
        const { chainId, escrow } = settings.chain
        const [found] = await findAreas(database, { chainId, escrow, area: number })
        return betterLimitsOf(database, found!.areaId, query)
      },
    },
  }
  const http = createServer()
  const origin = await listen(http)
  const isOwnHost = ownHosts([origin])
  const senderOf = pageSenders([origin, ...(options.origins ?? [])])
  const app = createApp({
    ...apiParts,
    ready: async () => notReady,
    operationOf: async () => operation,
    demo: options.demo
      ? {
          people: demoPeople,
          day: { area: 1, epoch: '2026-07-01T00:00:00.000Z', dayLengthSeconds: 360 },
          homesUrl: options.homesUrl ?? null,
        }
      : null,
    pageFolder: options.pageFolder ?? null,
    origins: [origin, ...(options.origins ?? [])],
    isOwnHost,
    senderOf,
  })
  const door = createDoor(apiParts.networkOf, options.door)
  http.on('request', door.before(app))
  const io = new Server(http, socketOptions(isOwnHost, senderOf, door.admits))
  limitPackets(io, apiParts.networkOf)
  const telemetry = createTelemetryBoard(meterOwners(areas))
  attachAgents(io, { ...apiParts, telemetry })
  const live: Live = attachLive(io, {
    ...apiParts,
    telemetry,
    periodMs: 20,
    telemetryPeriodMs: 20,
    sessionPeriodMs: 50,
  })
  const sockets: Socket[] = []
  const open = (namespace: string, auth: Record<string, unknown> = {}) => {
    const socket = connect(`${origin}${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      auth,
      reconnection: false,
    })
    sockets.push(socket)
    return socket
  }
  return {
    app,
    origin,
    database,
    databaseUrl,
    area: handles[0]!,
    areas: handles,
    registry,
    offices,
    relayed,
    relayError,
    notReady,
    watching,
    operation,
    logged,
    walletSignatures,
    statements,
    async setTime(seconds) {
      clock.ms = seconds * 1000
      await Promise.all(parts.map((part) => part.follow()))
    },
    async syncSeats(seats, area = settings.area) {
      await parts.find((part) => part.area.settings.area === area)!.sync(seats)
    },
    agent: () => open('/agents'),
    page: (shown) => open('/live', typeof shown === 'object' ? shown : shown === undefined ? {} : { token: shown }),
    tell: live.tell,
    async stop() {
      for (const socket of sockets) socket.close()
      live.close()
      await io.close()
      await Promise.all(parts.map((part) => part.stop()))
      await signatures.close()
      await scratch.stop()
    },
  }
}

interface StreetPart {
  area: ConnectedArea
  sync(seats: ChainSeat[]): Promise<void>
  /** Does what has become due; the chain shows a block of then. */
  follow(): Promise<void>
  stop(): Promise<void>
}

async function startPart(own: AreaSettings, databaseUrl: string, clock: { ms: number }): Promise<StreetPart> {
  const { chainId, escrow } = own.chain
  const { store, lease, close } = await openAreaStore(databaseUrl, { chainId, escrow, area: own.area })
  const area = startAreaHere({
    ...{ settings: own, lease, owner: 'test', waitsForChain: false },
    store: withClock(store, () => clock.ms),
    clocks: { wallMs: () => clock.ms, monotonicMs: () => clock.ms },
    log: () => {},
  })
  let block = 0
  const sync = async (seats: ChainSeat[]) => {
    block += 1
    const time = Math.floor(clock.ms / 1000)
    await area.submit({ type: 'chain', block, time, settledUntil: 0, seats, isPart: false })
  }
  /** Until nothing more follows. */
  const settle = async () => {
    for (let sequence = -1; area.status.sequence !== sequence || area.status.condition.is !== 'ready'; ) {
      sequence = area.status.sequence
      await area.submit({ type: 'tick', seal: null })
    }
  }
  await settle()
  return {
    ...{ area, sync },
    async follow() {
      await settle()
      await sync([])
      await settle()
    },
    async stop() {
      await area.stop()
      await close()
    },
  }
}

function recordingRelay(relayed: Street['relayed'], error: Street['relayError'], allow: AllowGas): Relay {
  const record = (method: string) => async (request: unknown) => {
    const { next } = error
    error.next = null
    await error.until
    if (next !== null) throw next
    await allow(BigInt(error.gas ?? 100_000))
    relayed.push({ method, request })
    return { hash: `0x${String(relayed.length).padStart(64, '0')}` }
  }
  return {
    openSeat: record('openSeat'),
    changeMandate: record('changeMandate'),
    closeSeat: record('closeSeat'),
    confirmMeter: record('confirmMeter'),
    revokeMeter: record('revokeMeter'),
    requestMove: record('requestMove'),
    startEpoch: record('startEpoch'),
    rotateKey: record('rotateKey'),
    deposit: record('deposit'),
    requestWithdrawal: record('requestWithdrawal'),
    revokeGrants: record('revokeGrants'),
    claim: record('claim'),
  }
}

function listen(http: HttpServer): Promise<string> {
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(http.address() as AddressInfo).port}`))
  })
}

export interface Reply {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  body: any
}

/** One request to the API; `body` as JSON unless it is a string. */
export async function ask(
  street: Street,
  method: string,
  path: string,
  {
    body,
    token,
    key,
    headers = {},
  }: { body?: unknown; token?: string; key?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const response = await fetch(`${street.origin}${path.startsWith('/') ? path : `/api/v1/${path}`}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  // Lines of JSON are no JSON.
  const json = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
}

/** The sign-in message of an account as its wallet would show it. */
export async function signInMessage(
  street: Street,
  account: Wallet,
  change: Partial<ConstructorParameters<typeof SiweMessage>[0] & object> = {},
): Promise<string> {
  const { nonce } = (await ask(street, 'GET', 'session/nonce')).body
  return new SiweMessage({
    domain: new URL(street.origin).host,
    address: account.address,
    statement: 'Sign in to Commonwatt',
    uri: street.origin,
    version: '1',
    chainId: domain.chainId,
    nonce,
    issuedAt: new Date().toISOString(),
    ...change,
  }).prepareMessage()
}

/** Signs in; the token of the session. */
export async function tokenOf(street: Street, account: Wallet): Promise<string> {
  const message = await signInMessage(street, account)
  const body = { message, signature: await account.signMessage(message) }
  return (await ask(street, 'POST', 'session', { body })).body.token
}

/** Says hello for a meter; throws where the server does not welcome it. */
export async function announce(agent: Socket, name: 'alice' | 'bob'): Promise<void> {
  const answer: HelloAnswer = await agent.emitWithAck('hello', await hello(name))
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`)
}

/** Sends one reading of Alice's and Bob's meters at a boundary that has passed; throws where one is not stored. */
export async function meter(
  agent: Socket,
  time: number,
  { exportWh, importWh }: { exportWh: number; importWh: number },
) {
  const readings = [await signedReading('alice', { time, exportWh }), await signedReading('bob', { time, importWh })]
  const answer: ReadingsAnswer = await agent.emitWithAck('readings', readings)
  if (!answer.ok || answer.results.some(({ status }) => status !== 'stored')) throw new Error(JSON.stringify(answer))
}

/**
 * Places Alice's and Bob's orders and lets intervals pass: in each Alice exports 500 Wh and Bob imports 800 Wh, of which
 * the south feeder's link lets 400 Wh be matched.
 */
export async function trade(street: Street, intervals: number): Promise<void> {
  await ask(street, 'POST', 'orders', { body: await signedOrder('alice') })
  await ask(street, 'POST', 'orders', { body: await signedOrder('bob') })
  const agent = street.agent()
  for (const name of ['alice', 'bob'] as const) await announce(agent, name)
  for (let n = 1; n <= intervals; n++) {
    const time = t0 + n * intervalSeconds
    await street.setTime(time + 1)
    await meter(agent, time, { exportWh: 500 * n, importWh: 800 * n })
  }
  await street.setTime(t0 + intervals * intervalSeconds + 120)
  agent.close()
}
