/**
 * The server of the durable-path benchmark, in a process of its own: everything that an order or a reading passes through
 * in `commonwatt serve` (HTTP, sockets, signature threads, area worker, journal and tables in PostgreSQL), without a chain.
 * Its parent sends `ServerRequest`s and gets one `ServerAnswer` for each.
 */
import { readdirSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Server } from 'socket.io'
import { createApp } from '../../server/api/app.ts'
import type { ApiParts } from '../../server/api/parts.ts'
import { startAreaWorker } from '../../server/areas/worker.ts'
import { attachAgents } from '../../server/live/agents.ts'
import { socketOptions } from '../../server/live/limits.ts'
import { attachLive } from '../../server/live/live.ts'
import { createTelemetryBoard } from '../../server/live/telemetry-board.ts'
import type { Command } from '../../server/market/engine/area.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { migrate, openDatabase } from '../../server/store/database.ts'
import { intervalSeconds, seatOf, settings } from './durable-street.ts'
import { selfTimes } from './self-times.ts'

/** What the parent may ask. */
export type ServerRequest =
  /** Moves the market's clock to this time, in UTC ms; it goes on from there. */
  | { ask: 'clock'; atMs: number }
  | { ask: 'start-profile' }
  | { ask: 'stop-profile' }
  /** Keeps commands, in groups, for the next. */
  | { ask: 'keep'; groups: Command[][] }
  /** Submits what is kept to the area worker itself, some groups at a time: no transport, no signatures. Answers `Run`. */
  | { ask: 'submit-kept'; underWay: number }
  /** Commands, transactions and seconds of commit so far. */
  | { ask: 'commits' }
  | { ask: 'stop' }

/** What was done, and how long each request or message took. */
export interface Run {
  count: number
  latenciesMs: number[]
}

export interface ServerReady {
  origin: string
  /** Express alone, in the same process: it reads the same JSON and answers with as much. */
  plainOrigin: string
  /** The threads that check signatures, as Linux numbers them. */
  signatureThreads: number[]
  /** The boundary at which every seat's registers begin, UTC seconds. */
  base: number
}

const [databaseUrl, seatCount] = [process.argv[2]!, Number(process.argv[3])]
const session = new Session()
const registry = new Registry()
const log = pino({ level: 'warn' }, pino.destination(2))
const database = openDatabase(databaseUrl)
await migrate(database)
let clockAheadMs = 0
const now = () => Date.now() + clockAheadMs
const worker = await startAreaWorker({
  database,
  settings,
  log,
  registry,
  now,
  onFatal(error) {
    throw error
  },
})
const base = (Math.ceil(now() / 1000 / intervalSeconds) - 1) * intervalSeconds
const seats = Array.from({ length: seatCount }, (_, n) => seatOf(n + 1, base))
await worker.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats })
const threadsBefore = readdirSync('/proc/self/task')
const signatures = await startSignatureCheck({ registry })
const signatureThreads = readdirSync('/proc/self/task')
  .filter((thread) => !threadsBefore.includes(thread))
  .map(Number)
const areas: ApiParts['areas'] = { get: (area) => (area === 1 ? worker : undefined), all: () => [worker] }
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
  isWalletSignature: unused,
  relay: new Proxy({} as ApiParts['relay'], { get: () => unused }),
  wallet: unused,
  registry,
  log,
  ready: async () => [],
  demoPeople: null,
  pageFolder: null,
  origins: [origin!],
}
http.on('request', createApp(parts))
const io = new Server(http, socketOptions)
const telemetry = createTelemetryBoard()
attachAgents(io, { ...parts, telemetry })
const live = attachLive(io, { ...parts, telemetry })

process.on('message', async (request: ServerRequest) => {
  process.send!({ answer: (await answer(request)) ?? null })
  if (request.ask === 'stop') process.disconnect()
})
process.send!({ origin: origin!, plainOrigin: plainOrigin!, signatureThreads, base } satisfies ServerReady)

async function listen(server: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

let kept: Command[][] = []

async function submitKept(underWay: number): Promise<Run> {
  const groups = kept
  const latenciesMs: number[] = []
  let next = 0
  const work = async () => {
    while (next < groups.length) {
      const group = groups[next++]!
      const startMs = performance.now()
      for (const events of await Promise.all(group.map((command) => worker.submit(command)))) {
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
      clockAheadMs = request.atMs - Date.now()
      await worker.submit({ type: 'tick', atMs: 0 })
      return
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
    case 'stop':
      live.close()
      plain.close()
      await io.close()
      await worker.stop()
      await signatures.close()
      await database.end({ timeout: 5 })
  }
}
