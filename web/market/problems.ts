/** What stands between a home and its trades: found out before the home has to look for it. */
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { signOf } from '../money/format.ts'

export type HomeProblem =
  | 'closed'
  | 'suspended'
  | 'unconfirmed'
  | 'firstReading'
  | 'noReading'
  | 'purseEmpty'
  | 'limitEnds'

/** After so many intervals without a reading the meter counts as silent. */
const silentAfterIntervals = 3
const dayMs = 86_400_000
/** How long before its end a limit is told to end. */
const remindDays = 14

/** How long a meter may send nothing before it counts as silent, in milliseconds. */
export function silentAfterMs({
  intervalSeconds,
  graceSeconds,
}: Pick<AreaResource, 'intervalSeconds' | 'graceSeconds'>): number {
  return (silentAfterIntervals * intervalSeconds + graceSeconds) * 1000
}

export function problemsOf(area: AreaResource, seat: SeatResource, nowMs: number): HomeProblem[] {
  if (seat.closed) return ['closed']
  const { lastReadingAt, mandate } = seat
  // The metering operator's values come when they come; they are no device that has fallen silent.
  const hasDevice = seat.record.kind !== 'official'
  const isSilent = hasDevice && lastReadingAt !== null && nowMs - Date.parse(lastReadingAt) > silentAfterMs(area)
  const buys = mandate.maxBuyWh > 0 && seat.buyOrder !== null
  const problems: [HomeProblem, boolean][] = [
    ['suspended', seat.suspended],
    ['unconfirmed', !seat.confirmed && !seat.suspended],
    ['firstReading', hasDevice && lastReadingAt === null],
    ['noReading', isSilent],
    ['purseEmpty', buys && signOf(seat.available) <= 0],
    ['limitEnds', Date.parse(mandate.validUntil) - nowMs < remindDays * dayMs],
  ]
  return problems.filter(([, isSo]) => isSo).map(([problem]) => problem)
}
