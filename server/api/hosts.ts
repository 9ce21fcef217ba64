/**
 * Under which names this server answers. A page of somebody else, whose name has been pointed at this machine, would
 * otherwise read everything here as its own.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

export type IsOwnHost = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => boolean

/** `origins` are where people open the page. The machine's own addresses and `localhost` need no mention: no name can pretend to be one. */
export function ownHosts(origins: readonly string[]): IsOwnHost {
  const hosts = new Set(origins.map((origin) => new URL(origin).host))
  return ({ headers, socket }) => {
    const host = headers.host?.toLowerCase() ?? ''
    if (hosts.has(host)) return true
    if (!URL.canParse(`http://${host}`)) return false
    const { hostname } = new URL(`http://${host}`)
    const address = hostname.replace(/^\[|\]$/g, '')
    if (hostname === 'localhost') return true
    if (isIP(address) === 0) return false
    return address === '::1' || address.startsWith('127.') || address === plain(socket.localAddress)
  }
}

/** IPv6 wraps IPv4 addresses where a server listens on both. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '')
}
