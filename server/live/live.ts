/**
 * The socket.io namespace `/live`: what pages watch. Public events go to who watches an area, private ones to the sessions
 * of the account whose seats they are about. Each area tells what its commits have changed; that is gathered, and once a second the
 * changed rows are read from the tables and sent. So a page sees what the API would tell it, and a burst costs one query.
 */
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Namespace, Server } from 'socket.io'
import { z } from 'zod'
import { tokensWithSession } from '../accounts/sessions.ts'
import { createAreaTables } from '../api/area-tables.ts'
import { belongsHere } from '../api/belonging.ts'
import type { LiveToPage } from '../api/live-resources.ts'
import type { NoticeResource } from '../api/notice-resources.ts'
import { gridOperatorOf } from '../api/parts.ts'
import { problemOf } from '../api/problem.ts'
import { cookieOf, sessionShown } from '../api/session-cookie.ts'
import type { PageToLive } from '../api/signed-requests.ts'
import { logFailure } from '../store/outage.ts'
import { whyUnableNow } from '../store/unreachable.ts'
import { createForwardPublisher } from './forward.ts'
import { connectError, dropWhenSlow } from './limits.ts'
import { type OrderSocketParts, orderTaker } from './orders.ts'
import { limitPlaces } from './places.ts'
import type { Publishing } from './publishing.ts'
import { createResultPublisher } from './results.ts'
import type { TelemetryBoard } from './telemetry-board.ts'

export interface LiveParts extends OrderSocketParts {
  telemetry: TelemetryBoard
  registry: Registry
  /** Milliseconds between two rounds; views are updated once a second, telemetry twice, sessions looked at every 15 s. */
  periodMs?: number
  telemetryPeriodMs?: number
  sessionPeriodMs?: number
}

export interface Live {
  /** Sends a notice to the open pages of an account. */
  tell(account: string, notice: NoticeResource): void
  /** The accounts that have a page open. */
  watching(): string[]
  /** Stops the rounds; the sockets are the server's to close. */
  close(): void
}

const watchedPerSocket = 16
/** How many connections there may be of accounts that have a seat or office here, and of all others: any key can sign in. */
const places = { known: 20_000, knownOfOne: 32, strangers: 10_000, strangersOfNetwork: 512 }

/** Who is behind a socket; null for the public. */
interface Visitor {
  account: string
  token: string
}
type LiveNamespace = Namespace<PageToLive, LiveToPage, Record<string, never>, { visitor: Visitor | null }>

