/** Keys that differ by the hour of the year (ES, TED/1247/2021): hours are counted as they pass, so every year has all. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { dayOf, secondsPerDay } from '../instants.ts'
import type { TimeZone } from '../time-zone.ts'

/** The year of a zone in which an instant lies, and its hour in it, from 1 to 8760 or 8784. */
export function hourOfYear(instant: UtcSeconds, zone: TimeZone): { year: number; hour: number } {
  const year = new Date(zone.local(instant) * 1000).getUTCFullYear()
  const start = zone.startOfDay(dayOf(year, 1, 1)!)
  return { year, hour: Math.floor((instant - start) / 3600) + 1 }
}

/** How many hours a year has: the days in it, whatever the clock did. */
export function hoursOfYear(year: number): number {
  return ((Date.UTC(year + 1, 0) - Date.UTC(year, 0)) / 1000 / secondsPerDay) * 24
}
