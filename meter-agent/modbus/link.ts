/** Opens a transport and asks on it for registers, one request at a time. */
import net from 'node:net'
import type { Duplex } from 'node:stream'
import ModbusRTU from 'modbus-serial'
import type { Endpoint } from './endpoint.ts'
import { ModbusError } from './error.ts'

/** One open transport with its protocol client. After any failure other than an exception reply it is thrown away. */
export interface Transport {
  readonly client: ModbusRTU
  /** Serial framing has no transaction ids: a late reply can be taken for the next one. */
  readonly serialFraming: boolean
  /** `performance.now()` of the newest byte that arrived, whether or not anyone waited for it. */
  lastByteAtMs: number
  /** The newest chunk of input, and the first since a request; only for telling what went wrong. */
  lastChunk: Buffer | null
  firstChunk: Buffer | null
  /** The unit in the newest whole frame over TCP, which may have come in several chunks or with others in one. */
  frameUnit: number | null
  /** Requests sent so far: the library numbers them 1, 2, … modulo 256. */
  sent: number
  /** Set once the transport is gone; no more requests then. */
  broken: ModbusError | null
  /** Called once when the transport goes away. */
  onBroken: ((error: ModbusError) => void) | null
  /** Closes at once; never waits for the peer. */
  close(): void
}

/** What we use inside the library: only there are the bytes that it has kept of earlier replies, and frames one by one. */
interface PortWithInput {
  _port: { _buffer: Buffer; prependListener(event: 'data', listener: (frame: Buffer) => void): void }
}

/** Forgets input that nobody asked for: with serial framing it would be taken for the reply to the next request. */
export function discardInput({ client }: Transport): void {
  const { _port: port } = client as unknown as PortWithInput
  port._buffer = Buffer.alloc(0)
}

/** Opens the endpoint within the deadline, or gives up when told to. @throws ModbusError `MODBUS_UNREACHABLE` */
export function openTransport(endpoint: Endpoint, deadlineMs: number, giveUp: AbortSignal): Promise<Transport> {
  return endpoint.transport === 'rtu' ? openSerialPort(endpoint, deadlineMs) : openSocket(endpoint, deadlineMs, giveUp)
}

function newLink(client: ModbusRTU, serialFraming: boolean, close: () => void): Transport {
  const link: Transport = {
    client,
    serialFraming,
    lastByteAtMs: Number.NEGATIVE_INFINITY,
    lastChunk: null,
    firstChunk: null,
    frameUnit: null,
    sent: 0,
    broken: null,
    onBroken: null,
    close,
  }
  return link
}

function noteInput(link: Transport, chunk: Buffer): void {
  link.lastByteAtMs = performance.now()
  link.lastChunk = chunk
  link.firstChunk ??= chunk
}

function breakLink(link: Transport, error: ModbusError): void {
  if (link.broken) return
  link.broken = error
  link.onBroken?.(error)
}

/** What the library for serial ports writes of them; it gives no codes. */
const serialTroubles: readonly [RegExp, string][] = [
  [/No such (file|device)|File not found/i, 'no such serial port; "ls /dev/serial/by-id" shows those of Linux'],
  [/Permission denied|Access denied/i, 'permission denied: may this user open the port (group dialout)?'],
  [/Cannot lock port|busy/i, 'another program has the port open'],
  [/Inappropriate ioctl|Is a directory|Not a typewriter/i, 'this is no serial port'],
]

const unreachableHints = new Map([
  [
    'ECONNREFUSED',
    'connection refused: is Modbus switched on, and is another program connected (some devices allow one only)?',
  ],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the name server does not answer'],
])

/** Why a host or serial port cannot be reached, in plain words where they are known. */
export function whyUnreachable(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException)?.code
  const text = String((cause as Error)?.message ?? cause).split('\n')[0]!
  return unreachableHints.get(code ?? '') ?? serialTroubles.find(([words]) => words.test(text))?.[1] ?? text
}

function unreachable(name: string, cause: unknown): ModbusError {
  const hint = whyUnreachable(cause)
  return new ModbusError('MODBUS_UNREACHABLE', `${name} cannot be reached: ${hint}`, {
    fault: 'unreachable',
    cause,
  })
}

/** How messages name an endpoint. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.transport === 'rtu' ? endpoint.host : `${endpoint.host}:${endpoint.port}`
}

/*
 * The socket is ours and lent to the library: it has no connect deadline of its own and does not settle a pending request
 * when the peer closes or resets.
 */
