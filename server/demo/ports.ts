/** Loopback ports: a taken one is refused by name before anything is started on it. */
import { createServer } from 'node:net'
import { whyNotListening } from '../../contracts/protocol/listen-trouble.ts'
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

/** Throws `DemoError` `PORT_TAKEN` unless a server can listen on the port now. Port 0 is always free. */
export async function assertPortFree({ port, purpose, option, host = loopback }: PortUse): Promise<void> {
  try {
    await listenOnce(port, host)
  } catch (cause) {
    const why = whyNotListening(cause, { setting: `with ${option}`, purpose })
    if (why !== null) throw new DemoError('PORT_TAKEN', why, { cause })
    throw cause
  }
}

/**
 * Below the ports that operating systems give to outgoing connections (from 32,768 on Linux, 49,152 elsewhere): a port from
 * among those can be lost to any connection between the moment that it is found free and the moment that it is used.
 */
const firstPort = 16_384
const lastPort = 32_767

/**
 * Each program that looks for ports has stretches of its own, which it holds by listening on their first port: nobody else who looks
 * takes a port of it, also while what listens there is killed and started again.
 */
const stretches = 128
const stretchPorts = (lastPort + 1 - firstPort) / stretches
let stretch: Promise<{ next: number; end: number }> | null = null

/** The first of `span` ports in a row that are free now, none of which this process gave before. At most `stretchPorts` less one. */
export async function freePort(span = 1): Promise<number> {
  for (;;) {
    stretch ??= holdStretch()
    const current = stretch
    const own = await current
    const port = own.next
    if (port + span > own.end) {
      if (stretch === current) stretch = null
      continue
    }
    own.next += span
    if (await areFree(port, span)) return port
  }
}

async function holdStretch(): Promise<{ next: number; end: number }> {
  for (let tried = 0; tried < stretches; tried++) {
    const first = firstPort + ((process.pid + tried) % stretches) * stretchPorts
    if (await isHeld(first)) return { next: first + 1, end: first + stretchPorts }
  }
  throw new DemoError('PORT_TAKEN', `programs hold all ports between ${firstPort} and ${lastPort}`)
}

/** Listens on the port for as long as the process lives; false where another program does. */
function isHeld(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(false))
    server.listen({ port, host: loopback, exclusive: true }, () => {
      server.unref()
      resolve(true)
    })
  })
}

async function areFree(first: number, span: number): Promise<boolean> {
  for (let port = first; port < first + span; port++) {
    const isFree = await listenOnce(port, loopback).then(
      () => true,
      () => false,
    )
    if (!isFree) return false
  }
  return true
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
