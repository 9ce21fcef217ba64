/** The settlement report as CSV (RFC 4180, UTF-8), for programs. */
import { isoSeconds } from '../exchange/instants.ts'
import { harmless } from './separated-cells.ts'
import { type SeparatedStyle, separatedWriter } from './separated-report.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

/** Local times as ISO 8601 with their offset: `2026-10-25T02:15:00+02:00`. */
export const csvStyle: SeparatedStyle = {
  mark: '',
  separator: ',',
  decimalSign: '.',
  text: harmless,
  localTime(local, offsetSeconds) {
    const minutes = Math.abs(offsetSeconds) / 60
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
    return `${isoSeconds(local).slice(0, -1)}${offsetSeconds < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
  },
}

export function csvWriter(head: ReportHead): FormatWriter {
  return separatedWriter(csvStyle, head)
}
