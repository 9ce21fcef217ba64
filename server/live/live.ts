/**
 * The socket.io namespace `/live`: what pages watch. Public events go to who watches an area, private ones to the sessions
 * of the account whose seats they are about. What the area's worker reports is gathered, and once a second read from the
 * projections and sent, so a page sees what the API would tell it, and a burst costs one query.
 */
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Namespace, Server } from 'socket.io'
import { z } from 'zod'
import { sessionOf, tokensWithSession } from '../accounts/sessions.ts'
import { presentBatch, presentInterval, presentSeat, presentSeatInterval } from '../api/present.ts'
import type { LiveToPage } from '../api/resources.ts'
import type { PageToLive } from '../api/signed-requests.ts'
import type { AreaWorker } from '../areas/area-worker.ts'
import type { Event } from '../market/engine/area.ts'
import {
  activeOrders,
  batches,
  intervalsStartingAt,
  productionByTime,
  seatIntervalsOfAccounts,
  seatsOfAccounts,
} from '../store/queries.ts'
import { createForwardPublisher } from './forward.ts'
import { connectError, dropWhenSlow, limitConnections } from './limits.ts'
import { type OrderParts, orderTaker } from './orders.ts'
import type { Publisher, Publishing } from './publishing.ts'
import type { TelemetryBoard } from './telemetry-board.ts'

export interface LiveParts extends OrderParts {
  telemetry: TelemetryBoard
  registry: Registry
  /** Milliseconds between two rounds; views are updated once a second, telemetry twice, sessions looked at every 15 s. */
  periodMs?: number
  telemetryPeriodMs?: number
  sessionPeriodMs?: number
}

export interface Live {
  /** Stops the rounds; the sockets are the server's to close. */
  close(): void
}

const watchedPerSocket = 16
/** Intervals sent in one round: a page that missed more fetches them. */
const mostIntervals = 96
/** Of these newest batches a change of status is noticed. */
const watchedBatches = 10

/** Who is behind a socket; null for the public. */
interface Visitor {
  account: string
  token: string
}
type LiveNamespace = Namespace<PageToLive, LiveToPage, Record<string, never>, { visitor: Visitor | null }>

/** What of an area changed since the round before. */
interface Changes {
  starts: Set<number>
  /** Numbers of seats in the area, or all of them. */
  seats: Set<number> | 'all'
}

