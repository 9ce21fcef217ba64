/** The formats of official values: what tells each from the others, in which zone its clocks run, and who reads it. */
import { ExchangeError } from './error.ts'
import type { OfficialValues } from './official-values.ts'
import { inQuotes } from './quote.ts'
import { csvHeader, readOwnCsv } from './read/csv.ts'
import { datadisColumns, readDatadisCsv } from './read/datadis-csv.ts'
import { readDatadisJson } from './read/datadis-json.ts'
import { readEdaXlsx } from './read/eda-xlsx.ts'
import { readEdaXml } from './read/eda-xml.ts'
import { readEnedisJson } from './read/enedis-json.ts'
import { distributorColumns, readEsDistributorCsv } from './read/es-distributor-csv.ts'
import { readEspi } from './read/espi.ts'
import { readMscons } from './read/mscons.ts'
import { readNem12 } from './read/nem12.ts'
import { readSdatE66 } from './read/sdat-e66.ts'
import { hasColumns, spanishEncoding } from './read/spanish-csv.ts'
import type { TimeZone } from './time-zone.ts'
import { rootOf } from './xml.ts'

/** What the first bytes of a file say of it. */
type Content =
  | { kind: 'zip' | 'gzip' | 'utf-16' | 'xls' | 'pdf' }
  | { kind: 'xml'; root: string }
  | { kind: 'json'; head: string }
  | { kind: 'text'; head: string; firstLine: string }

export interface ValuesFormat {
  name: string
  /** The zone of its local times; UTC where it has none. */
  zone: string
  isContent: (content: Content) => boolean
  read: (bytes: Buffer, zone: TimeZone) => OfficialValues | Promise<OfficialValues>
}

const xml = (root: string) => (content: Content) => content.kind === 'xml' && content.root === root
const json = (pattern: RegExp) => (content: Content) => content.kind === 'json' && pattern.test(content.head)
const text = (pattern: RegExp) => (content: Content) => content.kind === 'text' && pattern.test(content.head)
const header = (is: (line: string) => boolean) => (content: Content) => content.kind === 'text' && is(content.firstLine)
const fieldsOf = (line: string) => line.split(';').map((field) => field.replace(/^"(.*)"$/, '$1'))

export const valuesFormats: readonly ValuesFormat[] = [
  { name: 'eda-xml', zone: 'Europe/Vienna', isContent: xml('ConsumptionRecord'), read: readEdaXml },
  { name: 'eda-xlsx', zone: 'Europe/Vienna', isContent: ({ kind }) => kind === 'zip', read: readEdaXlsx },
  { name: 'sdat-e66', zone: 'UTC', isContent: xml('ValidatedMeteredData_16'), read: readSdatE66 },
  {
    name: 'datadis-csv',
    zone: 'Europe/Madrid',
    isContent: header((line) => hasColumns(fieldsOf(line), datadisColumns)),
    read: readDatadisCsv,
  },
  { name: 'datadis-json', zone: 'Europe/Madrid', isContent: json(/^\[\s*\{[^{}]*"cups"/), read: readDatadisJson },
  {
    name: 'es-distributor-csv',
    zone: 'Europe/Madrid',
    isContent: header((line) => hasColumns(fieldsOf(line), distributorColumns)),
    read: readEsDistributorCsv,
  },
  { name: 'mscons', zone: 'UTC', isContent: text(/^(?:UNA|UNB)/), read: readMscons },
  { name: 'enedis-json', zone: 'Europe/Paris', isContent: json(/^\{[^{}]*"meter_reading"/), read: readEnedisJson },
  { name: 'nem12', zone: '+10:00', isContent: text(/^100,NEM12\b/), read: readNem12 },
  { name: 'espi', zone: 'UTC', isContent: xml('feed'), read: readEspi },
  { name: 'csv', zone: 'UTC', isContent: header((line) => line.replaceAll('"', '') === csvHeader), read: readOwnCsv },
]

/** Met, and not read: why. */
const strangers: [isContent: ValuesFormat['isContent'], reason: string][] = [
  [xml('AggregatedMeteredData_13'), 'AggregatedMeteredData_13 (E31) holds sums without metering points'],
  [header((line) => /^CUPS;FECHA-HORA;/i.test(line)), 'rows of this i-DE file are not known: ask for the CNMC form'],
  [({ kind }) => kind === 'gzip', 'the file is packed with gzip: unpack it first'],
  [({ kind }) => kind === 'utf-16', 'written in UTF-16: save it as UTF-8'],
  [({ kind }) => kind === 'xls', 'a workbook of before 2007 (.xls): save it as .xlsx'],
  [({ kind }) => kind === 'pdf', 'a PDF holds no values that a program may rely on'],
]

const headBytes = 1 << 16

/** Which format a file has, by its content. Throws `VALUES_FORMAT` where it is none. */
export function recogniseFormat(bytes: Buffer): ValuesFormat {
  const content = contentOf(bytes)
  const format = valuesFormats.find(({ isContent }) => isContent(content))
  if (format !== undefined) return format
  const stranger = strangers.find(([isContent]) => isContent(content))
  throw new ExchangeError('VALUES_FORMAT', '', stranger?.[1] ?? `none of the formats: ${shownContent(content)}`)
}

function shownContent(content: Content): string {
  if (content.kind === 'xml') return `the root element is ${inQuotes(content.root)}`
  if (content.kind === 'text') return `the first line is ${inQuotes(content.firstLine)}`
  return `this ${content.kind === 'json' ? 'JSON' : 'archive'} has another shape`
}

function contentOf(bytes: Buffer): Content {
  const start = bytes.toString('hex', 0, 4)
  if (start === '504b0304') return { kind: 'zip' }
  if (start.startsWith('1f8b')) return { kind: 'gzip' }
  if (start.startsWith('fffe') || start.startsWith('feff')) return { kind: 'utf-16' }
  if (start === 'd0cf11e0') return { kind: 'xls' }
  if (start === '25504446') return { kind: 'pdf' }
  const head = bytes.toString('latin1', 0, headBytes).trimStart()
  if (head === '') throw new ExchangeError('VALUES_FORMAT', '', 'the file is empty')
  if (head.startsWith('<')) return { kind: 'xml', root: rootOf(bytes) }
  if (head.startsWith('{') || head.startsWith('[')) return { kind: 'json', head }
  const [firstLine = ''] = bytes.toString(spanishEncoding(bytes), 0, headBytes).trimStart().split(/\r?\n/)
  return { kind: 'text', head, firstLine }
}
