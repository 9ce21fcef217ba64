/**
 * Devices as people met them, described in JSON and played back: fixed registers and moving counters by unit, the function
 * codes they serve, other registers for a while, and the ways in which they or their gateways misbehave. Played to a reader in
 * this process, or on a loopback port to the real programs.
 */
import { once } from 'node:events'
import net from 'node:net'
import type { RegisterReply, RegisterRequest } from '../../../meter-agent/modbus/connection.ts'
import { exceptionError, ModbusError } from '../../../meter-agent/modbus/error.ts'
import { rtuFrame, tcpFrame } from '../../../meter-agent/modbus/frames.ts'
import type { RegisterSource } from '../../../meter-agent/modbus/register-source.ts'
import { words } from '../modbus/register-table.ts'

export interface Block {
  address: number
  registers: string
  /** Function codes; by default the device's. */
  fc?: number[]
}

/** A value that moves: `start + perSecond × seconds + jumps`. */
export interface Moving {
  address: number
  type: 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'f32'
  /** Low word first. */
  le?: boolean
  start: number
  perSecond?: number
  /** `[second, by]`: added from that second on. */
  jumps?: [number, number][]
  /** Shows only multiples of this. */
  step?: number
}

export interface FieldUnit {
  unit: number
  blocks?: Block[]
  moving?: Moving[]
  /** Other registers from a second on. */
  from?: { second: number; blocks: Block[] }[]
  /** Other registers between two seconds. */
  windows?: { from: number; to: number; blocks: Block[] }[]
}

export interface Quirks {
  /** The word of a register when it is asked for by itself, by address. */
  alone?: Record<string, string>
  /** The exception for a function code that is not served; 1 by default. */
  otherFunction?: number
  /** The exception for units that are not there; 11 by default, `null`: silence. */
  otherUnit?: number | null
  /** Whatever the unit id, the first unit answers. */
  ignoresUnit?: boolean
  /** Never answers for registers it does not have. */
  silentHoles?: boolean
  /** An adapter repeats each request before the reply comes; `only`: instead of one. */
  echo?: 'before' | 'only'
  /** Every reply is the one to the request before. */
  replays?: boolean
  /** What the wire speaks. */
  framing?: 'tcp' | 'rtu'
}

export interface FieldCase {
  id: string
  /** What people saw, in our own words. */
  what: string
  source?: string
  profile: string
  fc: number[]
  unit?: number
  units: FieldUnit[]
  quirks?: Quirks
  arguments?: string[]
  read?: {
    reading?: Record<string, Expected>
    refused?: boolean
    mayRefuse?: boolean
    says?: string
  }
  run?: { seconds: number; sold: Partial<Record<'importWh' | 'exportWh', [number, number]>>; nameplateW?: number }
}

export type Expected =
  | number
  | null
  | { anyOf?: (number | null | { atMost: number })[]; atMost?: number; atLeast?: number }

type Answer = { registers: number[] } | { exception: number } | 'silence'

/** A device that answers requests for registers at a time. */
export class FieldDevice {
  readonly fieldCase: FieldCase
  constructor(fieldCase: FieldCase) {
    this.fieldCase = fieldCase
  }

  answer({ unit, functionCode, address, count }: Omit<RegisterRequest, 'timeoutMs' | 'tries'>, second: number): Answer {
    const { units, fc, quirks = {} } = this.fieldCase
    const found = quirks.ignoresUnit ? units[0] : units.find((one) => one.unit === unit)
    if (!found) return quirks.otherUnit === null ? 'silence' : { exception: quirks.otherUnit ?? 11 }
    const alone = quirks.alone?.[String(address)]
    const served = fc.includes(functionCode) || (found.blocks ?? []).some((block) => block.fc?.includes(functionCode))
    if (!served) return { exception: quirks.otherFunction ?? 1 }
    if (alone !== undefined && count === 1) return { registers: words(alone) }
    const table = this.#registers(found, functionCode, second)
    const registers = Array.from({ length: count }, (_, index) => table.get(address + index))
    if (registers.every((word) => word !== undefined)) return { registers: registers as number[] }
    return quirks.silentHoles ? 'silence' : { exception: 2 }
  }

  #registers(found: FieldUnit, functionCode: number, second: number): Map<number, number> {
    const table = new Map<number, number>()
    const put = (block: Block) => {
      if (!(block.fc ?? this.fieldCase.fc).includes(functionCode)) return
      for (const [index, word] of words(block.registers).entries()) table.set(block.address + index, word)
    }
    for (const block of found.blocks ?? []) put(block)
    for (const moving of found.moving ?? []) {
      if (!this.fieldCase.fc.includes(functionCode)) continue
      for (const [index, word] of movingWords(moving, second).entries()) table.set(moving.address + index, word)
    }
    for (const { second: at, blocks } of found.from ?? []) if (second >= at) blocks.forEach(put)
    for (const { from, to, blocks } of found.windows ?? []) if (second >= from && second < to) blocks.forEach(put)
    return table
  }
}

