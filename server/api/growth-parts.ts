/** By which parts of the calendar an area’s growth is told. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { secondsPerDay } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import { type CalendarPart, startsOf } from './calendar.ts'

export const growthParts = ['hour', 'day', 'month'] as const satisfies CalendarPart[]
type GrowthPart = (typeof growthParts)[number]

/** Of the newest so many is told: three years of quarter-hours. */
export const mostIntervals = 3 * 366 * 96

/** An area is told by months once it is so old, and by days before, once it is so old. */
const monthsFrom = 60 * secondsPerDay
const daysFrom = 2 * secondsPerDay

/** The coarsest parts that show more than one or two points, and where each begins: the first one where its calendar has it begin. */
export function growthPartsOf(
  zone: TimeZone,
  { first, to }: { first: UtcSeconds; to: UtcSeconds },
): { by: GrowthPart; starts: UtcSeconds[] } {
  const age = to - first
  const by = age >= monthsFrom ? 'month' : age >= daysFrom ? 'day' : 'hour'
  return { by, starts: startsOf(by, zone, { from: first, to }) }
}
