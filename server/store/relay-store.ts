/** Who is invited to an area, and what was carried to the chain for whom. */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import { type Database, type Queries, transact } from './database.ts'

/** Budgets look back this far. */
const budgetHours = 24

/** How long ago a member's invitation still counts. */
const quotaDays = 365

/**
 * Takes an account in by an invitation that is good for so many. `full` where others have used it up, or where its inviter has
 * brought as many within a year as `quota` allows (null: any number); an account that is in already uses up nothing.
 */
export function acceptInvitation(
  database: Database,
  taken: {
    area: number
    account: Address
    invitation: Hex
    accounts: number
    inviter: Address
    quota: number | null
  },
): Promise<'accepted' | 'known' | 'full'> {
  const { area, account, invitation, accounts, inviter, quota } = taken
  const digest = Buffer.from(invitation.slice(2), 'hex')
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations of ${inviter}`}, 0))`
    if (await isInvited(sql, { area, account })) return 'known'
    const [used] = await sql<{ places: number; brought: number }[]>`
      select count(*) filter (where invitation = ${digest})::int as places,
        count(*) filter (where accepted_at > now() - make_interval(days => ${quotaDays}))::int as brought
      from invited_accounts where area_id = ${area} and inviter = ${inviter}`
    if (used!.places >= accounts || used!.brought >= (quota ?? Number.POSITIVE_INFINITY)) return 'full'
    await sql`
      insert into invited_accounts (area_id, account, invitation, inviter)
      values (${area}, ${account}, ${digest}, ${inviter}) on conflict do nothing`
    return 'accepted'
  })
}

export async function isInvited(sql: Queries, { area, account }: { area: number; account: Address }): Promise<boolean> {
  const rows = await sql`select from invited_accounts where area_id = ${area} and account = ${account}`
  return rows.length > 0
}

/** Transactions, and the gas that they may use. */
interface Spent {
  transactions: number
  gas: number
}

/** What was relayed in the last day: for an account, and for all. */
export async function relaysOfDay(sql: Queries, account: Address): Promise<{ own: Spent; all: Spent }> {
  const [row] = await sql<{ own: number; own_gas: number; all: number; all_gas: number }[]>`
    select count(*) filter (where account = ${account})::int as own,
      coalesce(sum(gas) filter (where account = ${account}), 0)::bigint as own_gas,
      count(*)::int as all, coalesce(sum(gas), 0)::bigint as all_gas
    from relays where relayed_at > now() - make_interval(hours => ${budgetHours})`
  const { own, own_gas, all, all_gas } = row!
  return { own: { transactions: own, gas: own_gas }, all: { transactions: all, gas: all_gas } }
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
  /** The most that the transaction may use; 0 where the same was on its way already. */
  gas: number
}

/** Notes what was carried; the same request again (its transaction had failed) takes the place of its row, and costs as well. */
export async function noteRelay(sql: Queries, row: RelayedRow): Promise<void> {
  await sql`
    insert into relays (area_id, account, subject, request_hash, transaction, gas)
    values (${row.area}, ${row.account}, ${row.subject}, ${row.requestHash}, ${row.transaction}, ${row.gas})
    on conflict (area_id, request_hash) do update
      set transaction = excluded.transaction, gas = relays.gas + excluded.gas`
}
