/**
 * Checks a report in separated values by itself: that it is whole, that no line was changed, and that lines and sums add up. It
 * reads line by line and holds one at a time.
 */
import { createHash } from 'node:crypto'
import { parseMoney, type UtcSeconds, type Wh } from '../../contracts/protocol/units.ts'
import { csvStyle } from './csv.ts'
import { csvExcelStyle } from './csv-excel.ts'
import { ReportError } from './row.ts'
import { textOfCell } from './separated-cells.ts'
import { reportColumns } from './separated-report.ts'

/** What of a row can be compared with the batch that it belongs to; money in ledger units. */
export interface CheckedRow {
  line: number
  area: number
  meter: string
  point: string
  start: UtcSeconds
  intervals: number
  run: number
  batch: UtcSeconds | null
  statementRoot: string | null
  importWh: Wh
  exportWh: Wh
  boughtWh: Wh
  soldWh: Wh
  paid: bigint
  received: bigint
}

const summedWh = [
  'importWh',
  'exportWh',
  'ownUseWh',
  'boughtWh',
  'soldWh',
  'residualImportWh',
  'residualExportWh',
  'deviationWh',
]
const summedMoney = ['paidAmount', 'receivedAmount']
const endPattern = /^#end rows=(\d+) refused=(\d+) sha256=([0-9a-f]{64})$/
/** Money is compared in units that are finer than any ledger's. */
const moneyDecimals = 9

/** Whether a file begins as a report does. */
export function beginsReport(line: string): boolean {
  return styles.some(({ mark, separator }) => line === `${mark}${reportColumns.join(separator)}\r`)
}

const styles = [csvStyle, csvExcelStyle]

/**
 * Takes the lines of a report, without the line feed, and gives its rows. Throws `REPORT_WRONG` naming the first line that is
 * not right.
 */
export class ReportReader {
  readonly #hash = createHash('sha256')
  #style = csvStyle
  #line = 0
  #rows = 0
  #sums = new Map<string, bigint>()
  #open = ''
  #isEnded = false

