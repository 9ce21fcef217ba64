/**
 * Who may hold a connection open. Those who have shown who they are (an agent by a signed hello, a page by its session) have
 * places of their own. Strangers share a few places for each network. Where these run out, the connection that came first is closed,
 * since an honest client has said who it is by then.
 */
import type { Namespace, Socket } from 'socket.io'
import type { NetworkOf } from '../api/addresses.ts'
import { connectError, trustConnection } from './limits.ts'

export interface PlaceLimits {
  known: number
  /** Connections of one meter, or of one account. */
  knownOfOne: number
  strangers: number
  strangersOfNetwork: number
}

export interface Places {
  /** Gives the socket a place among those who are known, under a name; false where there is none left. */
  makeKnown(socket: Socket, name: string): boolean
}

/**
 * Allows one socket per connection, and as many connections as the limits say. A client without a place finds its connection closed and
 * may connect again. `nameOf` gives the name of a client that is known from the beginning.
 */
export function limitPlaces(
  namespace: Namespace,
  { networkOf, limits, nameOf }: { networkOf: NetworkOf; limits: PlaceLimits; nameOf(socket: Socket): string | null },
): Places {
  const taken = new Set<Socket['conn']>()
  const known = new Groups()
  const strangers = new Groups()

  function makeKnown(socket: Socket, name: string): boolean {
    if (known.has(socket)) return true
    if (known.size >= limits.known) return false
    strangers.delete(socket)
    trustConnection(socket)
    const ofOne = known.add(socket, name)
    if (ofOne.size > limits.knownOfOne) close(ofOne)
    return true
  }

  namespace.use((socket, next) => {
    if (!taken.has(socket.conn)) return next()
    next(connectError('SOCKET_TWICE', 'this connection has a socket of this namespace already'))
  })

  namespace.on('connection', (socket) => {
    // A connection may have asked for several sockets at the same time.
    if (taken.has(socket.conn)) return socket.conn.close(true)
    taken.add(socket.conn)
    socket.once('disconnect', () => {
      taken.delete(socket.conn)
      known.delete(socket)
      strangers.delete(socket)
    })
    const name = nameOf(socket)
    if (name !== null && makeKnown(socket, name)) return
    const ofNetwork = strangers.add(socket, networkOf(socket.request))
    if (ofNetwork.size > limits.strangersOfNetwork) close(ofNetwork)
    else if (strangers.size > limits.strangers) close(strangers.all())
  })

  return { makeKnown }
}

/** Closes the connection that came first. */
function close(sockets: Iterable<Socket>): void {
  const [first] = sockets
  first?.conn.close(true)
}

/** Sockets by a name that several may have, in the order in which they came. */
class Groups {
  private readonly nameOf = new Map<Socket, string>()
  private readonly byName = new Map<string, Set<Socket>>()

  get size(): number {
    return this.nameOf.size
  }

  has(socket: Socket): boolean {
    return this.nameOf.has(socket)
  }

  all(): Iterable<Socket> {
    return this.nameOf.keys()
  }

  /** The sockets of that name, this one among them. */
  add(socket: Socket, name: string): ReadonlySet<Socket> {
    this.nameOf.set(socket, name)
    const group = this.byName.get(name) ?? new Set()
    this.byName.set(name, group.add(socket))
    return group
  }

  delete(socket: Socket): void {
    const name = this.nameOf.get(socket)
    if (name === undefined) return
    this.nameOf.delete(socket)
    const group = this.byName.get(name)!
    group.delete(socket)
    if (group.size === 0) this.byName.delete(name)
  }
}
