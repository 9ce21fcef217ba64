/**
 * The server of the durable-path benchmark, in a process of its own: everything that an order or a reading passes through
 * in `commonwatt serve` (HTTP, sockets, signature threads, the area's thread, journal and tables in PostgreSQL), without a chain.
 * Its parent sends `ServerRequest`s and gets one `ServerAnswer` for each.
 */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import express from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Server } from 'socket.io'
import { networkReader } from '../../server/api/addresses.ts'
import { createReadAllowance } from '../../server/api/allowance.ts'
import { createApp } from '../../server/api/app.ts'
import { HeardHellos } from '../../server/api/heard-hellos.ts'
import { createOrderGate } from '../../server/api/order-gate.ts'
import type { ApiParts } from '../../server/api/parts.ts'
import type { Submission } from '../../server/areas/area-handle.ts'
import { connectArea } from '../../server/areas/messages.ts'
import { areaMetrics } from '../../server/areas/metrics.ts'
import { attachAgents } from '../../server/live/agents.ts'
import { socketOptions } from '../../server/live/limits.ts'
import { attachLive } from '../../server/live/live.ts'
import { meterOwners } from '../../server/live/meter-seats.ts'
import { createTelemetryBoard } from '../../server/live/telemetry-board.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { startStatements } from '../../server/statements/start-statements.ts'
import { migrate, openDatabase } from '../../server/store/database.ts'
import { type DayRequest, playedDay } from './busy-day-server.ts'
import { daySeconds, seatOf, settings } from './durable-street.ts'
import { type Blocks, takeBlocks, watchBlocks } from './longest-block.ts'
import { selfTimes } from './self-times.ts'

/** What the parent may ask. */
export type ServerRequest =
  /** Moves the market's clock forward to this time, in UTC ms; it goes on from there. */
  | { ask: 'clock'; atMs: number }
  | { ask: 'start-profile' }
  | { ask: 'stop-profile' }
  /** Keeps commands, in groups, for the next. */
  | { ask: 'keep'; groups: Submission[][] }
  /** Submits what is kept to the area itself, some groups at a time: no transport, no signatures. Answers `Run`. */
  | { ask: 'submit-kept'; underWay: number }
  /** Commands, transactions and seconds of commit so far. */
  | { ask: 'commits' }
  /** The longest blocks since this was asked before. Answers `ThreadBlocks`. */
  | { ask: 'blocks' }
  | DayRequest
  | { ask: 'stop' }

/** What was done, and how long each request or message took. */
export interface Run {
  count: number
  latenciesMs: number[]
}

export interface ThreadBlocks {
  main: Blocks
  area: Blocks
}

export interface ServerReady {
  origin: string
  /** Express alone, in the same process: it reads the same JSON and answers with as much. */
  plainOrigin: string
  /** The threads that check signatures, and those of the area, as Linux numbers them. */
  signatureThreads: number[]
  areaThreads: number[]
  /** The boundary at which every seat's registers begin, UTC seconds. */
  base: number
}

const [databaseUrl, seatCount] = [process.argv[2]!, Number(process.argv[3])]
const session = new Session()
const registry = new Registry()
const log = pino({ level: 'warn' }, pino.destination(2))
const database = openDatabase(databaseUrl)
await migrate(database)
/** By how many ms the market's clock is ahead of the machine's: it begins with a day. */
const ahead = new Float64Array(new SharedArrayBuffer(8))
const blocksOfArea = new Float64Array(new SharedArrayBuffer(16))
const base = Math.ceil(Date.now() / 1000 / daySeconds) * daySeconds
ahead[0] = base * 1000 - Date.now()
const threadsAtFirst = readdirSync('/proc/self/task')
const { port1: clock, port2: clockOfArea } = new MessageChannel()
const thread = new Worker(join(import.meta.dirname, 'durable-area.js'), {
  workerData: { databaseUrl, ahead, blocks: blocksOfArea, clock: clockOfArea },
  transferList: [clockOfArea],
})
const area = connectArea(
  {
    postMessage: (message: unknown) => thread.postMessage(message),
    on: thread.on.bind(thread) as never,
    close: () => void thread.terminate(),
  },
  settings,
)
const metrics = areaMetrics(registry, () => [area])
area.onCounts((counts) => metrics.count(settings.area, counts))
const seats = Array.from({ length: seatCount }, (_, n) => seatOf(n + 1, base))
// What the chain says is told to an area that has been made from its journal.
while (area.status.condition.is !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10))
await area.submit({ type: 'chain', block: 1, time: base, settledUntil: 0, seats, isPart: false })
const statements = startStatements({ databaseUrl, settings: [settings], log, registry })
const threadsBefore = readdirSync('/proc/self/task')
const areaThreads = threadsBefore.filter((id) => !threadsAtFirst.includes(id)).map(Number)
const signatures = await startSignatureCheck({ registry })
const signatureThreads = readdirSync('/proc/self/task')
  .filter((thread) => !threadsBefore.includes(thread))
  .map(Number)
