/** Sessions: a bearer token of 32 random bytes for a day, of which the database holds a hash. */
import { createHash, randomBytes } from 'node:crypto'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import {
  deleteExpired,
  deleteSession,
  findSession,
  insertSession,
  openTokens,
  type SessionRow,
} from '../store/account-store.ts'
import type { Database } from '../store/database.ts'

const sessionMs = 24 * 3_600_000
/** Expired rows are deleted at most this often. */
const sweepMs = 60_000
const sweptMs = new WeakMap<Database, number>()
const tokenForm = /^[A-Za-z0-9_-]{43}$/

export async function openSession(
  database: Database,
  account: Address,
  now: Date,
  client = 'a program',
): Promise<SessionRow & { token: string }> {
  await sweepNowAndThen(database, now)
  const token = randomBytes(32).toString('base64url')
  const session = { account, expiresAt: new Date(now.getTime() + sessionMs) }
  await insertSession(database, hashToken(token), { ...session, openedAt: now, client })
  return { token, ...session }
}

/** The name by which an account tells its sessions from each other. */
export function sessionId(token: string): string {
  return hashToken(token).subarray(0, 8).toString('hex')
}

/** Deletes expired sessions, nonces and idempotency keys; called where one is made, so that none outlives its use for long. */
export async function sweepNowAndThen(database: Database, now: Date, monotonicMs = performance.now()): Promise<void> {
  if (monotonicMs - (sweptMs.get(database) ?? Number.NEGATIVE_INFINITY) < sweepMs) return
  sweptMs.set(database, monotonicMs)
  await deleteExpired(database, now)
}

/** The session of a token; null for one that is malformed, unknown or expired. */
export async function sessionOfToken(database: Database, token: string, now: Date): Promise<SessionRow | null> {
  return tokenForm.test(token) ? findSession(database, hashToken(token), now) : null
}

export async function closeSession(database: Database, token: string): Promise<void> {
  if (tokenForm.test(token)) await deleteSession(database, hashToken(token))
}

/** Which of these tokens still have a session. */
export async function tokensWithSession(
  database: Database,
  tokens: readonly string[],
  now: Date,
): Promise<Set<string>> {
  const byHash = new Map(tokens.map((token) => [hashToken(token).toString('hex'), token]))
  const open = await openTokens(database, [...byHash.keys()], now)
  return new Set(open.map((hash) => byHash.get(hash)!))
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
