/**
 * Asks a TCP port short questions to find out what stands behind it: one request at a time, no retries, no patience, in either
 * framing. It says what came back, also when that is no reply: for a scan and for refusals that help.
 */
import net from 'node:net'
import { crc16, type Framing, rtuFrame, tcpFrame } from './frames.ts'

export type ProbeAnswer =
  | { kind: 'registers'; registers: number[] }
  | { kind: 'exception'; code: number }
  /** Nothing came in time. */
  | { kind: 'silence' }
  /** What was sent came back. */
  | { kind: 'echo' }
  /** Bytes came that are no reply to this. */
  | { kind: 'noise' }
  | { kind: 'closed' }

export interface Question {
  unit: number
  functionCode: 3 | 4
  address: number
  count: number
}

const connectMs = 1_500
const mbapSize = 6

/** One connection that is asked question after question; it is made anew when the peer ends it. */
export class Probe {
  readonly #host: string
  readonly #port: number
  readonly #framing: Framing
  #socket: net.Socket | null = null
  #input = Buffer.alloc(0)
  #arrived: (() => void) | null = null
  #transactionId = 0
  /** Questions that were sent. */
  asked = 0

  constructor(host: string, port: number, framing: Framing) {
    this.#host = host
    this.#port = port
    this.#framing = framing
  }

  async ask(question: Question, withinMs: number): Promise<ProbeAnswer> {
    const socket = await this.#connected()
    if (!socket) return { kind: 'closed' }
    this.#input = Buffer.alloc(0)
    this.#transactionId = (this.#transactionId + 1) & 0xffff
    this.asked += 1
    const request = this.#framed(question)
    socket.write(request)
    const untilMs = performance.now() + withinMs
    for (;;) {
      const answer = this.#read(question, request)
      if (answer) return answer
      if (socket.destroyed) return { kind: 'closed' }
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) break
      await this.#wait(leftMs)
    }
    if (this.#input.length === 0) return { kind: 'silence' }
    return this.#input.subarray(0, request.length).equals(request) ? { kind: 'echo' } : { kind: 'noise' }
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  #framed({ unit, functionCode, address, count }: Question): Buffer {
    const pdu = Buffer.alloc(6)
    pdu.writeUInt8(unit, 0)
    pdu.writeUInt8(functionCode, 1)
    pdu.writeUInt16BE(address, 2)
    pdu.writeUInt16BE(count, 4)
    return this.#framing === 'tcp' ? tcpFrame(this.#transactionId, pdu) : rtuFrame(pdu)
  }

  /** The reply to a question in the input; `null` while there is none. */
  #read({ unit, functionCode, count }: Question, request: Buffer): ProbeAnswer | null {
    const echoed = this.#input.subarray(0, request.length).equals(request)
    // A reply to a request for registers is never as long as the request and like it.
    const input = echoed ? this.#input.subarray(request.length) : this.#input
    const at = this.#framing === 'tcp' ? mbapSize : 0
    const size = 3 + 2 * count
    const pdu = input.subarray(at)
    if (this.#framing === 'tcp' && input.length >= mbapSize && input.readUInt16BE(0) !== this.#transactionId)
      return null
    if (pdu.length < 3 || pdu[0] !== unit) return null
    const isException = pdu[1] === (functionCode | 0x80)
    const length = isException ? 3 : size
    if (pdu[1] !== functionCode && !isException) return null
    if (!isException && pdu[2] !== 2 * count) return null
    if (pdu.length < length + (at === 0 ? 2 : 0)) return null
    if (at === 0 && crc16(pdu.subarray(0, length)) !== pdu.readUInt16LE(length)) return null
    if (echoed) return { kind: 'echo' }
    if (isException) return { kind: 'exception', code: pdu[2]! }
    return {
      kind: 'registers',
      registers: Array.from({ length: count }, (_, index) => pdu.readUInt16BE(3 + 2 * index)),
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const probe = this
      function done() {
        clearTimeout(timer)
        probe.#arrived = null
        resolve()
      }
      this.#arrived = done
    })
  }

  async #connected(): Promise<net.Socket | null> {
    if (this.#socket && !this.#socket.destroyed) return this.#socket
    const socket = await connect(this.#host, this.#port)
    this.#socket = socket
    socket?.on('data', (chunk) => {
      this.#input = Buffer.concat([this.#input, chunk])
      this.#arrived?.()
    })
    socket?.on('close', () => this.#arrived?.())
    return socket
  }
}

/** An open connection, or `null` when there is none to be had within a moment. */
function connect(host: string, port: number): Promise<net.Socket | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, noDelay: true })
    const timer = setTimeout(() => fail(), connectMs)
    function fail() {
      clearTimeout(timer)
      socket.destroy()
      resolve(null)
    }
    socket.on('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.on('error', () => socket.destroy())
      socket.on('end', () => socket.destroy())
      resolve(socket)
    })
  })
}

/** Why a TCP port cannot be connected to; `null` where it can. */
export function refusalOf(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const done = (reason: string | null) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reason)
    }
    const timer = setTimeout(() => done('no answer'), connectMs)
    socket.once('connect', () => done(null))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      done(error.code === 'ECONNREFUSED' ? 'connection refused' : error.message.split('\n')[0]!)
    })
  })
}
