/**
 * What an area came to in the files of grid operators, for the programs of communities and distributors: from the rows of the settlement
 * report, from the keys that were declared, or from the roster's shares. Command and API write the same files.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { writeEdaXlsx } from '../exchange/write/eda-xlsx.ts'
import { writeEdaXml } from '../exchange/write/eda-xml.ts'
import { esCoefficientsName, writeEsCoefficients } from '../exchange/write/es-coefficients.ts'
import { tripleRows, triplesHeader } from '../exchange/write/triples.ts'
import { ReportError, type ReportRow } from '../reports/row.ts'
import { checkRange } from '../reports/selection.ts'
import { officialSeriesOf, triplesOf, type ValueFileFormat } from '../reports/value-export.ts'
import type { Database } from './database.ts'
import { yearOfCoefficients } from './declared-coefficients.ts'
import { rowsOfRange } from './report-source.ts'
import { areaPlace } from './roster-store.ts'

export interface ValueFilesRequest {
  /** The area's number, after which files are named. */
  area: number
  from: UtcSeconds
  to: UtcSeconds
  format: ValueFileFormat
  /** `eda-xml`: only the document of this point. */
  point?: string | undefined
  /** `es-coefficients`: the installation, after which the file is named. */
  cau?: string | undefined
  now: UtcSeconds
}

export interface ValueFile {
  name: string
  mediaType: string
  /** Throws `ExchangeError` or `ReportError` where the file cannot be: before its first piece, but for `triples`. */
  pieces(): AsyncGenerator<string | Uint8Array>
}

/** A month with the hour that it has more where the clocks go back. */
const longestSeconds = 31 * 86_400 + 3 * 3_600
const media = {
  'eda-xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'eda-xml': 'application/xml; charset=utf-8',
  'es-coefficients': 'text/plain; charset=utf-8',
  triples: 'text/csv; charset=utf-8',
}

/** The files of a request: one, but for `eda-xml` a document for each point. Throws `ReportError`, `ExchangeError` and what `rowsOfRange` throws. */
export async function valueFiles(database: Database, areaId: number, request: ValueFilesRequest): Promise<ValueFile[]> {
  const { area, from, to, format } = request
  checkRange(from, to)
  if (to - from > longestSeconds) throw new ReportError('REPORT_RANGE', 'the range is longer than a month')
  const place = await areaPlace(database, areaId)
  if (place === null) {
    throw new ReportError('REPORT_POINT', 'the area has no roster: "commonwatt roster" says whose points these are')
  }
  const mediaType = media[format]
  if (format === 'es-coefficients') {
    const { cau } = request
    if (cau === undefined)
      throw new ReportError(
        'REPORT_SELECTION',
        'es-coefficients needs the CAU: the file is named after the installation',
      )
    const { year, ...coefficients } = await yearOfCoefficients(database, areaId, {
      from,
      zone: new TimeZone(place.timeZone),
    })
    const name = esCoefficientsName(cau, year)
    return [{ name, mediaType, pieces: () => once(() => writeEsCoefficients(coefficients, year)) }]
  }
  const order = format === 'triples' ? 'time' : 'point'
  const { intervalSeconds, rows } = await rowsOfRange(database, areaId, { from, to, order })
  const name = `${area}-${isoSeconds(from)}-${isoSeconds(to)}`.replaceAll(':', '')
  if (format === 'triples') return [{ name: `triples-${name}.csv`, mediaType, pieces: () => triplePieces(rows) }]
  const range = { from, to, intervalSeconds, community: place.community }
  const series: ReturnType<typeof officialSeriesOf> = []
  for await (const own of groupsOf(rows, ({ meter }) => meter)) series.push(...officialSeriesOf(own, range))
  if (format === 'eda-xlsx') {
    const pieces = () => once(() => writeEdaXlsx(series, (point) => point))
    return [{ name: `energiedaten-${name}.xlsx`, mediaType, pieces }]
  }
  const { sender, receiver } = place
  const envelope = { sender: sender ?? 'COMMONWATT', receiver: receiver ?? 'COMMUNITY', createdAt: request.now }
  const points = new Set(series.map(({ point }) => point))
  const { point: only } = request
  if (only !== undefined && !points.has(only)) throw new ReportError('REPORT_POINT', `${only} has no rows in the range`)
  return [...(only === undefined ? points : [only])].map((point) => {
    const id = `${point}-${request.now}`
    const own = series.filter((each) => each.point === point)
    const pieces = () => once(() => writeEdaXml({ ...envelope, messageId: id, conversationId: id }, own))
    return { name: `${point.replace(/[^0-9A-Za-z]/g, '_')}.xml`, mediaType, pieces }
  })
}

async function* once(make: () => string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield make()
}

/** An interval at a time, whatever the range. */
async function* triplePieces(rows: AsyncIterable<ReportRow>): AsyncGenerator<string> {
  yield triplesHeader
  for await (const own of groupsOf(rows, ({ start }) => start)) {
    const { productions, triples } = triplesOf(own)
    yield tripleRows(productions, triples)
  }
}

/** Rows that follow one another and have something in common. */
async function* groupsOf(rows: AsyncIterable<ReportRow>, of: (row: ReportRow) => unknown): AsyncGenerator<ReportRow[]> {
  let open: ReportRow[] = []
  for await (const row of rows) {
    if (open.length > 0 && of(open[0]!) !== of(row)) {
      yield open
      open = []
    }
    open.push(row)
  }
  if (open.length > 0) yield open
}
