/**
 * What the journal's events say, as tables: advanced in the transaction that appends to the journal.
 *
 * All tables together are a function of the journal's rows in their order, however these are grouped into commits: what many
 * commands change in one commit is what they change one by one. Each table takes one statement a commit; the statements are
 * sent without waiting for each other's answers.
 */
import type { Journaled } from '../areas/area-store.ts'
import type { Transaction } from './database.ts'
import { MonthsProjection } from './months.ts'
import { projectAgreements, projectRevocations } from './project-agreements.ts'
import { projectBatches } from './project-batches.ts'
import { projectBudgets } from './project-budgets.ts'
import { projectDeclarations } from './project-declarations.ts'
import { projectForward } from './project-forward.ts'
import { projectGrounds } from './project-grounds.ts'
import { projectIntervals } from './project-intervals.ts'
import { projectOrders } from './project-orders.ts'
import { ReadingProjection } from './project-readings.ts'
import { projectSeats } from './project-seats.ts'
import { projectSettings } from './project-settings.ts'
import { ToldEvents } from './told.ts'

/** The tables that follow from an area's journal. */
export const projectedTables = [
  'area_settings',
  'seats',
  'seat_funds',
  'orders',
  'forward_orders',
  'forward_trades',
  'agreements',
  'session_revocations',
  'declarations',
  'budgets',
  'readings',
  'reading_stretches',
  'suspensions',
  'intervals',
  'interval_zones',
  'interval_grounds',
  'seat_intervals',
  'seat_sums',
  'batches',
  'batch_entries',
  'missed_batches',
] as const

export class Projection {
  private readonly areaId: number
  private readonly months = new MonthsProjection()
  private readonly readings = new ReadingProjection()
  /** Null until the area has been configured; an area keeps its interval. */
  private intervalSeconds: number | null

  constructor(areaId: number, intervalSeconds: number | null) {
    this.areaId = areaId
    this.intervalSeconds = intervalSeconds
  }

  /** Null before the area's first configuration. */
  get interval(): number | null {
    return this.intervalSeconds
  }

  /**
   * Brings the tables up to date with a transaction's commands. `funds` holds the free funds that changed, by seat. Everything is
   * sent at once, after what was sent before.
   */
  async project(sql: Transaction, journaled: readonly Journaled[], funds: ReadonlyMap<number, bigint>): Promise<void> {
    const { areaId } = this
    const told = new ToldEvents(journaled)
    this.intervalSeconds ??= told.of('configured')[0]?.event.config.rules.intervalSeconds ?? null
    const statements = [
      ...this.months.project(sql, told),
      ...projectSettings(sql, areaId, told),
      ...projectSeats(sql, areaId, told, funds),
      ...projectOrders(sql, areaId, told),
      ...projectForward(sql, areaId, told),
      ...projectAgreements(sql, areaId, told),
      ...projectRevocations(sql, areaId, told),
      ...projectDeclarations(sql, areaId, told),
      ...projectBudgets(sql, areaId, told),
      ...this.readings.project(sql, areaId, told, this.intervalSeconds ?? 1),
      ...projectBatches(sql, areaId, told),
      ...projectGrounds(sql, areaId, told),
    ]
    for (const statement of statements) statement.execute()
    await Promise.all([...statements, projectIntervals(sql, areaId, told, this.intervalSeconds ?? 1)])
  }

  /** Says that what was projected last has been committed. */
  committed(): void {
    this.months.committed()
    this.readings.committed()
  }
}
