/** What goes wrong with taking a connection is nobody's trouble but the client's: a server that runs outlives it. */
import type { Server } from 'node:net'
import type { Logger } from 'pino'
import { tooManyOpen } from '../contracts/protocol/disk-fault.ts'

/** Where no descriptor is left, each try of each client is such a failure. */
const toldAgainMs = 60_000

/** To be called for a server that listens; the log says now and then what went wrong. */
export function outliveAccepting(server: Server, log: Pick<Logger, 'warn'>, nowMs = () => performance.now()): void {
  let toldMs = Number.NEGATIVE_INFINITY
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (nowMs() - toldMs < toldAgainMs) return
    toldMs = nowMs()
    const isFull = error.code === 'EMFILE' || error.code === 'ENFILE'
    log.warn({ code: error.code }, `connections are turned away: ${isFull ? tooManyOpen : error.message}`)
  })
}
