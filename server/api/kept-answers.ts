/**
 * What a client may keep of an answer, and when it need not be sent again.
 *
 * The answer to a read carries the hash of its text as `ETag`, a weak one, since it is the same packed and as it is. Nobody may use
 * what it kept without asking (`no-cache`): the server finds out anew who asks and what that account may see, and only then
 * compares. So a 304 says no more than the answer itself would, and a read that is written down is written down either way.
 */
import { createHash } from 'node:crypto'
import type { Response } from 'express'

/** What an answer depends on beside its address: how it is packed, and who asks. */
const dependsOn = ['Accept-Encoding', 'Authorization', 'Cookie', 'Commonwatt-Account']
/** 144 bits: enough that no two answers share one. */
const letters = 24

/** Says in the headers that nothing of the answer may be kept. */
export function keepNothing(response: Response): void {
  response.setHeader('Cache-Control', 'no-store')
}

/** The `ETag` of a text, or of whatever else names one content of an address and no other. */
export function etagOf(content: string | Buffer): string {
  return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, letters)}"`
}

/**
 * Says in the headers of an answer what it is known by, and whether caches between may keep it; true, with all of a 304 but its
 * end, where whoever asks has it already.
 */
export function isKept(response: Response, { etag, isOwn }: { etag: string; isOwn: boolean }): boolean {
  response.setHeader('ETag', etag)
  response.setHeader('Cache-Control', isOwn ? 'private, no-cache' : 'no-cache')
  response.setHeader('Vary', dependsOn.join(', '))
  if (!names(response.req.headers['if-none-match'], etag)) return false
  response.statusCode = 304
  return true
}

/**
 * Whether an `If-None-Match` names this `ETag`, weakly compared (RFC 9110, 13.1.2). Express's own `fresh` does not answer programs:
 * `fetch` sends `Cache-Control: no-cache` along whenever it is given the header, which counts for `fresh` as a wish for all of it.
 */
function names(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const opaque = etag.slice('W/'.length)
  return header.trim() === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === opaque)
}
