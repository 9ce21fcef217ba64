/**
 * The small HTTP servers of the agent and the simulator, for a few visitors of one home. They share a process with metering, so nobody
 * may keep them busy: a connection brings one request, in time, and an address has few connections. They answer under this computer's
 * own names only: another site's page must not read them under its own (DNS rebinding), nor write to them.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import { hostname } from 'node:os'

/** Browsers open six connections to a host. */
const connectionsOfAddress = 8
const mostConnections = 64
const headMs = 10_000
const requestMs = 15_000
const silentMs = 15_000
const lookMs = 2_000

/** @param host where it will listen, which is a name of its own too */
export function createSmallServer(host: string, answer: RequestListener): Server {
  const isOwnName = ownNames(host)
  const limits = { headersTimeout: headMs, requestTimeout: requestMs, connectionsCheckingInterval: lookMs }
  const server = createServer({ ...limits, maxHeaderSize: 8 * 1024 }, (request, response) => {
    if (!isOwnName(request.headers.host ?? ''))
      return void response.writeHead(403).end('ask by the address of this computer\n')
    // Browsers say of every write from which page it comes; nothing here has a page that writes.
    if (request.headers.origin !== undefined) return void response.writeHead(403).end('no page may ask for this\n')
    answer(request, response)
  })
  // Thousands of requests may stand in one packet: nobody looks at what follows the first.
  server.maxRequestsPerSocket = 1
  server.on('dropRequest', (_request, socket) => socket.destroy())
  server.maxConnections = mostConnections
  // What goes wrong with taking a connection, as where no descriptor is left, is nobody's trouble but the client's.
  server.on('error', () => {})
  server.setTimeout(silentMs)
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count > connectionsOfAddress) socket.destroy()
  })
  return server
}

/** Ends it with all that is under way. */
export function closeSmallServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Names that only this computer has: addresses, its own name, and what the configuration says. */
function ownNames(host: string): (header: string) => boolean {
  const own = new Set(['localhost', hostname().toLowerCase(), `${hostname().toLowerCase()}.local`, host.toLowerCase()])
  return (header) => {
    const name = header.toLowerCase().replace(/:\d+$/, '')
    return /^(\d+\.){3}\d+$|^\[[\da-f:.]+\]$/.test(name) || own.has(name)
  }
}
