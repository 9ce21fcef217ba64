/**
 * The agent's connection to the server: it says hello for each meter, checks that the server works for the chain,
 * escrow, area and interval the agent is pinned to, and sends readings until each has been acknowledged.
 *
 * Delivery is at least once; the server recognises a reading by meter, epoch and time. The current boundary goes before
 * the backlog, one message is in flight, and after a failure the next try waits longer each time, with jitter, so that a
 * street of agents does not return in step.
 */
import { io, type Socket } from 'socket.io-client'
import { z } from 'zod'
import type {
  AgentToServer,
  HelloAnswer,
  MeterMarket,
  ReadingAck,
  ReadingsAnswer,
  ServerToAgent,
  SignedReading,
  Telemetry,
} from '../../contracts/protocol/wire.ts'
import { meterMarketSchema, readingsPerMessage } from '../../contracts/protocol/wire.ts'
import type { MeterSigner } from '../keys/keys.ts'
import { type Outbox, OutboxError } from '../outbox/outbox.ts'
import type { ServerTrust } from './server-http.ts'

/** What the agent signs for; a server that works for anything else gets nothing. */
export interface Pinned {
  chainId: number
  escrow: string
  area: number
  intervalSeconds: number
}

/** What the link tells; each is called when something changes, not for each try. */
export interface LinkEvents {
  connection(connected: boolean, reason: string): void
  /** A meter may send, or why not. */
  meter(meter: string, welcome: boolean, reason: string): void
  acknowledged(readings: readonly ReadingAck[]): Promise<void>
  refused(readings: readonly ReadingAck[]): void
  /** How far the server's clock is ahead of this one, and how exactly that is known. */
  clock(aheadMs: number, uncertainMs: number): void
}

/** What the server says of a meter when it lets it in. */
export type Heard = Pick<Extract<HelloAnswer, { ok: true }>, 'newest' | 'gaps' | 'settledTo' | 'keys'>

export interface LinkOptions {
  serverUrl: string
  trust?: ServerTrust
  pinned: Pinned
  keys: readonly MeterSigner[]
  /** Takes what the server says of a meter; resolves with why nothing of that meter may be sent, or `null`. */
  heard(meter: string, heard: Heard): Promise<string | null>
  /** A hello was refused for its signature; resolves with whether another key can say it. */
  unknownKey(meter: string): Promise<boolean>
  outbox: Outbox
  events: LinkEvents
  /** UTC milliseconds. */
  nowMs: () => number
  /** A random number in [0, 1). */
  random: () => number
}

/** What the link looks like from outside. */
export interface LinkStatus {
  connected: boolean
  /** For each meter, by its address: whether the server welcomed it, and if not, why; and what the market made of it last. */
  meters: Record<string, { welcome: boolean; reason: string; market: MeterMarket | null }>
  sentMessages: number
  resentMessages: number
}

export interface Link {
  /** New readings lie in the outbox. */
  wake(): void
  /** Newest live values; lost when they cannot be sent at once. */
  telemetry(values: Telemetry): void
  /** Asks the server for its time again. */
  checkClock(): void
  status(): LinkStatus
  close(): Promise<void>
}

const answerWithinMs = 10_000
const firstRetryMs = 500
const longestRetryMs = 60_000
/** A server that will not have a meter is asked again after this time, in case its operator has changed something. */
const askAgainMs = 5 * 60_000
/** A server that has let a meter in is asked again after this time how far it is. */
const greetAgainMs = 6 * 3_600_000

const helloAnswerSchema = z.union([
  z.object({
    ok: z.literal(true),
    area: z.number(),
    intervalSeconds: z.number(),
    chainId: z.number(),
    escrow: z.string(),
    serverTimeMs: z.number(),
    newest: z.object({ epoch: z.number(), time: z.number() }),
    gaps: z.array(z.object({ from: z.number(), to: z.number() })),
    settledTo: z.number(),
    keys: z.array(z.object({ key: z.string(), from: z.number() })),
  }),
  z.object({
    ok: z.literal(false),
    code: z.string(),
    message: z.string(),
    retryAfterMs: z.number().nullable(),
    serverTimeMs: z.number().optional(),
  }),
])

const ackSchema = z.object({
  meter: z.string(),
  epoch: z.number(),
  time: z.number(),
  status: z.enum(['stored', 'duplicate', 'refused']),
  code: z.string().optional(),
  message: z.string().optional(),
  retry: z.boolean().optional(),
})
const readingsAnswerSchema = z.union([
  z.object({ ok: z.literal(true), results: z.array(ackSchema) }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string(), retryAfterMs: z.number() }),
])