  /** A row, or null for a line that is none by itself. */
  take(text: string): CheckedRow | null {
    this.#line++
    if (this.#line === 1) return this.#begin(text)
    if (this.#isEnded) throw this.#wrong('there is more after the end')
    this.#open = this.#open === '' ? text : `${this.#open}\n${text}`
    // A quoted cell goes on in the next line.
    if ((this.#open.match(/"/g)?.length ?? 0) % 2 === 1) return null
    const line = this.#open
    this.#open = ''
    return this.#take(line)
  }

  /** Throws `REPORT_WRONG` for a report that was cut. Gives the number of its rows, and of those that could not be written. */
  finish(): { rows: number } {
    if (!this.#isEnded) throw this.#wrong('the report is cut short: its end line is missing')
    return { rows: this.#rows }
  }

  #begin(text: string): null {
    const style = styles.find(({ mark, separator }) => text === `${mark}${reportColumns.join(separator)}\r`)
    if (style === undefined) throw this.#wrong('the columns are not those of a report')
    this.#style = style
    this.#hash.update(`${text}\n`)
    return null
  }

  #take(line: string): CheckedRow | null {
    const { separator } = this.#style
    const at = line.lastIndexOf(separator)
    const hash = createHash('sha256').update(line.slice(0, at), 'utf8').digest('hex')
    if (line.slice(at + 1) !== `${hash}\r`) throw this.#wrong('the line is not the one that its hash was made of')
    const cells = cellsOf(line.slice(0, -1), separator)
    if (cells.length !== reportColumns.length)
      throw this.#wrong(`${cells.length} cells, expected ${reportColumns.length}`)
    const row = new Map(reportColumns.map((name, i) => [name, cells[i]!]))
    const end = endPattern.exec(row.get('gridArea')!)
    this.#addUp(row)
    if (end !== null) {
      this.#end(row, end)
      return null
    }
    this.#hash.update(`${line}\n`)
    this.#rows++
    for (const [name, amount] of this.#amounts(row)) this.#sums.set(name, (this.#sums.get(name) ?? 0n) + amount)
    const time = (name: string) => (row.get(name) === '' ? null : Date.parse(row.get(name)!) / 1000)
    const wh = (name: string) => Number(row.get(name))
    return {
      ...{ line: this.#line, area: wh('area'), meter: row.get('meter')!, point: textOfCell(row.get('meteringPoint')!) },
      ...{ start: time('intervalStart')!, intervals: wh('intervals'), run: wh('run'), batch: time('batch') },
      ...{ statementRoot: row.get('statementRoot') || null, importWh: wh('importWh'), exportWh: wh('exportWh') },
      ...{ boughtWh: wh('boughtWh'), soldWh: wh('soldWh') },
      ...{ paid: this.#money(row, 'paidAmount'), received: this.#money(row, 'receivedAmount') },
    }
  }

  #end(row: Map<string, string>, [, rows, , hash]: RegExpExecArray): void {
    this.#isEnded = true
    if (Number(rows) !== this.#rows) throw this.#wrong(`the report had ${rows} rows, and ${this.#rows} are here`)
    if (hash !== this.#hash.digest('hex')) throw this.#wrong('what stands before the end is not what was written')
    for (const [name, amount] of this.#amounts(row)) {
      if (amount !== (this.#sums.get(name) ?? 0n)) throw this.#wrong(`${name} is not the sum of the rows`)
    }
  }

  /** Adds a row to the sums: what holds for each row holds for these. */
  #addUp(row: Map<string, string>): void {
    const wh = (name: string) => Number(row.get(name))
    for (const [metered, matched, residual] of [
      ['importWh', 'boughtWh', 'residualImportWh'],
      ['exportWh', 'soldWh', 'residualExportWh'],
    ] as const) {
      if (wh(metered) !== wh('ownUseWh') + wh(matched) + wh(residual)) {
        throw this.#wrong(`${metered} is not own use + ${matched} + ${residual}`)
      }
      const [atStart, atEnd] = [row.get(`${metered.slice(0, 6)}AtStartWh`)!, row.get(`${metered.slice(0, 6)}AtEndWh`)!]
      const isMeasured = row.get('quality') === 'measured'
      if (isMeasured && atStart !== '' && atEnd !== '' && Number(atEnd) - Number(atStart) !== wh(metered)) {
        throw this.#wrong(`the registers did not advance by ${metered}`)
      }
    }
    if (row.get('energyAmount') === '') return
    const [energy, fee, rent, paid, received] = [
      'energyAmount',
      'gridFeeAmount',
      'congestionAmount',
      ...summedMoney,
    ].map((name) => this.#money(row, name)) as [bigint, bigint, bigint, bigint, bigint]
    if (energy - fee - rent !== received - paid)
      throw this.#wrong('the amounts are not what was received less what was paid')
  }

  #amounts(row: Map<string, string>): [string, bigint][] {
    return [
      ...summedWh.map((name): [string, bigint] => [name, BigInt(row.get(name)!)]),
      ...summedMoney.map((name): [string, bigint] => [name, this.#money(row, name)]),
    ]
  }

  #money(row: Map<string, string>, name: string): bigint {
    return parseMoney(row.get(name)!.replace(this.#style.decimalSign, '.'), moneyDecimals - 3)
  }

  #wrong(reason: string): ReportError {
    return new ReportError('REPORT_WRONG', `line ${this.#line}: ${reason}`)
  }
}

function cellsOf(line: string, separator: ',' | ';'): string[] {
  const cells: string[] = []
  for (let at = 0; at <= line.length; ) {
    if (line[at] !== '"') {
      const end = line.indexOf(separator, at)
      cells.push(line.slice(at, end < 0 ? line.length : end))
      at = end < 0 ? line.length + 1 : end + 1
      continue
    }
    let text = ''
    let from = at + 1
    for (;;) {
      const quote = line.indexOf('"', from)
      text += line.slice(from, quote < 0 ? line.length : quote)
      if (quote < 0 || line[quote + 1] !== '"') {
        at = (quote < 0 ? line.length : quote) + 2
        break
      }
      text += '"'
      from = quote + 2
    }
    cells.push(text)
  }
  return cells
}
