/**
 * The durable path, end to end: signed orders over HTTP and over socket.io, and signed readings over socket.io, until the
 * server has acknowledged them, which it does once they are in the journal in PostgreSQL. Load, server and database share
 * the machine's cores. Each path is run once for its figures and once more under a CPU profile of the server's main thread.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket as TcpSocket } from 'node:net'
import type { Socket } from 'socket.io-client'
import type { Order } from '../../contracts/protocol/typed-data.ts'
import type { ReadingsAnswer, SignedReading } from '../../contracts/protocol/wire.ts'
import type { EmbeddedPostgres } from '../../server/demo/embedded-postgres.ts'
import { openDatabase } from '../../server/store/database.ts'
import { type BenchServer, chunks, open, quantile, sayHello, startServer } from './durable-load.ts'
import type { Run } from './durable-server.ts'
import { accountKey, intervalSeconds, meterKey, settings, sign } from './durable-street.ts'
import { withPostgres } from './ending.ts'
import { seededDraws } from './measure.ts'

const seatCount = 10_000
/** A server lives for months: what it compiles while it is young is no part of what a reading costs. */
const warmUpBoundaries = 4
const orderCount = 20_000
const httpConnections = 128
/** One at a time: what an order waits for when nobody else is there. */
const lonelyOrderCount = 1_000
const socketConnections = 4
const ordersPerMessage = 100
const messagesUnderWay = 4

export interface DurableRow {
  path: string
  count: number
  perSecond: number
  /** Of orders: as a multiple of what the area takes with no transport and no signatures; 1 is all that could be. */
  timesCommitAlone: number | null
  /** Of one request or message, until acknowledged. */
  p50Ms: number
  p99Ms: number
  p999Ms: number
  /** Journal transactions of the run: how much each took up, and how long it took on average; null where none was made. */
  commits: { each: number; ms: number } | null
  /** CPU time for one order or reading, in µs: what is greatest dominates. */
  cpuMicros: Cpu
  /** The server's main thread: where its time went, greatest first. */
  profile: { part: string; share: number }[]
}

/** One commit of one row after another, nothing else running: what no path can do without. */
export interface BareCommit {
  p50Ms: number
  p99Ms: number
}

const bareCommits = 500

async function measureBareCommit(url: string): Promise<BareCommit> {
  const sql = openDatabase(url, 1)
  await sql`create table bare (n int)`
  const latenciesMs: number[] = []
  for (let n = 0; n < bareCommits; n++) {
    const startMs = performance.now()
    await sql`insert into bare values (${n})`
    latenciesMs.push(performance.now() - startMs)
  }
  await sql`drop table bare`
  await sql.end()
  return { p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99) }
}

interface DurableResult {
  bareCommit: BareCommit
  rows: DurableRow[]
}

export function benchDurable(): Promise<DurableResult> {
  return withPostgres(measureDurable)
}