export function attachLive(io: Server, parts: LiveParts): Live {
  const { database, areas, telemetry, registry, log } = parts
  const { periodMs = 1_000, telemetryPeriodMs = 500, sessionPeriodMs = 15_000 } = parts
  limitConnections(io.of('/live'))
  const namespace = io.of('/live') as LiveNamespace
  const metrics = registerMetrics(registry, () => namespace.sockets.size)

  namespace.use(async (socket, next) => {
    try {
      const { token } = socket.handshake.auth
      socket.data.visitor = null
      if (token === undefined) return next()
      const session = typeof token === 'string' ? await sessionOf(database, token, new Date()) : null
      if (session === null) return next(connectError('SESSION_NEEDED', 'the session has ended; sign in again'))
      socket.data.visitor = { account: session.account, token }
      next()
    } catch (error) {
      log.error({ err: error }, 'a session could not be looked up')
      next(connectError('INTERNAL', 'the server failed; try again'))
    }
  })

  const takeOrders = orderTaker(parts)
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

  const visitors = (): Visitor[] => [...namespace.sockets.values()].flatMap((socket) => socket.data.visitor ?? [])
  const publishers = areas.all().flatMap((worker) => {
    const room = areaRoom(worker.settings.area)
    const publishing: Publishing = {
      database,
      watched: () => (namespace.adapter.rooms.get(room)?.size ?? 0) > 0,
      accounts: () => [...new Set(visitors().map(({ account }) => account))],
      toArea: namespace.to(room),
      toAccount: (account) => namespace.to(accountRoom(account)),
    }
    return [createPublisher(worker, publishing), createForwardPublisher(worker, publishing)]
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
      // A page that connects while the sessions are looked up is of the next round.
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
    close() {
      for (const stop of timers) stop()
      for (const publisher of publishers) publisher.close()
    },
  }
}

/** Gathers what one area's worker reports and sends it round by round. */
function createPublisher(worker: AreaWorker, publishing: Publishing): Publisher {
  const { database, watched, accounts, toArea, toAccount } = publishing
  const { settings } = worker
  const { area } = settings
  let changes: Changes = { starts: new Set(), seats: new Set() }
  /** What was last sent of each batch and seat, so that only changes are. */
  let sentBatches = new Map<number, string>()
  const sentSeats = new Map<number, string>()

  const unsubscribe = worker.subscribe((events) => {
    for (const event of events) note(changes, event, worker)
  })

  async function sendPublic(starts: number[]): Promise<void> {
    for (const row of await intervalsStartingAt(database, area, starts)) {
      toArea.emit('interval', presentInterval(settings, row))
    }
    const before = sentBatches
    sentBatches = new Map()
    for (const row of (await batches(database, { area, limit: watchedBatches })).reverse()) {
      const batch = presentBatch(settings, row)
      const text = JSON.stringify(batch)
      sentBatches.set(row.end_at, text)
      if (before.get(row.end_at) !== text) toArea.emit('batch', batch)
    }
  }

  async function sendPrivate(audience: string[], starts: number[], changed: Changes['seats']): Promise<void> {
    if (changed === 'all' || changed.size > 0) {
      const rows = await seatsOfAccounts(database, area, audience)
      const wanted = rows.filter(({ seat }) => changed === 'all' || changed.has(seat))
      const active = await activeOrders(
        database,
        wanted.map(({ seat }) => ({ area, seat })),
      )
      for (const row of wanted) {
        const seat = presentSeat(settings, row, active, Date.now() / 1000)
        const text = JSON.stringify(seat)
        if (sentSeats.get(row.seat) === text) continue
        sentSeats.set(row.seat, text)
        toAccount(row.account).emit('seat', seat)
      }
    }
    if (starts.length === 0) return
    for (const row of await seatIntervalsOfAccounts(database, { area, starts, accounts: audience })) {
      const to = row.start + settings.rules.intervalSeconds
      const production = await productionByTime(database, { meter: row.meter, from: row.start, to })
      toAccount(row.account).emit('seatInterval', presentSeatInterval(settings, row, production))
    }
  }

  return {
    async round(): Promise<void> {
      const { starts: changedStarts, seats } = changes
      changes = { starts: new Set(), seats: new Set() }
      const starts = [...changedStarts].sort((a, b) => a - b).slice(-mostIntervals)
      const audience = accounts()
      try {
        if (watched()) await sendPublic(starts)
        if (audience.length > 0) await sendPrivate(audience, starts, seats)
        else sentSeats.clear()
      } catch (error) {
        for (const start of starts) changes.starts.add(start)
        changes.seats = 'all'
        throw error
      }
    },
    close: unsubscribe,
  }
}

/** Writes down which intervals and seats an event changes. */
function note(changes: Changes, event: Event, { state, settings }: AreaWorker): void {
  const seat = (number: number | undefined) => {
    if (number === undefined) changes.seats = 'all'
    else if (changes.seats !== 'all') changes.seats.add(number)
  }
  switch (event.type) {
    case 'interval-cleared':
      changes.starts.add(event.result.start)
      changes.seats = 'all'
      break
    case 'interval-final':
      changes.starts.add(event.start)
      changes.seats = 'all'
      break
    case 'late-reading':
      changes.starts.add(event.time)
      changes.starts.add(event.time - settings.rules.intervalSeconds)
      break
    case 'interval-started':
    case 'batch-cut':
    case 'meter-suspended':
      changes.seats = 'all'
      break
    case 'seats-changed':
      for (const { seat: number } of event.seats) seat(number)
      break
    case 'order-accepted':
      seat(event.order.seat)
      break
    case 'order-ended':
      seat(state.orders.get(event.id)?.seat)
      break
    case 'forward-accepted':
      seat(event.order.seat)
      break
    case 'forward-trade':
      seat(event.trade.buyer)
      seat(event.trade.seller)
      break
    case 'forward-cancelled':
      seat(state.forward.get(event.start)?.orders.get(event.id)?.seat)
      break
    case 'reading':
      if (event.status === 'stored') seat(state.seatOfMeter.get(event.meter))
      break
    default:
  }
}

/** Repeats `work`, each time `periodMs` after the last has ended; a failure is logged and the next round tries again. */
function every(periodMs: number, log: Logger, work: () => Promise<void>): () => void {
  let stopped = false
  let timer: NodeJS.Timeout
  const round = async () => {
    try {
      await work()
    } catch (error) {
      if (!stopped) log.error({ err: error }, 'a live round failed')
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
