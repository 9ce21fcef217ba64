/** Days, weeks, months and years of the reader's calendar, and the parts in which a chart shows them. */
import type { TotalsResource } from '../../server/api/totals-resources.ts'

export const chartSpans = ['day', 'week', 'month', 'year'] as const
export type ChartSpan = (typeof chartSpans)[number]
export type Fineness = TotalsResource['by']

/** The parts in which a span may be shown, the usual one first. */
const finenesses: Readonly<Record<ChartSpan, readonly Fineness[]>> = {
  day: ['quarter-hour', 'hour'],
  week: ['hour', 'quarter-hour', 'day'],
  month: ['day', 'hour', 'quarter-hour'],
  year: ['month', 'day', 'hour', 'quarter-hour'],
}

/** The parts that are no finer than the market's interval. */
export function finenessesOf(span: ChartSpan, intervalSeconds: number): Fineness[] {
  return finenesses[span].filter((each) => each !== 'quarter-hour' || intervalSeconds <= 900)
}

/**
 * The bounds of the span that holds `nowMs`, or of the one `back` spans earlier. Weeks begin on Monday, and a local day has 23,
 * 24 or 25 hours.
 */
export function boundsOf(span: ChartSpan, back: number, nowMs: number): { from: string; to: string } {
  const now = new Date(nowMs)
  const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate()]
  const monday = date - ((now.getDay() + 6) % 7)
  const startOf: Record<ChartSpan, (later: number) => Date> = {
    day: (later) => new Date(year, month, date - back + later),
    week: (later) => new Date(year, month, monday + 7 * (later - back)),
    month: (later) => new Date(year, month - back + later),
    year: (later) => new Date(year - back + later, 0),
  }
  return { from: startOf[span](0).toISOString(), to: startOf[span](1).toISOString() }
}