export function attachLive(io: Server, parts: LiveParts): Live {
  const { database, areas, telemetry, registry, log } = parts
  const tables = createAreaTables(database, areas)
  const { periodMs = 1_000, telemetryPeriodMs = 500, sessionPeriodMs = 15_000 } = parts
  const namespace = io.of('/live') as LiveNamespace
  limitPlaces(io.of('/live'), {
    networkOf: parts.networkOf,
    limits: places,
    nameOf({ data }) {
      const visitor = data.visitor as Visitor | null
      return visitor !== null && belongsHere(parts, visitor.account) ? visitor.account : null
    },
  })
  const metrics = registerMetrics(registry, () => namespace.sockets.size)

  namespace.use(async (socket, next) => {
    try {
      const { token, account } = socket.handshake.auth as { token?: unknown; account?: unknown }
      socket.data.visitor = null
      if (token === undefined && account === undefined) return next()
      const named = typeof account === 'string' ? cookieOf(socket.request.headers, account) : null
      const shown = typeof token === 'string' ? { token, account: null } : named
      const session = shown && (await sessionShown(database, shown, new Date()))
      if (session === null) {
        // As over HTTP, a session that is looked up in vain counts against the network.
        if (shown !== null) parts.reads.use(parts.networkOf(socket.request), Date.now())
        return next(connectError('SESSION_NEEDED', 'the session has ended; sign in again'))
      }
      socket.data.visitor = { account: session.account, token: shown!.token }
      next()
    } catch (error) {
      const problem = problemOf(error)
      if (problem !== null) return next(connectError(problem.document.code, problem.document.detail))
      log.error({ err: error }, 'a session could not be looked up')
      next(connectError('INTERNAL', 'the server failed; try again'))
    }
  })

  const takeOrders = orderTaker({ ...parts, tables })
  namespace.on('connection', (socket) => {
    takeOrders(socket)
    dropWhenSlow(socket, () => metrics.dropped.inc())
    const watched = new Set<number>()
    socket.on('watch', (area: unknown, answer: unknown) => {
      const say = typeof answer === 'function' ? answer : () => {}
      const number = z.int().safeParse(area)
      if (!number.success || areas.get(number.data) === undefined) {
        return say({ ok: false, message: 'this server does not serve the area' })
      }
      watched.add(number.data)
      if (watched.size > watchedPerSocket) {
        return say({ ok: false, message: `one connection watches at most ${watchedPerSocket} areas` })
      }
      socket.join(areaRoom(number.data))
      say({ ok: true })
    })
    const { visitor } = socket.data
    if (visitor === null) return
    socket.join(accountRoom(visitor.account))
    for (const event of telemetry.of(visitor.account)) socket.emit('telemetry', event)
  })

  const watching = () => [...new Set(visitors().map(({ account }) => account))]
  const visitors = (): Visitor[] => [...namespace.sockets.values()].flatMap((socket) => socket.data.visitor ?? [])
  const publishers = areas.all().flatMap((area) => {
    const room = areaRoom(area.settings.area)
    const publishing: Publishing = {
      ...{ database, tables },
      watched: () => (namespace.adapter.rooms.get(room)?.size ?? 0) > 0,
      accounts: watching,
      toArea: namespace.to(room),
      grid: () => gridOperatorOf(parts, area),
      moveOf: (seat) => parts.servicesOf(area.settings.area).moveOf(area.settings.area, seat),
      toAccount: (account) => namespace.to(accountRoom(account)),
    }
    return [createResultPublisher(area, publishing), createForwardPublisher(area, publishing)]
  })

  const timers = [
    every(periodMs, log, async () => {
      await Promise.all(publishers.map((publisher) => publisher.round()))
    }),
    every(telemetryPeriodMs, log, async () => {
      for (const [account, events] of telemetry.take()) {
        for (const event of events) namespace.to(accountRoom(account)).emit('telemetry', event)
      }
    }),
    every(sessionPeriodMs, log, async () => {
      // A page that connects while the sessions are looked up waits for the next round.
      const sockets = [...namespace.sockets.values()].flatMap((socket) => {
        const token = socket.data.visitor?.token
        return token === undefined ? [] : [{ socket, token }]
      })
      if (sockets.length === 0) return
      const tokens = sockets.map(({ token }) => token)
      const open = await tokensWithSession(database, tokens, new Date())
      for (const { socket, token } of sockets) if (!open.has(token)) socket.disconnect(true)
    }),
  ]
  return {
    tell(account, notice) {
      namespace.to(accountRoom(account)).emit('notice', notice)
    },
    watching,
    close() {
      for (const stop of timers) stop()
      for (const publisher of publishers) publisher.close()
    },
  }
}

/** Repeats `work`, each time `periodMs` after the last has ended; a failure is logged once and the next round tries again. */
function every(periodMs: number, log: Logger, work: () => Promise<void>): () => void {
  let stopped = false
  let reason: string | null = null
  let timer: NodeJS.Timeout
  const round = async () => {
    try {
      await work()
      reason = null
    } catch (error) {
      const message = whyUnableNow(error) ?? (error as Error).message
      if (!stopped && message !== reason) logFailure(log, 'a live round failed', error)
      reason = message
    }
    if (!stopped) timer = setTimeout(round, periodMs)
  }
  timer = setTimeout(round, periodMs)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

function areaRoom(area: number): string {
  return `area:${area}`
}

function accountRoom(account: string): string {
  return `account:${account}`
}

function registerMetrics(registry: Registry, connections: () => number) {
  const registers = [registry]
  new Gauge({
    name: 'commonwatt_live_connections',
    help: 'Connections of pages',
    registers,
    collect() {
      this.set(connections())
    },
  })
  return {
    dropped: new Counter({
      name: 'commonwatt_live_connections_dropped_total',
      help: 'Connections of pages closed because they did not read',
      registers,
    }),
  }
}