async function measureDurable(postgres: EmbeddedPostgres): Promise<DurableResult> {
  const bareCommit = await measureBareCommit(postgres.url)
  const server = await startServer(postgres.url, seatCount)
  const rows: DurableRow[] = []
  const accounts = Array.from({ length: seatCount }, (_, n) => accountKey(n + 1))
  const meters = Array.from({ length: seatCount }, (_, n) => meterKey(n + 1))
  let nextNonce = 0

  /** `count` signed orders, of every seat and side in turn; each replaces the seat's order before. */
  function orders(count: number): { order: Order; signature: string }[] {
    const draw = seededDraws(3)
    const start = server.base + 2 * intervalSeconds
    const firstNonce = nextNonce
    nextNonce += count
    return Array.from({ length: count }, (_, n) => {
      const seat = n % seatCount
      const order: Order = {
        account: accounts[seat]!.address,
        meter: meters[seat]!.address,
        rules: settings.rulesHash,
        market: 0,
        side: Math.floor(n / seatCount) % 2,
        timeInForce: 0,
        limitPrice: 1_000 + draw(1_000),
        maxWh: 1 + draw(2_000),
        start,
        end: start + 365 * 96 * intervalSeconds - 86_400,
        nonce: firstNonce + n,
      }
      return { order, signature: sign(accounts[seat]!, 'Order', order) }
    })
  }

  /** Readings of every meter at the next boundary. */
  let boundary = server.base
  function readings(): SignedReading[] {
    boundary += intervalSeconds
    const intervals = (boundary - server.base) / intervalSeconds
    return meters.map((meter, seat) => {
      const producing = seat % 2 === 0
      const reading = {
        meter: meter.address,
        epoch: 1,
        time: boundary,
        importWh: producing ? 0 : 800 * intervals,
        exportWh: producing ? 700 * intervals : 0,
        quality: 0,
      }
      const signature = sign(meter, 'Reading', reading)
      return { ...reading, signature, sequence: intervals, productionWh: null, reasons: [] }
    })
  }

  async function measure(path: string, prepare: () => Promise<() => Promise<Run>>): Promise<void> {
    await (await prepare())()
    const run = await prepare()
    const before = {
      cpu: cpuOf(server, postgres.pid),
      commits: await server.ask<Commits>({ ask: 'commits' }),
    }
    const startMs = performance.now()
    const { count, latenciesMs } = await run()
    const seconds = (performance.now() - startMs) / 1000
    const after = {
      cpu: cpuOf(server, postgres.pid),
      commits: await server.ask<Commits>({ ask: 'commits' }),
    }
    const profiled = await prepare()
    await server.ask({ ask: 'start-profile' })
    await profiled()
    const profile = await server.ask<DurableRow['profile']>({ ask: 'stop-profile' })
    const at = (part: number) => quantile(latenciesMs, part)
    const micros = (part: keyof Cpu) => ((after.cpu[part] - before.cpu[part]) / count) * 1e6
    const transactions = after.commits.transactions - before.commits.transactions
    rows.push({
      path,
      count,
      perSecond: count / seconds,
      timesCommitAlone:
        transactions > 0 && path.startsWith('orders')
          ? count / seconds / (rows[0]?.perSecond ?? count / seconds)
          : null,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      commits:
        transactions === 0
          ? null
          : {
              each: count / transactions,
              ms: ((after.commits.commitSeconds - before.commits.commitSeconds) / transactions) * 1000,
            },
      cpuMicros: {
        main: micros('main'),
        area: micros('area'),
        signatures: micros('signatures'),
        otherThreads: micros('otherThreads'),
        database: micros('database'),
        load: micros('load'),
      },
      profile,
    })
  }

  try {
    await measure('orders in the area alone: engine, journal and tables', async () => {
      const groups = chunks(orders(orderCount), ordersPerMessage).map((group) =>
        group.map(({ order, signature }) => {
          const id = `0x${order.nonce.toString(16).padStart(64, '0')}`
          return { type: 'order' as const, id, order, signature, session: null }
        }),
      )
      await server.ask({ ask: 'keep', groups })
      return () => server.ask<Run>({ ask: 'submit-kept', underWay: socketConnections * messagesUnderWay })
    })
    await measure('HTTP alone: Express reads and answers the same JSON', async () => {
      const requests = orders(orderCount).map(httpRequest)
      return () => runHttp(server.plainOrigin, requests)
    })
    await measure('orders over HTTP', async () => {
      const requests = orders(orderCount).map(httpRequest)
      return () => runHttp(server.origin, requests)
    })
    await measure('orders over HTTP, one after the other', async () => {
      const requests = orders(lonelyOrderCount).map(httpRequest)
      return () => runHttp(server.origin, requests, 1)
    })
    const sockets = await Promise.all(Array.from({ length: socketConnections }, () => open(`${server.origin}/live`)))
    await measure('orders over socket.io, 100 a message', async () => {
      const messages = chunks(orders(orderCount), ordersPerMessage)
      return () => runSockets(sockets, 'orders', messages)
    })
    for (const socket of sockets) socket.close()
    const agents = await Promise.all(Array.from({ length: seatCount / 200 }, () => open(`${server.origin}/agents`)))
    await Promise.all(
      chunks(meters, 200).map(async (each, n) => {
        for (const meter of each) await sayHello(agents[n]!, meter)
      }),
    )
    for (const perMessage of [100, 1]) {
      const prepare = async () => {
        const all = readings()
        await server.ask({ ask: 'clock', atMs: boundary * 1000 + 1_000 })
        // What it costs to compute the interval before is measured elsewhere.
        const before = (boundary - server.base) / intervalSeconds - 1
        await server.ask({ ask: 'day', do: 'compute', boundary: before })
        const byAgent = chunks(all, 200).map((each) => chunks(each, perMessage))
        return () => runSockets(agents, 'readings', byAgent)
      }
      for (let boundaries = 0; boundaries < warmUpBoundaries; boundaries += 1) await (await prepare())()
      await measure(`readings over socket.io, ${perMessage} a message`, prepare)
    }
    for (const agent of agents) agent.close()
  } finally {
    await server.ask({ ask: 'stop' })
    await server.ended
  }
  return { bareCommit, rows }
}

