/** Who lets its neighbours see it and whom it prefers as a partner, and what seats traded beside a seat. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { numbers } from './arrays.ts'
import { type Database, type Queries, transact } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import { ownRow } from './queries-seats.ts'
import type { Range, SeatKey } from './rows.ts'

/** An account that lets itself be seen, by a number that tells nothing else of it. */
export interface Neighbour {
  id: number
  name: string
}

/** What an account has chosen. */
export interface PartnerChoices {
  name: string | null
  preferred: number[]
}

/** Neighbours that somebody chooses from at once. */
const mostNeighbours = 500

export async function partnerChoices(sql: Queries, account: Address): Promise<PartnerChoices> {
  const [row] = await sql<[PartnerChoices]>`
    select (select name from partner_names where account = ${account}) as name,
      array(select partner from preferred_partners where account = ${account} order by partner) as preferred`
  return row
}

/** Whoever else lets itself be seen in the areas, by name. */
export function neighboursOf(
  sql: Queries,
  { account, areas }: { account: Address; areas: readonly number[] },
): Promise<Neighbour[]> {
  return sql<Neighbour[]>`
    select id, name from partner_names where account <> ${account} and account in (
      select seats.account from seats where area_id = any(${numbers(areas, (area) => area)}::int[]))
    order by name, id limit ${mostNeighbours}`
}

/** Keeps what an account chose; a preference that it had before counts on since then. Without a name nobody prefers it any more. */
export function choosePartners(
  database: Database,
  account: Address,
  { name, preferred, since }: PartnerChoices & { since: UtcSeconds },
): Promise<void> {
  const wanted = numbers(preferred, (partner) => partner)
  return transact(database, async (sql) => {
    if (name === null) await sql`delete from partner_names where account = ${account}`
    else {
      await sql`
        insert into partner_names (account, name) values (${account}, ${name})
        on conflict (account) do update set name = excluded.name`
    }
    await sql`delete from preferred_partners where account = ${account} and partner <> all(${wanted}::bigint[])`
    // Whoever has just withdrawn its name is preferred by nobody.
    await sql`
      insert into preferred_partners (account, partner, since)
      select ${account}, id, ${since} from partner_names where id = any(${wanted}::bigint[])
      on conflict do nothing`
  })
}

/** Whose each of an area's seats is, and how it lets itself be seen. */
export function seatNames(
  sql: Queries,
  areaId: number,
): Promise<{ seat: number; account: Address; id: number | null; name: string | null }[]> {
  return sql<{ seat: number; account: Address; id: number | null; name: string | null }[]>`
    select seat, seats.account, id, name from seats left join partner_names using (account) where area_id = ${areaId}`
}

/** Pairs of an area's seats of which the account of the first prefers that of the second. */
export function preferredSeats(
  sql: Queries,
  areaId: number,
): Promise<{ one: number; other: number; since: UtcSeconds }[]> {
  return sql<{ one: number; other: number; since: UtcSeconds }[]>`
    select own.seat as one, other.seat as other, since
    from preferred_partners preferred join partner_names on id = partner
    join seats own on own.area_id = ${areaId} and own.account = preferred.account
    join seats other on other.area_id = ${areaId} and other.account = partner_names.account`
}

/** What seats traded in an interval, by place in lists of the same length. */
export interface TradedInterval {
  start: UtcSeconds
  seats: number[]
  /** Places of zones among those of the area's settings at that time. */
  zones: number[]
  sold: Wh[]
  bought: Wh[]
}

/** All seats of the newest intervals in the range in which the seat traded, the newest first. */
export function tradedBeside(
  sql: Queries,
  { area, seat, from, to, limit }: SeatKey & Required<Range> & { limit: number },
): Promise<TradedInterval[]> {
  return sql<TradedInterval[]>`
    select own.start, array_agg(beside.seat) as seats, array_agg(beside.zone::int) as zones,
      array_agg(beside.sold_wh) as sold, array_agg(beside.bought_wh) as bought
    from (
      select newest.start from (
        select distinct start from intervals where area_id = ${area} and start >= ${from} and start < ${to} order by start desc
      ) newest cross join lateral ${ownRow(sql, area, seat)} mine
      where bought_wh + sold_wh > 0
      order by newest.start desc limit ${limit}
    ) own join lateral (
      select seat_intervals.seat, zone, sold_wh, bought_wh from seat_intervals
      where area_id = ${area} and start = own.start and current and bought_wh + sold_wh > 0
    ) beside on true
    group by own.start order by own.start desc`
}

/** Energy of an interval whose two sides know each other by name. */
export interface NamedTrade {
  start: UtcSeconds
  seller: number
  buyer: number
  wh: Wh
}

/** What was traded ahead or agreed, and delivered, in these intervals. */
export async function namedTrades(
  sql: Queries,
  { area, starts }: { area: number; starts: readonly UtcSeconds[] },
): Promise<NamedTrade[]> {
  if (starts.length === 0) return []
  const wanted = numbers(starts, (start) => start)
  const ahead = await sql<NamedTrade[]>`
    select start, seller, buyer, delivered_wh as wh from forward_trades
    where area_id = ${area} and start = any(${wanted}::bigint[]) and delivered_wh > 0`
  const agreements = await sql<{ arrival: number; seller: number; buyer: number }[]>`
    select arrival, seller, buyer from agreements
    where area_id = ${area} and start <= ${Math.max(...starts)} and end_at > ${Math.min(...starts)}`
  const sellers = [...new Set(agreements.map(({ seller }) => seller))]
  if (sellers.length === 0) return [...ahead]
  const buyerOf = new Map(agreements.map(({ arrival, buyer }) => [arrival, buyer]))
  const rows = await sql<{ start: UtcSeconds; seat: number; outcomes: Buffer }[]>`
    select own.start, own.seat, own.outcomes from unnest(${wanted}::bigint[]) as newest (start) cross join lateral (
      select start, seat, outcomes from seat_intervals
      where area_id = ${area} and seat_intervals.start = newest.start
        and seat = any(${numbers(sellers, (seat) => seat)}::int[]) and current and sold_wh > 0
    ) own`
  const agreed = rows.flatMap(({ start, seat, outcomes }) =>
    decodeOutcomes(outcomes)
      .filter(({ stage, side, filledWh }) => stage === 'agreements' && side === 'sell' && filledWh > 0)
      .map(({ arrival, filledWh }) => ({ start, seller: seat, buyer: buyerOf.get(arrival)!, wh: filledWh })),
  )
  return [...ahead, ...agreed]
}
