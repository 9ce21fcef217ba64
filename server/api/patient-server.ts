/**
 * An HTTP server that waits so long and no longer: for the head of a request, for all of it, and for anything to move. Until its first
 * request has come, a connection is nobody's who could be counted by `door.ts`, so that those are counted here.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { networkOf } from './addresses.ts'

/** Below it a connection may become a socket. */
const socketPath = '/socket.io/'

export interface ClientPatience {
  /** From the connection, or the answer before, to the end of a request's head. */
  headMs: number
  /** How long it waits for a whole request, counted in the same way. */
  requestMs: number
  /** How long a connection may stand still. */
  silentMs: number
  /** How often it is looked which requests take too long. */
  lookMs: number
  /** Connections of a network that have brought no request yet. */
  unheardOfNetwork: number
}

/** A file of 4 MiB comes within two minutes at 280 kbit/s. */
const usualPatience: ClientPatience = {
  headMs: 20_000,
  requestMs: 120_000,
  silentMs: 300_000,
  lookMs: 5_000,
  unheardOfNetwork: 1_024,
}

/** `isProxy` says whose connections are many people's. */
export function createPatientServer(isProxy: (address: string) => boolean, patience = usualPatience): Server {
  const { headMs, requestMs, silentMs, lookMs, unheardOfNetwork } = patience
  const http = createServer({ headersTimeout: headMs, requestTimeout: requestMs, connectionsCheckingInterval: lookMs })
  http.setTimeout(silentMs)
  const unheard = new Map<string, number>()
  const waiting = new WeakMap<Socket, string>()

  function heard(socket: Socket): void {
    const network = waiting.get(socket)
    if (network === undefined) return
    waiting.delete(socket)
    const left = unheard.get(network)! - 1
    if (left === 0) unheard.delete(network)
    else unheard.set(network, left)
  }

  http.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    if (isProxy(address)) return
    const network = networkOf(address)
    const count = (unheard.get(network) ?? 0) + 1
    if (count > unheardOfNetwork) {
      socket.destroy()
      return
    }
    unheard.set(network, count)
    waiting.set(socket, network)
    socket.once('close', () => heard(socket))
  })
  http.on('request', ({ socket }) => heard(socket))
  http.on('upgrade', (request, socket, head) => {
    heard(request.socket)
    if (!request.url?.startsWith(socketPath)) takeWithoutUpgrade(http, request, { socket, head })
  })
  return http
}

/**
 * A request may ask for another protocol and be answered in this one, as curl and Java ask for HTTP/2. Node has stopped to read it as a
 * request by then: it is put back without the question, and read once more. The connection ends with the answer, since each time leaves
 * listeners on its socket.
 */
function takeWithoutUpgrade(http: Server, request: IncomingMessage, rest: { socket: Duplex; head: Buffer }): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'connection: close']
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (!/^(connection|upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  rest.socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest.head]))
  http.emit('connection', rest.socket)
}
