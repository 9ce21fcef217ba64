/** How many take part in an area, by zone, and how many have taken an invitation. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { texts } from './arrays.ts'
import type { Queries } from './database.ts'

export interface ZoneMembers {
  /** Null where the grid operator has said none. */
  zone: string | null
  meters: number
  accounts: number
  unconfirmed: number
}

/** Counts of seats that are not closed. */
export function membersByZone(sql: Queries, area: number): Promise<ZoneMembers[]> {
  return sql<ZoneMembers[]>`
    select last->>'zone' as zone, count(*)::int as meters, count(distinct account)::int as accounts,
      count(*) filter (where last->>'nameplateWh' is null)::int as unconfirmed
    from (select account, chain->'terms'->-1 as last from seats where area_id = ${area}) as own
    where not (last->>'closed')::boolean group by 1 order by 1`
}

export interface InvitedMembers {
  ofOffices: number
  ofMembers: number
  withoutMeter: number
  newestAt: Date | null
}

/** `offices`: who invites in the area's name. */
export async function invitedMembers(sql: Queries, area: number, offices: readonly Address[]): Promise<InvitedMembers> {
  const isOfOffice = sql`inviter = any(${texts(offices, (office) => office)}::text[])`
  const [row] = await sql<[InvitedMembers]>`
    select count(*) filter (where ${isOfOffice})::int as "ofOffices",
      count(*) filter (where not ${isOfOffice})::int as "ofMembers",
      count(*) filter (where not exists (
        select from seats where seats.area_id = own.area_id and seats.account = own.account
      ))::int as "withoutMeter",
      max(accepted_at) as "newestAt"
    from invited_accounts own where area_id = ${area}`
  return row
}
