/** The months (UTC) in which readings and rows of seats lie: each is a partition of its own, made before anything is written to it. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { numbers } from './arrays.ts'
import type { Queries, Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** The first moment of the month in which a time lies, some months later or earlier. */
export function monthOf(time: UtcSeconds, later = 0): UtcSeconds {
  const date = new Date(time * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later) / 1000
}

/** The name of a month, such as `2026-01`. */
export function nameOfMonth(month: UtcSeconds): string {
  return new Date(month * 1000).toISOString().slice(0, 7)
}

/** The partitions of this month and the two after it, so that no commit has to make one. */
export async function makeMonthsAhead(sql: Queries, now: UtcSeconds): Promise<void> {
  await sql`select make_months(${numbers([0, 1, 2], (later) => monthOf(now, later))}::bigint[])`
}

/** The months that have partitions, ascending. */
export function keptMonths(sql: Queries): Promise<UtcSeconds[]> {
  return monthsOf(sql, 'seat_intervals')
}

/** The months of which there are official values, ascending. */
export function officialMonths(sql: Queries): Promise<UtcSeconds[]> {
  return monthsOf(sql, 'official_values')
}

async function monthsOf(sql: Queries, parent: string): Promise<UtcSeconds[]> {
  const rows = await sql<{ month: UtcSeconds }[]>`
    select extract(epoch from to_date(replace(right(relname, 7), '_', '-'), 'YYYY-MM'))::bigint as month
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${parent}::regclass and relkind = 'r' order by month`
  return rows.map(({ month }) => month)
}

/** The partitions of official values in which these times lie. */
export async function makeOfficialMonths(sql: Queries, times: readonly UtcSeconds[]): Promise<void> {
  await sql`select make_months_of(array['official_values'], ${numbers(times, (time) => time)}::bigint[])`
}

/** Makes months that a commit writes to and that nobody made ahead: after a long pause, or of readings that come very late. */
export class MonthsProjection {
  private readonly made = new Set<UtcSeconds>()
  private pending: UtcSeconds[] = []

  project(sql: Transaction, told: ToldEvents): Statement[] {
    const times = [
      ...told.of('reading').flatMap(({ event }) => (event.status === 'stored' ? [event.time] : [])),
      ...told.of('interval-cleared').map(({ event }) => event.result.start),
    ]
    this.pending = [...new Set(times.map((time) => monthOf(time)))].filter((month) => !this.made.has(month))
    return this.pending.length === 0
      ? []
      : [sql`select make_months(${numbers(this.pending, (month) => month)}::bigint[])`]
  }

  /** Says that what was projected last has been committed. */
  committed(): void {
    for (const month of this.pending) this.made.add(month)
    this.pending = []
  }
}
