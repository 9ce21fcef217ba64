/**
 * The line that a meter sends its telegrams on: opened when it is needed, opened anew after it was lost, listened to all the
 * time, because what is not taken at once has no time. Keeps the newest telegram that is a sample, with when it began.
 */
import { connect } from 'node:net'
import { ModbusError } from '../modbus/error.ts'
import { openSerialStream, type SerialStream, whyUnreachable } from '../modbus/link.ts'
import { type Arrivals, type ArrivalVerdict, judgeArrival, noArrivals } from './arrivals.ts'
import { lineName, type TelegramEndpoint } from './endpoint.ts'
import { TelegramError } from './error.ts'
import type { Framer, MeterTelegram } from './meter-telegram.ts'
import { P1Framer } from './p1.ts'
import { SmlFramer } from './sml.ts'

/** A telegram that is a sample, by the monotonic clock. */
export interface HeardTelegram {
  telegram: MeterTelegram
  beganAtMs: number
  endedAtMs: number
}

const connectDeadlineMs = 5_000
const firstBackOffMs = 1_000
const longestBackOffMs = 60_000
/** It is remembered where at most so many chunks of the stream began: one of them holds the first byte of a telegram. */
const mostChunks = 4_096

/** Why a telegram that arrived well is no sample. */
const passedOver: Record<Exclude<ArrivalVerdict, 'sample'>, string> = {
  repeated: 'the same telegram comes again and again: the gateway repeats an old one',
  late: 'telegrams come late: the gateway hands out what it had kept',
  unconfirmed: 'telegrams without checksum differ in what they hold',
  incomplete: 'the telegrams lack counters that were there before',
}

export class Listener {
  readonly #endpoint: TelegramEndpoint
  readonly #changed: () => void
  #line: SerialStream | null = null
  #opening: Promise<void> | null = null
  #framer: Framer
  #arrivals: Arrivals = noArrivals
  /** Bytes of the stream so far, and where the newest chunks of it began. */
  #taken = 0
  #chunks: { from: number; atMs: number }[] = []
  #failuresInRow = 0
  /** Monotonic: the line is not opened before. */
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #closed = false
  /** The newest sample, until it is taken. */
  #newest: HeardTelegram | null = null
  /** Why there is none; `null` where nothing was heard at all. */
  trouble: TelegramError | null = null

  /** @param changed called whenever there is a sample, or the line was lost */
  constructor(endpoint: TelegramEndpoint, changed: () => void) {
    this.#endpoint = endpoint
    this.#changed = changed
    this.#framer = newFramer(endpoint)
  }

  /** Gives the newest sample once. */
  take(): HeardTelegram | null {
    const newest = this.#newest
    this.#newest = null
    return newest
  }

