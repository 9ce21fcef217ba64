/** What `commonwatt-agent simulate` does: serves the devices of a file, and takes faults. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse as parseToml } from 'smol-toml'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { mistakeInToml, parseJsonText, tomlTrouble } from '../../contracts/protocol/file-syntax.ts'
import { listenTrouble } from '../../contracts/protocol/listen-trouble.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { closeSmallServer, createSmallServer } from '../home/small-server.ts'
import { ConfigError } from '../setup/config.ts'
import { type Fault, faultSchema } from '../simulator/faults.ts'
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
    if (control) await closeSmallServer(control)
    await street.close()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

/** Throws a `ConfigError` for a file that cannot be used. */
function readStreet(file: string): StreetConfig {
  try {
    const text = readFileSync(file, 'utf8')
    return parseStreet(file.endsWith('.toml') ? tomlOf(text) : parseJsonText(text))
  } catch (error) {
    if (error instanceof ConfigError) {
      const said = file.endsWith('.toml') ? error.problems.map(mistakeInToml) : error.problems
      throw new ConfigError(
        error.code,
        said.map((problem) => `${file}: ${problem}`),
        error,
      )
    }
    const kind = error instanceof SyntaxError ? 'CONFIG_SYNTAX' : 'CONFIG_UNREADABLE'
    throw new ConfigError(kind, [`${file}: ${fileTrouble(error)}`], error)
  }
}

function tomlOf(text: string): unknown {
  try {
    return parseToml(text)
  } catch (cause) {
    throw new SyntaxError(tomlTrouble(cause), { cause })
  }
}

/** Throws an `Error` that says what is wrong with it. */
function faultOf(body: string): Fault {
  let raw: unknown
  try {
    raw = JSON.parse(body)
  } catch {
    throw new Error('a fault is written as JSON, such as {"kind": "silence"}')
  }
  const { data, mistakes } = checkForm(faultSchema, raw)
  if (mistakes !== null) throw new Error(mistakeLines(mistakes).join('; '))
  return data
}

/**
 * `GET /devices` tells; `POST /faults/<device>` with `{"kind":"silence"}` begins a fault, `DELETE` ends it.
 */
async function serveControl(street: ServedStreet, port: number): Promise<Server> {
  const server = createSmallServer('127.0.0.1', async (request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      if (request.method === 'GET' && pathname === '/devices') return reply(200, street.devices)
      const device = /^\/faults\/(.+)$/.exec(pathname)?.[1]
      if (!device || (request.method !== 'POST' && request.method !== 'DELETE'))
        return reply(404, { error: 'not found' })
      const fault = request.method === 'POST' ? faultOf(await bodyOf(request)) : null
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
    throw new ConfigError('CONFIG_INVALID', [listenTrouble(error, { setting: 'with controlPort' })], error)
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
