/**
 * The rules of a zone's clocks as ESPI writes them (NAESB REQ.21, `DstRuleType`), worked out from when the clocks change: 32
 * bits, of which from the lowest 12 are the second of the hour, 5 the hour, 3 the weekday (1 is Monday), 5 the day of the
 * month, 3 the operator and 4 the month. Operators 2 to 5 are the first to fourth such weekday of the month, 7 the last.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { secondsPerDay } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'

export interface EspiClock {
  /** Seconds from UTC without daylight saving. */
  tzOffset: number
  /** What daylight saving adds to it. */
  dstOffset: number
  /** Eight hexadecimal digits; zeros where the clocks do not change. */
  dstStartRule: string
  dstEndRule: string
}

const noRule = '00000000'
/** A weekday that falls on the last one of its month in each of so many years is the last one, and not the fourth. */
const comparedYears = 7
const last = 7

/** The rules as they are from the year of an instant on. */
export function espiClock(zone: TimeZone, at: UtcSeconds): EspiClock {
  const year = new Date(zone.local(at) * 1000).getUTCFullYear()
  const years = Array.from({ length: comparedYears }, (_, i) => changesOf(zone, year + i))
  const [begin, end] = [years[0]!.find(({ by }) => by > 0), years[0]!.find(({ by }) => by < 0)]
  if (begin === undefined || end === undefined) {
    return { tzOffset: zone.local(at) - at, dstOffset: 0, dstStartRule: noRule, dstEndRule: noRule }
  }
  const ruleOf = (isOne: (by: number) => boolean) =>
    rule(years.flatMap((changes) => changes.find(({ by }) => isOne(by))?.local ?? []))
  return {
    tzOffset: zone.local(begin.at - 1) - (begin.at - 1),
    dstOffset: begin.by,
    dstStartRule: ruleOf((by) => by > 0),
    dstEndRule: ruleOf((by) => by < 0),
  }
}

interface Change {
  at: UtcSeconds
  /** What the clocks show just before, as if they went on. */
  local: number
  /** Seconds by which they go forward. */
  by: number
}

function changesOf(zone: TimeZone, year: number): Change[] {
  const offset = (at: UtcSeconds) => zone.local(at) - at
  const changes: Change[] = []
  const [first, next] = [year, year + 1].map((each) => Date.UTC(each, 0, 1) / 1000)
  for (let day = first!; day < next!; day += secondsPerDay) {
    if (offset(day) === offset(day + secondsPerDay)) continue
    let [before, after] = [day, day + secondsPerDay]
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offset(middle) === offset(day)) before = middle
      else after = middle
    }
    changes.push({ at: after, local: after + offset(day), by: offset(after) - offset(day) })
  }
  return changes
}

function rule(locals: readonly number[]): string {
  const dates = locals.map((local) => new Date(local * 1000))
  const first = dates[0]!
  const isLast = (date: Date) => {
    const daysOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
    return date.getUTCDate() + 7 > daysOfMonth
  }
  const operator = dates.every(isLast) ? last : 2 + Math.floor((first.getUTCDate() - 1) / 7)
  const second = first.getUTCMinutes() * 60 + first.getUTCSeconds()
  const bits =
    (first.getUTCMonth() + 1) * 2 ** 28 +
    operator * 2 ** 25 +
    (first.getUTCDay() || 7) * 2 ** 17 +
    first.getUTCHours() * 2 ** 12 +
    second
  return bits.toString(16).toUpperCase().padStart(8, '0')
}
