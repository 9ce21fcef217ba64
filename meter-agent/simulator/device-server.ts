/** Serves simulated Modbus devices on sockets and serial lines, with the faults they are asked for. */
import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { type Framing, type ReadRequest, requestReader, rtuFrame, tcpFrame } from '../modbus/frames.ts'
import type { RegisterImage } from '../modbus/words.ts'
import { profileNamed } from '../profiles/families.ts'
import type { DeviceValues } from './device-values.ts'
import { type Fault, type FaultRequest, FaultyCounters, faultSchema, type RebootPhase } from './faults.ts'
import { deviceRegisters, profileImage } from './profile-image.ts'
import { type SunSpecDescription, sunSpecImage } from './sunspec-image.ts'

/** A device with its own register map to simulate. */
export interface ProfileDescription {
  kind: 'profile'
  name: string
  unit: number
  /** Where the family's grid meter has its own unit id (Victron GX). */
  gridUnit?: number
}

export type DeviceDescription = SunSpecDescription | ProfileDescription

/** A device being served. */
export interface ServedDevice {
  /** The TCP port it listens on. */
  port: number
  /** Begins a fault, ending the one before; `null` ends it. A reset stays. */
  setFault(fault: FaultRequest | null): void
  /** While offline, connections are refused and the open ones are cut. */
  setOffline(offline: boolean): Promise<void>
  close(): Promise<void>
}

interface Registers {
  /** `undefined` where the unit does not exist. */
  of(unit: number, functionCode: number): RegisterImage | undefined
}

type Answer = { registers: number[] } | { exception: number }

const mostRegisters = 125
const portWaitMs = 100
const noiseBytes = Buffer.from([0x00, 0xff, 0x55, 0x13, 0x37])

/**
 * Serves a Modbus device on a loopback port.
 *
 * @param read the device's values at this moment; asked anew for every request
 * @param listen `rtutcp` sends RTU frames over TCP; port 0 takes a free one
 */
export async function serveDevice(
  description: DeviceDescription,
  read: () => DeviceValues,
  listen: { port?: number; transport?: 'tcp' | 'rtutcp' } = {},
): Promise<ServedDevice> {
  const responder = new Responder(description, read)
  const framing: Framing = listen.transport === 'rtutcp' ? 'rtu' : 'tcp'
  const sockets = new Set<net.Socket>()
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  let server = await startServer(listen.port ?? 0)
  const { port } = server.address() as net.AddressInfo
  let offline = false
  let closed = false
  let changing: Promise<void> = Promise.resolve()

  async function startServer(wanted: number): Promise<net.Server> {
    const fresh = net.createServer((socket) => {
      if (responder.refuses) return socket.destroy()
      if (responder.fault?.kind === 'single-client') cutAll()
      sockets.add(socket)
      socket.setNoDelay()
      socket.on('close', () => sockets.delete(socket))
      responder.answer(socket, framing)
    })
    fresh.listen(wanted, '127.0.0.1')
    await once(fresh, 'listening')
    return fresh
  }

  const stopListening = async () => {
    if (!server.listening) return
    const ended = once(server, 'close')
    server.close()
    cutAll()
    await ended
  }

  const setListening = (listening: boolean): Promise<void> => {
    changing = changing.then(async () => {
      if (!listening) await stopListening()
      // While nobody listened, another program may have been given the port: it is waited for.
      while (listening && !server.listening && !closed) {
        await startServer(port).then(
          (fresh) => {
            server = fresh
          },
          () => new Promise((resolve) => setTimeout(resolve, portWaitMs)),
        )
      }
    })
    return changing
  }

  return {
    port,
    setFault(request) {
      const fault = request === null ? null : faultSchema.parse(request)
      responder.setFault(fault)
      if (fault?.kind === 'refuse') cutAll()
      void setListening(fault?.kind !== 'refuse' && !offline)
    },
    setOffline(now) {
      offline = now
      return setListening(!now && responder.fault?.kind !== 'refuse')
    },
    async close() {
      closed = true
      responder.close()
      await changing
      await stopListening()
    },
  }
}

/** A device at the end of a byte stream with RTU frames, such as a serial port. Others may share the stream. */
export function answerOnStream(
  description: DeviceDescription,
  read: () => DeviceValues,
  stream: Duplex,
): Omit<ServedDevice, 'port'> {
  const responder = new Responder(description, read)
  responder.answer(stream, 'rtu')
  return {
    setFault: (request) => responder.setFault(request === null ? null : faultSchema.parse(request)),
    async setOffline(offline) {
      responder.offline = offline
    },
    async close() {
      responder.close()
    },
  }
}

class Responder {
  readonly #description: DeviceDescription
  readonly #read: () => DeviceValues
  readonly #counters = new FaultyCounters()
  readonly #timers = new Set<NodeJS.Timeout>()
  #fault: Fault | null = null
  #faultSinceMs = 0
  /** While offline nothing is answered. */
  offline = false

  constructor(description: DeviceDescription, read: () => DeviceValues) {
    this.#description = description
    this.#read = read
  }

