/** Spain: hours of Datadis, i-DE and the CNMC form, in both namings of the columns. */
import type { OfficialValues } from '../official-values.ts'
import type { TimeZone } from '../time-zone.ts'
import { readSpanishCsv, type SpanishColumns } from './spanish-csv.ts'

export const datadisColumns: SpanishColumns = {
  cups: 'cups',
  date: 'fecha',
  hour: 'hora',
  method: 'metodoobtencion',
  import: 'consumokwh',
  export: 'energiavertidakwh',
  leftOut: ['energiageneradakwh', 'energiaautoconsumidakwh'],
}

/** Reads a file. Throws `ExchangeError`. */
export function readDatadisCsv(bytes: Buffer, zone: TimeZone): OfficialValues {
  return readSpanishCsv(bytes, datadisColumns, zone)
}
