/** What a format of the report is to whoever writes one: a head, a piece of text for each row, and an end. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import type { ReportTotals } from './manifest.ts'
import type { Period } from './periods.ts'
import type { ReportRow, ReportSettings } from './row.ts'
import type { RowSelection } from './selection.ts'

/** Who sends the report to whom, in codes of the energy market (EIC, or a GLN of 13 digits). */
export interface MarketParties {
  sender: string
  receiver: string
  /** The market balance area (EIC). */
  domain: string
}

/** What is known of a report before its first row. */
export interface ReportHead {
  /** The settings of the area at the end of the range. */
  settings: ReportSettings
  from: UtcSeconds
  to: UtcSeconds
  by: Period
  selection: RowSelection
  /** Whose clocks local times, days and months go by. */
  timeZone: TimeZone
  /** Counts the contents that were given out of this report, from 1. */
  version: number
  createdAt: UtcSeconds
  /** Whether every interval of the range is final. */
  isFinal: boolean
  parties: MarketParties | null
}

/** Writes one report. Rows come in the order that the format asks for. */
export interface FormatWriter {
  begin(): string
  /** Throws `ReportError` for a row that the format cannot carry; nothing of it is written then, and others may follow. */
  row(row: ReportRow): string
  end(): string
  /** What stands behind the end and says that the report is whole; formats without such a place have none. */
  trailer?(totals: ReportTotals): string
}
