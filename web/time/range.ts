/** A range of local time in words. */
import { localDate, localTime } from './clock.ts'

/**
 * The range in words: "28 Nov 2026" for a whole day, "28 Nov 2026 – 30 Nov 2026" for several days, otherwise both moments with
 * their dates.
 */
export function localRange(from: string, to: string): string {
  const isMidnight = (iso: string) => localTime(iso) === '00:00:00'
  if (!isMidnight(from) || !isMidnight(to)) {
    return `${localDate(from)}, ${localTime(from)} – ${localDate(to)}, ${localTime(to)}`
  }
  const [first, last] = [localDate(from), localDate(new Date(Date.parse(to) - 1).toISOString())]
  return first === last ? first : `${first} – ${last}`
}
