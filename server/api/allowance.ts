/** How many requests one address may make in a minute, where a request costs the server something. */
import type { Request } from 'express'
import { ApiError } from './problem.ts'

/** Addresses remembered; beyond, all are forgotten. */
const mostAddresses = 10_000

/**
 * Counts per address and minute; `done` ends the sentence “at most 60 requests a minute …”. The check throws
 * `TOO_MANY_REQUESTS` with the seconds until the next minute.
 */
export function createAllowance({ mostPerMinute, done }: { mostPerMinute: number; done: string }) {
  const used = new Map<string, number>()
  let minute = 0
  return ({ ip = '' }: Pick<Request, 'ip'>, nowMs: number): void => {
    const now = Math.floor(nowMs / 60_000)
    if (now !== minute || used.size > mostAddresses) used.clear()
    minute = now
    const count = (used.get(ip) ?? 0) + 1
    used.set(ip, count)
    if (count <= mostPerMinute) return
    const retryAfterSeconds = 60 - Math.floor((nowMs / 1000) % 60)
    throw new ApiError('TOO_MANY_REQUESTS', `at most ${mostPerMinute} requests a minute ${done}`, { retryAfterSeconds })
  }
}
