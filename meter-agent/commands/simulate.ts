import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { parse as parseToml } from 'smol-toml'
import { ZodError } from 'zod'
import { faultSchema } from '../simulator/faults.ts'
import { parseStreet, type Street, type StreetConfig, serveStreet } from '../simulator/street.ts'

const largestBodyBytes = 10_000

/**
 * `commonwatt-agent simulate --config FILE`: serves simulated devices on loopback until it is stopped. The first line on standard
 * output is JSON and says how each device is reached.
 */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('serve simulated Modbus devices of a street on loopback ports')
    .requiredOption('--config <file>', 'the homes and their devices, TOML or JSON')
    .action(async ({ config: file }: { config: string }) => {
      const config = readStreet(file)
      if (!config) {
        process.exitCode = 1
        return
      }
      const street = await serveStreet(config)
      const control = config.controlPort === undefined ? null : await serveControl(street, config.controlPort)
      const controlUrl = control ? `http://127.0.0.1:${(control.address() as AddressInfo).port}` : null
      process.stdout.write(`${JSON.stringify({ event: 'serving', devices: street.devices, controlUrl })}\n`)
      const stop = async () => {
        control?.close()
        control?.closeAllConnections()
        await street.close()
      }
      process.once('SIGINT', stop)
      process.once('SIGTERM', stop)
    })
}

/** `null`, and one line on standard error, when the file cannot be used. */
function readStreet(file: string): StreetConfig | null {
  try {
    const text = readFileSync(file, 'utf8')
    return parseStreet(file.endsWith('.toml') ? parseToml(text) : JSON.parse(text))
  } catch (error) {
    const reason =
      error instanceof ZodError
        ? error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; ')
        : (error as Error).message.split('\n')[0]
    process.stderr.write(`${file}: ${reason}\n`)
    return null
  }
}

/**
 * `GET /devices` and `GET /homes` tell; `POST /faults/<device>` with `{"kind":"silence"}` begins a fault, `DELETE` ends it.
 */
async function serveControl(street: Street, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      if (request.method === 'GET' && pathname === '/devices') return reply(200, street.devices)
      if (request.method === 'GET' && pathname === '/homes') return reply(200, street.states())
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
  await once(server, 'listening')
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