  /** Opens the line where it is not open. @throws TelegramError `TELEGRAM_UNREACHABLE`, or what broke it until it may be opened again */
  async open(): Promise<void> {
    if (this.#closed) throw new TelegramError('TELEGRAM_CLOSED', 'the line was closed')
    if (this.#line) return
    const waitMs = this.#notBeforeMs - performance.now()
    if (waitMs > 0 && this.trouble) {
      const { code, message } = this.trouble
      throw new TelegramError(code, `${message}; next try in ${Math.ceil(waitMs / 1000)} s`, { cause: this.trouble })
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  /** Bytes have come over the line that is open, whatever they were. */
  get hasHeard(): boolean {
    return this.#taken > 0
  }

  close(): void {
    this.#closed = true
    this.#line?.close()
    this.#line = null
    this.#changed()
  }

  async #open(): Promise<void> {
    let line: SerialStream
    try {
      line = await (this.#endpoint.transport === 'tcp' ? openSocket(this.#endpoint) : openPort(this.#endpoint))
    } catch (error) {
      throw this.#lost(error as TelegramError)
    }
    if (this.#closed) {
      line.close()
      throw new TelegramError('TELEGRAM_CLOSED', 'the line was closed')
    }
    this.#line = line
    this.trouble = null
    this.#framer = newFramer(this.#endpoint)
    this.#taken = 0
    this.#chunks = []
    const dropped = () => {
      if (this.#line !== line) return
      this.#line = null
      line.close()
      this.#lost(
        new TelegramError('TELEGRAM_DROPPED', `${lineName(this.#endpoint)}: the line was closed by the other end`),
      )
      this.#changed()
    }
    line.stream.on('data', (chunk: Buffer) => this.#heard(chunk))
    line.stream.on('error', dropped)
    line.stream.on('end', dropped)
    line.stream.on('close', dropped)
  }

  #lost(error: TelegramError): TelegramError {
    const backOffMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(this.#failuresInRow, 10))
    this.#failuresInRow += 1
    this.#notBeforeMs = performance.now() + backOffMs * (0.75 + Math.random() / 4)
    this.trouble = error
    return error
  }

  #heard(chunk: Buffer): void {
    const atMs = performance.now()
    this.#chunks.push({ from: this.#taken, atMs })
    if (this.#chunks.length > mostChunks) this.#chunks.shift()
    this.#taken += chunk.length
    for (const found of this.#framer.take(chunk)) {
      if (found.kind === 'damage') {
        this.trouble = new TelegramError('TELEGRAM_DAMAGED', `${lineName(this.#endpoint)}: ${found.reason}`)
        continue
      }
      const { telegram, bytes, first } = found
      const beganAtMs = this.#beganAt(first)
      const { arrivals, verdict } = judgeArrival(this.#arrivals, { telegram, bytes, atMs: beganAtMs })
      this.#arrivals = arrivals
      if (verdict === 'sample') {
        this.#newest = { telegram, beganAtMs, endedAtMs: atMs }
        this.#failuresInRow = 0
        this.trouble = null
        this.#changed()
      } else {
        this.trouble = new TelegramError('TELEGRAM_DAMAGED', `${lineName(this.#endpoint)}: ${passedOver[verdict]}`)
      }
    }
    // Only the chunk that the pending telegram began in, and those after it, are asked for again.
    const pendingFrom = this.#taken - this.#framer.pending
    while (this.#chunks.length > 1 && this.#chunks[1]!.from <= pendingFrom) this.#chunks.shift()
  }

  /** When the chunk arrived that a position of the stream lies in. */
  #beganAt(position: number): number {
    const chunk = this.#chunks.findLast(({ from }) => from <= position) ?? this.#chunks[0]!
    return chunk.atMs
  }
}

function newFramer({ language }: TelegramEndpoint): Framer {
  return language === 'p1' ? new P1Framer() : new SmlFramer()
}

function openSocket(endpoint: TelegramEndpoint): Promise<SerialStream> {
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true })
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      clearTimeout(timer)
      socket.destroy()
      const refused = (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED'
      const why = refused
        ? 'connection refused: is this the port that the gateway sends raw telegrams on?'
        : whyUnreachable(cause)
      reject(unreachable(endpoint, why, cause))
    }
    const timer = setTimeout(() => fail(new Error(`no answer within ${connectDeadlineMs} ms`)), connectDeadlineMs)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve({ stream: socket, close: () => socket.destroy() })
    })
  })
}

async function openPort(endpoint: TelegramEndpoint): Promise<SerialStream> {
  try {
    return await openSerialStream(endpoint, connectDeadlineMs)
  } catch (error) {
    if (!(error instanceof ModbusError)) throw error
    throw new TelegramError('TELEGRAM_UNREACHABLE', error.message, { cause: error })
  }
}

function unreachable(endpoint: TelegramEndpoint, why: string, cause: unknown): TelegramError {
  return new TelegramError('TELEGRAM_UNREACHABLE', `${lineName(endpoint)} cannot be reached: ${why}`, { cause })
}
