/** Grants of data, what their accounts took back, and who read what. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { hexes, numbers, parts, texts } from './arrays.ts'
import { type Database, type Queries, transact } from './database.ts'

/** The contract by which grants are taken back. */
export interface RevocationsKey {
  chainId: number
  revocations: Address
}

/** A grant as it is kept; times are UTC seconds and bound the data. */
export interface StoredGrant extends RevocationsKey {
  id: number
  digest: Hex
  areaId: number
  seat: number
  account: Address
  grantee: Address
  scope: number
  granularity: number
  from: UtcSeconds
  until: UtcSeconds
  nonce: number
  givenAt: Date
  isRevoked: boolean
}

/** Grants of one account that are not taken back. */
const mostGrants = 100

/** Keeps a grant; the same one again changes nothing. `full` where the account has given as many as one may. */
export function keepGrant(
  database: Database,
  grant: Omit<StoredGrant, 'id' | 'givenAt' | 'isRevoked'> & { signature: Hex },
): Promise<'kept' | 'full'> {
  const { areaId, seat, account, grantee, scope, granularity, from, until, nonce, chainId, revocations } = grant
  const digest = bytesOf(grant.digest)
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`grants ${account}`}, 0))`
    const [given] = await sql<{ count: number; known: boolean }[]>`
      select count(*) filter (where nonce >= ${revokedBelow(sql)})::int as count, coalesce(bool_or(digest = ${digest}), false) as known
      from data_grants given where account = ${account}`
    if (given!.known) return 'kept'
    if (given!.count >= mostGrants) return 'full'
    await sql`
      insert into data_grants (digest, area_id, seat, account, grantee, scope, granularity, data_from, data_until, nonce,
        signature, chain_id, revocations)
      values (${digest}, ${areaId}, ${seat}, ${account}, ${grantee}, ${scope}, ${granularity}, ${from}, ${until}, ${nonce},
        ${bytesOf(grant.signature)}, ${chainId}, ${revocations})`
    return 'kept'
  })
}

/** The number below which the grants of `given` are void. */
function revokedBelow(sql: Queries) {
  return sql`coalesce((
    select below from grant_revocations revoked
    where revoked.chain_id = given.chain_id and revoked.revocations = given.revocations and revoked.account = given.account), 0)`
}

type GrantColumns = Omit<StoredGrant, 'digest'> & { digest: Buffer }

function selectGrants(sql: Queries) {
  return sql`
    select id, digest, area_id as "areaId", seat, account, grantee, scope, granularity, data_from as "from",
      data_until as until, nonce, chain_id as "chainId", revocations, given_at as "givenAt", nonce < ${revokedBelow(sql)} as "isRevoked"
    from data_grants given`
}

function withHex(rows: readonly GrantColumns[]): StoredGrant[] {
  return rows.map((row) => ({ ...row, digest: hexOf(row.digest) }))
}

/** Newest first, from the one before `before` on: what an account gave, or what it was given. */
export async function grantsOf(
  sql: Queries,
  party: 'account' | 'grantee',
  { account, before, limit }: { account: Address; before?: number | undefined; limit: number },
): Promise<StoredGrant[]> {
  return withHex(
    await sql<GrantColumns[]>`
      ${selectGrants(sql)} where ${sql(party)} = ${account} ${before === undefined ? sql`` : sql`and id < ${before}`}
      order by id desc limit ${limit}`,
  )
}

export async function grantWith(sql: Queries, digest: Hex): Promise<StoredGrant | null> {
  const rows = await sql<GrantColumns[]>`${selectGrants(sql)} where digest = ${bytesOf(digest)}`
  return withHex(rows)[0] ?? null
}

/** The grants that are not taken back by which the grantee may read this of a seat, the newest first. */
export async function grantsFor(
  sql: Queries,
  query: { areaId: number; seat: number; account: Address; grantee: Address; scope: number },
): Promise<StoredGrant[]> {
  const { areaId, seat, account, grantee, scope } = query
  return withHex(
    await sql<GrantColumns[]>`
      ${selectGrants(sql)}
      where grantee = ${grantee} and account = ${account} and area_id = ${areaId} and seat = ${seat}
        and (scope & ${scope}::smallint) <> 0 and nonce >= ${revokedBelow(sql)}
      order by id desc limit ${mostGrants}`,
  )
}

/** What the account granted below is void from now on; a number never falls. */
export async function revokeBelow(
  sql: Queries,
  { chainId, revocations, account, below }: RevocationsKey & { account: Address; below: number | bigint },
): Promise<void> {
  await sql`
    insert into grant_revocations (chain_id, revocations, account, below)
    values (${chainId}, ${revocations}, ${account}, ${below.toString()}::numeric)
    on conflict (chain_id, revocations, account) do update
      set below = greatest(grant_revocations.below, excluded.below)`
}

/** The number below which the account's grants are void. */
export async function revokedBelowOf(
  sql: Queries,
  { chainId, revocations, account }: RevocationsKey & { account: Address },
): Promise<bigint> {
  const [row] = await sql<{ below: string }[]>`
    select below::text from grant_revocations
    where chain_id = ${chainId} and revocations = ${revocations} and account = ${account}`
  return BigInt(row?.below ?? 0)
}

/** The newest block whose revocations are known, or null. */
export async function revocationsReadTo(
  sql: Queries,
  { chainId, revocations }: RevocationsKey,
): Promise<number | null> {
  const [row] = await sql<{ block: number }[]>`
    select block from revocations_read where chain_id = ${chainId} and revocations = ${revocations}`
  return row?.block ?? null
}

export async function noteRevocationsRead(
  sql: Queries,
  { chainId, revocations }: RevocationsKey,
  block: number,
): Promise<void> {
  await sql`
    insert into revocations_read (chain_id, revocations, block) values (${chainId}, ${revocations}, ${block})
    on conflict (chain_id, revocations) do update set block = excluded.block`
}

/** What somebody who is not the owner reads. */
export interface DataRead {
  reader: Address
  what: string
  areaId: number
  /** Null: of everybody in the area. */
  account: Address | null
  /** Null: of all of the account's seats in the area. */
  seat: number | null
  /** Null where the reader is the area's grid operator. */
  grant: Hex | null
  from: UtcSeconds
  until: UtcSeconds
}

/** Notes reads, before they are answered; the same within an hour is counted in one row, whose range covers them all. */
export async function noteReads(sql: Queries, reads: readonly DataRead[]): Promise<void> {
  for (const part of parts(reads)) {
    await sql`
      insert into data_reads (hour, reader, what, area_id, account, seat, grant_digest, data_from, data_until)
      select extract(epoch from now())::bigint / 3600, read.* from unnest(
        ${texts(part, ({ reader }) => reader)}::text[],
        ${texts(part, ({ what }) => what)}::text[],
        ${numbers(part, ({ areaId }) => areaId)}::int[],
        ${texts(part, ({ account }) => account ?? '')}::text[],
        ${numbers(part, ({ seat }) => seat ?? 0)}::int[],
        ${hexes(part, ({ grant }) => grant ?? '0x')}::bytea[],
        ${numbers(part, ({ from }) => from)}::bigint[],
        ${numbers(part, ({ until }) => until)}::bigint[]
      ) as read
      on conflict (hour, reader, what, area_id, account, seat, grant_digest) do update
        set last_at = now(), times = data_reads.times + 1, data_from = least(data_reads.data_from, excluded.data_from),
          data_until = greatest(data_reads.data_until, excluded.data_until)`
  }
}

export interface ReadRow extends Omit<DataRead, 'account'> {
  id: number
  firstAt: Date
  lastAt: Date
  times: number
}

/**
 * Reads of an account's data, the newest first, from the one before `before` on. Of those of everybody in an area the ones that
 * reach into a time in which the account had a seat there.
 */
export async function readsOf(
  sql: Queries,
  { account, before, limit }: { account: Address; before?: number | undefined; limit: number },
): Promise<ReadRow[]> {
  const earlier = before === undefined ? sql`` : sql`and id < ${before}`
  const rows = await sql<(Omit<ReadRow, 'grant'> & { digest: Buffer })[]>`
    select id, reader, what, area_id as "areaId", nullif(seat, 0) as seat, grant_digest as digest, data_from as "from",
      data_until as until, first_at as "firstAt", last_at as "lastAt", times
    from (
      (select * from data_reads where account = ${account} ${earlier} order by id desc limit ${limit})
      union all
      (select read.* from data_reads read
        where account = '' and area_id in (select area_id from seats where account = ${account}) ${earlier}
          and exists (
            select from seats own where own.account = ${account} and own.area_id = read.area_id
              and (own.chain->>'openedAt')::bigint < read.data_until)
        order by id desc limit ${limit})
    ) own order by id desc limit ${limit}`
  return rows.map(({ digest, ...row }) => ({ ...row, grant: digest.length === 0 ? null : hexOf(digest) }))
}

function bytesOf(hex: Hex): Buffer {
  return Buffer.from(hex.slice(2), 'hex')
}
