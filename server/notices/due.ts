/** What accounts are told of, from what an area and the chain say: which meters are silent, and which month is settled. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaHandle, SeatSummary } from '../areas/area-handle.ts'
import type { NoticedSeat } from '../store/notice-store.ts'

/** After so many intervals without a reading, and the area's grace, a meter counts as silent: the page says so at the same time. */
const silentAfterIntervals = 3
/** In every time zone months end at most half a day after they end in UTC. */
const halfDaySeconds = 43_200

export interface SilenceQuestion {
  seats: Iterable<Pick<SeatSummary, 'seat' | 'account' | 'closed' | 'newest'>>
  settings: Pick<AreaHandle['settings'], 'rules' | 'graceMs'>
  nowMs: number
  /** Since when the area has taken readings without a break: while a server is away, its meters do not count as silent. */
  openSinceMs: number
}

/** Seats whose meters send nothing. Areas that settle on official values have none, since such values come at any time. */
export function silentSeats({ seats, settings, nowMs, openSinceMs }: SilenceQuestion): NoticedSeat[] {
  const { rules, graceMs } = settings
  if (rules.settlingGrade !== 0) return []
  const silentMs = silentAfterIntervals * rules.intervalSeconds * 1000 + graceMs
  const silent: NoticedSeat[] = []
  for (const { seat, account, closed, newest } of seats) {
    if (closed || nowMs - Math.max(newest.time * 1000, openSinceMs) <= silentMs) continue
    silent.push({ seat, account, subject: String(newest.time), happenedAt: Math.floor(nowMs / 1000) })
  }
  return silent
}

export interface Month {
  /** The month's name, such as `2026-10`. */
  name: string
  from: UtcSeconds
  to: UtcSeconds
}

/** The newest month that has ended everywhere and of which everything is settled. */
export function settledMonth(settledUntil: UtcSeconds): Month {
  const running = new Date((settledUntil - halfDaySeconds) * 1000)
  const first = (monthsBack: number) => Date.UTC(running.getUTCFullYear(), running.getUTCMonth() - monthsBack, 1) / 1000
  const [from, to] = [first(1), first(0)]
  return { name: new Date(from * 1000).toISOString().slice(0, 7), from, to }
}
