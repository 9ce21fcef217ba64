/** Reads a settlement report (RFC 4180) again and adds up every row. */
import { utilityWords } from './words.ts'

export interface ReportCheck {
  rows: number
  /** What does not add up, in words; empty when all is well. */
  faults: string[]
}

/** The first cell of the line that ends a report. */
const endPattern = /^#end rows=(\d+) refused=(\d+) /

/**
 * Checks a report: in each row, metered = own use + matched + residual in both directions, and the last line states the number
 * of rows.
 */
export function checkReport(text: string): ReportCheck {
  const said = utilityWords().faults
  const [header = [], ...lines] = readCsv(text)
  const end = endPattern.exec(lines.at(-1)?.[0] ?? '')
  const rows = end === null ? lines : lines.slice(0, -1)
  const column = (name: string) => header.indexOf(name)
  const columns = {
    meter: column('meteringPoint'),
    start: column('intervalStart'),
    imported: [column('importWh'), column('ownUseWh'), column('boughtWh'), column('residualImportWh')],
    exported: [column('exportWh'), column('ownUseWh'), column('soldWh'), column('residualExportWh')],
  }
  if ([columns.meter, columns.start, ...columns.imported, ...columns.exported].includes(-1))
    return { rows: rows.length, faults: [said.columns] }
  const faults: string[] = []
  if (Number(end?.[1]) !== rows.length) faults.push(said.cut)
  if (end !== null && end[2] !== '0') faults.push(said.refused(end[2]!))
  for (const row of rows) {
    for (const [name, indexes] of [
      ['import', columns.imported],
      ['export', columns.exported],
    ] as const) {
      const [metered, ownUse, matched, residual] = indexes.map((index) => Number(row[index]))
      if (metered !== ownUse! + matched! + residual!)
        faults.push(
          said.row(row[columns.meter]!, row[columns.start]!, name, said.isNot(metered!, ownUse!, matched!, residual!)),
        )
    }
  }
  return { rows: rows.length, faults }
}

/** The sums over the rows of a report; refused rows are not in it. */
export function reportSums(text: string): { rows: number; importWh: number; exportWh: number; soldWh: number } {
  const [header = [], ...lines] = readCsv(text)
  const rows = lines.filter(([first]) => !endPattern.test(first ?? ''))
  const sum = (name: string) => {
    const column = header.indexOf(name)
    return rows.reduce((total, row) => total + Number(row[column]), 0)
  }
  return { rows: rows.length, importWh: sum('importWh'), exportWh: sum('exportWh'), soldWh: sum('soldWh') }
}

/** The cells of a row that the list of changes shows; energies are in Wh. */
export interface ChangedRow {
  start: string
  point: string
  run: string
  computedAt: string
  importWh: number
  exportWh: number
  boughtWh: number
  soldWh: number
}

/** The rows of a report, the one that was computed last at the front. */
export function changedRows(text: string): ChangedRow[] {
  const [header = [], ...lines] = readCsv(text)
  const rows = lines.filter(([first]) => !endPattern.test(first ?? ''))
  const cell = (row: readonly string[], name: string) => row[header.indexOf(name)] ?? ''
  const changed = rows.map((row) => ({
    ...{ start: cell(row, 'intervalStart'), point: cell(row, 'meteringPoint'), run: cell(row, 'run') },
    ...{ computedAt: cell(row, 'computedAt'), importWh: Number(cell(row, 'importWh')) },
    ...{ exportWh: Number(cell(row, 'exportWh')), boughtWh: Number(cell(row, 'boughtWh')) },
    soldWh: Number(cell(row, 'soldWh')),
  }))
  return changed.sort((a, b) => Date.parse(b.computedAt) - Date.parse(a.computedAt))
}

/** Rows of cells; quoted cells may hold commas, quotes and line breaks. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|$)/g)) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}
