/** Spain: hours as the distributor e-distribución gives them to its customers. */
import type { OfficialValues } from '../official-values.ts'
import type { TimeZone } from '../time-zone.ts'
import { readSpanishCsv, type SpanishColumns } from './spanish-csv.ts'

export const distributorColumns: SpanishColumns = {
  cups: 'cups',
  date: 'fecha',
  hour: 'hora',
  method: 'real/estimado',
  import: 'aekwh',
  export: 'askwh',
  leftOut: ['aeautoconskwh'],
}

/** Reads a file. Throws `ExchangeError`. */
export function readEsDistributorCsv(bytes: Buffer, zone: TimeZone): OfficialValues {
  return readSpanishCsv(bytes, distributorColumns, zone)
}
