/** What is read of agreements. */

import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import { hexes, numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { acceptedBefore } from './queries-orders.ts'
import { wantedSeats } from './queries-seats.ts'
import type { AcceptedPlace, AgreementRow, SeatKey } from './rows.ts'
import { decodeSignedAgreement } from './signed.ts'

type StoredAgreement = Omit<AgreementRow, 'agreement_id' | 'signed'> & { agreement_id: Buffer; signed: Buffer }

function decoded(rows: readonly StoredAgreement[]): AgreementRow[] {
  return rows.map((row) => ({
    ...row,
    agreement_id: hexOf(row.agreement_id),
    signed: decodeSignedAgreement(row.signed),
  }))
}

/** Those of these identifiers that were accepted, in order of arrival. */
export async function agreementsById(sql: Queries, area: number, ids: readonly Hex[]): Promise<AgreementRow[]> {
  return decoded(
    await sql<StoredAgreement[]>`
      select * from agreements
      where area_id = ${area} and agreement_id = any(${hexes(ids, (id) => id)}::bytea[]) order by arrival`,
  )
}

/** In order of arrival. */
export async function agreementsByArrival(
  sql: Queries,
  area: number,
  arrivals: readonly number[],
): Promise<AgreementRow[]> {
  return decoded(
    await sql<StoredAgreement[]>`
      select * from agreements
      where area_id = ${area} and arrival = any(${numbers(arrivals, (arrival) => arrival)}::bigint[]) order by arrival`,
  )
}

/** Agreements of the seats on either side, newest first, from those that arrived before `before`. */
export async function agreementsOfSeats(
  sql: Queries,
  { seats, before, limit }: { seats: readonly SeatKey[]; before?: AcceptedPlace | undefined; limit: number },
): Promise<AgreementRow[]> {
  const side = (column: ReturnType<typeof sql>) => sql`
    (select * from agreements
      where agreements.area_id = wanted.area_id and agreements.${column} = wanted.seat ${acceptedBefore(sql, before)}
      order by arrival desc limit ${limit})`
  return decoded(
    await sql<StoredAgreement[]>`
      select * from (
        select distinct on (own.area_id, own.arrival) own.*
        from ${wantedSeats(sql, seats)} cross join lateral (
          ${side(sql`seller`)} union all ${side(sql`buyer`)}
        ) own
        order by own.area_id, own.arrival
      ) own
      order by accepted_at desc, arrival desc, area_id desc limit ${limit}`,
  )
}
