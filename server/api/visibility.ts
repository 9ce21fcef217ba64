/**
 * Which seats of an account a session may read: its own; a grid operator those in its areas; and whoever holds a grant of the
 * account what that grant opens. Every read by somebody who is not the owner is noted before it is answered.
 */
import { type GrantScope, grantScopes, granularities, isDaily } from '../../contracts/protocol/data-grants.ts'
import { partsOfSeatId } from '../../contracts/protocol/entry.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { SessionRow } from '../store/account-store.ts'
import { grantsFor, noteReads, type StoredGrant } from '../store/grant-store.ts'
import { seatsOfAccount } from '../store/queries-seats.ts'
import { endOfTime, type SeatKey, type SeatRow } from '../store/rows.ts'
import type { AreaTables } from './area-tables.ts'
import type { ReadKind } from './grant-resources.ts'
import { type ApiParts, gridOperatorOf } from './parts.ts'
import { ApiError } from './problem.ts'

/** Seats of one account that lists look into. */
const mostSeats = 10_000
const daySeconds = 86_400

/** What the grid operator of an area can read of everybody in it. */
type AreaRead = 'report' | 'batch export' | 'documents' | 'who joins'

/** What of an account is read, with what a grant must open for it; null of what no grant opens. */
const kinds = {
  seats: null,
  orders: null,
  budgets: null,
  wallet: null,
  agreements: null,
  'forward orders': null,
  'forward trades': null,
  intervals: 'intervals',
  summary: 'intervals',
  batches: 'intervals',
  readings: 'readings',
  statement: 'statements',
} as const satisfies Record<Exclude<ReadKind, AreaRead>, GrantScope | null>

export interface Wanted {
  what: keyof typeof kinds
  /** As the escrow numbers it; without it all that the caller may see. */
  seat?: string | undefined
  /** The range of the data, half open. */
  from?: UtcSeconds | undefined
  to?: UtcSeconds | undefined
}

/** What may be read: of these seats, of this time. */
export interface Readable {
  seats: SeatRow[]
  from: UtcSeconds | undefined
  to: UtcSeconds | undefined
}