interface Commits {
  commands: number
  transactions: number
  commitSeconds: number
}

function httpRequest(order: object): Buffer {
  const body = JSON.stringify(order)
  return Buffer.from(
    `POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Every connection keeps one request open; bare sockets, since Node's HTTP client would take half a core for itself. */
async function runHttp(origin: string, requests: readonly Buffer[], connections = httpConnections): Promise<Run> {
  const { hostname, port } = new URL(origin)
  const latenciesMs: number[] = []
  let next = 0
  const work = async () => {
    const socket = await new Promise<TcpSocket>((resolve) => {
      const opened = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(opened))
    })
    await new Promise<void>((resolve, reject) => {
      let sentMs = 0
      let text = ''
      const send = () => {
        if (next === requests.length) {
          socket.destroy()
          return resolve()
        }
        sentMs = performance.now()
        socket.write(requests[next++]!)
      }
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        const head = text.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/content-length: (\d+)/i.exec(text)![1])
        if (text.length < head + 4 + length) return
        if (!text.startsWith('HTTP/1.1 201')) return reject(new Error(text))
        text = ''
        latenciesMs.push(performance.now() - sentMs)
        send()
      })
      socket.once('error', reject)
      send()
    })
  }
  await Promise.all(Array.from({ length: connections }, work))
  return { count: requests.length, latenciesMs }
}

/** Each socket keeps some messages under way: of a common pile, or of its own where the messages are dealt out already. */
async function runSockets<Item>(sockets: Socket[], event: string, piles: Item[][] | Item[][][]): Promise<Run> {
  const latenciesMs: number[] = []
  let count = 0
  const dealt = Array.isArray(piles[0]?.[0])
  const shared = [...piles]
  const work = async (socket: Socket, pile: Item[][]) => {
    for (let message = pile.shift(); message !== undefined; message = pile.shift()) {
      const sentMs = performance.now()
      const answer: ReadingsAnswer = await socket.emitWithAck(event, message)
      latenciesMs.push(performance.now() - sentMs)
      if (!answer.ok) throw new Error(answer.message)
      const refused = answer.results.find(({ status }) => status === 'refused')
      if (refused !== undefined) throw new Error(refused.message)
      count += message.length
    }
  }
  await Promise.all(
    sockets.flatMap((socket, n) => {
      const pile = (dealt ? [...(shared[n] as Item[][])] : shared) as Item[][]
      return Array.from({ length: messagesUnderWay }, () => work(socket, pile))
    }),
  )
  return { count, latenciesMs }
}

/**
 * CPU time of the server's main thread, of the area's, of those that check signatures and of the rest, which collect garbage
 * and compile; of the database's processes; and of the load.
 */
interface Cpu {
  main: number
  area: number
  signatures: number
  otherThreads: number
  database: number
  load: number
}

/** CPU seconds so far, from /proc (Linux). */
function cpuOf(server: BenchServer, databasePid: number): Cpu {
  const serverPid = server.child.pid!
  const partOf = (thread: number) =>
    thread === serverPid
      ? 'main'
      : server.areaThreads.includes(thread)
        ? 'area'
        : server.signatureThreads.includes(thread)
          ? 'signatures'
          : 'otherThreads'
  const threads = readdirSync(`/proc/${serverPid}/task`).map((thread) => ({
    part: partOf(Number(thread)),
    seconds: statOf(`/proc/${serverPid}/task/${thread}/stat`).seconds,
  }))
  const ofThreads = (part: keyof Cpu) => sum(threads.filter((each) => each.part === part).map(({ seconds }) => seconds))
  const sum = (values: number[]) => values.reduce((total, each) => total + each, 0)
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [statOf(`/proc/${name}/stat`)]
      } catch {
        return [] // It has ended since.
      }
    })
  const { user, system } = process.cpuUsage()
  return {
    main: ofThreads('main'),
    area: ofThreads('area'),
    signatures: ofThreads('signatures'),
    otherThreads: ofThreads('otherThreads'),
    database:
      sum(processes.filter(({ parent }) => parent === databasePid).map(({ seconds }) => seconds)) +
      statOf(`/proc/${databasePid}/stat`).endedSeconds,
    load: (user + system) / 1e6,
  }
}

function statOf(file: string): { parent: number; seconds: number; endedSeconds: number } {
  const fields = readFileSync(file, 'utf8').split(') ')[1]!.split(' ').map(Number)
  return {
    parent: fields[1]!,
    seconds: (fields[11]! + fields[12]!) / 100,
    endedSeconds: (fields[13]! + fields[14]!) / 100,
  }
}
