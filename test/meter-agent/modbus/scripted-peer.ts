/** A Modbus peer that does what a test tells it. */
import { once } from 'node:events'
import net from 'node:net'
import {
  type Framing,
  type ReadRequest,
  requestReader,
  rtuFrame,
  tcpFrame,
} from '../../../meter-agent/modbus/frames.ts'

/** What a peer does with its n-th request; `connection` counts from 0. */
export type Reaction = (peer: { socket: net.Socket; request: ReadRequest; count: number; connection: number }) => void

/** A Modbus peer on loopback that does exactly what a test tells it. */
export async function scriptedPeer(framing: Framing, react: Reaction) {
  const requests: ReadRequest[] = []
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => {
    const connection = sockets.push(socket) - 1
    const reader = requestReader(framing)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (const request of reader(chunk) ?? []) {
        requests.push(request)
        react({ socket, request, count: requests.length, connection })
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    port,
    requests,
    get connections() {
      return sockets.length
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** A whole reply with these registers. */
export function reply(framing: Framing, request: ReadRequest, registers: number[], unit = request.unit): Buffer {
  const body = Buffer.alloc(3 + registers.length * 2)
  body.writeUInt8(unit, 0)
  body.writeUInt8(request.functionCode, 1)
  body.writeUInt8(registers.length * 2, 2)
  registers.forEach((word, index) => {
    body.writeUInt16BE(word, 3 + index * 2)
  })
  return framing === 'tcp' ? tcpFrame(request.transactionId ?? 0, body) : rtuFrame(body)
}

export function exceptionReply(framing: Framing, request: ReadRequest, code: number): Buffer {
  const body = Buffer.from([request.unit, request.functionCode | 0x80, code])
  return framing === 'tcp' ? tcpFrame(request.transactionId ?? 0, body) : rtuFrame(body)
}