export function visibilityOf(parts: Pick<ApiParts, 'database' | 'areas' | 'servicesOf'> & { tables: AreaTables }) {
  const { database, areas, tables } = parts
  /** The numbers under which the database holds these areas. */
  function idsOf(handles: readonly AreaHandle[]): Promise<number[]> {
    return Promise.all(handles.map((area) => tables.idOf(area)))
  }

  /** The areas in which the caller may see all of this account. Throws `ACCOUNT_FOREIGN` where there is none. */
  function areasSeenBy(session: SessionRow, account: Address): AreaHandle[] {
    const visible = areas
      .all()
      .filter((area) => session.account === account || session.account === gridOperatorOf(parts, area))
    if (visible.length === 0 && session.account !== account) throw foreign(session, account)
    return visible
  }

  async function noteOfGrid(session: SessionRow, account: Address, { what, from, to }: Wanted, seats: SeatKey[]) {
    if (session.account === account) return
    const whole = { reader: session.account, what, account, grant: null, from: from ?? 0, until: to ?? endOfTime }
    const byArea = new Map<number, SeatKey[]>()
    for (const seat of seats) byArea.set(seat.area, [...(byArea.get(seat.area) ?? []), seat])
    const reads = [...byArea].map(([areaId, own]) => {
      return { ...whole, areaId, seat: own.length === 1 ? own[0]!.seat : null }
    })
    await noteReads(database, reads)
  }

  /** Areas of which the caller lists seats, a page at a time. */
  async function visibleAreas(session: SessionRow, account: Address): Promise<number[]> {
    return idsOf(areasSeenBy(session, account))
  }

  async function seatWithGrant(session: SessionRow, account: Address, wanted: Wanted): Promise<Readable> {
    const scope = kinds[wanted.what]
    const place = wanted.seat === undefined ? null : partsOfSeatId(BigInt(wanted.seat))
    const area = place === null ? undefined : areas.get(place.area)
    if (scope === null || place === null || area === undefined) throw foreign(session, account)
    const areaId = await tables.idOf(area)
    const query = { areaId, seat: place.number, account, grantee: session.account, scope: grantScopes[scope] }
    const grants = await grantsFor(database, query)
    const grant = widest(grants, wanted)
    if (grant === null) throw foreign(session, account)
    requireFineEnough(grant, wanted)
    const [row] = await seatsOfAccount(database, {
      ...{ account, areas: [areaId], limit: 1 },
      after: { area: areaId, seat: place.number - 1 },
    })
    if (row?.seat !== place.number) throw foreign(session, account)
    const from = Math.max(grant.from, wanted.from ?? 0)
    const to = Math.min(grant.until, wanted.to ?? endOfTime)
    const what = { reader: session.account, what: wanted.what, areaId, account, seat: place.number }
    await noteReads(database, [{ ...what, grant: grant.digest, from, until: to }])
    return { seats: [row], from, to }
  }

  /**
   * What the caller may read of what it wants: of a grant's time only, where it reads by one. A reader with a grant names the
   * seat. Throws `ACCOUNT_FOREIGN`, `SEAT_UNKNOWN` and `GRANT_COARSER`.
   */
  async function readable(session: SessionRow, account: Address, wanted: Wanted): Promise<Readable> {
    const { seat, from, to } = wanted
    const chosen = seat === undefined ? null : partsOfSeatId(BigInt(seat))
    const isOwner = session.account === account
    const isIn = ({ settings }: AreaHandle) => chosen === null || settings.area === chosen.area
    const whole = areas
      .all()
      .filter((area) => isIn(area) && (isOwner || session.account === gridOperatorOf(parts, area)))
    if (!isOwner && whole.length === 0) return seatWithGrant(session, account, wanted)
    const all = await seatsOfAccount(database, { account, areas: await idsOf(whole), limit: mostSeats })
    const seats = chosen === null ? all : all.filter((row) => row.seat === chosen.number)
    if (chosen !== null && seats.length === 0) {
      throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat ${seat} here`)
    }
    await noteOfGrid(session, account, wanted, seats.map(keyOf))
    return { seats, from, to }
  }

  /** Notes that an area's grid operator, or whoever acts for it, reads of everybody in it, or of one seat. */
  async function noteAreaRead(
    area: AreaHandle,
    what: AreaRead | 'seats',
    {
      from,
      until,
      seats,
      reader,
    }: { from: UtcSeconds; until: UtcSeconds; seats?: readonly { seat: number; account: Address }[]; reader?: Address },
  ): Promise<void> {
    const grid = gridOperatorOf(parts, area)
    const read = { reader: reader ?? grid, what, areaId: await tables.idOf(area), grant: null, from, until }
    const others = seats?.filter(({ account }) => account !== grid)
    const whose = others?.map(({ seat, account }) => ({ seat, account })) ?? [{ account: null, seat: null }]
    await noteReads(
      database,
      whose.map((one) => ({ ...read, ...one })),
    )
  }

  return { visibleAreas, noteOfGrid, readable, noteAreaRead }
}

export function keyOf(row: { area_id: number; seat: number }): SeatKey {
  return { area: row.area_id, seat: row.seat }
}

/** The grant that holds most of the time that is wanted; null where none holds any of it. */
function widest(grants: readonly StoredGrant[], { from = 0, to = endOfTime }: Wanted): StoredGrant | null {
  let best: { grant: StoredGrant; seconds: number } | null = null
  for (const grant of grants) {
    const seconds = Math.min(grant.until, to) - Math.max(grant.from, from)
    if (seconds > 0 && (best === null || seconds > best.seconds)) best = { grant, seconds }
  }
  return best?.grant ?? null
}

/** Sums over days that overlap, and of a day that is not over, would show what lies between them: so days are whole ones of UTC. */
function requireFineEnough(grant: StoredGrant, { what, from, to }: Wanted): void {
  if (!isDaily(grant)) return
  const isOfDays = [from, to].every((time) => time !== undefined && time % daySeconds === 0)
  if (what === 'summary' && isOfDays && to! * 1000 <= Date.now()) return
  throw new ApiError(
    'GRANT_COARSER',
    `the grant is for every ${granularities[grant.granularity]}: ask for the summary from one midnight to another (UTC) that has passed`,
  )
}

function foreign(session: SessionRow, account: Address): ApiError {
  const message = `this session is ${session.account}’s; ${account} has not granted it this: name a seat that it may read`
  return new ApiError('ACCOUNT_FOREIGN', message)
}