const areas: ApiParts['areas'] = { get: (number) => (number === settings.area ? area : undefined), all: () => [area] }
const http = createServer()
const plain = createServer(
  express()
    .use(express.json())
    .post('/api/v1/orders', (request, response) => {
      response.status(201).json(request.body)
    }),
)
const [origin, plainOrigin] = await Promise.all([http, plain].map(listen))
const unused = () => Promise.reject(new Error('the benchmark has no chain'))
const parts: ApiParts = {
  database,
  areas,
  signatures,
  takeFile: unused,
  statements,
  servicesOf: () => ({
    isWalletSignature: unused,
    watching: { watchersOf: () => null, waiting: () => null, take: unused },
    accounts: null,
    relay: null,
    revocations: null,
    officesOf: () => ({ grid: settings.rules.grid, operator: settings.rules.grid }),
    wallet: unused,
    settledRoot: unused,
    barsOf: () => 0,
    nextVersionOf: () => 1,
    moveOf: () => null,
  }),
  registry,
  log,
  ready: async () => [],
  operationOf: unused,
  demo: null,
  meteringOperator: null,
  witnessTolerance: { wh: 20, percent: 5 },
  pageFolder: null,
  origins: [origin!],
  networkOf: networkReader(null, log),
  gate: createOrderGate(),
  hellos: new HeardHellos(),
  reads: createReadAllowance(),
  isOwnHost: () => true,
  senderOf: () => 'own',
}
http.on('request', createApp(parts))
const io = new Server(
  http,
  socketOptions(
    () => true,
    () => 'own',
    () => true,
  ),
)
const telemetry = createTelemetryBoard(meterOwners(areas))
attachAgents(io, { ...parts, telemetry })
const live = attachLive(io, { ...parts, telemetry })
const blocksOfMain = new Float64Array(2)
watchBlocks(blocksOfMain)
const day = playedDay({ area, statements, base, seatCount, moveClock })

// Whoever began the benchmark may have been killed.
process.once('disconnect', () => process.exit())
process.on('message', async (request: ServerRequest) => {
  process.send!({ answer: (await answer(request)) ?? null })
  if (request.ask === 'stop') process.disconnect()
})
process.send!({ origin: origin!, plainOrigin: plainOrigin!, signatureThreads, areaThreads, base } satisfies ServerReady)

async function listen(server: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function moveClock(atMs: number): Promise<void> {
  const moved = once(clock, 'message')
  clock.postMessage(Math.max(ahead[0]!, atMs - Date.now()))
  await moved
}

let kept: Submission[][] = []

async function submitKept(underWay: number): Promise<Run> {
  const groups = kept
  const latenciesMs: number[] = []
  let next = 0
  const work = async () => {
    while (next < groups.length) {
      const group = groups[next++]!
      const startMs = performance.now()
      for (const events of await Promise.all(group.map((submission) => area.submit(submission)))) {
        const refusal = events.find(({ type }) => type === 'refused')
        if (refusal !== undefined) throw new Error(JSON.stringify(refusal))
      }
      latenciesMs.push(performance.now() - startMs)
    }
  }
  await Promise.all(Array.from({ length: underWay }, work))
  return { count: groups.flat().length, latenciesMs }
}

async function answer(request: ServerRequest): Promise<unknown> {
  switch (request.ask) {
    case 'clock':
      return moveClock(request.atMs)
    case 'blocks': {
      // Each thread notes its own some times a second.
      await new Promise((resolve) => setTimeout(resolve, 100))
      return { main: takeBlocks(blocksOfMain), area: takeBlocks(blocksOfArea) } satisfies ThreadBlocks
    }
    case 'start-profile':
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      return
    case 'stop-profile': {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return selfTimes(profile)
    }
    case 'keep':
      kept = request.groups
      return
    case 'submit-kept':
      return submitKept(request.underWay)
    case 'commits': {
      const text = await registry.metrics()
      const value = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
      return {
        commands: value('commonwatt_commands_total'),
        transactions: value('commonwatt_commit_seconds_count'),
        commitSeconds: value('commonwatt_commit_seconds_sum'),
      }
    }
    case 'day':
      return day(request)
    case 'stop':
      clock.close()
      live.close()
      plain.close()
      await io.close()
      await area.stop()
      await statements.stop()
      await signatures.close()
      await database.end({ timeout: 5 })
  }
}
