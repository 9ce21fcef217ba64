/** What of an area a report tells: its range, and which rows in it. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import { ReportError, type ReportRow } from './row.ts'

/** Since when something changed: rows of a run with a higher number, or computed at that time or later. */
export type ChangedSince = { run: number } | { computedAt: UtcSeconds }

export interface RowSelection {
  zone?: string
  /** The official identifier or the meter's address. */
  point?: string
  changedSince?: ChangedSince
}

/** Throws `REPORT_RANGE` for a range that is empty or ends before it begins. */
export function checkRange(from: UtcSeconds, to: UtcSeconds): void {
  if (from >= to) throw new ReportError('REPORT_RANGE', 'the range ends before it begins: from must be before to')
}

/** Reads a run's number (`2`) or a time (`2026-11-03T04:00:00Z`). Throws `REPORT_SELECTION`. */
export function readChangedSince(text: string): ChangedSince {
  if (/^\d{1,9}$/.test(text)) return { run: Number(text) }
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new ReportError(
      'REPORT_SELECTION',
      `changed since ${JSON.stringify(text.slice(0, 60))}: expected the number of a run or a time (2026-11-03T04:00:00Z)`,
    )
  }
  return { computedAt: Math.floor(ms / 1000) }
}

/** Whether a report with this selection has the row. Intervals are selected before they are summed. */
export function isSelected({ zone, point, changedSince }: RowSelection, row: ReportRow): boolean {
  if (zone !== undefined && row.zone !== zone) return false
  if (point !== undefined && ![row.facts.point, row.facts.exportPoint, row.meter].includes(point)) return false
  if (changedSince === undefined) return true
  return 'run' in changedSince ? row.run > changedSince.run : row.computedAt >= changedSince.computedAt
}

/** The selection as a manifest shows it. */
export function presentSelection({ zone, point, changedSince }: RowSelection): Record<string, string> {
  const since =
    changedSince === undefined
      ? undefined
      : 'run' in changedSince
        ? String(changedSince.run)
        : isoSeconds(changedSince.computedAt)
  const all = { zone, point, changedSince: since }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
