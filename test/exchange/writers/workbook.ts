/** Workbooks out of cells, with strings shared or inline, and the portal's sheet out of profiles. */
import { strToU8, type Zippable, zipSync } from 'fflate'
import { TimeZone } from '../../../server/exchange/time-zone.ts'
import { cellName } from '../../../server/exchange/workbook.ts'
import { clockText, kwh, type Profile } from '../street.ts'

const vienna = new TimeZone('Europe/Vienna')
const marks = { measured: 'L1', substituted: 'L2', estimated: 'L3', missing: '' }
const serialOfEpoch = 25_569

/** A number stands as it is written; a text in a string; undefined leaves the cell out. */
export type CellContent = { number: string } | string | undefined

export interface BookOptions {
  strings?: 'shared' | 'inline'
  sheet?: string
  /** Further parts, or other texts of the same ones. */
  parts?: Record<string, string>
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function workbook(rows: CellContent[][], options: BookOptions = {}): Buffer {
  const { strings = 'shared', sheet = 'Energiedaten', parts = {} } = options
  const shared: string[] = []
  const cellOf = (content: CellContent, name: string) => {
    if (content === undefined) return ''
    if (typeof content !== 'string') return `<c r="${name}"><v>${content.number}</v></c>`
    if (strings === 'inline') return `<c r="${name}" t="inlineStr"><is><t>${escaped(content)}</t></is></c>`
    let at = shared.indexOf(content)
    if (at < 0) at = shared.push(content) - 1
    return `<c r="${name}" t="s"><v>${at}</v></c>`
  }
  const data = rows.map((row, r) => {
    const cells = row.map((content, c) => cellOf(content, cellName(c, r + 1))).join('')
    return cells === '' ? '' : `<row r="${r + 1}">${cells}</row>`
  })
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"/>`
  const all: Record<string, string> = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    '_rels/.rels': `<Relationships>${relation('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml':
      '<workbook xmlns:r="r"><sheets>' +
      `<sheet name="Überblick" sheetId="1" r:id="rId9"/><sheet name="${sheet}" sheetId="2" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      `<Relationships>${relation('rId1', 'worksheet', 'worksheets/sheet2.xml')}${relation('rId9', 'worksheet', 'worksheets/sheet1.xml')}` +
      `${strings === 'shared' ? relation('rId2', 'sharedStrings', '/xl/sharedStrings.xml') : ''}</Relationships>`,
    'xl/worksheets/sheet1.xml': '<worksheet><sheetData/></worksheet>',
    'xl/worksheets/sheet2.xml': `<worksheet><sheetData>${data.join('')}</sheetData></worksheet>`,
    ...(strings === 'shared'
      ? { 'xl/sharedStrings.xml': `<sst>${shared.map((text) => `<si><t>${escaped(text)}</t></si>`).join('')}</sst>` }
      : {}),
    ...parts,
  }
  const zippable: Zippable = {}
  for (const [name, text] of Object.entries(all)) zippable[name] = strToU8(text)
  return Buffer.from(zipSync(zippable, { mtime: '2026-01-01' }))
}

const wordings: Record<string, string> = {
  '1-1:1.9.0 G.01': 'Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]',
  '1-1:1.9.0 G.01T': 'Verbrauch lt. Messung entsprechend dem Teilnahmefaktor je ZP und EC-ID [KWH]',
  '1-1:2.9.0 G.02': 'Anteil gemeinschaftliche Erzeugung [KWH]',
  '1-1:2.9.0 G.03': 'Eigendeckung gemeinschaftliche Erzeugung [KWH]',
  '1-1:2.9.0 G.03R': 'Eigendeckung aus erneuerbarer Energie [KWH]',
  '1-1:2.9.0 G.01': 'Gesamte gemeinschaftliche Erzeugung [KWH]',
  '1-1:2.9.0 G.01T': 'Erzeugung lt. Messung entsprechend dem Teilnahmefaktor und EC-ID [KWH]',
  '1-1:2.9.0 P.01': 'Gesamt/Überschusserzeugung, Gemeinschaftsüberschuss [KWH]',
  '1-1:2.9.0 P.01T': 'Restüberschuss bei EG und je ZP [KWH]',
}

export interface PortalOptions extends BookOptions {
  times?: 'serial' | 'text'
  qualities?: boolean
  float?: boolean
  count?: string
  total?: boolean
  /** Changes the rows before they are written. */
  edit?: (rows: CellContent[][]) => void
}

/** The rows of the sheet: nine of the head, then one a quarter-hour. */
export function portalRows(
  registers: [code: string, profile: Profile][],
  options: PortalOptions = {},
): CellContent[][] {
  const { times = 'serial', qualities = true, float = false, count, total = false } = options
  const across = <T>(value: (code: string, profile: Profile) => T, mark?: (profile: Profile) => T) =>
    registers.flatMap(([code, profile]) =>
      qualities ? [value(code, profile), mark?.(profile)] : [value(code, profile)],
    )
  const after = (content: CellContent) => (total ? [content] : [])
  const sumOf = ({ values }: Profile) => values.reduce((sum, { wh }) => sum + (wh ?? 0), 0)
  const first = registers[0]![1]
  const numberOf = (wh: number) => (float ? String(wh / 1000 + 1e-17) : kwh(wh, 6))
  const rows: CellContent[][] = [
    ['Alle Angaben ohne Gewähr.'],
    [
      'MeteringpointID',
      ...across<CellContent>(
        (_, { point }) => point,
        () => 'MM',
      ),
      ...after('TOTAL'),
    ],
    ['Name', ...across<CellContent>(() => 'Haus')],
    [
      'Energy direction',
      ...across<CellContent>((_, { direction }) => (direction === 'import' ? 'CONSUMPTION' : 'GENERATION')),
    ],
    ['Period start', ...across<CellContent>(() => ({ number: '45000' }))],
    ['Metering Interval', ...across<CellContent>(() => 'QH (viertelstündlich)')],
    [
      'Number of Metering Intervals',
      ...across<CellContent>(() => (count === undefined ? undefined : { number: count })),
    ],
    ['Metercode', ...across<CellContent>((code) => wordings[code]!), ...after('TOTAL')],
    [
      'Spaltensumme / minimale Qualität',
      ...across<CellContent>(
        (_, profile) => ({ number: kwh(sumOf(profile), 6) }),
        () => 'L3',
      ),
    ],
  ]
  for (const i of first.values.keys()) {
    const local = vienna.local(first.start + i * 900)
    const [date, clock] = clockText(vienna, first.start + i * 900).split(' ')
    const time: CellContent =
      times === 'serial'
        ? { number: String(local / 86_400 + serialOfEpoch) }
        : `${date!.split('-').reverse().join('.')} ${clock}`
    const value = ({ values }: Profile): CellContent => {
      const { wh } = values[i]!
      return wh === null ? undefined : { number: numberOf(wh) }
    }
    rows.push([
      time,
      ...across<CellContent>(
        (_, profile) => value(profile),
        ({ values }) => marks[values[i]!.quality] || undefined,
      ),
      ...after({ number: '0.5' }),
    ])
  }
  options.edit?.(rows)
  return rows
}

export function portalBook(registers: [code: string, profile: Profile][], options: PortalOptions = {}): Buffer {
  return workbook(portalRows(registers, options), options)
}
