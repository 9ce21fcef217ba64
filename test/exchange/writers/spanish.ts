/** Hours of Spanish points, as Datadis and distributors write them. */
import { cupsControl } from '../../../server/exchange/identifiers.ts'
import { TimeZone } from '../../../server/exchange/time-zone.ts'
import { kwh, type Profile } from '../street.ts'

/** A CUPS with right control letters. */
export function cupsOf(digits: number): string {
  const text = String(digits).padStart(16, '0')
  return `ES${text}${cupsControl(text)}`
}

export interface SpanishRow {
  cups: string
  date: string
  hour: string
  imported: string
  exported: string
  method: string
}

/** Rows of a home: what it drew and, where it has panels, what it fed in. */
export function spanishRows(
  drawn: Profile,
  fed: Profile | null,
  { zone = 'Europe/Madrid', hours = 'clock', yearFirst = false } = {},
): SpanishRow[] {
  const clock = new TimeZone(zone)
  return drawn.values.map(({ wh, quality }, i) => {
    const start = drawn.start + i * 3600
    const day = Math.floor(clock.local(start) / 86_400)
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10).split('-')
    const end = clock.local(start + 3600)
    const label = Math.floor(end / 86_400) > day ? 24 : Math.floor((end % 86_400) / 3600)
    const position = (start - clock.startOfDay(day)) / 3600 + 1
    const number = (value: number | null | undefined) => (value == null ? '' : kwh(value).replace('.', ','))
    return {
      cups: drawn.point,
      date: (yearFirst ? date : date.reverse()).join('/'),
      hour: hours === 'clock' ? `${String(label).padStart(2, '0')}:00` : String(position),
      imported: number(wh),
      exported: number(fed?.values[i]?.wh),
      method: quality === 'estimated' ? 'E' : 'R',
    }
  })
}

export function datadisCsv(rows: SpanishRow[], { end = '\n', quotes = false, surplus = true } = {}): string {
  const cell = (text: string) => (quotes ? `"${text}"` : text)
  const header = `CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion${surplus ? ';Energia_vertida_kWh' : ''}`
  const lines = rows.map(({ cups, date, hour, imported, method, exported }) =>
    [cups, date, hour, imported, method, ...(surplus ? [exported] : [])].map(cell).join(';'),
  )
  return [header, ...lines].map((line) => `${line}${end}`).join('')
}

export function distributorCsv(rows: SpanishRow[], end = '\r\n'): string {
  const lines = rows.map(({ cups, date, hour, imported, method, exported }) =>
    [cups, date, hour, imported, exported, '', method].join(';'),
  )
  return ['CUPS;Fecha;Hora;AE_kWh;AS_KWh;AE_AUTOCONS_kWh;REAL/ESTIMADO', ...lines]
    .map((line) => `${line}${end}`)
    .join('')
}

export function datadisJson(rows: SpanishRow[]): string {
  const number = (text: string) => (text === '' ? 'null' : text.replace(',', '.'))
  const items = rows.map(
    ({ cups, date, hour, imported, method, exported }) =>
      `{"cups":"${cups}","date":"${date}","time":"${hour}","consumptionKWh":${number(imported)},"obtainMethod":"${method}","surplusEnergyKWh":${number(exported)}}`,
  )
  return `[\n${items.join(',\n')}\n]`
}
