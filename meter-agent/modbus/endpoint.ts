/** The addresses of devices: from a URL to a transport and its timing. */
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { ModbusError } from './error.ts'

/** Where devices are reached and how patient to be with them. */
export interface Endpoint {
  /** The same for two URLs that reach the same wire; such devices share one connection. */
  key: string
  transport: 'tcp' | 'rtutcp' | 'rtu'
  /** Host name or address; the serial port's path for `rtu`. */
  host: string
  /** TCP port; 0 for `rtu`. */
  port: number
  baud: number
  parity: 'none' | 'even' | 'odd'
  stopBits: 1 | 2
  /** How long a reply may take; `null`: what the profile says, else 3 s. */
  timeoutMs: number | null
  /** How often a request that failed on the link is sent in all; `null`: 2. */
  tries: number | null
  /** The most registers asked in one request; `null`: what the profile says, else 125. */
  registersPerRequest: number | null
}

const whole = (low: number, high: number) => z.coerce.number().int().min(low).max(high)

const querySchema = z.strictObject({
  timeout: whole(50, 60_000).meta({ description: 'milliseconds' }).optional(),
  retries: whole(0, 20).optional(),
  block: whole(1, 125).optional(),
})
const serialQuerySchema = querySchema.extend({
  baud: whole(300, 1_000_000).default(9600),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  stop: z.enum(['1', '2']).default('1'),
})

const forms = 'tcp://host:port, rtutcp://host:port or rtu:///dev/ttyUSB0?baud=9600&parity=none'

/**
 * Reads a device URL. `?timeout=5000&retries=2` sets the patience (ms a reply, further tries after the first), `?block=50` the
 * most registers a request; serial ports also take `baud`, `parity` (none, even, odd) and `stop` (1, 2).
 * @throws ModbusError `MODBUS_URL` naming what is wrong
 */
export function parseEndpoint(text: string): Endpoint {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new ModbusError('MODBUS_URL', `"${text}" is not a device URL: write ${forms}`, { cause })
  }
  const transport = url.protocol.slice(0, -1)
  if (transport !== 'tcp' && transport !== 'rtutcp' && transport !== 'rtu') {
    throw new ModbusError('MODBUS_URL', `"${text}" has an unknown scheme: write ${forms}`)
  }
  const serial = transport === 'rtu'
  const schema = serial ? serialQuerySchema : querySchema
  const query = checkForm(schema, Object.fromEntries(url.searchParams))
  if (query.mistakes !== null) {
    throw new ModbusError('MODBUS_URL', `"${text}": ${mistakeLines(query.mistakes).join('; ')}`)
  }
  const patience = {
    timeoutMs: query.data.timeout ?? null,
    tries: query.data.retries === undefined ? null : query.data.retries + 1,
    registersPerRequest: query.data.block ?? null,
  }
  if (serial) {
    const path = decodedPath(url.pathname) ?? ''
    if (url.host !== '' || path.length < 2) {
      throw new ModbusError('MODBUS_URL', `"${text}" names no serial port: write rtu:///dev/ttyUSB0 (three slashes)`)
    }
    const line = serialQuerySchema.parse(Object.fromEntries(url.searchParams))
    const stopBits = line.stop === '2' ? 2 : 1
    return {
      key: `rtu:${path}`,
      transport,
      host: path,
      port: 0,
      baud: line.baud,
      parity: line.parity,
      stopBits,
      ...patience,
    }
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '' || (url.pathname !== '' && url.pathname !== '/') || url.username !== '' || url.hash !== '') {
    throw new ModbusError('MODBUS_URL', `"${text}" is not a host and a port: write ${transport}://host:port`)
  }
  const port = url.port === '' ? 502 : Number(url.port)
  if (port === 0) throw new ModbusError('MODBUS_URL', `"${text}": port 0 cannot be connected to`)
  const key = `${transport}:${host}:${port}`
  return { key, transport, host, port, baud: 9600, parity: 'none', stopBits: 1, ...patience }
}

/** `null` where an escape stands for no character. */
function decodedPath(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}