interface MeterDoor {
  key: MeterSigner
  welcome: boolean
  reason: string
  /** UTC milliseconds before which this meter is left alone. */
  notBeforeMs: number
  failures: number
  asking: boolean
  askTimer: NodeJS.Timeout | null
  market: MeterMarket | null
}

/** Agents spread their sends over this time after a boundary: some seconds, or little of a short interval. */
export function spreadMs(intervalSeconds: number): number {
  return Math.min(10_000, (intervalSeconds * 1000) / 50)
}

/** A wait that doubles with each failure, between half and all of it. */
export function backOffMs(failures: number, random: number, longestMs: number = longestRetryMs): number {
  const most = Math.min(longestMs, firstRetryMs * 2 ** Math.min(failures, 20))
  return most / 2 + (most / 2) * random
}

/** Connects, and keeps connecting for ever, until closed. */
export function openLink(options: LinkOptions): Link {
  const { pinned, outbox, events, nowMs, random } = options
  const intervalMs = pinned.intervalSeconds * 1000
  const longestMs = Math.min(longestRetryMs, Math.max(2000, intervalMs / 2))
  const doors = new Map(
    options.keys.map((key): [string, MeterDoor] => [
      key.address,
      {
        key,
        welcome: false,
        reason: 'not connected',
        notBeforeMs: 0,
        failures: 0,
        asking: false,
        askTimer: null,
        market: null,
      },
    ]),
  )
  const socket: Socket<ServerToAgent, AgentToServer> = io(new URL('/agents', options.serverUrl).href, {
    transports: ['websocket'],
    // Its types are those of browsers.
    ...(options.trust ? { agent: options.trust as unknown as string } : {}),
    forceNew: true,
    reconnectionDelay: firstRetryMs,
    reconnectionDelayMax: longestMs,
    randomizationFactor: 0.5,
    timeout: answerWithinMs,
    autoConnect: false,
  })

  let closed = false
  let connectedBefore: boolean | null = null
  let connections = 0
  let sending: Promise<void> | null = null
  let failures = 0
  let sentMessages = 0
  let resentMessages = 0
  let sendTimer: { at: number; timer: NodeJS.Timeout } | null = null
  const timers = new Set<NodeJS.Timeout>()

  function later(delayMs: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, delayMs)
    timers.add(timer)
    return timer
  }

  function forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    timers.delete(timer)
  }

  /** Sends in `delayMs`, or earlier where that is planned already. */
  function sendIn(delayMs: number): void {
    if (closed) return
    const at = nowMs() + delayMs
    if (sendTimer && sendTimer.at <= at) return
    if (sendTimer) forget(sendTimer.timer)
    sendTimer = {
      at,
      timer: later(delayMs, () => {
        sendTimer = null
        if (!sending) sending = sendAll().finally(() => (sending = null))
      }),
    }
  }

  function setDoor(door: MeterDoor, welcome: boolean, reason: string): void {
    const changed = door.welcome !== welcome || door.reason !== reason
    door.welcome = welcome
    door.reason = reason
    if (changed) events.meter(door.key.address, welcome, reason)
  }

  function setConnected(connected: boolean, reason: string): void {
    if (connected !== connectedBefore) events.connection(connected, reason)
    connectedBefore = connected
  }

  async function sayHello(door: MeterDoor): Promise<void> {
    if (closed || !socket.connected || door.asking) return
    door.asking = true
    if (door.askTimer) forget(door.askTimer)
    door.askTimer = null
    const connection = connections
    try {
      const askedAt = nowMs()
      const hello = door.key.signHello(Math.floor(askedAt / 1000))
      const sentAt = nowMs()
      const reply = await socket
        .timeout(answerWithinMs)
        .emitWithAck('hello', hello)
        .catch(() => null)
      if (closed || connection !== connections) return
      if (reply === null) return refuseDoor(door, 'the server does not answer hello', longestMs)
      const answer = helloAnswerSchema.safeParse(reply)
      if (!answer.success) return refuseDoor(door, 'the server answered hello with something else', longestMs)
      const reason = await reasonToWait(door, answer.data, sentAt)
      if (closed || connection !== connections) return
      if (reason === null) openDoor(door)
      else refuseDoor(door, reason.words, reason.waitMs)
    } catch (error) {
      // What the store cannot take now, it may after it was opened anew.
      if (!(error instanceof OutboxError)) throw error
      if (!closed && connection === connections) refuseDoor(door, error.message, longestMs)
    } finally {
      door.asking = false
      // A connection made while the old one's answer was awaited needs a hello of its own.
      if (connection !== connections) void sayHello(door)
    }
  }

  function tellClock(serverTimeMs: number, sentAt: number): void {
    const now = nowMs()
    events.clock(serverTimeMs - (sentAt + now) / 2, (now - sentAt) / 2)
  }

  async function reasonToWait(
    door: MeterDoor,
    answer: HelloAnswer,
    sentAt: number,
  ): Promise<{ words: string; waitMs: number } | null> {
    const meter = door.key.address
    const wrong = answer.ok ? mismatch(answer, pinned) : null
    if (wrong !== null) return { words: wrong, waitMs: askAgainMs }
    if (answer.serverTimeMs !== undefined) tellClock(answer.serverTimeMs, sentAt)
    if (!answer.ok) {
      const words = `the server refuses this meter: ${answer.code}: ${answer.message}`
      if (answer.code === 'HELLO_SIGNATURE' && (await options.unknownKey(meter))) return { words, waitMs: 0 }
      const waitMs = answer.retryAfterMs === null ? askAgainMs : Math.max(100, answer.retryAfterMs)
      return { words, waitMs: Math.min(waitMs, 10 * askAgainMs) }
    }
    const words = await options.heard(meter, answer)
    return words === null ? null : { words, waitMs: askAgainMs }
  }

  function openDoor(door: MeterDoor): void {
    // One that was let in before keeps the time it was told to wait.
    if (!door.welcome) [door.failures, door.notBeforeMs] = [0, 0]
    setDoor(door, true, 'welcome')
    sendIn(random() * spreadMs(pinned.intervalSeconds))
    if (door.askTimer) forget(door.askTimer)
    door.askTimer = later(greetAgainMs * (1 + random() / 4), () => void sayHello(door))
  }

  function refuseDoor(door: MeterDoor, reason: string, askAgainInMs: number): void {
    setDoor(door, false, reason)
    if (door.askTimer) forget(door.askTimer)
    door.askTimer = later(askAgainInMs * (1 + random() / 4), () => void sayHello(door))
  }

  async function sendAll(): Promise<void> {
    let waitMs: number | null = 0
    while (waitMs === 0 && !closed && socket.connected) {
      try {
        waitMs = await sendOnce()
      } catch (error) {
        // What the store cannot give or take now, it may after it was opened anew.
        if (!(error instanceof OutboxError)) throw error
        waitMs = tryAgain()
      }
    }
    if (waitMs !== null && waitMs > 0) sendIn(waitMs)
  }

  /** Sends one message; returns how long to wait until the next, `null` where nothing is left to send now. */
  async function sendOnce(): Promise<number | null> {
    const now = nowMs()
    const readings = await outbox.waiting({
      limit: readingsPerMessage,
      currentFrom: Math.floor(now / intervalMs) * pinned.intervalSeconds,
      accepts: (meter) => {
        const door = doors.get(meter)
        return door?.welcome === true && door.notBeforeMs <= now
      },
    })
    if (closed || !socket.connected) return null
    if (readings.length === 0) return untilNextDoor(now)
    sentMessages += 1
    if (failures > 0) resentMessages += 1
    let answer: ReadingsAnswer
    try {
      answer = readingsAnswerSchema.parse(await socket.timeout(answerWithinMs).emitWithAck('readings', readings))
    } catch {
      return tryAgain()
    }
    if (!answer.ok) {
      failures += 1
      return Math.min(Math.max(answer.retryAfterMs, 100), askAgainMs) * (1 + random() / 4)
    }
    const results = resultsFor(readings, answer.results)
    if (results.length === 0) return tryAgain()
    failures = 0
    await take(results, readings)
    return 0
  }

  function tryAgain(): number {
    failures += 1
    return backOffMs(failures, random(), longestMs)
  }

  /** Until the first welcome meter that was told to wait may send again. */
  function untilNextDoor(now: number): number | null {
    const waits = [...doors.values()]
      .filter(({ welcome, notBeforeMs, key }) => welcome && notBeforeMs > now && outbox.queued(key.address) > 0)
      .map(({ notBeforeMs }) => notBeforeMs - now)
    return waits.length === 0 ? null : Math.max(1, Math.min(...waits))
  }

  async function take(results: readonly ReadingAck[], sent: readonly SignedReading[]): Promise<void> {
    const settled = results.filter(({ status, retry }) => status !== 'refused' || !retry)
    await outbox.settle(settled, sent)
    const waiting = new Map(
      results.filter((result) => !settled.includes(result)).map((result) => [result.meter, result]),
    )
    for (const [meter, { code, message }] of waiting) {
      const door = doors.get(meter)!
      door.failures += 1
      door.notBeforeMs = nowMs() + backOffMs(door.failures, random(), longestMs)
      if (door.welcome)
        setDoor(door, true, `the server does not take its readings yet: ${code ?? ''}: ${message ?? ''}`)
      // The meter's key has changed on chain: the server says since when.
      if (code === 'READING_KEY') void sayHello(door)
    }
    for (const { meter, status } of settled) {
      const door = doors.get(meter)!
      if (status === 'refused' || waiting.has(meter) || !door.welcome) continue
      door.failures = 0
      door.notBeforeMs = 0
      setDoor(door, true, 'welcome')
    }
    const refused = settled.filter(({ status }) => status === 'refused')
    const acknowledged = settled.filter(({ status }) => status !== 'refused')
    if (refused.length > 0) events.refused(refused)
    if (acknowledged.length > 0) await events.acknowledged(acknowledged)
  }

  socket.on('connect', () => {
    connections += 1
    failures = 0
    setConnected(true, 'connected')
    for (const door of doors.values()) void sayHello(door)
  })
  socket.on('disconnect', (reason) => {
    connections += 1
    setConnected(false, reason)
    for (const door of doors.values()) setDoorSilently(door, 'not connected')
    // The library reconnects by itself, except where the server has sent us away.
    if (!socket.active) reconnectLater()
  })
  socket.on('connect_error', (error) => {
    setConnected(false, error.message)
    if (!socket.active) reconnectLater()
  })

  socket.on('market', (message: unknown) => {
    // It is for display only: what cannot be understood is not shown.
    const market = meterMarketSchema.safeParse(message)
    const door = market.success ? doors.get(market.data.meter) : undefined
    if (market.success && door?.welcome) door.market = market.data
  })

  function setDoorSilently(door: MeterDoor, reason: string): void {
    door.welcome = false
    door.reason = reason
  }

  function reconnectLater(): void {
    if (closed) return
    failures += 1
    later(backOffMs(failures, random(), longestMs), () => {
      if (!closed) socket.connect()
    })
  }

  socket.connect()

  return {
    wake: () => sendIn(random() * spreadMs(pinned.intervalSeconds)),
    telemetry(values) {
      if (socket.connected && doors.get(values.meter)?.welcome) socket.volatile.emit('telemetry', values)
    },
    checkClock() {
      const [door] = doors.values()
      if (door) void sayHello(door)
    },
    status: () => ({
      connected: socket.connected,
      meters: Object.fromEntries(
        [...doors].map(([meter, { welcome, reason, market }]) => [meter, { welcome, reason, market }]),
      ),
      sentMessages,
      resentMessages,
    }),
    async close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      socket.disconnect()
      await sending
    },
  }
}

/** What of a server's answer is not what the agent is pinned to, in words; `null` where all is. */
function mismatch(answer: Extract<HelloAnswer, { ok: true }>, pinned: Pinned): string | null {
  const differences = (
    [
      ['chain', answer.chainId, pinned.chainId],
      ['escrow', answer.escrow.toLowerCase(), pinned.escrow],
      ['area', answer.area, pinned.area],
      ['interval', answer.intervalSeconds, pinned.intervalSeconds],
    ] as const
  ).filter(([, theirs, ours]) => theirs !== ours)
  if (differences.length === 0) return null
  const list = differences.map(([what, theirs, ours]) => `${what} ${theirs} instead of ${ours}`).join(', ')
  return `the server works for another market (${list}): nothing is sent; correct the configuration or the server's address`
}

/** The answers that belong to readings of this message, one each. */
function resultsFor(readings: readonly SignedReading[], results: readonly ReadingAck[]): ReadingAck[] {
  const asked = new Set(readings.map(identity))
  return results.filter((result) => asked.delete(identity(result)))
}

function identity({ meter, epoch, time }: { meter: string; epoch: number; time: number }): string {
  return `${meter}!${epoch}!${time}`
}
