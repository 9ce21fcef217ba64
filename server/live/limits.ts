/** Limits of sockets: how many, how large, and how far one may fall behind. */

import type { Server, ServerOptions, Socket } from 'socket.io'
import type { NetworkOf } from '../api/addresses.ts'
import { createAllowance } from '../api/allowance.ts'
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
    // What asks for another protocol elsewhere is answered (`patient-server.ts`), and may take longer than a second.
    destroyUpgrade: false,
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
/** A packet counts as one more for each of these bytes: it is read before anybody knows what it is. */
const bytesOfOne = 4_096
/** Packets of all connections of one network that have not shown who they are. */
const mostOfStrangers = 12_000
/** The first small packets of a connection are free, so that a neighbour's flood keeps nobody from saying who it is. */
const freePackets = 8
/** Packets that may wait for one client: a page that reads none for minutes is disconnected and connects again by itself. */
const mostWaitingPackets = 500

/**
 * Closes a connection that sends more packets than anybody needs to. They are counted before socket.io looks at them: one
 * polling request holds twenty thousand that each ask for a namespace, which took two seconds of everybody's time.
 */
export function limitPackets(io: Server, networkOf: NetworkOf, nowMs: () => number = () => performance.now()): void {
  const ofStrangers = createAllowance({ mostPerMinute: mostOfStrangers, done: 'strangers of one address may send' })
  const eachMs = 1_000 / packets.perSecond
  io.engine.on('connection', (connection: Socket['conn']) => {
    const network = networkOf(connection.request)
    let connects = 0
    let messages = 0
    let usedUntilMs = 0

    function isOneOfTooMany(count: number, atMs: number): boolean {
      messages += 1
      if ((messages <= freePackets && count === 1) || trusted.has(connection)) return false
      try {
        ofStrangers.check(network, atMs)
        ofStrangers.charge(network, atMs, count)
        return false
      } catch {
        return true
      }
    }

    connection.on('packet', ({ type, data }) => {
      const atMs = nowMs()
      const count = 1 + Math.floor((data?.length ?? 0) / bytesOfOne)
      usedUntilMs = Math.max(usedUntilMs, atMs) + count * eachMs
      const isMessage = type === 'message'
      if (isMessage && typeof data === 'string' && data.startsWith(connectPacket)) connects += 1
      const isTooMuch = connects > mostConnects || usedUntilMs - atMs > packets.atOnce * eachMs
      // What follows in the same request is not looked at any more.
      if (isTooMuch || (isMessage && isOneOfTooMany(count, atMs))) hangUp(connection)
    })
  })
}

/** Connections that have shown who they are. */
const trusted = new WeakSet<Socket['conn']>()

/** Gives a connection that has shown who it is the limits of its own alone. */
export function trustConnection({ conn }: Socket): void {
  trusted.add(conn)
}

/** Ends a connection at once: `close` alone would wait half a minute for the client's consent, and read what it sends meanwhile. */
function hangUp(connection: Socket['conn']): void {
  const { socket } = connection.transport as { socket?: { terminate(): void } }
  connection.close(true)
  socket?.terminate()
}

/** The first character of a packet that asks for a namespace. */
const connectPacket = '0'

/** Disconnects a client that does not read what is sent to it; `dropped` is called then. */
export function dropWhenSlow(socket: Pick<Socket, 'conn' | 'once'>, dropped: () => void): void {
  let waiting = 0
  const count = () => {
    waiting += 1
    if (waiting !== mostWaitingPackets) return
    dropped()
    hangUp(socket.conn)
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
