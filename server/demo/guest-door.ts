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
const askedSchema = z.strictObject({ account, area: z.int() })
const watchedSchema = z.array(account)

export interface GuestDoor {
  url: string
  close(): void
}

/** The homes of an area that visitors can have; `guests` are asked once they are there, and before that everybody is refused. */
export interface GuestPlace {
  area: number
  most: number
  guests: () => Guests | null
}

/** Opens the door of all these places. */
export async function openGuestDoor(places: readonly GuestPlace[]): Promise<GuestDoor> {
  const path = `/${randomBytes(16).toString('hex')}`
  const answer = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    if (request.url !== path) return [404, null]
    if (request.method === 'GET') {
      const homes = places.map(({ area, most, guests }) => ({ area, most, free: guests()?.free() ?? 0 }))
      return [200, homes satisfies DemoHomes]
    }
    if (request.method === 'PUT') {
      const watching = watchedSchema.parse(JSON.parse(await bodyOf(request)))
      for (const { guests } of places) guests()?.watched(watching)
      return [200, null]
    }
    const { account, area } = askedSchema.parse(JSON.parse(await bodyOf(request)))
    const place = places.find((each) => each.area === area)
    if (place === undefined)
      throw new DemoError('GUEST_REFUSED', 'there are no homes for visitors in this neighbourhood')
    const now = place.guests()
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
