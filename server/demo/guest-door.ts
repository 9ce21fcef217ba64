/** Where the server asks for a visitor's home: a loopback port under a name that only the demo's own file tells. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { DemoHomes, DemoHomeTaken } from '../api/demo-resources.ts'
import { DemoError } from './error.ts'
import type { Guests } from './guests.ts'
import { loopback } from './ports.ts'

/** Ten thousand accounts have pages open. */
const largestBodyBytes = 1_000_000
const account = z.string().regex(/^0x[0-9a-f]{40}$/)
const askedSchema = z.strictObject({ account })
const watchedSchema = z.array(account)

export interface GuestDoor {
  url: string
  close(): void
}

/** Opens the door; `guests` are asked once they are there, and before that everybody is refused. */
export async function openGuestDoor(most: number, guests: () => Guests | null): Promise<GuestDoor> {
  const path = `/${randomBytes(16).toString('hex')}`
  const answer = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    if (request.url !== path) return [404, null]
    const now = guests()
    if (request.method === 'GET') return [200, { most, free: now?.free() ?? 0 } satisfies DemoHomes]
    if (request.method === 'PUT') {
      now?.watched(watchedSchema.parse(JSON.parse(await bodyOf(request))))
      return [200, null]
    }
    const { account } = askedSchema.parse(JSON.parse(await bodyOf(request)))
    if (now === null) throw new DemoError('GUEST_REFUSED', 'the street is still being set up; try again in a moment')
    return [201, (await now.open(account)) satisfies DemoHomeTaken]
  }
  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request).catch((error: Error): [number, unknown] => [
      error instanceof DemoError ? 409 : 500,
      { detail: error.message },
    ])
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, loopback)
  await once(server, 'listening')
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}${path}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) {
    body += chunk
    if (body.length > largestBodyBytes) throw new RangeError('the request is too large')
  }
  return body
}
