/** Limits of sockets: how many, how large, and how far one may fall behind. */

import type { Server, ServerOptions, Socket } from 'socket.io'
import type { Door } from '../api/door.ts'
import type { IsOwnHost, SenderOf } from '../api/hosts.ts'

/** For the socket.io server that both namespaces share: a message of 100 readings has about 45 kB. */
export function socketOptions(
  isOwnHost: IsOwnHost,
  senderOf: SenderOf,
  admits: Door['admits'],
): Partial<ServerOptions> {
  return {
    maxHttpBufferSize: 256 * 1024,
    pingInterval: 20_000,
    pingTimeout: 20_000,
    connectTimeout: 10_000,
    serveClient: false,
    // A socket is read as well as written, and no other site's page may do either.
    allowRequest(request, answer) {
      answer(null, isOwnHost(request) && senderOf(request) !== 'foreign' && admits(request))
    },
  }
}

/** Packets by which a connection asks for a namespace: there are two. */
const mostConnects = 8
/** Packets of one connection: so many at once, and so many a second in the long run. */
const packets = { atOnce: 2_000, perSecond: 500 }
/** Packets that may wait for one client; a page that reads none for minutes is let go and resumes by itself. */
const mostWaitingPackets = 500

/**
 * Closes a connection that sends more packets than anybody needs to. They are counted before socket.io looks at them: one
 * polling request holds twenty thousand that each ask for a namespace, which took two seconds of everybody's time.
 */
export function limitPackets(io: Server, nowMs: () => number = () => performance.now()): void {
  io.engine.on('connection', (connection: Socket['conn']) => {
    let connects = 0
    let usedUntilMs = 0
    const eachMs = 1_000 / packets.perSecond
    connection.on('packet', ({ type, data }) => {
      const atMs = nowMs()
      usedUntilMs = Math.max(usedUntilMs, atMs) + eachMs
      if (type === 'message' && typeof data === 'string' && data.startsWith(connectPacket)) connects += 1
      // What follows in the same request is not looked at any more.
      if (connects > mostConnects || usedUntilMs - atMs > packets.atOnce * eachMs) connection.close(true)
    })
  })
}

/** The first character of a packet that asks for a namespace. */
const connectPacket = '0'

/** Lets a client go that does not read what is sent to it; `dropped` is called then. */
export function dropWhenSlow(socket: Pick<Socket, 'conn' | 'once' | 'request'>, dropped: () => void): void {
  let waiting = 0
  const count = () => {
    waiting += 1
    if (waiting !== mostWaitingPackets) return
    dropped()
    socket.conn.close(true)
    socket.request.socket.destroy() // Closing alone waits half a minute for the client's consent.
  }
  const read = () => {
    waiting = 0
  }
  socket.conn.on('packetCreate', count)
  socket.conn.on('drain', read)
  socket.once('disconnect', () => {
    socket.conn.off('packetCreate', count)
    socket.conn.off('drain', read)
  })
}

/** An error for a refused connection; the client finds the code in `error.data.code`. */
export function connectError(code: string, message: string): Error {
  return Object.assign(new Error(message), { data: { code } })
}
