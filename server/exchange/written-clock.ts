/** The clock of a time zone, written down for years ahead. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ExchangeError } from './error.ts'
import { dayOf, secondsPerDay } from './instants.ts'
import { TimeZone } from './time-zone.ts'

/** What is to be added to UTC from when on, ascending; UTC where nothing stands. */
type WrittenClock = { from: UtcSeconds; offsetSeconds: number }[]

/** The clocks of a time zone are written down for these years, so that what they say never changes with a table of zones. */
const years = { first: 2020, last: 2060 }

/** No zone changes its clocks twice in a week. */
const secondsPerWeek = 7 * secondsPerDay

/** What is to be added to UTC, from when on. A zone that is not known is added to `mistakes`, as what stands in `field`. */
export function clockOf(timeZone: string, field: string, mistakes: string[]): WrittenClock {
  if (timeZone === 'UTC') return []
  let zone: TimeZone
  try {
    zone = new TimeZone(timeZone)
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    mistakes.push(`${field}: ${error.message}`)
    return []
  }
  const offsetAt = (seconds: number) => zone.local(seconds) - seconds
  const first = dayOf(years.first, 1, 1)! * secondsPerDay
  const last = dayOf(years.last, 12, 31)! * secondsPerDay
  const clock = [{ from: 0, offsetSeconds: offsetAt(first) }]
  for (let week = first; week < last; week += secondsPerWeek) {
    const offsetSeconds = offsetAt(week + secondsPerWeek)
    if (offsetSeconds !== clock.at(-1)!.offsetSeconds) clock.push({ from: changeWithin(week, offsetAt), offsetSeconds })
  }
  return clock
}

/** The second of a week from which on the offset is that of the week's end. */
function changeWithin(week: number, offsetAt: (seconds: number) => number): number {
  let [before, after] = [week, week + secondsPerWeek]
  const offset = offsetAt(after)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle) === offset) after = middle
    else before = middle
  }
  return after
}
