/** Months by their names. */
import { language } from '../words/language.ts'

const shown = 13

/** The months before the one that holds `nowMs`, the newest first: "2026-10", … */
export function pastMonths(nowMs: number): string[] {
  const now = new Date(nowMs)
  return Array.from({ length: shown }, (_, i) => {
    const month = new Date(Date.UTC(now.getFullYear(), now.getMonth() - 1 - i, 1))
    return month.toISOString().slice(0, 7)
  })
}

/** "October 2026". */
export function monthName(month: string): string {
  const form = new Intl.DateTimeFormat(language() === 'de' ? 'de' : 'en-GB', {
    ...{ month: 'long', year: 'numeric', timeZone: 'UTC' },
  })
  return form.format(new Date(`${month}-01T00:00:00Z`))
}
