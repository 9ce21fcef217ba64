/** What the Spanish CSV files have in common: columns by name, semicolons, decimal commas, hours of whole days. */
import { isUtf8 } from 'node:buffer'
import { commaForm, readEnergy, unitPowers } from '../decimal.ts'
import { ExchangeError } from '../error.ts'
import type { OfficialValues } from '../official-values.ts'
import { separatedRows } from '../separated-values.ts'
import type { TimeZone } from '../time-zone.ts'
import { SpanishHours } from './spanish-hours.ts'

/** Names of columns as `columnKey` makes them. */
export interface SpanishColumns {
  cups: string
  date: string
  hour: string
  method: string
  import: string
  export: string
  /** Not at the boundary to the grid, and so no official value of the point. */
  leftOut: readonly string[]
}

/** A column's name without case, accents, blanks and underscores, which vary. */
function columnKey(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\p{M}\s_]/gu, '')
    .toLowerCase()
}

/** Whether a header is one of these files': every needed column is there and no unknown one. */
export function hasColumns(header: readonly string[], columns: SpanishColumns): boolean {
  const { cups, date, hour, method, leftOut } = columns
  const keys = header.map(columnKey)
  const known = [cups, date, hour, method, columns.import, columns.export, ...leftOut]
  const needed = [cups, date, hour, method, columns.import]
  return needed.every((key) => keys.includes(key)) && keys.every((key) => known.includes(key))
}

export function spanishEncoding(bytes: Buffer): 'utf8' | 'latin1' {
  return isUtf8(bytes) ? 'utf8' : 'latin1'
}

/** Reads a file whose header has these columns. Throws `ExchangeError`. */
export function readSpanishCsv(bytes: Buffer, columns: SpanishColumns, zone: TimeZone): OfficialValues {
  const rows = separatedRows(bytes, ';', spanishEncoding(bytes))
  const header = rows.next().value
  if (header === undefined) throw new ExchangeError('VALUES_COUNT', '', 'no header')
  const keys = header.fields.map(columnKey)
  if (new Set(keys).size !== keys.length) throw new ExchangeError('VALUES_SYNTAX', 'line 1', 'a column stands twice')
  const at = (key: string) => keys.indexOf(key)
  const [cups, date, hour, method] = [at(columns.cups), at(columns.date), at(columns.hour), at(columns.method)]
  const [drawn, fed] = [at(columns.import), at(columns.export)]
  const leftOut = columns.leftOut.map(at).filter((column) => column >= 0)
  const filled = new Set<number>()
  const hours = new SpanishHours(zone, (line) => `line ${line}`)
  for (const { line, fields } of rows) {
    const place = () => `line ${line}`
    if (fields.length !== keys.length) {
      throw new ExchangeError('VALUES_SYNTAX', place(), `${fields.length} fields, expected ${keys.length}`)
    }
    const energy = (column: number) => {
      const text = fields[column]!.trim()
      const within = () => `line ${line}, ${header.fields[column]}`
      return text === '' ? null : readEnergy(text, unitPowers.kWh, commaForm, within)
    }
    for (const column of leftOut) if (energy(column) !== null) filled.add(column)
    hours.add({
      cups: fields[cups]!.trim(),
      date: fields[date]!.trim(),
      hour: fields[hour]!.trim(),
      method: fields[method]!,
      importMicroWh: energy(drawn),
      exportMicroWh: fed < 0 ? undefined : energy(fed),
      place,
      source: line,
    })
  }
  const { series, warnings } = hours.finish()
  const names = [...filled].map((column) => header.fields[column])
  const notRead = names.map((name) => `column ${name} left out: it is not measured at the boundary to the grid`)
  return { createdAt: null, series, warnings: [...warnings, ...notRead] }
}
