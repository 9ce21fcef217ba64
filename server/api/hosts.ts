/**
 * Under which names this server answers. A page of somebody else, whose name has been pointed at this machine, would
 * otherwise read everything here as its own.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Where people open the page; links lead to the first. Without an address of its own that is `localhost` where the server listens on the
 * machine alone: browsers have no passkeys for addresses of numbers.
 *
 * @param origins the configured ones
 * @param listening where the server listens
 */
export function pageOrigins(origins: readonly string[], listening: string): string[] {
  // As browsers write it: without the usual port.
  const { hostname, origin } = new URL(listening)
  const here = Object.assign(new URL(listening), { hostname: 'localhost' }).origin
  const isMachineAlone = hostname === '[::1]' || /^127\./.test(hostname)
  return [...origins, ...(isMachineAlone ? [here, origin] : [origin, here])]
}

export type IsOwnHost = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => boolean

/** `origins` are where people open the page. The machine's own addresses and `localhost` need no mention: no name can pretend to be one. */
export function ownHosts(origins: readonly string[]): IsOwnHost {
  const hosts = new Set(origins.map((origin) => new URL(origin).host))
  return (request) => {
    if (hosts.has(request.headers.host?.toLowerCase() ?? '')) return true
    const name = nameAsked(request)
    return name !== null && isMachineItself(name, request)
  }
}

/** The same for a port that only programs ask, under whatever number others know it. `names` are the machine's, without a port. */
export function ownNames(names: readonly string[]): IsOwnHost {
  const own = new Set(names.map((name) => name.toLowerCase()))
  return (request) => {
    const name = nameAsked(request)
    return name !== null && (own.has(name) || isMachineItself(name, request))
  }
}

/** The name or address under which somebody asks, without its port; null where that is none. */
function nameAsked({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  const url = `http://${headers.host?.toLowerCase() ?? ''}`
  return URL.canParse(url) ? new URL(url).hostname : null
}

function isMachineItself(name: string, { socket }: Pick<IncomingMessage, 'socket'>): boolean {
  if (name === 'localhost') return true
  const address = name.replace(/^\[|\]$/g, '')
  if (isIP(address) === 0) return false
  return address === '::1' || address.startsWith('127.') || address === plain(socket.localAddress)
}

/** IPv6 wraps IPv4 addresses where a server listens on both. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '')
}

/** Whose page sent a request: one of ours, somebody else's, or no browser that says so. */
type PageSender = 'own' | 'foreign' | 'unsaid'
export type SenderOf = (request: Pick<IncomingMessage, 'headers'>) => PageSender

/**
 * Browsers say of every write and of every socket from which page it comes (`Origin`), and newer ones of everything else whether
 * that page is of this site (`Sec-Fetch-Site`). `origins` are where people open the page; on the machine itself it is opened by
 * `http` under whatever name of its own, to which the request then goes as well.
 */
export function pageSenders(origins: readonly string[]): SenderOf {
  const own = new Set(origins.map((origin) => new URL(origin).origin))
  return ({ headers }) => {
    const { origin, host } = headers
    const site = headers['sec-fetch-site']
    if (origin === undefined) {
      if (site === undefined || site === 'none') return 'unsaid'
      return site === 'same-origin' ? 'own' : 'foreign'
    }
    const isOwnMachine = origin === `http://${host?.toLowerCase()}` && isMachine(new URL(origin).hostname)
    return own.has(origin) || isOwnMachine ? 'own' : 'foreign'
  }
}

function isMachine(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
