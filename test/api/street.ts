/**
 * A small street for tests of the server's edge: real PostgreSQL, real area worker, real HTTP and sockets on a free port. The
 * worker's clock stands still until a test moves it. Alice sells from the north feeder, Bob buys in the south one, whose
 * link carries 400 Wh an interval; the relay writes down what it was given.
 */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Wallet } from 'ethers'
import type { Express } from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { SiweMessage } from 'siwe'
import { Server } from 'socket.io'
import { io as connect, type Socket } from 'socket.io-client'
import { hashRules, type Order, type SessionKey, signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import type { HelloAnswer, ReadingsAnswer, SignedReading } from '../../contracts/protocol/wire.ts'
import { createApp } from '../../server/api/app.ts'
import type { ApiParts, TrustedProxies } from '../../server/api/parts.ts'
import type { DemoPerson } from '../../server/api/resources.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { type RunningAreaWorker, startAreaWorker } from '../../server/areas/worker.ts'
import type { ChainError } from '../../server/chain/error.ts'
import { attachAgents } from '../../server/live/agents.ts'
import { socketOptions } from '../../server/live/limits.ts'
import { attachLive, type Live } from '../../server/live/live.ts'
import { createTelemetryBoard } from '../../server/live/telemetry-board.ts'
import type { ChainSeat } from '../../server/market/engine/area.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import type { Database } from '../../server/store/database.ts'
import { intervalSeconds, rules as plainRules, t0, terms } from '../market/engine/street.ts'
import { startScratchServer } from '../store/scratch-database.ts'

const walletOf = (byte: string) => new Wallet(`0x${byte.repeat(32)}`)
export const people = { alice: walletOf('a1'), bob: walletOf('b2'), grid: walletOf('c3'), stranger: walletOf('d4') }
export const meters = { alice: walletOf('1a'), bob: walletOf('2b'), stranger: walletOf('4d') }
export const lower = (wallet: Wallet) => wallet.address.toLowerCase()
const rules = { ...plainRules, grid: lower(people.grid) }

export const settings: AreaSettings = {
  area: 1,
  name: 'Test street',
  currency: 'EUR',
  priceDecimals: 4,
  feedInTicks: 800,
  retailTicks: 3_000,
  graceMs: 60_000,
  lowestTicks: 0,
  zones: [
    { zone: 'street', name: 'The street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
    { zone: 'north', name: 'North feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
    { zone: 'south', name: 'South feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: 400 },
  ],
  rules,
  rulesHash: hashRules(rules),
  chain: {
    chainId: 31337,
    escrow: `0x${'7'.repeat(40)}`,
    token: rules.token,
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    withdrawalDelaySeconds: 300,
  },
}
export const domain = settings.chain
/** The seats as the escrow numbers them. */
export const seatIds = { alice: String(2 ** 32 + 1), bob: String(2 ** 32 + 2) }

const demoPeople: DemoPerson[] = [
  { name: 'Alice', role: 'household', description: 'a roof', account: lower(people.alice), privateKey: '0x00' },
]

export interface Street {
  app: Express
  origin: string
  database: Database
  databaseUrl: string
  worker: RunningAreaWorker
  registry: Registry
  relayed: { method: string; request: unknown }[]
  notReady: string[]
  /** `account digest signature`, of what contract wallets call their own. */
  walletSignatures: Set<string>
  /** What the relay refuses with, once. */
  relayError: { next: ChainError | null }
  setTime(seconds: number): Promise<void>
  agent(): Socket
  page(token?: string): Socket
  stop(): Promise<void>
}

export interface StreetOptions {
  demo?: boolean
  pageFolder?: string | null
  trustProxy?: TrustedProxies
  /** The forward books are per zone, so Bob may live next to Alice. */
  bobZone?: string
}

export async function startStreet(options: StreetOptions = {}): Promise<Street> {
  const scratch = await startScratchServer()
  const { database, url: databaseUrl } = await scratch.fresh()
  const registry = new Registry()
  const log = pino({ level: 'silent' })
  const clock = { ms: (t0 - 5) * 1000 }
  const worker = await startAreaWorker({
    database,
    settings,
    log,
    registry,
    now: () => clock.ms,
    onFatal: (error) => {
      throw error
    },
  })
  await worker.submit({
    type: 'chain',
    atMs: 0,
    block: 1,
    settledUntil: 0,
    seats: [seatOfPerson('alice', 'north'), seatOfPerson('bob', options.bobZone ?? 'south')],
  })
  const areas = { get: (area: number) => (area === 1 ? worker : undefined), all: () => [worker] }
  const signatures = await startSignatureCheck({ registry, threads: 0 })
  const relayed: Street['relayed'] = []
  const relayError: Street['relayError'] = { next: null }
  const notReady: string[] = []
  const walletSignatures = new Set<string>()
  const isWalletSignature = async (...said: string[]) => walletSignatures.has(said.join(' '))
  const http = createServer()
  const origin = await listen(http)
  const app = createApp({
    database,
    areas,
    signatures,
    isWalletSignature,
    relay: recordingRelay(relayed, relayError),
    wallet: async (account) => ({ account, tokens: '12.5', permitNonce: 3, permitDomain: null }),
    registry,
    log,
    ready: async () => notReady,
    demoPeople: options.demo ? demoPeople : null,
    pageFolder: options.pageFolder ?? null,
    origins: [origin],
    trustProxy: options.trustProxy ?? null,
  })
  http.on('request', app)
  const io = new Server(http, socketOptions)
  const telemetry = createTelemetryBoard()
  attachAgents(io, { areas, signatures, telemetry, registry, log })
  const live: Live = attachLive(io, {
    database,
    areas,
    signatures,
    isWalletSignature,
    telemetry,
    registry,
    log,
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
    worker,
    registry,
    relayed,
    relayError,
    notReady,
    walletSignatures,
    async setTime(seconds) {
      clock.ms = seconds * 1000
      await worker.submit({ type: 'tick', atMs: 0 })
    },
    agent: () => open('/agents'),
    page: (token) => open('/live', token === undefined ? {} : { token }),
    async stop() {
      for (const socket of sockets) socket.close()
      live.close()
      await io.close()
      await worker.stop()
      await signatures.close()
      await scratch.stop()
    },
  }
}

/** A seat as the chain shows it. */
export function seatOfPerson(name: 'alice' | 'bob', zone: string, change: Partial<ChainSeat> = {}): ChainSeat {
  return {
    seat: name === 'alice' ? 1 : 2,
    account: lower(people[name]),
    meter: lower(meters[name]),
    terms: [terms({ zone })],
    balance: 1_000_000_000n,
    withdrawal: null,
    withdrawalNonce: 0,
    base: { epoch: 1, time: t0, importWh: 0, exportWh: 0 },
    ...change,
  }
}

function recordingRelay(relayed: Street['relayed'], error: Street['relayError']): ApiParts['relay'] {
  const record = (method: string) => async (request: unknown) => {
    const { next } = error
    error.next = null
    if (next !== null) throw next
    relayed.push({ method, request })
    return { hash: `0x${String(relayed.length).padStart(64, '0')}` }
  }
  return {
    openSeat: record('openSeat'),
    changeMandate: record('changeMandate'),
    confirmMeter: record('confirmMeter'),
    startEpoch: record('startEpoch'),
    rotateKey: record('rotateKey'),
    deposit: record('deposit'),
    requestWithdrawal: record('requestWithdrawal'),
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
  const json = response.headers.get('content-type')?.includes('json')
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

export function orderOf(name: 'alice' | 'bob', change: Partial<Order> = {}): Order {
  return {
    account: lower(people[name]),
    meter: lower(meters[name]),
    rules: settings.rulesHash,
    market: 0,
    side: name === 'alice' ? 1 : 0,
    timeInForce: 0,
    limitPrice: name === 'alice' ? 1_000 : 2_500,
    maxWh: 1_000,
    start: t0,
    end: t0 + 100 * intervalSeconds,
    nonce: 1,
    ...change,
  }
}

/** Alice's or Bob's grant for a key that may sign any order. */
export function grantOf(name: 'alice' | 'bob', key: Wallet): SessionKey {
  return {
    account: lower(people[name]),
    key: lower(key),
    rules: settings.rulesHash,
    sides: 3,
    lowestPrice: -10_000,
    highestPrice: 10_000,
    validFrom: 0,
    validUntil: 2 ** 32 - 1,
  }
}

export async function signedOrder(name: 'alice' | 'bob', change: Partial<Order> = {}, signer: Wallet = people[name]) {
  const order = orderOf(name, change)
  return { order, signature: await signFull(signer, domain, 'Order', order) }
}

export async function signedReading(
  name: 'alice' | 'bob' | 'stranger',
  value: { time: number; importWh?: number; exportWh?: number; quality?: number },
  signer: Wallet = meters[name],
): Promise<SignedReading> {
  const reading = { meter: lower(meters[name]), epoch: 1, importWh: 0, exportWh: 0, quality: 0, ...value }
  return {
    ...reading,
    signature: await signCompact(signer, domain, 'Reading', reading),
    sequence: Math.ceil((value.time - t0) / intervalSeconds) + 1,
    productionWh: 10 * (value.exportWh ?? 0),
    reasons: [],
  }
}

export async function hello(
  name: 'alice' | 'bob' | 'stranger',
  time = Math.floor(Date.now() / 1000),
  signer: Wallet = meters[name],
) {
  const value = { meter: lower(meters[name]), time }
  return { ...value, signature: await signCompact(signer, domain, 'AgentHello', value) }
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
