/** What `commonwatt export-values` does: from the rows of the settlement report, or the roster's shares, to files in a folder. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ExchangeError } from '../exchange/error.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { OfficialSeries } from '../exchange/official-values.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { writeEdaXlsx } from '../exchange/write/eda-xlsx.ts'
import { writeEdaXml } from '../exchange/write/eda-xml.ts'
import { esCoefficientsName, writeEsCoefficients } from '../exchange/write/es-coefficients.ts'
import { type FedIn, type Triple, writeTriples } from '../exchange/write/triples.ts'
import { ReportError, type ReportRow } from '../reports/row.ts'
import { officialSeriesOf, triplesOf } from '../reports/value-export.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase } from '../store/database.ts'
import { rowsOfRange } from '../store/report-source.ts'
import { type AreaPlace, areaPlace, type RosterRow, rosterOf } from '../store/roster-store.ts'
import { namedArea } from './options.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface ExportValuesOptions {
  databaseUrl: string
  area: number
  escrow?: string
  from: number
  to: number
  format: 'eda-xlsx' | 'eda-xml' | 'es-coefficients' | 'triples'
  out: string
  cau?: string
}

/** A month with the hour that it has more where the clocks go back. */
const longestSeconds = 31 * 86_400 + 3 * 3_600

/** Throws `InputError`, and what its parts throw: each says what to do. */
export async function exportValues(options: ExportValuesOptions): Promise<void> {
  const { databaseUrl, from, to, format, out } = options
  if (to <= from) throw new InputError('--to is not after --from')
  if (to - from > longestSeconds) throw new InputError('the range is longer than a month')
  const database = openDatabase(databaseUrl, 2, endless)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const place = await areaPlace(database, areaId)
    if (place === null) throw new InputError('the area has no roster: "commonwatt roster" says whose points these are')
    await mkdir(out, { recursive: true })
    if (format === 'es-coefficients') {
      return await writeShares(await rosterOf(database, areaId), place, options)
    }
    const order = format === 'triples' ? 'time' : 'point'
    const { intervalSeconds, rows } = await rowsOfRange(database, areaId, { from, to, order })
    const name = `${options.area}-${isoSeconds(from)}-${isoSeconds(to)}`.replaceAll(':', '')
    if (format === 'triples') return await writeRows(join(out, `triples-${name}.csv`), rows)
    const range = { from, to, intervalSeconds, community: place.community }
    const meters: OfficialSeries[][] = []
    for await (const own of groupsOf(rows, ({ meter }) => meter)) meters.push(officialSeriesOf(own, range))
    if (format === 'eda-xml') return await writeDocuments(out, meters, place)
    await keep(join(out, `energiedaten-${name}.xlsx`), () => writeEdaXlsx(meters.flat(), (point) => point))
  } finally {
    await database.end()
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

async function writeRows(path: string, rows: AsyncIterable<ReportRow>): Promise<void> {
  const productions: FedIn[] = []
  const triples: Triple[] = []
  for await (const own of groupsOf(rows, ({ start }) => start)) {
    const found = triplesOf(own)
    productions.push(...found.productions)
    triples.push(...found.triples)
  }
  await keep(path, () => writeTriples(productions, triples))
}

/** A document for each point; one that cannot be written is named, and the others are written. */
async function writeDocuments(out: string, meters: readonly OfficialSeries[][], place: AreaPlace): Promise<void> {
  const createdAt = Math.floor(Date.now() / 1000)
  for (const point of new Set(meters.flat().map((own) => own.point))) {
    const series = meters.flat().filter((own) => own.point === point)
    const { sender, receiver } = place
    const envelope = { sender: sender ?? 'COMMONWATT', receiver: receiver ?? 'COMMUNITY', createdAt }
    const named = { messageId: `${point}-${createdAt}`, conversationId: `${point}-${createdAt}` }
    await keep(join(out, `${point.replace(/[^0-9A-Za-z]/g, '_')}.xml`), () =>
      writeEdaXml({ ...envelope, ...named }, series),
    )
  }
}

/** The shares that the roster has for those who draw. */
async function writeShares(
  roster: readonly RosterRow[],
  { timeZone }: AreaPlace,
  { from, out, cau }: ExportValuesOptions,
): Promise<void> {
  if (cau === undefined) throw new InputError('es-coefficients needs --cau: the file is named after the installation')
  const zone = new TimeZone(timeZone)
  const year = new Date(zone.local(from) * 1000).getUTCFullYear()
  const drawing = roster.filter(({ direction, fromDay, endDay }) => {
    const holds = zone.startOfDay(fromDay) <= from && (endDay === null || from < zone.startOfDay(endDay))
    return direction === 'import' && holds
  })
  const without = drawing.find(({ shareMillionths }) => shareMillionths === null)
  if (drawing.length === 0 || without !== undefined) {
    throw new InputError(`the roster has no share for ${without?.point ?? 'anybody who draws'} at ${isoSeconds(from)}`)
  }
  const cups = drawing.map(({ point }) => (point.length === 20 ? `${point}0F` : point))
  const millionths = [drawing.map(({ shareMillionths }) => shareMillionths!)]
  await keep(join(out, esCoefficientsName(cau, year)), () => writeEsCoefficients({ cups, millionths }, year))
}

async function keep(path: string, make: () => string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, make())
    await writeOutput(`${path}\n`)
  } catch (error) {
    if (!(error instanceof ExchangeError || error instanceof ReportError)) throw error
    refuse(`${path}: ${error.message}`)
  }
}
