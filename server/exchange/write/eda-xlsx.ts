/** Austria: the workbook "Energiedaten" out of series of any number of points, as the portal of ebutilities.at gives it. */
import { strToU8, zipSync } from 'fflate'
import { edaCode, wordingOf } from '../eda-codes.ts'
import { ExchangeError } from '../error.ts'
import { secondsPerDay } from '../instants.ts'
import { type OfficialSeries, worseQuality } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import { TimeZone } from '../time-zone.ts'
import { cellName } from '../workbook.ts'
import { xmlText } from '../xml-text.ts'
import { edaDecimal, edaMark, edaUnits, quarterHours } from './eda-values.ts'

const vienna = new TimeZone('Europe/Vienna')
/** Serial number of 1970-01-01 in the 1900 system. */
const serialOfEpoch = 25_569
/** Zip archives carry a time; a fixed one makes the same series the same bytes. */
const archiveTime = '2020-01-01T00:00:00'
const disclaimer = 'Werte aus dem Ergebnis des Marktes; amtlich sind die Werte des Netzbetreibers.'

type Cell = { text: string } | { number: string } | null

/**
 * Writes the workbook. Series have codes of ebutilities.at and the quarter-hours of one period, all of them; names are shown
 * by point. Missing values are left empty. Throws `VALUES_CODE` or `VALUES_COUNT` otherwise.
 */
export function writeEdaXlsx(series: readonly OfficialSeries[], nameOf: (point: string) => string): Uint8Array {
  const columns = series.map((one) => {
    const code = one.code === null ? undefined : edaCode(one.code)
    const wording = code === undefined ? undefined : wordingOf(code.code)
    if (code === undefined || wording === undefined) {
      throw new ExchangeError(
        'VALUES_CODE',
        `point ${inQuotes(one.point)}`,
        `meter code ${inQuotes(one.code ?? '')} has no column`,
      )
    }
    return { point: one.point, direction: code.direction, wording, values: quarterHours(one) }
  })
  const period = columns[0]?.values
  if (period === undefined)
    throw new ExchangeError(
      'VALUES_COUNT',
      '',
      'a workbook needs at least one metering point, and in that time there is none',
    )
  if (columns.some(({ values }) => values[0]!.start !== period[0]!.start || values.length !== period.length)) {
    throw new ExchangeError('VALUES_COUNT', '', 'series are of different periods')
  }
  const across = (
    label: string,
    cell: (column: (typeof columns)[number]) => Cell,
    mark: (column: (typeof columns)[number]) => Cell = () => null,
  ): Cell[] => [{ text: label }, ...columns.flatMap((column) => [cell(column), mark(column)])]
  const text = (content: string): Cell => (content === '' ? null : { text: content })
  const [first, last] = [period[0]!.start, period.at(-1)!.start + 900].map((instant) => ({ number: serialOf(instant) }))
  const rows: Cell[][] = [
    [text(disclaimer)],
    across(
      'MeteringpointID',
      ({ point }) => text(point),
      () => text('MM'),
    ),
    across('Name', ({ point }) => text(nameOf(point))),
    across('Energy direction', ({ direction }) => text(direction === 'import' ? 'CONSUMPTION' : 'GENERATION')),
    across('Period start', () => first!),
    across('Period end', () => last!),
    across('Metering Interval', () => text('QH')),
    across('Number of Metering Intervals', () => ({ number: String(period.length) })),
    across('Metercode', ({ wording }) => text(wording)),
    across(
      'Spaltensumme / minimale Qualität',
      ({ values }) => ({
        number: edaDecimal(values.reduce((sum, { energyMicroWh }) => sum + edaUnits(energyMicroWh ?? 0), 0n)),
      }),
      ({ values }) => {
        const known = values.filter(({ energyMicroWh }) => energyMicroWh !== null)
        return text(
          edaMark(known.reduce((worst, { quality }) => worseQuality(worst, quality), known[0]?.quality ?? 'missing')),
        )
      },
    ),
    ...period.map(({ start }, i) => [
      { number: serialOf(start) },
      ...columns.flatMap(({ values }): Cell[] => {
        const { energyMicroWh, quality } = values[i]!
        return [energyMicroWh === null ? null : { number: edaDecimal(edaUnits(energyMicroWh)) }, text(edaMark(quality))]
      }),
    ]),
  ]
  return zipSync(parts(rows), { mtime: archiveTime })
}

function serialOf(instant: number): string {
  return String(vienna.local(instant) / secondsPerDay + serialOfEpoch)
}

function parts(rows: readonly Cell[][]): Record<string, Uint8Array> {
  const office = 'http://schemas.openxmlformats.org'
  const main = `${office}/spreadsheetml/2006/main`
  const relations = `${office}/package/2006/relationships`
  const type = (name: string) => `${office}/officeDocument/2006/relationships/${name}`
  const content = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const sheet = rows.map((cells, r) => {
    const written = cells.map((cell, c) => {
      if (cell === null) return ''
      const name = cellName(c, r + 1)
      if ('number' in cell) return `<c r="${name}"><v>${cell.number}</v></c>`
      return `<c r="${name}" t="inlineStr"><is><t xml:space="preserve">${xmlText(cell.text)}</t></is></c>`
    })
    return `<row r="${r + 1}">${written.join('')}</row>`
  })
  const files = {
    '[Content_Types].xml':
      `<Types xmlns="${office}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      `<Override PartName="/xl/workbook.xml" ContentType="${content}.sheet.main+xml"/>` +
      `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${content}.worksheet+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${type('officeDocument')}" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}/officeDocument/2006/relationships"><sheets><sheet name="Energiedaten" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${type('worksheet')}" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${sheet.join('\n')}</sheetData></worksheet>`,
  }
  const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(declaration + text)]))
}
