/** Limits of sockets: how many, how large, and how far one may fall behind. */
import type { Namespace, ServerOptions, Socket } from 'socket.io'

/** For the socket.io server that both namespaces share: a message of 100 readings has about 45 kB. */
export const socketOptions = {
  maxHttpBufferSize: 256 * 1024,
  pingInterval: 20_000,
  pingTimeout: 20_000,
  connectTimeout: 10_000,
  serveClient: false,
} satisfies Partial<ServerOptions>

const mostConnections = 10_000
/** Packets that may wait for one client; a page that reads none for minutes is let go and resumes by itself. */
const mostWaitingPackets = 500

/** Refuses connections beyond the limit with `SOCKETS_FULL`. */
export function limitConnections(namespace: Namespace): void {
  namespace.use((_socket, next) => {
    if (namespace.sockets.size < mostConnections) return next()
    next(connectError('SOCKETS_FULL', 'the server has as many connections as it takes; try again later'))
  })
}

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
