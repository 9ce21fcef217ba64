/** A market's server for tests of the agent. */
import { createServer, type Server as HttpServer } from 'node:http'
import { Server } from 'socket.io'
import { keyAt, keysFrom, type LaterKey } from '../../../contracts/protocol/meter-keys.ts'
import type { EscrowDomain } from '../../../contracts/protocol/typed-data.ts'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import type {
  Hello,
  HelloAnswer,
  ReadingAck,
  ReadingsAnswer,
  SignedReading,
  Telemetry,
} from '../../../contracts/protocol/wire.ts'
import { signedReadingSchema } from '../../../contracts/protocol/wire.ts'
import { freePort } from '../../../server/demo/ports.ts'

/** A market's server as agents see it: a real socket.io server that keeps what it is told and can be made to misbehave. */
export class FakeServer {
  readonly pinned: EscrowDomain & { area: number; intervalSeconds: number }
  readonly stored = new Map<string, SignedReading>()
  readonly messages: SignedReading[][] = []
  readonly telemetry: Telemetry[] = []
  hellos = 0
  /** By meter: the keys that followed its first one. */
  readonly keys = new Map<string, LaterKey[]>()
  /** What no agent may do. */
  readonly violations: string[] = []
  /** Instead of the usual answers. */
  answerHello: ((hello: Hello) => HelloAnswer | null) | null = null
  answerReadings: ((readings: SignedReading[]) => ReadingsAnswer | 'silence' | 'store-and-silence' | null) | null = null
  nowMs: () => number = Date.now
  port = 0
  #http: HttpServer | null = null
  #io: Server | null = null

  constructor(pinned: FakeServer['pinned']) {
    this.pinned = pinned
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<this> {
    this.#http = createServer()
    this.#io = new Server(this.#http, { transports: ['websocket'] })
    this.#io.of('/agents').on('connection', (socket) => {
      socket.on('hello', (hello: Hello, answer: (answer: HelloAnswer) => void) => {
        this.hellos += 1
        answer(this.answerHello?.(hello) ?? this.#welcome(hello))
      })
      socket.on('readings', (readings: SignedReading[], answer: (answer: ReadingsAnswer) => void) => {
        this.messages.push(readings)
        const other = this.answerReadings?.(readings) ?? null
        if (other === 'silence') return
        const results =
          other === null || other === 'store-and-silence' ? readings.map((reading) => this.#store(reading)) : []
        if (other === 'store-and-silence') return
        answer(other ?? { ok: true, results })
      })
      socket.on('telemetry', (values: Telemetry) => this.telemetry.push(values))
    })
    const http = this.#http
    // Agents look for it there again after a stop: no connection may have taken the port meanwhile.
    if (this.port === 0) this.port = await freePort()
    await new Promise<void>((resolve) => http.listen(this.port, '127.0.0.1', resolve))
    return this
  }

  /** Tells every agent something of the market. */
  tellMarket(message: unknown): void {
    this.#io?.of('/agents').emit('market', message)
  }

  /** Sends every agent away. */
  dropConnections(): void {
    this.#io?.of('/agents').disconnectSockets(true)
  }

  async stop(): Promise<void> {
    await this.#io?.close()
  }

  #welcome({ meter, time, signature }: Hello): HelloAnswer {
    const keys = this.keys.get(meter) ?? []
    const signer = recoverSigner(this.pinned, 'AgentHello', { meter, time }, signature)
    if (!keysFrom(meter, keys, time).includes(signer)) {
      if (signer !== meter) this.violations.push('a forged hello')
      return { ok: false, code: 'HELLO_SIGNATURE', message: 'another key', retryAfterMs: 60_000 }
    }
    const own = [...this.stored.values()].filter((reading) => reading.meter === meter)
    const newest = own.sort((a, b) => a.epoch - b.epoch || a.time - b.time).at(-1)
    const { epoch = 0, time: newestTime = 0 } = newest ?? {}
    return {
      ok: true,
      ...this.pinned,
      serverTimeMs: this.nowMs(),
      newest: { epoch, time: newestTime },
      gaps: [],
      settledTo: 0,
      keys,
    }
  }

  #store(reading: SignedReading): ReadingAck {
    const { signature, sequence: _s, productionWh: _p, reasons: _r, ...signed } = signedReadingSchema.parse(reading)
    const { meter, epoch, time } = reading
    const signer = recoverSigner(this.pinned, 'Reading', signed, signature)
    const keys = this.keys.get(meter) ?? []
    if (signer !== keyAt(meter, keys, time)) {
      const isOwn = signer === meter || keys.some(({ key }) => key === signer)
      if (!isOwn) this.violations.push('a forged reading')
      return { meter, epoch, time, status: 'refused', code: 'READING_KEY', message: 'another key', retry: true }
    }
    const id = `${meter} ${epoch} ${time}`
    const known = this.stored.get(id)
    if (known && valuesOf(known) !== valuesOf(reading))
      this.violations.push(`two signed values for one boundary: ${id}`)
    this.stored.set(id, reading)
    return { meter, epoch, time, status: known ? ('duplicate' as const) : ('stored' as const) }
  }
}

function valuesOf({ importWh, exportWh, quality }: SignedReading): string {
  return `${importWh} ${exportWh} ${quality}`
}
