/** Who is invited to an area, and what was carried to the chain for whom. */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import { type Database, type Queries, transact } from './database.ts'

/** Budgets look back this far. */
const budgetHours = 24

/**
 * Takes an account in by an invitation that is good for so many. `full` where others have used it up; an account that is in
 * already uses up nothing.
 */
export function acceptInvitation(
  database: Database,
  { area, account, invitation, accounts }: { area: number; account: Address; invitation: Hex; accounts: number },
): Promise<'accepted' | 'known' | 'full'> {
  const digest = Buffer.from(invitation.slice(2), 'hex')
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${invitation}, 0))`
    if (await isInvited(sql, { area, account })) return 'known'
    const [used] = await sql<{ count: number }[]>`
      select count(*)::int as count from invited_accounts where area_id = ${area} and invitation = ${digest}`
    if (used!.count >= accounts) return 'full'
    await sql`
      insert into invited_accounts (area_id, account, invitation) values (${area}, ${account}, ${digest})
      on conflict do nothing`
    return 'accepted'
  })
}

export async function isInvited(sql: Queries, { area, account }: { area: number; account: Address }): Promise<boolean> {
  const rows = await sql`select from invited_accounts where area_id = ${area} and account = ${account}`
  return rows.length > 0
}

/** How often was relayed in the last day: for an account, and for all. */
export async function relaysOfDay(sql: Queries, account: Address): Promise<{ own: number; all: number }> {
  const [row] = await sql<{ own: number; all: number }[]>`
    select (select count(*)::int from relays where account = ${account} and relayed_at > now() - make_interval(hours => ${budgetHours})) as own,
      (select count(*)::int from relays where relayed_at > now() - make_interval(hours => ${budgetHours})) as all`
  return row!
}

/** Whether this very request was carried before. */
export async function wasRelayed(
  sql: Queries,
  { area, requestHash }: { area: number; requestHash: Buffer },
): Promise<boolean> {
  const rows = await sql`select from relays where area_id = ${area} and request_hash = ${requestHash}`
  return rows.length > 0
}

/** Whether something about the same subject is on its way and in no block yet. */
export async function isRelayUnderWay(
  sql: Queries,
  { area, subject }: { area: number; subject: string },
): Promise<boolean> {
  const rows = await sql`
    select from relays relay
    where area_id = ${area} and subject = ${subject} and exists (
      select from transactions sent where sent.status = 'pending'
        and sent.attempts @> jsonb_build_array(jsonb_build_object('hash', relay.transaction)))`
  return rows.length > 0
}

export interface RelayedRow {
  area: number
  account: Address
  subject: string
  requestHash: Buffer
  transaction: Hex
}

/** Notes what was carried; the same request again (its transaction had failed) takes the place of its row. */
export async function noteRelay(sql: Queries, row: RelayedRow): Promise<void> {
  await sql`
    insert into relays (area_id, account, subject, request_hash, transaction)
    values (${row.area}, ${row.account}, ${row.subject}, ${row.requestHash}, ${row.transaction})
    on conflict (area_id, request_hash) do update set transaction = excluded.transaction`
}
