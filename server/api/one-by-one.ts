/**
 * The requests of one connection, one after the other. HTTP/1.1 lets a client send the next ones before it has an answer (pipelining,
 * RFC 9112, 9.3.2); begun all at once they would be as many as fit into a write. Nor would those behind the first ever end where the
 * client goes away: Node tells only the answer of which the connection is just then that it is closed.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Browsers and proxies send none before they have the answer. */
const mostWaiting = 16

interface Waiting {
  request: IncomingMessage
  response: ServerResponse
}

/** Hands a request to `handle` once its connection has been given the answers before; one with too many waiting is closed. */
export function oneByOne(handle: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, Waiting[]>()

  function begin({ request, response }: Waiting): void {
    const { socket } = request
    response.once('close', () => {
      const next = lines.get(socket)!.shift()
      if (next === undefined) lines.delete(socket)
      else if (isTurnOf(next)) begin(next)
      // One that asked for another protocol is read anew (`patient-server.ts`), and its answer then never gets the connection.
      else socket.destroySoon()
    })
    handle(request, response)
  }

  return (request, response) => {
    const { socket } = request
    const waiting = { request, response }
    const line = lines.get(socket)
    if (line === undefined && isTurnOf(waiting)) {
      lines.set(socket, [])
      begin(waiting)
    } else if (line !== undefined && line.length < mostWaiting) line.push(waiting)
    // There is too much of it, or what it waits for is an answer of socket.io.
    else socket.destroy()
  }
}

/** Whether it is its connection's turn. Never again where the answer before was the connection's last. */
function isTurnOf({ response }: Waiting): boolean {
  return response.socket !== null
}
