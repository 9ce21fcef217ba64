/** Which seats of an account a session may see: its own, and a grid operator those in its areas. */
import type { SessionRow } from '../store/account-store.ts'
import { type SeatKey, type SeatRow, seatsOfAccount } from '../store/queries.ts'
import type { ApiParts } from './parts.ts'
import { seatOf } from './present.ts'
import { ApiError } from './problem.ts'

/** Seats of one account that lists look into. */
const mostSeats = 10_000

export function visibilityOf({ database, areas }: Pick<ApiParts, 'database' | 'areas'>) {
  /** The areas in which the caller may see this account. Throws `ACCOUNT_FOREIGN` where there is none. */
  function visibleAreas(session: SessionRow, account: string): number[] {
    const visible = areas
      .all()
      .map((worker) => worker.settings)
      .filter(({ rules }) => session.account === account || session.account === rules.grid)
      .map(({ area }) => area)
    if (visible.length === 0 && session.account !== account) {
      throw new ApiError('ACCOUNT_FOREIGN', `this session is ${session.account}'s; it may not read ${account}`)
    }
    return visible
  }

  /** The seats that the caller may see; only `seat` where it is given. Throws `SEAT_UNKNOWN`. */
  async function visibleSeats(session: SessionRow, account: string, seat: string | undefined): Promise<SeatRow[]> {
    const visible = visibleAreas(session, account)
    const seats = await seatsOfAccount(database, { account, areas: visible, limit: mostSeats })
    if (seat === undefined) return seats
    const chosen = seats.filter((row) => seatOf(row) === seat)
    if (chosen.length === 0) throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat ${seat} here`)
    return chosen
  }

  return { visibleAreas, visibleSeats }
}

export function keyOf(row: { area_id: number; seat: number }): SeatKey {
  return { area: row.area_id, seat: row.seat }
}
