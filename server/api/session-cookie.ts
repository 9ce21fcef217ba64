/**
 * A browser keeps its session in a cookie that no script reads, a program in a token that it sends itself.
 *
 * Where the page is opened by https the cookie's name begins with `__Host-`: only this very host can have set it, over TLS, for all
 * paths. Browsers take no such cookie from `http://localhost`, where the demo runs, so there it has a plain name with the port,
 * since cookies do not tell one port from another. Several accounts of one browser have a cookie each; a request names the one
 * that it speaks for in the header `Commonwatt-Account`, which no other site's page can send.
 */
import type { IncomingMessage } from 'node:http'
import { sessionOfToken } from '../accounts/sessions.ts'
import type { SessionRow } from '../store/account-store.ts'
import type { Database } from '../store/database.ts'
import type { SenderOf } from './hosts.ts'

/** The header by which a page says whose session it speaks for. */
const accountHeader = 'commonwatt-account'

/** What shows a session: a token, and the cookie's name where it came in one. */
export interface Shown {
  token: string
  /** Whose the cookie must be; null for a program's token, which says it by itself. */
  account: string | null
}

/** The `Set-Cookie` of a session, for a page at `origin`. It lasts as long as the session. */
export function sessionCookie(origin: string, { account, token, expiresAt }: SessionRow & { token: string }): string {
  return cookie(origin, account, token, Math.max(0, Math.round((expiresAt.getTime() - Date.now()) / 1000)))
}

/** The `Set-Cookie` that ends it. */
export function endedCookie(origin: string, account: string): string {
  return cookie(origin, account, '', 0)
}

function cookie(origin: string, account: string, value: string, seconds: number): string {
  const { protocol, host } = new URL(origin)
  const isSecure = protocol === 'https:'
  const parts = [
    `${isSecure ? secureName(account) : plainName(host, account)}=${value}`,
    `Max-Age=${seconds}`,
    'Path=/',
  ]
  return [...parts, 'HttpOnly', 'SameSite=Strict', ...(isSecure ? ['Secure'] : [])].join('; ')
}

/** The token of `Authorization: Bearer`, or the cookie of the account that the request names. */
export function shownSession({ headers }: Pick<IncomingMessage, 'headers'>): Shown | null {
  const { authorization } = headers
  if (authorization?.toLowerCase().startsWith('bearer ')) return { token: authorization.slice(7).trim(), account: null }
  const named = headers[accountHeader]
  return typeof named === 'string' ? cookieOf(headers, named) : null
}

/** The cookie of an account, under either of its names. */
export function cookieOf({ cookie, host }: IncomingMessage['headers'], account: string): Shown | null {
  if (cookie === undefined || !/^0x[0-9a-f]{40}$/.test(account)) return null
  const cookies = new Map(cookie.split(';').map((each) => each.trim().split('=', 2) as [string, string]))
  const token = cookies.get(secureName(account)) ?? cookies.get(plainName(host ?? '', account))
  return token === undefined ? null : { token, account }
}

/** The session that is shown; null for one that is unknown, has ended, or is another account's than the cookie said. */
export async function sessionShown(database: Database, shown: Shown, now: Date): Promise<SessionRow | null> {
  const session = await sessionOfToken(database, shown.token, now)
  return shown.account === null || shown.account === session?.account ? session : null
}

/** Whether a cookie may speak: a browser sends it along whichever page asks, so a page of ours must have asked. */
export function mayUseCookie(senderOf: SenderOf, request: Pick<IncomingMessage, 'headers' | 'method'>): boolean {
  const sender = senderOf(request)
  return sender === 'own' || (sender === 'unsaid' && (request.method === 'GET' || request.method === 'HEAD'))
}

function secureName(account: string): string {
  return `__Host-commonwatt-${account}`
}

function plainName(host: string, account: string): string {
  return `commonwatt-${/:(\d+)$/.exec(host)?.[1] ?? 80}-${account}`
}
