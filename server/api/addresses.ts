/** Who asks, as far as an address tells: the connection's, or the one that a trusted proxy names. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import express from 'express'
import type { Logger } from 'pino'

/** How many proxies stand before this server, or their addresses, networks or `loopback`, `linklocal`, `uniquelocal`. */
export type TrustedProxies = number | readonly string[]

/** The network that one customer has: an IPv4 address, or the /64 of an IPv6 address. Limits go by it. */
export type NetworkOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string

/** Headers by which proxies say for whom they ask. */
const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip']
/** The warning comes again after this. */
const warnEveryMs = 3_600_000

/**
 * Reads `X-Forwarded-For` as far as the proxies on the way are trusted. Where none is and requests say that they were
 * forwarded, the log says so: everybody behind that proxy then counts as one address.
 */
export function networkReader(
  trustProxy: TrustedProxies | null,
  log: Pick<Logger, 'warn'>,
  nowMs: () => number = () => performance.now(),
): NetworkOf {
  const isTrusted = trustOf(trustProxy)
  let warnedMs = Number.NEGATIVE_INFINITY

  function warn(header: string): void {
    if (nowMs() - warnedMs < warnEveryMs) return
    warnedMs = nowMs()
    log.warn(
      { header },
      'requests come through a proxy that is not trusted, so all of its visitors share one allowance: start with --trust-proxy, see docs/operate.md',
    )
  }

  return ({ headers, socket }) => {
    let address = socket.remoteAddress ?? ''
    if (trustProxy === null) {
      const header = forwardingHeaders.find((name) => headers[name] !== undefined)
      if (header !== undefined) warn(header)
      return networkOf(address)
    }
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    for (const [hops, next] of forwarded
      .map((each) => each.trim())
      .reverse()
      .entries()) {
      if (!isTrusted(address, hops) || isIP(next) === 0) break
      address = next
    }
    return networkOf(address)
  }
}

/** Whether connections from an address are a proxy's, and so many people's. */
export function proxyReader(trustProxy: TrustedProxies | null): (address: string) => boolean {
  const isTrusted = trustOf(trustProxy)
  return (address) => isTrusted(address, 0)
}

function trustOf(trustProxy: TrustedProxies | null): (address: string, hops: number) => boolean {
  const app = express()
  app.set('trust proxy', trustProxy ?? false)
  return app.get('trust proxy fn')
}

/** `2001:db8:1:2::/64` for an IPv6 address; an IPv4 address stays, also where IPv6 wraps it. */
export function networkOf(address: string): string {
  const wrapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (wrapped !== null) return wrapped[1]!
  if (isIP(address) !== 6) return address
  const [start, end] = address
    .replace(/%.*$/, '')
    .replace(/\d+\.\d+\.\d+\.\d+$/, '0:0')
    .split('::')
  const groupsOf = (text: string | undefined) => (text ?? '').split(':').filter((group) => group !== '')
  const [before, after] = [groupsOf(start), groupsOf(end)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.slice(0, 4).join(':')}::/64`
}
