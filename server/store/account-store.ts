/** Sign-ins, sessions and idempotency keys. Of a session's token only the hash is kept. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { type Database, vouchedFor } from './database.ts'

export interface SessionRow {
  account: Address
  expiresAt: Date
}

/** A session as its account sees it; `id` is the beginning of the token's hash, in hexadecimal digits. */
export interface ListedSession extends SessionRow {
  id: string
  openedAt: Date
  client: string
}

/** Notes that a sign-in nonce has been used; false where it was used before. `expiresAt`: when the nonce ends by itself. */
export async function spendAccountNonce(sql: Database, nonce: string, expiresAt: Date): Promise<boolean> {
  const rows = await sql`
    insert into sign_in_nonces (nonce, expires_at) values (${nonce}, ${expiresAt}) on conflict do nothing returning nonce`
  return rows.length === 1
}

export async function insertSession(
  sql: Database,
  tokenHash: Buffer,
  { account, openedAt, expiresAt, client }: Omit<ListedSession, 'id'>,
): Promise<void> {
  await sql`
    insert into sessions (token_hash, account, opened_at, expires_at, client)
    values (${tokenHash}, ${account}, ${openedAt}, ${expiresAt}, ${client})`
}

/** How far the clocks of two servers of one database may differ. */
const clocksApartMinutes = 5

/** What a clock opened that was far ahead would last beyond its day: it counts for nothing once the clock is right. */
function isOpen(sql: Database, now: Date) {
  return sql`expires_at > ${vouchedFor(sql, now)} and opened_at < ${now}::timestamptz + make_interval(mins => ${clocksApartMinutes})`
}

/** What an account has open, the newest first. */
export function sessionsOfAccount(
  sql: Database,
  { account, now, limit }: { account: Address; now: Date; limit: number },
): Promise<ListedSession[]> {
  return sql<ListedSession[]>`
    select encode(substr(token_hash, 1, 8), 'hex') as id, account, opened_at as "openedAt", expires_at as "expiresAt", client
    from sessions where account = ${account} and ${isOpen(sql, now)} order by opened_at desc limit ${limit}`
}

/** Ends the account's session of this identifier; false where it has none. */
export async function deleteSessionOf(
  sql: Database,
  { account, id }: { account: Address; id: string },
): Promise<boolean> {
  const rows = await sql`
    delete from sessions where account = ${account} and encode(substr(token_hash, 1, 8), 'hex') = ${id} returning 1`
  return rows.length > 0
}

/** The session of a token, unless it has expired. */
export async function findSession(sql: Database, tokenHash: Buffer, now: Date): Promise<SessionRow | null> {
  const [row] = await sql<{ account: Address; expires_at: Date }[]>`
    select account, expires_at from sessions where token_hash = ${tokenHash} and ${isOpen(sql, now)}`
  return row === undefined ? null : { account: row.account, expiresAt: row.expires_at }
}

/** Those of these hashes (hexadecimal digits) whose session has not ended. */
export async function openTokens(sql: Database, hashes: readonly string[], now: Date): Promise<string[]> {
  const rows = await sql<{ hash: string }[]>`
    select encode(token_hash, 'hex') as hash from sessions
    where token_hash in (select decode(wanted, 'hex') from unnest(${hashes}::text[]) wanted) and ${isOpen(sql, now)}`
  return rows.map(({ hash }) => hash)
}

export async function deleteSession(sql: Database, tokenHash: Buffer): Promise<void> {
  await sql`delete from sessions where token_hash = ${tokenHash}`
}

/** What is known of a request with an idempotency key: new (this caller now runs it), under way, or answered. */
export type KeyedRequest =
  | { state: 'begun' }
  | { state: 'other-request' }
  | { state: 'under-way' }
  | { state: 'answered'; status: number; response: string }

/** Answers are kept this long. */
const keptHours = 24
/** An owner sees for somewhat more than a year who read what. */
const keptReadHours = 400 * 24
/** A request that was begun or said to be under way this long ago, and never answered, was lost with its process: it may be run again. */
export const lostAfterSeconds = 60

export async function beginKeyedRequest(
  sql: Database,
  { caller, key, requestHash }: { caller: string; key: string; requestHash: Buffer },
): Promise<KeyedRequest> {
  const begun = await sql`
    insert into idempotency_keys (caller, key, request_hash) values (${caller}, ${key}, ${requestHash})
    on conflict (caller, key) do update
      set request_hash = excluded.request_hash, status = null, response = null, created_at = now()
      where idempotency_keys.created_at < now() - make_interval(hours => ${keptHours})
        or (idempotency_keys.status is null and idempotency_keys.request_hash = excluded.request_hash
          and idempotency_keys.created_at < now() - make_interval(secs => ${lostAfterSeconds}))
    returning key`
  if (begun.length === 1) return { state: 'begun' }
  const [row] = await sql<{ request_hash: Buffer; status: number | null; response: string }[]>`
    select request_hash, status, response from idempotency_keys where caller = ${caller} and key = ${key}`
  if (row === undefined) return { state: 'under-way' } // Just released: the next try begins it.
  if (!requestHash.equals(row.request_hash)) return { state: 'other-request' }
  if (row.status === null) return { state: 'under-way' }
  return { state: 'answered', status: row.status, response: row.response }
}

/** Says that a request is under way still, however long it takes. */
export async function renewKeyedRequest(
  sql: Database,
  { caller, key }: { caller: string; key: string },
): Promise<void> {
  await sql`
    update idempotency_keys set created_at = now() where caller = ${caller} and key = ${key} and status is null`
}

export async function answerKeyedRequest(
  sql: Database,
  { caller, key, status, response }: { caller: string; key: string; status: number; response: string },
): Promise<void> {
  await sql`
    update idempotency_keys set status = ${status}, response = ${response} where caller = ${caller} and key = ${key}`
}

/** Forgets a request that came to nothing, so that it can be sent again. */
export async function releaseKeyedRequest(
  sql: Database,
  { caller, key }: { caller: string; key: string },
): Promise<void> {
  await sql`delete from idempotency_keys where caller = ${caller} and key = ${key} and status is null`
}

/** Deletes what has expired by this clock and by the database's. */
export async function deleteExpired(sql: Database, today: Date): Promise<void> {
  const now = vouchedFor(sql, today)
  await sql`delete from sign_in_nonces where expires_at < ${now}`
  await sql`delete from sessions where expires_at < ${now}`
  await sql`delete from idempotency_keys where created_at < ${now} - make_interval(hours => ${keptHours})`
  await sql`delete from data_reads where hour < extract(epoch from ${now})::bigint / 3600 - ${keptReadHours}::int`
  await sql`delete from relays where relayed_at < ${now} - make_interval(hours => ${2 * keptHours})`
}
