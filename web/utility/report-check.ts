/** Reads a settlement report (RFC 4180) again and adds every row up. */

export interface ReportCheck {
  rows: number
  /** What does not add up, in words; empty when all is well. */
  faults: string[]
}

/** Each row must hold metered = own use + matched + residual, in both directions. */
export function checkReport(text: string): ReportCheck {
  const [header = [], ...rows] = readCsv(text)
  const column = (name: string) => header.indexOf(name)
  const columns = {
    meter: column('meteringPoint'),
    start: column('intervalStart'),
    imported: [column('importWh'), column('ownUseWh'), column('boughtWh'), column('residualImportWh')],
    exported: [column('exportWh'), column('ownUseWh'), column('soldWh'), column('residualExportWh')],
  }
  if ([columns.meter, columns.start, ...columns.imported, ...columns.exported].includes(-1))
    return { rows: rows.length, faults: ['the columns are not those of a settlement report'] }
  const faults: string[] = []
  for (const row of rows) {
    for (const [name, indexes] of [
      ['import', columns.imported],
      ['export', columns.exported],
    ] as const) {
      const [metered, ownUse, matched, residual] = indexes.map((index) => Number(row[index]))
      if (metered !== ownUse! + matched! + residual!)
        faults.push(
          `${row[columns.meter]} at ${row[columns.start]}: ${name} ${metered} is not ${ownUse} + ${matched} + ${residual} Wh`,
        )
    }
  }
  return { rows: rows.length, faults }
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
