/** The problems that keep a home from trading, found before the home has to look for them. */
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { toBuyWith } from '../escrow/purse.ts'
import { signOf } from '../money/format.ts'

export type HomeProblem =
  | 'closed'
  | 'suspended'
  | 'unconfirmed'
  | 'firstReading'
  | 'noReading'
  | 'purseEmpty'
  | 'limitEnds'

/** The number of intervals without a reading after which the meter counts as silent. */
const silentAfterIntervals = 3
const dayMs = 86_400_000
/** How many days before the end of a mandate the page reminds of it. */
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
  // A home that is read by the metering operator has no device of its own that could fall silent.
  const hasDevice = seat.record.kind !== 'official'
  const isSilent = hasDevice && lastReadingAt !== null && nowMs - Date.parse(lastReadingAt) > silentAfterMs(area)
  const buys = mandate.maxBuyWh > 0 && seat.buyOrder !== null
  const problems: [HomeProblem, boolean][] = [
    ['suspended', seat.suspended],
    ['unconfirmed', !seat.confirmed && !seat.suspended],
    ['firstReading', hasDevice && lastReadingAt === null],
    ['noReading', isSilent],
    ['purseEmpty', buys && signOf(toBuyWith(seat)) === 0],
    ['limitEnds', Date.parse(mandate.validUntil) - nowMs < remindDays * dayMs],
  ]
  return problems.filter(([, isSo]) => isSo).map(([problem]) => problem)
}
