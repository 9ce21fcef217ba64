/**
 * An HTTP server that waits so long and no longer: for the head of a request, for all of it, and for anything to move. Until its first
 * request has come, a connection is nobody's who could be counted by `door.ts`, so that those are counted here.
 */
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from './addresses.ts'

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
  http.on('upgrade', (request) => heard(request.socket))
  return http
}
