/**
 * What says of a report that it is whole: how many rows it has, what they add up to, and the hash of its bytes. It stands at
 * the end of the file where the format has a place for it, and beside it as JSON.
 */
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { Summed } from './row.ts'

/** What is known of a report when its last row is written. */
export interface ReportTotals {
  rows: number
  refused: number
  sums: Summed
  priceDecimals: number
  currency: string
  /** SHA-256 of all bytes so far, in hexadecimal digits. */
  sha256: string
}

/** A report as a whole; `sha256` and `bytes` are of the file. */
export interface ReportManifest {
  format: string
  area: number
  from: string
  to: string
  by: string
  timeZone: string
  selection: Record<string, string>
  /** Counts the contents that were given out for this area, range and selection, from 1. */
  version: number
  /** The newest computation that the rows rest on; `--changed-since` takes it. Null where there is no row. */
  computedUntil: string | null
  createdAt: string
  rows: number
  refused: number
  sums: Record<string, number | string>
  bytes: number
  sha256: string
  /** The SHA-256 of the rows as they are written, without the head, which names version and time: what has it twice says the same. */
  contentSha256: string
}

const energies = [
  'importWh',
  'exportWh',
  'ownUseWh',
  'boughtWh',
  'soldWh',
  'residualImportWh',
  'residualExportWh',
  'deviationWh',
] as const satisfies (keyof Summed)[]

/** The sums as a manifest shows them. */
export function presentSums({ sums, priceDecimals }: ReportTotals): Record<string, number | string> {
  return {
    ...Object.fromEntries(energies.map((name) => [name, sums[name]])),
    paidAmount: formatMoney(sums.paid, priceDecimals),
    receivedAmount: formatMoney(sums.received, priceDecimals),
  }
}

/** The totals as the last words of a document of XML say them. */
export function totalsComment(totals: ReportTotals): string {
  const { rows, refused, sha256 } = totals
  const sums = Object.entries(presentSums(totals)).map(([name, value]) => `${name}=${value}`)
  return `<!-- end rows=${rows} refused=${refused} ${sums.join(' ')} sha256=${sha256} -->\n`
}
