/**
 * One request to the chain's node, which may be anybody's: it ends at its deadline, however the answer drips, and nothing larger than
 * `mostBytes` is held. The library's own request counts from the last byte, keeps what it has given up, and copies everything again for each piece.
 */
import http from 'node:http'
import https from 'node:https'
import { gunzipSync } from 'node:zlib'
import { type FetchGetUrlFunc, type GetUrlResponse, makeError } from 'ethers'
import { ChainError } from './error.ts'

/** A block of 36 million gas has at most some 10 MB of events in JSON; two thousand blocks hold far fewer of one contract. */
const mostBytes = 32 * 2 ** 20

/** Throws `CHAIN_NODE` for an answer that is too large, else what ethers' own request throws. */
export const askNode: FetchGetUrlFunc = (asked, cancel) =>
  new Promise<GetUrlResponse>((resolve, reject) => {
    const { request } = asked.url.startsWith('https:') ? https : http
    const sent = request(asked.url, { method: asked.method, headers: asked.headers })
    const end = (error: Error) => {
      clearTimeout(deadline)
      reject(error)
      sent.destroy()
    }
    const deadline = setTimeout(() => end(makeError('request timeout', 'TIMEOUT')), asked.timeout)
    cancel?.addListener(() => end(makeError('request cancelled', 'CANCELLED')))
    sent.on('error', end)
    sent.once('response', (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('error', end)
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > mostBytes)
          end(new ChainError('CHAIN_NODE', 'the chain’s node answers with more than is ever asked for'))
        else parts.push(part)
      })
      response.once('end', () => {
        try {
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, `${value}`]),
          )
          const whole = Buffer.concat(parts)
          const isZipped = headers['content-encoding'] === 'gzip' && bytes > 0
          const body = isZipped ? gunzipSync(whole, { maxOutputLength: mostBytes }) : whole
          const { statusCode = 0, statusMessage = '' } = response
          clearTimeout(deadline)
          resolve({ statusCode, statusMessage, headers, body: body.length === 0 ? null : body })
        } catch {
          end(new ChainError('CHAIN_NODE', 'the chain’s node answered with what cannot be unpacked'))
        }
      })
    })
    sent.end(asked.body === null ? undefined : Buffer.from(asked.body))
  })
