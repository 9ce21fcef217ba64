/** Which seats of an account a session may see: its own, and a grid operator those in its areas. */
import { partsOfSeatId } from '../../contracts/protocol/entry.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { SessionRow } from '../store/account-store.ts'
import { seatsOfAccount } from '../store/queries-seats.ts'
import type { SeatKey, SeatRow } from '../store/rows.ts'
import type { AreaTables } from './area-tables.ts'
import type { ApiParts } from './parts.ts'
import { ApiError } from './problem.ts'

/** Seats of one account that lists look into. */
const mostSeats = 10_000

export function visibilityOf({
  database,
  areas,
  tables,
}: Pick<ApiParts, 'database' | 'areas'> & { tables: AreaTables }) {
  /** The areas in which the caller may see this account. Throws `ACCOUNT_FOREIGN` where there is none. */
  function visibleAreas(session: SessionRow, account: string): AreaHandle[] {
    const visible = areas
      .all()
      .filter(({ settings }) => session.account === account || session.account === settings.rules.grid)
    if (visible.length === 0 && session.account !== account) {
      throw new ApiError('ACCOUNT_FOREIGN', `this session is ${session.account}'s; it may not read ${account}`)
    }
    return visible
  }

  /** The numbers under which the database holds these areas. */
  function idsOf(handles: readonly AreaHandle[]): Promise<number[]> {
    return Promise.all(handles.map((area) => tables.idOf(area)))
  }

  /** The seats that the caller may see; only `seat` (as the escrow numbers it) where it is given. Throws `SEAT_UNKNOWN`. */
  async function visibleSeats(session: SessionRow, account: string, seat: string | undefined): Promise<SeatRow[]> {
    const visible = visibleAreas(session, account)
    const chosen = seat === undefined ? null : partsOfSeatId(BigInt(seat))
    const within = chosen === null ? visible : visible.filter(({ settings }) => settings.area === chosen.area)
    const seats = await seatsOfAccount(database, { account, areas: await idsOf(within), limit: mostSeats })
    if (chosen === null) return seats
    const own = seats.filter((row) => row.seat === chosen.number)
    if (own.length === 0) throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat ${seat} here`)
    return own
  }

  return { visibleAreas, visibleSeats, idsOf }
}

export function keyOf(row: { area_id: number; seat: number }): SeatKey {
  return { area: row.area_id, seat: row.seat }
}
