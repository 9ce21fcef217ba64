/**
 * What one network may ask of the server at all, before anything looks at a request: how often, how much at a time, and how many bytes
 * its requests may keep in memory, in bodies that come slowly and in answers that nobody reads. A connection that goes on after a
 * refusal is closed: otherwise ten thousand requests in one write have to be refused one by one.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { NetworkOf } from './addresses.ts'
import { createAllowance } from './allowance.ts'
import { oneByOne } from './one-by-one.ts'
import { ApiError, problemOf } from './problem.ts'
import { sendProblem } from './route.ts'

export interface DoorLimits {
  perMinute: number
  underWay: number
  /** A body of unknown length counts as `unknownBytes`. */
  heldBytes: number
}

const most: DoorLimits = { perMinute: 12_000, underWay: 512, heldBytes: 64 * 2 ** 20 }
const unknownBytes = 4 * 2 ** 20

export interface Door {
  /** Lets requests to `handle`, or answers `TOO_MANY_REQUESTS` itself. */
  before(handle: RequestListener): RequestListener
  /** Counts a request that somebody else answers, as socket.io does; false where it is one too many. */
  admits(request: IncomingMessage): boolean
}

export function createDoor(networkOf: NetworkOf, limits: DoorLimits = most, nowMs: () => number = Date.now): Door {
  const requests = createAllowance({ mostPerMinute: limits.perMinute, done: 'one address may ask for something' })
  const ofNetwork = new Map<string, Set<Underway>>()
  const refused = new WeakSet<Socket>()

  function requireRoom(underWay: ReadonlySet<Underway>): void {
    if (underWay.size >= limits.underWay) throw tooMany(`${limits.underWay} requests of one address are under way`)
    let heldBytes = 0
    for (const { bodyBytes, response } of underWay) heldBytes += bodyBytes + response.writableLength
    if (heldBytes > limits.heldBytes) throw tooMany('one address reads its answers and sends its bodies too slowly')
  }

  function enter(request: IncomingMessage, response: ServerResponse): void {
    const network = networkOf(request)
    const underWay = ofNetwork.get(network) ?? new Set()
    requireRoom(underWay)
    const own = { bodyBytes: bytesOf(request), response }
    ofNetwork.set(network, underWay.add(own))
    request.once('end', () => {
      own.bodyBytes = 0
    })
    response.once('close', () => {
      underWay.delete(own)
      if (underWay.size === 0) ofNetwork.delete(network)
    })
  }

  /** Does what may refuse a request, and then `next`, or answers with the refusal. */
  function unlessRefused(may: RequestListener, next: RequestListener): RequestListener {
    return (request, response) => {
      try {
        may(request, response)
      } catch (error) {
        refused.add(request.socket)
        response.setHeader('Connection', 'close')
        return sendProblem(response, problemOf(error)!)
      }
      next(request, response)
    }
  }

  return {
    before(handle) {
      const counted = unlessRefused(
        (request) => requests.use(networkOf(request), nowMs()),
        oneByOne(unlessRefused(enter, handle)),
      )
      return (request, response) => {
        if (refused.has(request.socket)) request.socket.destroy()
        else counted(request, response)
      }
    },
    admits(request) {
      try {
        requests.use(networkOf(request), nowMs())
        return true
      } catch {
        return false
      }
    },
  }
}

interface Underway {
  bodyBytes: number
  response: ServerResponse
}

function bytesOf({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return unknownBytes
  return Math.min(unknownBytes, Number(headers['content-length'] ?? 0))
}

function tooMany(message: string): ApiError {
  return new ApiError('TOO_MANY_REQUESTS', message, { retryAfterSeconds: 1 })
}
