/** The data that is kept about an account, as the server gives it: one line of JSON for each item of each list. */
import type { SeatIntervalResource } from '../../server/api/resources.ts'

interface Line {
  list: string
  item?: unknown
}

/** Whether the text is complete: its last line marks the end. */
export function isWhole(text: string): boolean {
  return text.trimEnd().endsWith('{"list":"end"}')
}

export function itemCount(text: string): number {
  return text.trimEnd().split('\n').length - 1
}

const columns = [
  ...(['seat', 'start', 'end', 'run', 'status', 'quality', 'importWh', 'exportWh', 'ownUseWh', 'boughtWh'] as const),
  ...(['soldWh', 'residualImportWh', 'residualExportWh', 'paid', 'received', 'pricePerKwh'] as const),
] satisfies (keyof SeatIntervalResource)[]

/** The intervals of all meters as CSV (RFC 4180), the newest first: energies in Wh, money and prices exact, times in UTC. */
export function intervalsCsv(text: string): string {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('{"list":"listSeatIntervals"'))
    .map((line) => (JSON.parse(line) as Line).item as SeatIntervalResource)
    // None of the values has a comma or a quotation mark.
    .map((interval) => columns.map((column) => String(interval[column] ?? '')).join(','))
  return [columns.join(','), ...rows].map((row) => `${row}\r\n`).join('')
}
