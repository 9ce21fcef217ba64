/**
 * Lets others read what the agent reads: many devices take one Modbus client only. A Modbus TCP server that answers from memory and
 * never asks a device anything, so that nobody who reads here can disturb metering. Under a device's unit id stand its registers as
 * it answered them lately; under a unit id of its own the home as a SunSpec device. Nothing can be written.
 */
import { createServer, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { listenTrouble } from '../../contracts/protocol/listen-trouble.ts'
import { version } from '../../package.json' with { type: 'json' }
import type { AgentStatus } from '../home/status.ts'
import { watchReplies } from '../modbus/connection.ts'
import { type ReadRequest, requestReader, tcpFrame } from '../modbus/frames.ts'
import { ConfigError } from '../setup/config.ts'
import type { ProxyConfig } from '../setup/proxy-units.ts'
import { RegisterCache } from './register-cache.ts'
import { sunSpecView, viewBase } from './sunspec-view.ts'

export interface ProxyParts {
  status: () => AgentStatus
  log: Logger
  /** Monotonic milliseconds, as `performance.now()`. */
  monotonicMs?: () => number
}

export interface RunningProxy {
  port: number
  close(): Promise<void>
}

type Answer = number[] | { exception: number }

const illegalFunction = { exception: 1 }
const noSuchRegister = { exception: 2 }
const badCount = { exception: 3 }
const noPath = { exception: 10 }
const noFreshAnswer = { exception: 11 }
const mostRegisters = 125

/** A client that says nothing for so long is gone. */
const idleMs = 120_000
/** So many requests of one client are answered in a turn; more wait where they are. */
const requestsPerTurn = 20
const turnMs = 100
/** A client that leaves more than this unread is disconnected. */
const mostUnreadBytes = 32 * 1024
/** A home's registers are drawn anew this often at most. */
const viewHoldsMs = 250

/** Serves until closed. Throws a `ConfigError` where the address cannot be listened on. */
export async function startProxy(proxy: ProxyConfig, parts: ProxyParts): Promise<RunningProxy> {
  const { status, log, monotonicMs = () => performance.now() } = parts
  const cache = new RegisterCache()
  const unwatch = watchReplies((watched) => cache.take(watched))
  const views = new Map<number, { words: number[] | null; untilMs: number }>()

  function viewOf(unit: number, meter: number): number[] | null {
    const known = views.get(unit)
    const nowMs = monotonicMs()
    if (known && nowMs < known.untilMs) return known.words
    const words = sunSpecView(status().meters[meter]!, { unit, version })
    views.set(unit, { words, untilMs: nowMs + viewHoldsMs })
    return words
  }

  function answer({ unit, functionCode, address, count }: ReadRequest): Answer {
    if (functionCode !== 3 && functionCode !== 4) return illegalFunction
    if (count < 1 || count > mostRegisters) return badCount
    const served = proxy.units.get(unit)
    if (!served) return noPath
    if (served.kind === 'home') {
      const words = viewOf(unit, served.meter)
      if (words === null) return noFreshAnswer
      const first = address - viewBase
      return first < 0 || first + count > words.length ? noSuchRegister : words.slice(first, first + count)
    }
    const range = { functionCode, address, count }
    const cached = cache.read(served, range, { nowMs: monotonicMs(), maxAgeMs: served.maxAgeMs })
    return cached === 'unknown' ? noSuchRegister : cached === 'stale' ? noFreshAnswer : cached
  }

  const clients = new Clients(proxy.connections)
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    clients.admit(socket)
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    serveClient(socket, (request) => {
      clients.noteAnswer(socket)
      return answer(request)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      unwatch()
      const problem = `the proxy cannot begin: ${listenTrouble(error, { setting: 'in [proxy]' })}`
      reject(new ConfigError('CONFIG_INVALID', [problem], error))
    })
    server.listen(proxy.port, proxy.host, resolve)
  })
  // What goes wrong with accepting is nobody's trouble but the client's.
  server.on('error', (error) => log.warn({ reason: error.message }, 'the Modbus proxy cannot take a client'))
  const { port } = server.address() as { port: number }
  const units = Object.fromEntries([...proxy.units].map(([unit, { name }]) => [unit, name]))
  log.info({ host: proxy.host, port, units }, 'Modbus proxy')
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        unwatch()
        server.close(() => resolve())
        for (const socket of clients.all()) socket.destroy()
      }),
  }
}

/**
 * Who has a place. Where there are too few, whoever comes gets that of the client that was answered longest ago, among those of the
 * address with the most: so nobody keeps places from others by holding them, or by coming again and again from one address.
 */
class Clients {
  readonly #most: number
  /** By address; of each the one that was answered longest ago comes first. */
  readonly #byAddress = new Map<string, Set<Socket>>()
  /** A socket that is closed knows its address no more. */
  readonly #addressOf = new WeakMap<Socket, string>()

  constructor(most: number) {
    this.#most = most
  }

  all(): Socket[] {
    return [...this.#byAddress.values()].flatMap((own) => [...own])
  }

  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const before = [...this.#byAddress.values()]
    if (before.reduce((sum, { size }) => sum + size, 0) >= this.#most) {
      const [longestAgo] = before.reduce((most, own) => (own.size > most.size ? own : most))
      this.#leave(longestAgo!)
      longestAgo!.destroy()
    }
    const own = this.#byAddress.get(address) ?? new Set()
    this.#byAddress.set(address, own.add(socket))
    this.#addressOf.set(socket, address)
    socket.once('close', () => this.#leave(socket))
  }

  noteAnswer(socket: Socket): void {
    const own = this.#byAddress.get(this.#addressOf.get(socket) ?? '')
    if (own?.delete(socket)) own.add(socket)
  }

  #leave(socket: Socket): void {
    const address = this.#addressOf.get(socket)!
    const own = this.#byAddress.get(address)
    own?.delete(socket)
    if (own?.size === 0) this.#byAddress.delete(address)
  }
}

/** Answers a client's requests in order; one that asks faster than it may waits in its own socket. */
function serveClient(socket: Socket, answer: (request: ReadRequest) => Answer): void {
  const reader = requestReader('tcp')
  let waiting: ReadRequest[] = []
  let left = requestsPerTurn
  let refilling: NodeJS.Timeout | null = null

  function work(): void {
    for (const request of waiting.splice(0, left)) {
      left -= 1
      socket.write(tcpFrame(request.transactionId ?? 0, bodyOf(request, answer(request))))
    }
    if (socket.writableLength > mostUnreadBytes) return void socket.destroy()
    refilling ??= setTimeout(() => {
      refilling = null
      left = requestsPerTurn
      if (waiting.length > 0) work()
    }, turnMs)
    if (waiting.length > 0) socket.pause()
    else socket.resume()
  }

  socket.on('data', (chunk) => {
    const requests = reader(chunk)
    if (requests === null) return void socket.destroy()
    waiting = waiting.concat(requests)
    if (waiting.length > 0) work()
  })
  socket.on('close', () => {
    if (refilling) clearTimeout(refilling)
    waiting = []
  })
}

function bodyOf({ unit, functionCode }: ReadRequest, answer: Answer): Buffer {
  if ('exception' in answer) return Buffer.from([unit, functionCode | 0x80, answer.exception])
  const body = Buffer.alloc(3 + answer.length * 2)
  body.set([unit, functionCode, answer.length * 2])
  for (const [index, word] of answer.entries()) body.writeUInt16BE(word, 3 + index * 2)
  return body
}
