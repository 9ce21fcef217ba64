/** A client that does not read is let go; its neighbours do not notice. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { io as connect, type Socket } from 'socket.io-client'
import { expect, test, vi } from 'vitest'
import { dropWhenSlow, socketOptions } from '../../server/live/limits.ts'
import { patiently } from '../patience.ts'

test('a page that stops reading is dropped while another receives everything', async () => {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const io = new Server(
    http,
    socketOptions(
      () => true,
      () => 'own',
      () => true,
    ),
  )
  const dropped: string[] = []
  io.on('connection', (socket) => dropWhenSlow(socket, () => dropped.push(socket.id)))
  const open = async () => {
    const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const socket = connect(address, { transports: ['websocket'], forceNew: true, reconnection: false })
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    return socket
  }
  const [stalled, reading] = [await open(), await open()]
  const stalledId = stalled.id
  let received = 0
  reading.on('interval', () => {
    received += 1
  })
  pauseReading(stalled)

  let sent = 0
  await vi.waitFor(
    () => {
      io.emit('interval', 'x'.repeat(16_384))
      sent += 1
      expect(dropped).toEqual([stalledId])
    },
    { ...patiently, interval: 0 },
  )
  await vi.waitFor(() => expect(received).toBe(sent), patiently)
  expect(io.sockets.sockets.size).toBe(1)
  reading.close()
  stalled.close()
  await io.close()
})

/** Stops reading from the connection below the websocket, as a frozen machine does. */
function pauseReading(socket: Socket): void {
  const { ws } = socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } }
  ws._socket.pause()
}
