/**
 * The names of parts of a time, in full and on an axis. The hour that the clocks show twice in autumn has a name of its own
 * each time.
 */

import { dashed } from '../words/dashed.ts'
import type { ChartSpan, Fineness } from './spans.ts'

const hourMs = 3_600_000

interface Labelling {
  span: ChartSpan
  by: Fineness
  language: string
}

type Form = Intl.DateTimeFormatOptions

const clockForm: Form = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
const forms: Readonly<Record<Exclude<Fineness, 'hour' | 'quarter-hour'>, Form>> = {
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  month: { month: 'long', year: 'numeric' },
}

const known = new Map<string, Intl.DateTimeFormat>()

/** The format for a form in a language. Formats are kept, since they are slow to make and quick to use. */
function formatOf(language: string, form: Form): Intl.DateTimeFormat {
  // British English writes the time of day and the names of time zones as the page does.
  const locale = language === 'en' ? 'en-GB' : language
  const key = `${locale} ${JSON.stringify(form)}`
  const format = known.get(key) ?? new Intl.DateTimeFormat(locale, form)
  known.set(key, format)
  return format
}

/** Whether the clocks show this time a second time an hour away. If so, its label needs the offset from UTC. */
function isShownTwice(at: Date): boolean {
  const wall = (ms: number) => formatOf('en', { ...clockForm, day: 'numeric' }).format(ms)
  const own = wall(at.getTime())
  return own === wall(at.getTime() - hourMs) || own === wall(at.getTime() + hourMs)
}

function clock(at: Date, language: string): string {
  return formatOf(language, isShownTwice(at) ? { ...clockForm, timeZoneName: 'short' } : clockForm).format(at)
}

/**
 * The name of a part: "02:15 CEST–02:30 CEST", "Sat 28 Nov", "November 2026". An hour in a span longer than a day has its date
 * before it.
 */
export function labelOf({ start, end }: { start: string; end: string }, { span, by, language }: Labelling): string {
  const from = new Date(start)
  if (by === 'day' || by === 'month') return formatOf(language, forms[by]).format(from)
  const hours = dashed(clock(from, language), clock(new Date(end), language))
  return span === 'day' ? hours : `${formatOf(language, forms.day).format(from)}, ${hours}`
}

/** The name of the whole span: "Saturday, 28 November 2026", "23–29 November 2026", "November 2026", "2026". */
export function spanName({ from, to }: { from: string; to: string }, span: ChartSpan, language: string): string {
  const whole: Record<ChartSpan, Form> = {
    day: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
    week: { day: 'numeric', month: 'long', year: 'numeric' },
    month: { month: 'long', year: 'numeric' },
    year: { year: 'numeric' },
  }
  const format = formatOf(language, whole[span])
  return span === 'week'
    ? format.formatRange(new Date(from), new Date(Date.parse(to) - 1))
    : format.format(new Date(from))
}

/** A label on an axis, at the part with this index. */
export interface Tick {
  index: number
  text: string
}

/** Steps between ticks that read well, for ticks at hours, days and months. */
const steps = { hour: [1, 2, 3, 4, 6, 12], day: [1, 2, 5, 10, 15], month: [1, 2, 3, 6] } as const

/** At most `most` ticks where hours (in a day), days (in a week or month) or months (in a year) begin; the first part always has one. */
export function ticksOf(
  starts: readonly string[],
  { span, language, most }: Omit<Labelling, 'by'> & { most: number },
): Tick[] {
  const unit = span === 'day' ? 'hour' : span === 'year' ? 'month' : 'day'
  const places = unit === 'hour' ? hoursOf(starts) : calendarPlaces(starts, unit)
  const step = steps[unit].find((each) => places.length / each <= most) ?? steps[unit].at(-1)!
  const form: Record<typeof unit, Form> = {
    hour: clockForm,
    day: span === 'week' ? { weekday: 'short' } : { day: 'numeric' },
    month: { month: 'short' },
  }
  return places
    .filter(({ number, index }) => number % step === 0 || (index === 0 && places.length === 1))
    .map(({ index, at }) => ({ index, text: formatOf(language, form[unit]).format(at) }))
}

/** A part with which an hour, day or month begins: its index, its time, and its number within the day, month or year. */
interface Place {
  index: number
  at: Date
  number: number
}

/** The parts with which hours begin. The hour that comes twice in autumn is counted twice. */
function hoursOf(starts: readonly string[]): Place[] {
  const hours = starts.map((start) => Math.floor(Date.parse(start) / hourMs))
  return starts.flatMap((start, index) => {
    const at = new Date(start)
    return hours[index] === hours[index - 1] ? [] : [{ index, at, number: at.getHours() }]
  })
}

/**
 * The parts with which days or months begin. Each is searched for by its time, since a year has 35,040 quarter-hours but only
 * twelve months.
 */
function calendarPlaces(starts: readonly string[], unit: 'day' | 'month'): Place[] {
  const first = new Date(starts[0]!)
  const [year, month, date] = [first.getFullYear(), first.getMonth(), first.getDate()]
  const places: Place[] = []
  let index = 0
  for (let later = 1; index < starts.length; later++) {
    const at = new Date(starts[index]!)
    places.push({ index, at, number: unit === 'day' ? at.getDate() - 1 : at.getMonth() })
    const next = unit === 'day' ? new Date(year, month, date + later) : new Date(year, month + later)
    index = firstNotBefore(starts, next.getTime(), index + 1)
  }
  return places
}

/** The index of the first part from `low` on that begins at this time or later. */
function firstNotBefore(starts: readonly string[], ms: number, low: number): number {
  let high = starts.length
  let from = low
  while (from < high) {
    const middle = Math.floor((from + high) / 2)
    if (Date.parse(starts[middle]!) < ms) from = middle + 1
    else high = middle
  }
  return from
}
