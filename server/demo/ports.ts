/** Loopback ports: a taken one is refused by name before anything is started on it. */
import { createServer } from 'node:net'
import { DemoError } from './error.ts'

/** Every embedded part listens here and nowhere else. */
export const loopback = '127.0.0.1'

export interface PortUse {
  port: number
  /** What the port is for, as a person calls it: "the web page". */
  purpose: string
  /** The option that sets another port: "--port". */
  option: string
  host?: string
}

/** Throws `DemoError` (`PORT_TAKEN`, `PORT_FORBIDDEN`) unless a server can listen on the port now. Port 0 is always free. */
export async function assertPortFree({ port, purpose, option, host = loopback }: PortUse): Promise<void> {
  try {
    await listenOnce(port, host)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    if (reason === 'EADDRINUSE') {
      throw new DemoError(
        'PORT_TAKEN',
        `port ${port} for ${purpose} is taken by another program: stop that program, or choose another port with ${option}`,
        { cause },
      )
    }
    if (reason === 'EACCES') {
      throw new DemoError(
        'PORT_FORBIDDEN',
        `port ${port} for ${purpose} needs rights this user does not have: choose one above 1023 with ${option}`,
        { cause },
      )
    }
    throw cause
  }
}

/** A port that is free now; another program may take it before it is used. */
export async function freePort(): Promise<number> {
  return listenOnce(0, loopback)
}

/** Listens, closes again, and gives the port that was bound. */
function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
