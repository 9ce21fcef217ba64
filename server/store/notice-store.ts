/** Notices of accounts: each arises once, whoever looks and however often, and waits until its account has read it. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { StoredArea } from './areas.ts'
import { numbers, texts } from './arrays.ts'
import { type Database, type Queries, transact } from './database.ts'

export const noticeKinds = ['payout', 'silent', 'statement', 'bill'] as const
export type NoticeKind = (typeof noticeKinds)[number]

export interface NoticeRow {
  id: number
  area_id: number
  seat: number
  account: Address
  kind: NoticeKind
  /**
   * What tells one from another: a payout's transaction and place there, the last reading before a silence (UTC seconds), a
   * statement's month, the name of a billed month that changed with the look that it follows.
   */
  subject: string
  happened_at: UtcSeconds
  /** The amount of a payout: ledger units, decimal. */
  amount: string | null
  payee: Address | null
  read_at: Date | null
}

/** What concerns clerks of an area concerns no seat of theirs. */
export const areaItself = 0

/** A meter that is silent, or whose month is settled; or a clerk of a billed month that changed. */
export interface NoticedSeat {
  seat: number
  account: Address
  subject: string
  happenedAt: UtcSeconds
}

/** Notes what happened to seats; gives those that were not known before and that their accounts want to know of. */
export function noteSeats(
  sql: Queries,
  areaId: number,
  kind: NoticeKind,
  seats: readonly NoticedSeat[],
): Promise<NoticeRow[]> {
  return sql<NoticeRow[]>`
    insert into notices (area_id, seat, account, kind, subject, happened_at)
    select ${areaId}, own.seat, own.account, ${kind}, own.subject, own.happened_at from unnest(
      ${numbers(seats, ({ seat }) => seat)}::int[],
      ${texts(seats, ({ account }) => account)}::text[],
      ${texts(seats, ({ subject }) => subject)}::text[],
      ${numbers(seats, ({ happenedAt }) => happenedAt)}::bigint[]
    ) as own (seat, account, subject, happened_at)
    where not exists (select from notices_unwanted other where other.account = own.account and other.kind = ${kind})
    on conflict do nothing
    returning *`
}

/**
 * Notes the payouts of an area in blocks up to `confirmations` deep that have not been looked through yet. A block that a
 * reorganisation may still replace is looked through later.
 */
export function notePayouts(
  database: Database,
  { areaId, chainId, escrow, area }: StoredArea,
  confirmations: number,
): Promise<NoticeRow[]> {
  return transact(database, async (sql) => {
    const [looked] = await sql<[{ from: number; until: number | null }]>`
      select coalesce((select block from notices_looked where area_id = ${areaId} for update), -1)::int as from,
        (select max(number) - ${confirmations} + 1 from chain_blocks where chain_id = ${chainId} and escrow = ${escrow})::int
          as until`
    if (looked.until === null || looked.until <= looked.from) return []
    await sql`
      insert into notices_looked (area_id, block) values (${areaId}, ${looked.until})
      on conflict (area_id) do update set block = excluded.block`
    return sql<NoticeRow[]>`
      insert into notices (area_id, seat, account, kind, subject, happened_at, amount, payee)
      select ${areaId}, seats.seat, seats.account, 'payout', event.transaction || ' ' || event.log_index, block.time,
        (event.args->>'amount')::numeric, event.args->>'to'
      from chain_events event
      join chain_blocks block on block.chain_id = event.chain_id and block.escrow = event.escrow and block.number = event.block
      join seats on seats.area_id = ${areaId}
        and seats.seat = (event.args->>'seat')::numeric - ${String(BigInt(area) << 32n)}::numeric
      where event.chain_id = ${chainId} and event.escrow = ${escrow} and event.block > ${looked.from}
        and event.block <= ${looked.until} and event.name = 'WithdrawalClaimed'
        and not exists (select from notices_unwanted other where other.account = seats.account and other.kind = 'payout')
      order by event.block, event.log_index
      on conflict do nothing
      returning *`
  })
}

/** Seats of which something was settled in the batches that end in `(from, to]`, with their accounts. */
export function seatsSettledWithin(
  sql: Queries,
  areaId: number,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<{ seat: number; account: Address }[]> {
  return sql<{ seat: number; account: Address }[]>`
    select seat, account from seats where area_id = ${areaId} and exists (
      select from batch_entries entry
      where entry.area_id = ${areaId} and entry.seat = seats.seat and entry.kind = 'settle'
        and entry.end_at > ${from} and entry.end_at <= ${to})`
}

/** An account's notices, the newest first, from the one before `before` on. */
export function noticesOf(
  sql: Queries,
  { account, before, limit }: { account: Address; before?: number | undefined; limit: number },
): Promise<NoticeRow[]> {
  const earlier = before === undefined ? sql`` : sql`and id < ${before}`
  return sql<NoticeRow[]>`
    select * from notices where account = ${account} ${earlier} order by id desc limit ${limit}`
}

/** How many of an account's notices are unread, and the kinds that it does not want. */
export async function noticeState(
  sql: Queries,
  account: Address,
): Promise<{ unread: number; unwanted: readonly NoticeKind[] }> {
  const [row] = await sql<[{ unread: number; unwanted: NoticeKind[] }]>`
    select (select count(*) from notices where account = ${account} and read_at is null)::int as unread,
      array(select kind from notices_unwanted where account = ${account} order by kind) as unwanted`
  return row
}

/** All notices up to one, this one too, are read. */
export async function readNotices(sql: Queries, account: Address, until: number): Promise<void> {
  await sql`
    update notices set read_at = now() where account = ${account} and id <= ${until} and read_at is null`
}

/** From now on notices of these kinds alone do not arise. */
export function chooseNotices(database: Database, account: Address, unwanted: readonly NoticeKind[]): Promise<void> {
  return transact(database, async (sql) => {
    await sql`delete from notices_unwanted where account = ${account}`
    await sql`
      insert into notices_unwanted (account, kind)
      select ${account}, kind from unnest(${texts(unwanted, (kind) => kind)}::text[]) as kind`
  })
}

/** Deletes the notices of a seat up to a time: they tell what was paid to whom. */
export async function eraseNotices(
  sql: Queries,
  { areaId, seat, until }: { areaId: number; seat: number; until: UtcSeconds },
): Promise<void> {
  await sql`delete from notices where area_id = ${areaId} and seat = ${seat} and happened_at <= ${until}`
}
