/** Which seat's readings are the second witness of a metering point, and from when to when. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import type { ChainSeat } from '../market/area/area.ts'
import { pairAmong } from '../market/area/energy.ts'
import type { Queries } from '../store/database.ts'
import type { RosterRow } from '../store/roster-store.ts'
import type { WitnessedPoint } from '../store/witness-store.ts'

const billing = 1

interface StoredSeat {
  seat: number
  meter: Address
  account: Address
  chain: ChainSeat
}

/**
 * The second witness of a point whose meter is of grade `billing` is the companion of its seat; that of any other point is the meter's own
 * readings. Companions are taken from the newest terms, since they seldom change.
 */
export async function witnessedPoints(
  sql: Queries,
  areaId: number,
  { rows, zone, now }: { rows: readonly RosterRow[]; zone: TimeZone; now: UtcSeconds },
): Promise<WitnessedPoint[]> {
  const seats = await sql<StoredSeat[]>`
    select seat, meter, account, chain from seats where area_id = ${areaId} order by seat`
  const ofMeter = new Map(seats.map((own) => [own.meter, own]))
  const ofAccount = new Map<Address, StoredSeat[]>()
  for (const own of seats) ofAccount.set(own.account, [...(ofAccount.get(own.account) ?? []), own])
  return rows.flatMap(({ meter, point, direction, fromDay, endDay, factorPercent }) => {
    const own = ofMeter.get(meter)
    if (own === undefined) return []
    const agent = agentOf(own, ofAccount.get(own.account)!, now)
    if (agent === null) return []
    const to = endDay === null ? Number.POSITIVE_INFINITY : zone.startOfDay(endDay)
    return [{ point, direction, meter, factorPercent, agentSeat: agent.seat, from: zone.startOfDay(fromDay), to }]
  })
}

function agentOf(own: StoredSeat, ofAccount: readonly StoredSeat[], now: UtcSeconds): StoredSeat | null {
  const terms = own.chain.terms.findLast(({ from }) => from <= now) ?? own.chain.terms[0]
  if (terms?.grade !== billing) return own
  if (terms.zone === null) return null
  const withTerms = ofAccount.map((seat) => ({ ...seat, earlierTerms: [] }))
  return pairAmong(withTerms, terms.zone, now)?.companion ?? null
}
