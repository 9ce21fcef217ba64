/** What `commonwatt-agent simulate` does: serves the devices of a file, and takes faults. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse as parseToml } from 'smol-toml'
import { ZodError } from 'zod'
import { ConfigError } from '../setup/config.ts'
import { faultSchema } from '../simulator/faults.ts'
import { type ServedStreet, serveStreet } from '../simulator/street.ts'
import { parseStreet, type StreetConfig } from '../simulator/street-config.ts'

const largestBodyBytes = 10_000

/** Serves them until the process is told to stop; the first line on standard output says how each is reached. Throws `ConfigError`. */
export async function serveSimulation(file: string): Promise<void> {
  const config = readStreet(file)
  const street = await serveStreet(config)
  const control = config.controlPort === undefined ? null : await serveControl(street, config.controlPort)
  const controlUrl = control ? `http://127.0.0.1:${(control.address() as AddressInfo).port}` : null
  process.stdout.write(
    `${JSON.stringify({ event: 'serving', devices: street.devices, wallboxes: street.wallboxes, controlUrl })}\n`,
  )
  const stop = async () => {
    control?.close()
    control?.closeAllConnections()
    await street.close()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

/** Throws a `ConfigError` for a file that cannot be used. */
function readStreet(file: string): StreetConfig {
  try {
    const text = readFileSync(file, 'utf8')
    return parseStreet(file.endsWith('.toml') ? parseToml(text) : JSON.parse(text))
  } catch (error) {
    if (error instanceof ZodError) {
      const problems = error.issues.map((issue) => `${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}`)
      throw new ConfigError('CONFIG_INVALID', problems, error)
    }
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new ConfigError('CONFIG_UNREADABLE', [`${file}: there is no such file`], error)
    const kind = code && message.startsWith(code) ? 'CONFIG_UNREADABLE' : 'CONFIG_SYNTAX'
    throw new ConfigError(kind, [`${file}: ${message.split('\n')[0]}`], error)
  }
}

/**
 * `GET /devices` tells; `POST /faults/<device>` with `{"kind":"silence"}` begins a fault, `DELETE` ends it.
 */
async function serveControl(street: ServedStreet, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      if (request.method === 'GET' && pathname === '/devices') return reply(200, street.devices)
      const device = /^\/faults\/(.+)$/.exec(pathname)?.[1]
      if (!device || (request.method !== 'POST' && request.method !== 'DELETE'))
        return reply(404, { error: 'not found' })
      const fault = request.method === 'POST' ? faultSchema.parse(JSON.parse(await bodyOf(request))) : null
      const known = street.setFault(decodeURIComponent(device), fault)
      return known ? reply(200, { device, fault }) : reply(404, { error: `there is no device "${device}"` })
    } catch (error) {
      return reply(400, { error: (error as Error).message })
    }
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    await street.close()
    throw new ConfigError('CONFIG_INVALID', [`controlPort: ${(error as Error).message}`], error)
  }
  return server
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) {
    body += chunk
    if (body.length > largestBodyBytes) throw new RangeError('the request is too large')
  }
  return body
}
