import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import type { EscrowDomain } from '../../../contracts/typed-data.ts'
import { recoverSigner } from '../../../contracts/typed-data.ts'
import type { Hello, HelloAnswer, ReadingsAnswer, SignedReading, Telemetry } from '../../../contracts/wire.ts'
import { signedReadingSchema } from '../../../contracts/wire.ts'

/** A market's server as agents see it: a real socket.io server that keeps what it is told and can be made to misbehave. */
export class FakeServer {
  readonly pinned: EscrowDomain & { area: number; intervalSeconds: number }
  readonly stored = new Map<string, SignedReading>()
  readonly messages: SignedReading[][] = []
  readonly telemetry: Telemetry[] = []
  hellos = 0
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
        const { meter, time } = hello
        if (recoverSigner(this.pinned, 'AgentHello', { meter, time }, hello.signature) !== meter)
          this.violations.push('a forged hello')
        answer(this.answerHello?.(hello) ?? { ok: true, ...this.pinned, serverTimeMs: this.nowMs() })
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
    await new Promise<void>((resolve) => http.listen(this.port, '127.0.0.1', resolve))
    this.port = (http.address() as AddressInfo).port
    return this
  }

  /** Sends every agent away. */
  dropConnections(): void {
    this.#io?.of('/agents').disconnectSockets(true)
  }

  async stop(): Promise<void> {
    await this.#io?.close()
  }

  #store(reading: SignedReading) {
    const { signature, sequence: _s, productionWh: _p, reasons: _r, ...signed } = signedReadingSchema.parse(reading)
    if (recoverSigner(this.pinned, 'Reading', signed, signature) !== reading.meter)
      this.violations.push('a forged reading')
    const { meter, epoch, time } = reading
    const id = `${meter} ${epoch} ${time}`
    const known = this.stored.get(id)
    if (known && known.signature !== signature) this.violations.push(`two signed values for one boundary: ${id}`)
    this.stored.set(id, reading)
    return { meter, epoch, time, status: known ? ('duplicate' as const) : ('stored' as const) }
  }
}
