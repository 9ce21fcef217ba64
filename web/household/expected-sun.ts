/**
 * The surplus that a home may expect. It follows from the home's own surplus at the same times of the last days, and from
 * nothing else.
 */
import type { DemoDay } from '../../server/api/demo-resources.ts'

/** The surplus of one interval or quarter-hour, in Wh. */
export interface LeftOver {
  startMs: number
  wh: number
}

interface Span {
  fromMs: number
  toMs: number
}

/** A day that has passed: the whole of it, and the rest of it from the present time of day on. */
interface DayBefore {
  rest: Span
  whole: Span
}

/** The median (the lower of two), the least and the largest of the sums over the days that were looked at, in Wh. */
interface Expected {
  wh: number
  leastWh: number
  mostWh: number
}

export interface ExpectedSun {
  untilMidnight: Expected
  nextDay: Expected
  /** The number of days on which the expectation rests. */
  days: number
}

const mostDays = 7
/** The fewest days from which a surplus is expected. */
const fewestDays = 3
/** The share of a day that must be known for the day to count. */
const knownShare = 0.9

/** The last days by the reader's calendar, or by the sun of the demo; the newest day is the first. */
export function daysBefore(nowMs: number, demo: DemoDay | null): DayBefore[] {
  return Array.from({ length: mostDays }, (_, index) => {
    const back = index + 1
    if (demo !== null) {
      const dayMs = demo.dayLengthSeconds * 1000
      const midnightMs = nowMs - ((nowMs - Date.parse(demo.epoch)) % dayMs) - back * dayMs
      const toMs = midnightMs + dayMs
      return { rest: { fromMs: nowMs - back * dayMs, toMs }, whole: { fromMs: midnightMs, toMs } }
    }
    const now = new Date(nowMs)
    const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate() - back]
    const toMs = new Date(year, month, date + 1).getTime()
    const sameTimeMs = new Date(year, month, date, now.getHours(), now.getMinutes(), now.getSeconds()).getTime()
    return { rest: { fromMs: sameTimeMs, toMs }, whole: { fromMs: new Date(year, month, date).getTime(), toMs } }
  })
}

/**
 * The expected surplus; null where too few days are known, or nothing was ever left over. `lengthMs` is the length of one
 * interval or quarter-hour.
 */
export function expectedSun(
  told: readonly LeftOver[],
  { days, lengthMs }: { days: readonly DayBefore[]; lengthMs: number },
): ExpectedSun | null {
  const within = ({ fromMs, toMs }: Span) => told.filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
  const known = days.filter(({ whole }) => {
    return within(whole).length >= (knownShare * (whole.toMs - whole.fromMs)) / lengthMs
  })
  if (known.length < fewestDays) return null
  const sums = (of: 'rest' | 'whole') => known.map((day) => within(day[of]).reduce((sum, { wh }) => sum + wh, 0))
  const nextDay = middleOf(sums('whole'))
  if (nextDay.mostWh === 0) return null
  return { untilMidnight: middleOf(sums('rest')), nextDay, days: known.length }
}

function middleOf(sums: readonly number[]): Expected {
  const sorted = sums.toSorted((a, b) => a - b)
  return { wh: sorted[(sorted.length - 1) >> 1]!, leastWh: sorted[0]!, mostWh: sorted.at(-1)! }
}
