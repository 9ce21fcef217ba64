/** Lengths of time as people write them. */
import { CodedError } from '../../contracts/protocol/error.ts'

export class DurationError extends CodedError<'DURATION'> {
  override readonly name = 'DurationError'
}

const seconds: Record<string, number> = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 }

/** Seconds of "15m", "72h", "3d", "90s" or of a whole number of seconds. Throws `DurationError`. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,9})\s*(s|m|min|h|d)?$/.exec(text.trim()) ?? []
  if (number === undefined)
    throw new DurationError('DURATION', `"${text}" is no length of time: write it like 15m, 72h or 3d`)
  return Number(number) * seconds[unit ?? 's']!
}

/** Whole months of "13 months". Throws `DurationError`. */
export function parseMonths(text: string): number {
  const [, number] = /^([1-9]\d{0,3})\s*months?$/.exec(text.trim()) ?? []
  if (number === undefined)
    throw new DurationError('DURATION', `"${text}" is no number of months: write it like 13 months`)
  return Number(number)
}

/** The shortest such text: 72h, 15m, 90s. */
export function formatDuration(length: number): string {
  const unit = (['h', 'm'] as const).find((each) => length > 0 && length % seconds[each]! === 0) ?? 's'
  return `${length / seconds[unit]!}${unit}`
}