async function openSocket(endpoint: Endpoint, deadlineMs: number, giveUp: AbortSignal): Promise<Transport> {
  const socket = net.connect({ host: endpoint.host, port: endpoint.port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown) => {
      clearTimeout(timer)
      giveUp.removeEventListener('abort', fail)
      socket.destroy()
      reject(unreachable(endpointName(endpoint), cause))
    }
    const timer = setTimeout(() => fail(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
    socket.once('error', fail)
    giveUp.addEventListener('abort', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      giveUp.removeEventListener('abort', fail)
      socket.off('error', fail)
      resolve()
    })
  })
  const client = new ModbusRTU()
  const serialFraming = endpoint.transport === 'rtutcp'
  const link = newLink(client, serialFraming, () => socket.destroy())
  const dropped = (cause?: unknown) =>
    breakLink(
      link,
      new ModbusError(
        'MODBUS_DROPPED',
        `${endpointName(endpoint)} closed the connection (some devices allow one client only)`,
        { fault: 'dropped', cause },
      ),
    )
  client.on('error', dropped)
  socket.on('error', dropped)
  socket.on('close', () => dropped())
  socket.on('end', () => dropped())
  socket.on('data', (chunk) => noteInput(link, chunk))
  if (serialFraming) await client.linkTelnet(socket, {})
  else {
    await client.linkTCP(socket, { port: endpoint.port })
    const { _port: port } = client as unknown as PortWithInput
    // Before the library tells what is in the frame.
    port.prependListener('data', (frame) => {
      link.frameUnit = frame[0] ?? null
    })
  }
  return link
}

/** What we use of the serial port inside the library: it shows the raw input only there. */
interface PortWithSerial {
  _port: {
    _client: Duplex
    on(event: 'error', listener: () => void): void
  }
}

async function openSerialPort(endpoint: Endpoint, deadlineMs: number): Promise<Transport> {
  const client = new ModbusRTU()
  const close = () => {
    // `destroy` does nothing for serial ports; the callback is not waited for because it may never come.
    if (client.isOpen) client.close(() => {})
  }
  const link = newLink(client, true, close)
  const lost = (cause?: unknown) =>
    breakLink(
      link,
      new ModbusError('MODBUS_DROPPED', `${endpoint.host}: the serial port went away`, { fault: 'dropped', cause }),
    )
  client.on('error', lost)
  client.on('close', () => lost())
  const serial = await connectSerial(client, endpoint, { deadlineMs, close })
  serial.on('data', (chunk: Buffer) => noteInput(link, chunk))
  return link
}

/** A serial port and its settings. */
export type SerialLine = Pick<Endpoint, 'host' | 'baud' | 'parity' | 'stopBits'> & { dataBits?: 7 | 8 }

/** What passes over an open serial port. `destroy` does nothing for such streams. */
export interface SerialStream {
  stream: Duplex
  close(): void
}

/**
 * Opens a serial port for who answers on it, or only listens, instead of asking: its raw bytes.
 * @throws ModbusError `MODBUS_UNREACHABLE`
 */
export async function openSerialStream(endpoint: SerialLine, deadlineMs: number): Promise<SerialStream> {
  const client = new ModbusRTU()
  client.on('error', () => {})
  const close = () => {
    if (client.isOpen) client.close(() => {})
  }
  const serial = await connectSerial(client, endpoint, { deadlineMs, close })
  // The library would collect the input as if it were a reply.
  serial.removeAllListeners('data')
  return { stream: serial, close }
}

async function connectSerial(
  client: ModbusRTU,
  endpoint: SerialLine,
  { deadlineMs, close }: { deadlineMs: number; close: () => void },
): Promise<Duplex> {
  const { baud, parity, stopBits, dataBits = 8 } = endpoint
  const line = { baudRate: baud, parity, stopBits, dataBits }
  const opening = client.connectRTUBuffered(endpoint.host, line)
  let timer: NodeJS.Timeout | undefined
  try {
    await Promise.race([
      opening,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the port did not open within ${deadlineMs} ms`)), deadlineMs)
      }),
    ])
  } catch (cause) {
    opening.then(close, () => {})
    throw unreachable(endpoint.host, cause)
  } finally {
    clearTimeout(timer)
  }
  const { _port: port } = client as unknown as PortWithSerial
  // Closing takes the library's own listener off: an adapter that is unplugged just then must not end the process.
  port.on('error', () => {})
  return port._client
}
