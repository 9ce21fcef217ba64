/**
 * Sockets to PostgreSQL that notice silence. A server that was stopped, or a network that lost it, closes nothing: without
 * this, a query waits until the kernel gives up, which takes a quarter of an hour.
 */
import { connect, type Socket } from 'node:net'
import { StoreError } from './error.ts'

/** Where postgres.js wants to connect to: its parsed options. */
export interface Target {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

/**
 * Makes sockets that give up once nothing has been received for so long, whether something is waited for or not: idle
 * connections have to be closed sooner, and statements to end sooner. Several hosts are tried in turn.
 */
export function socketsThatNoticeSilence(silenceSeconds: number): (target: Target) => Socket {
  let attempts = 0
  return ({ host, port, path }) => {
    const place = attempts % host.length
    attempts += 1
    const address = { host: host[place]!, port: port[place]! }
    // postgres.js takes the name that a certificate must have from the socket.
    const socket = path === false ? Object.assign(connect(address), address) : connect(path)
    watch(socket, silenceSeconds)
    return socket
  }
}

/** So many looks make up the time of silence. */
const looks = 6

function watch(socket: Socket, silenceSeconds: number): void {
  let received = 0
  let silent = 0
  const timer = setInterval(
    () => {
      silent = socket.bytesRead === received ? silent + 1 : 0
      received = socket.bytesRead
      if (silent < looks) return
      socket.destroy(new StoreError('STORE_SILENT', `the database has not answered for ${silenceSeconds} s`))
    },
    (silenceSeconds * 1000) / looks,
  )
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}
