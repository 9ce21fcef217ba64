/** Where the quarter-hours, hours, days and months of a time zone begin: 92, 96 or 100 quarter-hours make a local day. */
import { z } from 'zod'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { secondsPerDay } from '../exchange/instants.ts'
import { TimeZone } from '../exchange/time-zone.ts'

export const calendarParts = ['quarter-hour', 'hour', 'day', 'month'] as const
export type CalendarPart = (typeof calendarParts)[number]

/** The zone by whose calendar something is told, by its IANA name. */
export const zoneInput = z
  .string()
  .max(64)
  .transform((name, context) => {
    try {
      return new TimeZone(name)
    } catch (error) {
      context.addIssue((error as Error).message)
      return z.NEVER
    }
  })

const quarterSeconds = 900

/**
 * The first moments of the parts in `[from, to)`, ascending; the first part begins with `from`, wherever that lies. An hour that
 * the clocks of the zone show twice is two.
 */
export function startsOf(
  period: CalendarPart,
  zone: TimeZone,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): number[] {
  const starts = period === 'month' || period === 'day' ? daysBetween(zone, from, to) : quartersBetween(from, to)
  const begins: Record<CalendarPart, (start: UtcSeconds) => boolean> = {
    'quarter-hour': () => true,
    // Every offset from UTC is a whole number of quarter-hours.
    hour: (start) => zone.local(start) % 3600 === 0,
    day: () => true,
    month: (start) => new Date(zone.local(start) * 1000).getUTCDate() === 1,
  }
  return [from, ...starts.filter(begins[period])]
}

/** The first and the last moment of a month (`2026-11`). */
export function monthBounds(zone: TimeZone, month: string): { from: UtcSeconds; to: UtcSeconds } {
  const [year, number] = month.split('-').map(Number) as [number, number]
  const startOf = (index: number) => zone.startOfDay(Date.UTC(year, index, 1) / 1000 / secondsPerDay)
  return { from: startOf(number - 1), to: startOf(number) }
}

function quartersBetween(from: UtcSeconds, to: UtcSeconds): UtcSeconds[] {
  const first = Math.floor(from / quarterSeconds) + 1
  const count = Math.max(0, Math.ceil(to / quarterSeconds) - first)
  return Array.from({ length: count }, (_, index) => (first + index) * quarterSeconds)
}

function daysBetween(zone: TimeZone, from: UtcSeconds, to: UtcSeconds): UtcSeconds[] {
  const starts: UtcSeconds[] = []
  for (let day = Math.floor(zone.local(from) / secondsPerDay) + 1; ; day += 1) {
    const start = zone.startOfDay(day)
    if (start >= to) return starts
    starts.push(start)
  }
}
