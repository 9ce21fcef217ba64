/** Local time in words, and a clock that components can watch. */
import { useSyncExternalStore } from 'react'
import { language, type PageLanguage } from '../words/language.ts'
import { timeWords } from './words.ts'

const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const timeToMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const dayForm = { day: 'numeric', month: 'short', year: 'numeric' } as const
const day = {
  en: new Intl.DateTimeFormat('en-GB', dayForm),
  de: new Intl.DateTimeFormat('de', dayForm),
} as const satisfies Record<PageLanguage, Intl.DateTimeFormat>

/** A local time: "14:05:10", or "14:05" where the interval is a whole number of minutes. */
export function localTime(iso: string, intervalSeconds = 1): string {
  return (intervalSeconds % 60 === 0 ? timeToMinute : timeOfDay).format(new Date(iso))
}

export function localDate(iso: string): string {
  return day[language()].format(new Date(iso))
}

/** A local time, with its date where it is on another day: "14:05:10". */
export function localMoment(iso: string): string {
  const sameDay = new Date(iso).toDateString() === new Date().toDateString()
  return sameDay ? localTime(iso) : `${localDate(iso)}, ${localTime(iso)}`
}

/** A length of time for reading: "4 s", "3 min 20 s", "2 h 5 min", "3 days". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}\u202fs`
  if (whole < 3600)
    return whole % 60 === 0 ? `${whole / 60}\u202fmin` : `${Math.floor(whole / 60)}\u202fmin ${whole % 60}\u202fs`
  if (whole < 172_800) {
    const minutes = Math.floor((whole % 3600) / 60)
    return minutes === 0
      ? `${Math.floor(whole / 3600)}\u202fh`
      : `${Math.floor(whole / 3600)}\u202fh ${minutes}\u202fmin`
  }
  return timeWords().days(Math.floor(whole / 86_400))
}

/** How often something happens that takes so long: "every 10 s", "every minute". */
export function each(seconds: number): string {
  const said = timeWords()
  return seconds === 60 ? said.eachMinute : seconds === 3600 ? said.eachHour : said.each(duration(seconds))
}

/** The demo's time of day, "14:05". Its sun goes round once in `dayLengthSeconds`, and it was midnight at `epoch`. */
export function simulatedTime({ epoch, dayLengthSeconds }: { epoch: string; dayLengthSeconds: number }, nowMs: number) {
  const days = (nowMs - Date.parse(epoch)) / 1000 / dayLengthSeconds
  const minutes = Math.floor((days - Math.floor(days)) * 1440)
  const twoDigits = (value: number) => String(value).padStart(2, '0')
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

export type LocalSpan = 'day' | 'dayBefore' | 'month' | 'year'

/** The bounds of the local day, month or year that holds `nowMs`, or of the day before it. A day has 23, 24 or 25 hours. */
export function localSpan(span: LocalSpan, nowMs: number): { from: string; to: string } {
  const now = new Date(nowMs)
  const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate()]
  const bounds: Record<LocalSpan, [Date, Date]> = {
    day: [new Date(year, month, date), new Date(year, month, date + 1)],
    dayBefore: [new Date(year, month, date - 1), new Date(year, month, date)],
    month: [new Date(year, month), new Date(year, month + 1)],
    year: [new Date(year, 0), new Date(year + 1, 0)],
  }
  const [from, to] = bounds[span]
  return { from: from.toISOString(), to: to.toISOString() }
}

/** The newest months by the reader's clock ("2026-11"), beginning with the present one. */
export function newestMonths(nowMs: number, count: number): string[] {
  const now = new Date(nowMs)
  return Array.from({ length: count }, (_, back) => {
    const month = new Date(now.getFullYear(), now.getMonth() - back)
    return `${month.getFullYear()}-${String(month.getMonth() + 1).padStart(2, '0')}`
  })
}

/** The name of a month: "2026-11" is "November 2026". */
export function monthName(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Intl.DateTimeFormat(language(), { month: 'long', year: 'numeric' }).format(new Date(year, number - 1))
}

/** A local time in the form of the `datetime-local` field: "2026-07-01T14:05". */
export function fieldTime(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** The first interval boundary after `nowMs`, in UTC seconds. */
export function nextBoundary(nowMs: number, intervalSeconds: number): number {
  return (Math.floor(nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
}

let nowMs = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const watchers = new Set<() => void>()

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const each of watchers) each()
  }, 1000)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time in UTC milliseconds, renewed every second while a component uses it. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => nowMs)
}
