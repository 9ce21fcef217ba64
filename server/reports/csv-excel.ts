/**
 * The settlement report for people: opens in a spreadsheet of a country with decimal commas with a double click, in columns,
 * with umlauts, numbers as numbers and identifiers as texts.
 */
import { isoSeconds } from '../exchange/instants.ts'
import { harmlessAndKept } from './separated-cells.ts'
import { type SeparatedStyle, separatedWriter } from './separated-report.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

/** Local times in the form that spreadsheets take for a time: `2026-10-25 02:15:00`. */
export const csvExcelStyle: SeparatedStyle = {
  mark: '\ufeff',
  separator: ';',
  decimalSign: ',',
  text: harmlessAndKept,
  localTime: (local) => isoSeconds(local).slice(0, -1).replace('T', ' '),
}

export function csvExcelWriter(head: ReportHead): FormatWriter {
  return separatedWriter(csvExcelStyle, head)
}
