/** Times of files: calendar dates and clock times checked for existence, and instants that carry their own offset. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ExchangeError } from './error.ts'
import { inQuotes } from './quote.ts'

export const secondsPerDay = 86_400
const [firstYear, lastYear] = [1970, 2199]

/** Clock time without an offset, in seconds as if it were UTC. */
export type LocalSeconds = number

/** Days since 1970-01-01. */
export type DayNumber = number

/** The day of a calendar date, null where the calendar has no such date or it lies outside 1970 to 2199. */
export function dayOf(year: number, month: number, day: number): DayNumber | null {
  if (year < firstYear || year > lastYear) return null
  const time = new Date(Date.UTC(year, month - 1, day))
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day ? time.getTime() / 1000 / secondsPerDay : null
}

/** A date and a clock time; null where either does not exist. `24:00` and leap seconds do not. */
export function localSeconds(date: DayNumber | null, hour: number, minute: number, second = 0): LocalSeconds | null {
  if (date === null || hour > 23 || minute > 59 || second > 59) return null
  return date * secondsPerDay + hour * 3600 + minute * 60 + second
}

/** An instant as exact as a file writes it, for telling which of two is later. */
export interface Instant {
  seconds: UtcSeconds
  /** The digits after the second, without trailing zeros. */
  fraction: string
}

export function isLater(a: Instant, b: Instant): boolean {
  return a.seconds === b.seconds ? a.fraction > b.fraction : a.seconds > b.seconds
}

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,20}))?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * Reads an ISO 8601 time with offset (`2026-10-25T00:15:00+02:00`, `…Z`). Throws `VALUES_TIME` at `place()` for anything
 * else, also for a time without offset unless `withoutOffset` says that such a time is UTC.
 */
export function readInstant(text: string, place: () => string, withoutOffset: 'refused' | 'utc' = 'refused'): Instant {
  const match = isoPattern.exec(text)
  const refusal = (reason: string) => new ExchangeError('VALUES_TIME', place(), `${inQuotes(text)} ${reason}`)
  if (match === null) throw refusal('is no time')
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = match
  const local = localSeconds(dayOf(Number(year), Number(month), Number(day)), +hour!, +minute!, +second)
  if (local === null) throw refusal('is no time of the calendar')
  if (offset === undefined && withoutOffset === 'refused') throw refusal('has no offset from UTC')
  return { seconds: local - offsetSeconds(offset ?? 'Z'), fraction: fraction.replace(/0+$/, '') }
}

/** The same where only a whole second makes sense: the boundary of an interval. */
export function readBoundary(text: string, place: () => string): UtcSeconds {
  const { seconds, fraction } = readInstant(text, place)
  if (fraction !== '') throw new ExchangeError('VALUES_TIME', place(), `${inQuotes(text)} is no whole second`)
  return seconds
}

function offsetSeconds(offset: string): number {
  if (offset === 'Z') return 0
  const [hours, minutes] = offset.slice(1).split(':')
  return (offset[0] === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

/** A moment as `2026-10-25T00:00:00Z`. */
export function isoSeconds(seconds: UtcSeconds): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

/** A day as `2026-10-25`. */
export function isoDay(day: DayNumber): string {
  return new Date(day * secondsPerDay * 1000).toISOString().slice(0, 10)
}