  get fault(): Fault | null {
    return this.#fault
  }

  get refuses(): boolean {
    return this.#fault?.kind === 'refuse' || this.#rebootPhase() === 'closed'
  }

  setFault(fault: Fault | null): void {
    this.#fault = fault
    this.#faultSinceMs = performance.now()
    if (fault) this.#counters.begin(fault, this.#read())
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  /** Answers requests on the stream until it ends. */
  answer(stream: Duplex, framing: Framing): void {
    const reader = requestReader(framing)
    stream.on('error', () => stream.destroy())
    stream.on('data', (chunk: Buffer) => {
      const requests = reader(chunk)
      if (requests === null) return stream.destroy()
      for (const request of requests) this.#answerOne(stream, framing, request)
    })
  }

  #rebootPhase(): RebootPhase {
    if (this.#fault?.kind !== 'reboot') return 'over'
    const third = Math.floor((performance.now() - this.#faultSinceMs) / (this.#fault.seconds * 1000) / (1 / 3))
    return (['sentinels', 'exceptions', 'closed'] as const)[third] ?? 'over'
  }

  #answerOne(stream: Duplex, framing: Framing, request: ReadRequest): void {
    const fault = this.#fault
    const phase = this.#rebootPhase()
    if (this.offline || fault?.kind === 'silence') return
    if (phase === 'closed') {
      stream.destroy()
      return
    }
    const answer = this.#answerTo(request, fault, phase)
    if (answer === null) return
    const bytes = this.#frame(framing, request, answer, fault)
    if (fault?.kind !== 'late') {
      stream.write(bytes)
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (stream.writable) stream.write(bytes)
    }, fault.delayMs)
    this.#timers.add(timer)
  }

  /** `null`: nobody there to answer. */
  #answerTo(request: ReadRequest, fault: Fault | null, phase: RebootPhase): Answer | null {
    if (fault?.kind === 'exception') return { exception: fault.code }
    if (phase === 'exceptions') return { exception: 4 }
    const { unit, functionCode, address, count } = request
    if (functionCode !== 3 && functionCode !== 4) return { exception: 1 }
    const registers = this.#registers(fault, phase)
    const image = registers.of(unit, functionCode)
    if (image === undefined) return request.transactionId === null ? null : { exception: 11 }
    if (count < 1 || count > mostRegisters) return { exception: 3 }
    const wanted = Array.from({ length: count }, (_, index) => image.get(address + index))
    // Like most devices: holes between registers read as "not there", a range of nothing but holes is refused.
    if (wanted.every((word) => word === undefined)) return { exception: 2 }
    const words = wanted.map((word) => word ?? 0xffff)
    return { registers: fault?.kind === 'word-order' ? swapPairs(words) : words }
  }

  #registers(fault: Fault | null, phase: RebootPhase): Registers {
    const values = this.#counters.bend(this.#read(), fault, phase)
    const description = this.#description
    if (description.kind === 'sunspec') {
      const image = sunSpecImage(description, values)
      return { of: (unit, code) => (unit === description.unit ? (code === 3 ? image : new Map()) : undefined) }
    }
    const profile = profileNamed(description.name)
    const image = profileImage(profile, values)
    return {
      of: (unit, code) => {
        if (unit === description.unit) return deviceRegisters(profile, image, code)
        if (unit !== description.gridUnit) return undefined
        return profile.functions.includes(code as 3 | 4) ? image.grid : new Map()
      },
    }
  }

  #frame(framing: Framing, request: ReadRequest, answer: Answer, fault: Fault | null): Buffer {
    const unit = fault?.kind === 'foreign' ? (request.unit + 1) % 248 : request.unit
    const body = bodyOf(request.functionCode, answer)
    const short = fault?.kind === 'short' && 'registers' in answer ? body.subarray(0, -2) : body
    const pdu = Buffer.concat([Buffer.from([unit]), short])
    if (framing === 'rtu') {
      const frame = rtuFrame(pdu)
      if (fault?.kind !== 'noise') return frame
      frame[frame.length - 3]! ^= 0x10
      return Buffer.concat([noiseBytes, frame])
    }
    const transactionId = fault?.kind === 'no-transaction-id' ? 0 : (request.transactionId ?? 0)
    const frame = tcpFrame(transactionId, pdu)
    return fault?.kind === 'noise' ? Buffer.concat([noiseBytes, frame]) : frame
  }
}

function bodyOf(functionCode: number, answer: Answer): Buffer {
  if ('exception' in answer) return Buffer.from([functionCode | 0x80, answer.exception])
  const body = Buffer.alloc(2 + answer.registers.length * 2)
  body.writeUInt8(functionCode, 0)
  body.writeUInt8(answer.registers.length * 2, 1)
  for (const [index, word] of answer.registers.entries()) body.writeUInt16BE(word, 2 + index * 2)
  return body
}

function swapPairs(words: readonly number[]): number[] {
  return words.map((word, index) => words[index ^ 1] ?? word)
}
