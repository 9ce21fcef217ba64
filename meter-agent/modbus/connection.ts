/** The one connection to an endpoint: a queue of requests, deadlines, retries and back-off. */
import type { Endpoint } from './endpoint.ts'
import { exceptionError, frameError, ModbusError } from './error.ts'
import { discardInput, endpointName, openTransport, type Transport } from './link.ts'

/** A read of registers; the agent never sends any other function. */
export interface RegisterRequest {
  unit: number
  /** 3: holding registers, 4: input registers. */
  functionCode: 3 | 4
  /** 0-based protocol address. */
  address: number
  /** How many registers, 1 to 125. */
  count: number
  /** How long the reply may take. */
  timeoutMs: number
  /** How often the request is sent in all when the link fails. */
  tries: number
  /** What it asks for stays as it is for as long as the connection does: who the device is, where its models lie. */
  lasting?: boolean
}

export interface RegisterReply {
  registers: number[]
  /** `performance.now()` when the request that was answered left, and when its answer had arrived. */
  requestedAtMs: number
  repliedAtMs: number
}

/** A reply as a watcher is told of it. */
export interface WatchedReply {
  /** Names the endpoint. */
  key: string
  /** Names the connection: what lasts, lasts for one of them. */
  generation: number
  request: RegisterRequest
  reply: RegisterReply
}

const watchers = new Set<(watched: WatchedReply) => void>()

