/** What the grid operator keeps of an area beside the market: where it lies, and who stands behind which meter. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { DayNumber } from '../exchange/instants.ts'
import type { EnergyDirection } from '../exchange/official-values.ts'
import { numbers, texts } from './arrays.ts'
import type { Queries, Transaction } from './database.ts'

export interface AreaPlace {
  country: string
  timeZone: string
  sender: string | null
  receiver: string | null
  domain: string | null
  /** Which community of the roster the area is; null where the roster is of one. */
  community: string | null
}

/** A metering point of a meter from a day to before another, which is null while it is open. */
export interface RosterRow {
  meter: Address
  direction: EnergyDirection
  fromDay: DayNumber
  endDay: DayNumber | null
  member: string
  point: string
  supplier: string | null
  balanceGroup: string | null
  /** Empty where the list is of one community without a name. */
  community: string
  /** How much of the point's energy takes part in the community, in percent. */
  factorPercent: number
  /** The share of what is produced, under static keys. */
  shareMillionths: number | null
}

export async function areaPlace(sql: Queries, areaId: number): Promise<AreaPlace | null> {
  const [row] = await sql<AreaPlace[]>`
    select country, time_zone as "timeZone", sender, receiver, domain, community from area_places where area_id = ${areaId}`
  return row ?? null
}

export async function setAreaPlace(sql: Queries, areaId: number, place: AreaPlace): Promise<void> {
  const { country, timeZone, sender, receiver, domain, community } = place
  await sql`
    insert into area_places (area_id, country, time_zone, sender, receiver, domain, community)
    values (${areaId}, ${country}, ${timeZone}, ${sender}, ${receiver}, ${domain}, ${community})
    on conflict (area_id) do update set
      country = excluded.country, time_zone = excluded.time_zone,
      sender = excluded.sender, receiver = excluded.receiver, domain = excluded.domain, community = excluded.community`
}

/** The lines of the area's own community, of a list with several of them. */
export function rosterOf(sql: Queries, areaId: number): Promise<RosterRow[]> {
  return sql<RosterRow[]>`
    select meter, direction, from_day as "fromDay", end_day as "endDay", member, point, supplier,
      balance_group as "balanceGroup", roster_entries.community, factor_percent as "factorPercent",
      share_millionths as "shareMillionths"
    from roster_entries left join area_places using (area_id)
    where area_id = ${areaId} and (area_places.community is null or roster_entries.community = area_places.community)
    order by meter, direction, from_day`
}

/** Puts a roster in the place of the one before. */
export async function replaceRoster(sql: Transaction, areaId: number, rows: readonly RosterRow[]): Promise<void> {
  await sql`delete from roster_entries where area_id = ${areaId}`
  await sql`
    insert into roster_entries
      (area_id, meter, direction, from_day, end_day, member, point, supplier, balance_group, community, factor_percent,
        share_millionths)
    select ${areaId}, * from unnest(
      ${texts(rows, ({ meter }) => meter)}::text[], ${texts(rows, ({ direction }) => direction)}::text[],
      ${numbers(rows, ({ fromDay }) => fromDay)}::int[], ${numbers(rows, ({ endDay }) => endDay)}::int[],
      ${texts(rows, ({ member }) => member)}::text[], ${texts(rows, ({ point }) => point)}::text[],
      ${texts(rows, ({ supplier }) => supplier)}::text[], ${texts(rows, ({ balanceGroup }) => balanceGroup)}::text[],
      ${texts(rows, ({ community }) => community)}::text[],
      ${numbers(rows, ({ factorPercent }) => factorPercent)}::smallint[],
      ${numbers(rows, ({ shareMillionths }) => shareMillionths)}::int[])`
}

/** Meters and accounts of an area's seats. */
export function metersOf(sql: Queries, areaId: number): Promise<{ meter: Address; account: Address }[]> {
  return sql<{ meter: Address; account: Address }[]>`
    select distinct meter, account from seats where area_id = ${areaId} order by meter, account`
}
