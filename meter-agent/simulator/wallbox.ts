/**
 * A simulated wallbox with a car that always has room: the registers of a KEBA KeContact P30 that matter for charging, over Modbus TCP.
 *
 * Holding registers, 32 bits, high word first: 1000 state (2 ready, 3 charging, 5 suspended), 1004 cable (7: car plugged in and
 * locked), 1020 power in mW, 1036 energy in all in 0.1 Wh. Function 6 writes 5014: 1 allows charging, 0 does not. Sources: the
 * maker's Modbus TCP programmer's guide for the P30, and OpenEMS, which reads 1036 in the same steps.
 */
import { once } from 'node:events'
import net from 'node:net'
import { type ReadRequest, requestReader, tcpFrame } from '../modbus/frames.ts'
import { type RegisterImage, wordsOf } from '../modbus/words.ts'

/** What the home's physics knows of its car. */
export interface Charging {
  powerW: number
  energyMilliWh: number
}

export interface ServedWallbox {
  port: number
  /** Whether charging is allowed: not before somebody has said so. */
  readonly allowed: boolean
  close(): Promise<void>
}

const allowRegister = 5014
const states = { charging: 3, suspended: 5 }
const pluggedAndLocked = 7
const mostRegisters = 125

/** Serves a wallbox on a loopback port; 0 takes a free one. @param read what the car draws at this moment */
export async function serveWallbox(
  { port, unit }: { port: number; unit: number },
  read: () => Charging,
): Promise<ServedWallbox> {
  let allowed = false
  const sockets = new Set<net.Socket>()

  function registers(): RegisterImage {
    const { powerW, energyMilliWh } = read()
    const image: RegisterImage = new Map()
    const put = (address: number, value: number) => {
      for (const [index, word] of wordsOf(BigInt(value), 2).entries()) image.set(address + index, word)
    }
    put(1000, powerW > 0 ? states.charging : states.suspended)
    put(1004, pluggedAndLocked)
    put(1020, Math.round(powerW * 1000))
    put(1036, Math.floor(energyMilliWh / 100))
    return image
  }

  /** Function and what follows it. A write of one register has its value where a read has its count. */
  function answer({ unit: asked, functionCode, address, count }: ReadRequest): Buffer {
    const refuse = (code: number) => Buffer.from([functionCode | 0x80, code])
    if (asked !== unit) return refuse(11)
    if (functionCode === 6) {
      if (address !== allowRegister) return refuse(2)
      if (count > 1) return refuse(3)
      allowed = count === 1
      return Buffer.from([6, address >> 8, address & 0xff, 0, count])
    }
    if (functionCode !== 3) return refuse(1)
    if (count < 1 || count > mostRegisters) return refuse(3)
    const image = registers()
    const words = Array.from({ length: count }, (_, index) => image.get(address + index))
    if (words.some((word) => word === undefined)) return refuse(2)
    return Buffer.from([3, 2 * count, ...words.flatMap((word) => [word! >> 8, word! & 0xff])])
  }

  const server = net.createServer((socket) => {
    const reader = requestReader('tcp')
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const requests = reader(chunk)
      if (requests === null) return socket.destroy()
      for (const request of requests) {
        const pdu = Buffer.concat([Buffer.from([request.unit]), answer(request)])
        socket.write(tcpFrame(request.transactionId ?? 0, pdu))
      }
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    get allowed() {
      return allowed
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