/** Tells of every reply on every connection of the process, until the returned function is called. */
export function watchReplies(watcher: (watched: WatchedReply) => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** What a device's manual asks of its clients. */
export interface Manners {
  /** Between the end of one request and the start of the next. */
  pauseMs: number
  /** How long to wait after connecting, before the first request. */
  settleMs: number
}

/** What has passed over the connection to an endpoint so far. */
export interface LinkCounts {
  /** The endpoint, as messages name it. */
  endpoint: string
  /** Connections that were made: all but the first are reconnects. */
  connects: number
  /** Requests that were sent, repeated ones too. */
  requests: number
  /** Requests that failed, by kind: a `LinkFault`, or `exception-` and the code the device answered with. */
  failures: Record<string, number>
}

const connectDeadlineMs = 5_000
const busyWaitMs = 200
const busyTries = 3
const troubleWaitMs = 500
const firstBackoffMs = 1_000
const longestBackoffMs = 60_000
/** So many requests in a row without an answer (the probes for a SunSpec marker are six), then back off before connecting again. */
const patientFor = 6
const shortestQuietMs = 1_000
const longestDrainMs = 10_000
/** Silence between frames of serial framing: 3.5 characters at 9600 baud. */
const frameGapMs = 4
/** Transaction, protocol and length, before the unit. */
const mbapSize = 6

/**
 * The one connection to an endpoint. All units behind it share its queue, and one request is in flight at a time.
 * After any failure other than an exception reply the connection is dropped and made anew; with serial framing the line
 * must first have been silent, because a late reply would be taken for the reply to the next request.
 */
export class Connection {
  readonly endpoint: Endpoint
  #link: Transport | null = null
  #generation = 0
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false
  readonly #closing = new AbortController()
  #rejectPending: ((error: ModbusError) => void) | null = null
  /** All that wait for a reply, to be told when the connection is closed. */
  readonly #waiting = new Set<(error: ModbusError) => void>()
  #failuresInRow = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #lastFailure: ModbusError | null = null
  #quietNeededMs = 0
  #quietFromMs = 0
  #freeAtMs = Number.NEGATIVE_INFINITY
  #manners: Manners = { pauseMs: 0, settleMs: 0 }
  readonly #answeredUnits = new Set<number>()
  readonly #counts: Omit<LinkCounts, 'endpoint'> = { connects: 0, requests: 0, failures: {} }

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  /** Grows with every new connection: what was learnt about the device on an older one may no longer hold. */
  get generation(): number {
    return this.#link && !this.#link.broken ? this.#generation : this.#generation + 1
  }

  get counts(): LinkCounts {
    return { endpoint: endpointName(this.endpoint), ...this.#counts, failures: { ...this.#counts.failures } }
  }

  /** The strictest manners of all devices behind the endpoint apply to all. */
  adopt(manners: Manners): void {
    this.#manners = {
      pauseMs: Math.max(this.#manners.pauseMs, manners.pauseMs),
      settleMs: Math.max(this.#manners.settleMs, manners.settleMs),
    }
  }

  /**
   * Reads registers once the requests before it are done.
   * @throws ModbusError `MODBUS_EXCEPTION` when the device refuses, `MODBUS_UNREACHABLE`, `MODBUS_DROPPED`, `MODBUS_TIMEOUT`
   *   or `MODBUS_FRAME` when the link failed on every try, `MODBUS_CLOSED` after `close`
   */
  read(request: RegisterRequest): Promise<RegisterReply> {
    if (!Number.isInteger(request.count) || request.count < 1 || request.count > 125) {
      throw new RangeError(`a request reads 1 to 125 registers, not ${request.count}`)
    }
    const result = this.#queue.then(() => this.#readWithRetries(request))
    this.#queue = result.catch(() => {})
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      result.then(resolve, reject).finally(() => this.#waiting.delete(reject))
    })
  }

  /** Ends at once; all that wait are told. */
  close(): void {
    const closed = new ModbusError('MODBUS_CLOSED', 'the connection was closed')
    this.#closed = true
    this.#closing.abort()
    this.#dropLink()
    for (const reject of this.#waiting) reject(closed)
    this.#rejectPending?.(closed)
  }

  async #readWithRetries(request: RegisterRequest): Promise<RegisterReply> {
    const waitMs = this.#notBeforeMs - performance.now()
    if (waitMs > 0 && this.#lastFailure) {
      const { code, message } = this.#lastFailure
      throw new ModbusError(code, `${message}; next try in ${Math.ceil(waitMs / 1000)} s`, { cause: this.#lastFailure })
    }
    let busy = 0
    let trouble = 0
    for (let tried = 1; ; ) {
      try {
        return await this.#attempt(request)
      } catch (error) {
        if (!(error instanceof ModbusError) || this.#closed) throw error
        if (error.exception !== null) {
          const isBusy = error.exception === 5 || error.exception === 6
          const isTrouble = [4, 10, 11].includes(error.exception) && this.#answeredUnits.has(request.unit)
          if (isBusy && ++busy < busyTries) await this.#pause(busyWaitMs)
          else if (isTrouble && ++trouble < request.tries) await this.#pause(troubleWaitMs)
          else throw error
          continue
        }
        if (!error.isLinkFailure || tried++ >= request.tries) throw error
        await this.#pause(this.#notBeforeMs - performance.now())
      }
    }
  }

  async #attempt(request: RegisterRequest): Promise<RegisterReply> {
    try {
      await this.#waitForSilence()
      const link = await this.#openTransport()
      await this.#pause(this.#freeAtMs - performance.now())
      if (link.serialFraming) await this.#forgetInput(link)
      const reply = await this.#exchange(link, request)
      this.#answered(request.unit)
      const watched = { key: this.endpoint.key, generation: this.#generation, request, reply }
      for (const watcher of watchers) watcher(watched)
      return reply
    } catch (error) {
      this.#count(error)
      if (error instanceof ModbusError && error.exception !== null) this.#answered(null)
      else if (error instanceof ModbusError && error.isLinkFailure) this.#failed(error, request)
      throw error
    } finally {
      const gapMs = this.#link?.serialFraming ? frameGapMs : 0
      this.#freeAtMs = performance.now() + Math.max(this.#manners.pauseMs, gapMs)
    }
  }

  #count(error: unknown): void {
    if (!(error instanceof ModbusError)) return
    const kind = error.exception === null ? error.fault : `exception-${error.exception}`
    if (kind !== null) this.#counts.failures[kind] = (this.#counts.failures[kind] ?? 0) + 1
  }

  #answered(unit: number | null): void {
    this.#failuresInRow = 0
    this.#lastFailure = null
    if (unit !== null) this.#answeredUnits.add(unit)
  }

  #failed(error: ModbusError, request: RegisterRequest): void {
    this.#failuresInRow += 1
    this.#lastFailure = error
    const failures = error.code === 'MODBUS_UNREACHABLE' ? this.#failuresInRow : this.#failuresInRow - patientFor
    if (failures >= 1) {
      const longestMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 10))
      this.#notBeforeMs = performance.now() + longestMs * (0.75 + Math.random() / 4)
    }
    if (this.endpoint.transport !== 'tcp' && error.code !== 'MODBUS_UNREACHABLE') {
      this.#quietNeededMs = Math.max(request.timeoutMs, shortestQuietMs)
      this.#quietFromMs = performance.now()
    } else {
      this.#dropLink()
    }
  }

  /** Serial framing, after a failure: lets the line fall silent, listening on the old link, and only then drops it. */
  async #waitForSilence(): Promise<void> {
    if (this.#quietNeededMs === 0) return
    const startedAtMs = performance.now()
    for (;;) {
      const now = performance.now()
      const quietSinceMs = Math.max(this.#quietFromMs, this.#link?.lastByteAtMs ?? Number.NEGATIVE_INFINITY)
      const remainingMs = quietSinceMs + this.#quietNeededMs - now
      if (remainingMs <= 0) break
      if (now - startedAtMs > longestDrainMs) {
        throw new ModbusError('MODBUS_FRAME', `${endpointName(this.endpoint)}: the line never falls silent`, {
          fault: 'unusable-bytes',
        })
      }
      await this.#pause(Math.min(remainingMs, 250))
      this.#assertOpen()
    }
    this.#quietNeededMs = 0
    this.#dropLink()
  }

  /** What came after a reply is nobody's: it must not be there when the next reply is looked for. */
  async #forgetInput(link: Transport): Promise<void> {
    const lastMs = performance.now() + shortestQuietMs
    while (performance.now() < Math.min(lastMs, link.lastByteAtMs + frameGapMs)) await this.#pause(frameGapMs)
    discardInput(link)
  }

  /** Waits; not for long once the connection is closed. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    if (ms <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
    })
  }

  #assertOpen(): void {
    if (this.#closed) throw new ModbusError('MODBUS_CLOSED', 'the connection was closed')
  }

  async #openTransport(): Promise<Transport> {
    this.#assertOpen()
    if (this.#link && !this.#link.broken && this.#link.client.isOpen) return this.#link
    this.#dropLink()
    const link = await openTransport(this.endpoint, connectDeadlineMs, this.#closing.signal)
    if (this.#closed) {
      link.close()
      this.#assertOpen()
    }
    this.#link = link
    this.#counts.connects += 1
    this.#generation += 1
    this.#answeredUnits.clear()
    await this.#pause(this.#manners.settleMs)
    return link
  }

  #dropLink(): void {
    const link = this.#link
    this.#link = null
    if (!link) return
    link.onBroken = null
    link.close()
  }

  #exchange(link: Transport, request: RegisterRequest): Promise<RegisterReply> {
    const { unit, functionCode, address, count, timeoutMs } = request
    const what = `${endpointName(this.endpoint)} unit ${unit}, function ${functionCode}, registers ${address}–${address + count - 1}`
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        link.onBroken = null
        this.#rejectPending = null
      }
      const fail = (error: ModbusError) => {
        settle()
        reject(error)
      }
      if (link.broken) return reject(link.broken)
      link.onBroken = fail
      this.#rejectPending = fail
      link.lastChunk = null
      link.firstChunk = null
      link.sent += 1
      this.#counts.requests += 1
      const requestedAtMs = performance.now()
      const timer = setTimeout(
        () => fail(echoError(link, what, request) ?? timeOutError(link, what, timeoutMs)),
        timeoutMs,
      )
      const onReply = (error: (Error & { modbusCode?: number }) | null, result?: { data: number[] }) => {
        if (this.#rejectPending !== fail) return
        if (error?.modbusCode !== undefined) {
          // The library compares the unit of a value, and of an exception only with serial framing.
          const from = link.frameUnit ?? unit
          if (from === unit) return fail(exceptionError(error.modbusCode, what))
          const message = `${what}: an exception came from unit ${from}`
          return fail(new ModbusError('MODBUS_FRAME', message, { fault: 'wrong-unit' }))
        }
        if (error) return fail(echoError(link, what, request) ?? frameError(what, error))
        const registers = result?.data ?? []
        if (registers.length !== count) {
          const echo = echoError(link, what, request)
          if (echo) return fail(echo)
          const message = `${what}: ${registers.length} registers came back, not ${count}`
          return fail(new ModbusError('MODBUS_FRAME', message, { fault: 'wrong-length' }))
        }
        settle()
        resolve({ registers, requestedAtMs, repliedAtMs: performance.now() })
      }
      if (functionCode === 3) link.client.writeFC3(unit, address, count, onReply)
      else link.client.writeFC4(unit, address, count, onReply)
    })
  }
}

/** The error for a request that came back as it was sent; `null` where it did not. */
function echoError(
  { firstChunk, serialFraming }: Transport,
  what: string,
  request: RegisterRequest,
): ModbusError | null {
  const { unit, functionCode, address, count } = request
  const sent = [unit, functionCode, address >> 8, address & 0xff, count >> 8, count & 0xff]
  const at = serialFraming ? 0 : mbapSize
  const isEcho = firstChunk !== null && sent.every((byte, index) => firstChunk[at + index] === byte)
  return isEcho ? new ModbusError('MODBUS_FRAME', `${what}: the request came back as an echo`, { fault: 'echo' }) : null
}

function timeOutError(link: Transport, what: string, timeoutMs: number): ModbusError {
  const chunk = link.lastChunk
  const foreignId = !link.serialFraming && chunk && chunk.length >= 8 && chunk.readUInt16BE(0) !== link.sent % 256
  const [detail, fault] = foreignId
    ? (['the transaction id was not echoed', 'transaction-id'] as const)
    : chunk
      ? (['only unusable bytes came', 'unusable-bytes'] as const)
      : (['no reply', 'no-reply'] as const)
  return new ModbusError('MODBUS_TIMEOUT', `${what}: ${detail} within ${timeoutMs} ms`, { fault })
}

const connections = new Map<string, { connection: Connection; users: number }>()

/**
 * The process's one connection to an endpoint, made lazily. Every `acquireConnection` needs one `releaseConnection`.
 * Two URLs of one serial port must agree on its line settings; the first one's apply.
 */
export function acquireConnection(endpoint: Endpoint): Connection {
  const entry = connections.get(endpoint.key) ?? { connection: new Connection(endpoint), users: 0 }
  entry.users += 1
  connections.set(endpoint.key, entry)
  return entry.connection
}

/** What has passed over the process's connections that are in use, by endpoint. */
export function linkCounts(): LinkCounts[] {
  return [...connections.values()].map(({ connection }) => connection.counts)
}

/** Gives a connection back; the last one to do so closes it. */
export function releaseConnection(connection: Connection): void {
  const entry = connections.get(connection.endpoint.key)
  if (!entry || entry.connection !== connection) return
  entry.users -= 1
  if (entry.users > 0) return
  connections.delete(connection.endpoint.key)
  connection.close()
}
