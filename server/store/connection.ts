/**
 * Sockets to PostgreSQL that notice silence, and say when they are lost. A server that was stopped, or a network that lost it,
 * closes nothing: without this, a query waits until the kernel gives up, which takes a quarter of an hour.
 */
import { connect, type Socket } from 'node:net'
import { StoreError } from './error.ts'

/** Where postgres.js wants to connect to: its parsed options. */
export interface Target {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

export interface Watch {
  /**
   * A socket ends once nothing has been received for so long, whether something is waited for or not: so idle connections have
   * to be closed sooner, and statements to end sooner. Null is never.
   */
  silenceSeconds: number | null
  /** Is given each socket. */
  opened?: ((socket: Socket) => void) | undefined
  /** A socket that was open has failed, or was closed by the other side; called before anybody else hears of it. */
  lost(): void
}

/** Makes a pool's sockets. Several hosts are tried in turn. */
export function watchedSockets({ silenceSeconds, opened, lost }: Watch): (target: Target) => Socket {
  let attempts = 0
  return ({ host, port, path }) => {
    const place = attempts % host.length
    attempts += 1
    const address = { host: host[place]!, port: port[place]! }
    // postgres.js takes the name that a certificate must have from the socket.
    const socket = path === false ? Object.assign(connect(address), address) : connect(path)
    tellLate(socket)
    opened?.(socket)
    socket.once('connect', () => {
      // Unless this side has said that it ends. Node itself says so once the other side has: that listener comes after this one.
      const ended = () => {
        if (!socket.writableEnded) lost()
      }
      socket.prependOnceListener('end', ended)
      socket.once('error', ended)
    })
    if (silenceSeconds !== null) endInSilence(socket, silenceSeconds)
    return socket
  }
}

/**
 * postgres.js (3.4.9) listens a moment after it was given a socket. What fails before, as where no descriptor is left, would be heard by
 * nobody, and that ends the process: it is told as soon as somebody listens, which is before the socket says that it is closed.
 */
function tellLate(socket: Socket): void {
  socket.once('error', (error) => {
    if (socket.listenerCount('error') > 0) return
    setImmediate(() => socket.emit('error', error))
  })
}

/** The time of silence is divided into so many looks. */
const looks = 6

function endInSilence(socket: Socket, silenceSeconds: number): void {
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