function movingWords({ type, le = false, start, perSecond = 0, jumps = [], step }: Moving, second: number): number[] {
  const jumped = jumps.reduce((sum, [at, by]) => (second >= at ? sum + by : sum), 0)
  const exact = start + perSecond * second + jumped
  const value = step === undefined ? exact : Math.floor(exact / step) * step
  const bits = Number(type.slice(1))
  const view = new DataView(new ArrayBuffer(8))
  if (type === 'f32') view.setFloat32(0, value)
  else if (bits === 16) view.setUint16(0, Math.floor(value) & 0xffff)
  else if (bits === 32) view.setUint32(0, Math.floor(value) >>> 0)
  else view.setBigUint64(0, BigInt(Math.floor(value)))
  const all = Array.from({ length: bits / 16 }, (_, index) => view.getUint16(index * 2))
  return le ? all.reverse() : all
}

/** A source of registers that asks the device in this process; the second is what the test says it is. */
export function sourceOf(
  device: FieldDevice,
  second: () => number = () => 0,
): RegisterSource & { requests: RegisterRequest[] } {
  const requests: RegisterRequest[] = []
  return {
    generation: 1,
    requests,
    async read(request): Promise<RegisterReply> {
      requests.push(request)
      const what = `unit ${request.unit}, function ${request.functionCode}, registers ${request.address}+${request.count}`
      const answer = device.answer(request, second())
      if (answer === 'silence') throw new ModbusError('MODBUS_TIMEOUT', `${what}: no reply`, { fault: 'no-reply' })
      if ('exception' in answer) throw exceptionError(answer.exception, what)
      return { registers: answer.registers, requestedAtMs: requests.length, repliedAtMs: requests.length + 0.5 }
    },
  }
}

/** Serves the device on a loopback port; its seconds count from now. */
export async function serveField(
  fieldCase: FieldCase,
  port = 0,
): Promise<{ port: number; asked: () => number; close(): Promise<void> }> {
  const device = new FieldDevice(fieldCase)
  const { framing = 'tcp', echo, replays } = fieldCase.quirks ?? {}
  const startMs = performance.now()
  const sockets = new Set<net.Socket>()
  let asked = 0
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    let input = Buffer.alloc(0)
    let last: Buffer | null = null
    socket.on('data', (chunk) => {
      input = Buffer.concat([input, chunk])
      const size = framing === 'tcp' ? 12 : 8
      while (input.length >= size) {
        const frame = input.subarray(0, size)
        input = input.subarray(size)
        asked += 1
        const at = framing === 'tcp' ? 6 : 0
        const request = {
          unit: frame.readUInt8(at),
          functionCode: frame.readUInt8(at + 1) as 3 | 4,
          address: frame.readUInt16BE(at + 2),
          count: frame.readUInt16BE(at + 4),
        }
        // A device with another framing sees no request of its own in this.
        if (framing === 'tcp' && frame.readUInt16BE(2) !== 0) continue
        if (framing === 'rtu' && !rtuFrame(frame.subarray(0, 6)).equals(frame)) continue
        if (echo) socket.write(frame)
        if (echo === 'only') continue
        const answer = device.answer(request, (performance.now() - startMs) / 1000)
        if (answer === 'silence') continue
        const body =
          'exception' in answer
            ? Buffer.from([request.functionCode | 0x80, answer.exception])
            : Buffer.concat([
                Buffer.from([request.functionCode, answer.registers.length * 2]),
                Buffer.from(answer.registers.flatMap((word) => [word >> 8, word & 0xff])),
              ])
        const pdu = Buffer.concat([Buffer.from([request.unit]), body])
        const sent = replays && last && 'registers' in answer && last.length === pdu.length ? last : pdu
        last = pdu
        socket.write(framing === 'tcp' ? tcpFrame(frame.readUInt16BE(0), sent) : rtuFrame(sent))
      }
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    asked: () => asked,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Why a value is not what is expected; `null` where it is. Energies within a Wh, powers within half a W. */
export function mismatch(field: string, value: number | null, expected: Expected): string | null {
  const slack = field.endsWith('Wh') ? 1 : 0.51
  const fits = (one: Expected): boolean => {
    if (one === null || typeof one === 'number') {
      return one === null ? value === null : value !== null && Math.abs(value - one) <= slack
    }
    if (one.anyOf) return one.anyOf.some((candidate) => fits(candidate as Expected))
    if (one.atLeast !== undefined && (value === null || value < one.atLeast)) return false
    return one.atMost === undefined || (value !== null && Math.abs(value) <= one.atMost)
  }
  return fits(expected) ? null : `${field} is ${value}, expected ${JSON.stringify(expected)}`
}
