/** Austria: the workbook "Energiedaten" of the portal for energy communities, a column for each point and meter code. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { floatForm, readDecimal, scaledToWhole, withinBound } from '../decimal.ts'
import { checkCovered, codeOfWording, edaCode, edaQuality, renewablePart, withSurplus } from '../eda-codes.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { austrianPointFault } from '../identifiers.ts'
import { dayOf, type LocalSeconds, localSeconds, secondsPerDay } from '../instants.ts'
import type { OfficialValues, ValueQuality } from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import type { TimeZone } from '../time-zone.ts'
import { ValueTable } from '../value-table.ts'
import { type Cell, cellName, readSheet, type SheetRow } from '../workbook.ts'

const energySheet = 'Energiedaten'
const intervalSeconds = 900
/** Serial number of 1970-01-01 in the 1900 system. */
const serialOfEpoch = 25_569
/** Values have six decimals of a kWh: their unit here is 10⁻⁶ kWh. */
const decimals = 6
/** 0.001 kWh. */
const sumTolerance = 1000n

const labels = ['MeteringpointID', 'Metercode', 'Metering Interval', 'Number of Metering Intervals'] as const
type Label = (typeof labels)[number] | 'Spaltensumme'

interface Column {
  at: number
  /** Null where the column is left out: the renewable part. */
  series: number | null
  /** Where the quality stands, null where the column has none. */
  qualityAt: number | null
  sum: bigint
}

/** Reads a workbook; its clock times are of `zone`. Throws `ExchangeError`. */
export async function readEdaXlsx(bytes: Buffer, zone: TimeZone): Promise<OfficialValues> {
  const reader = new SheetReader(zone)
  await readSheet(bytes, energySheet, (row) => reader.take(row))
  return reader.finish()
}

function place(column: number, row: number): string {
  return `${energySheet}!${cellName(column, row)}`
}

class SheetReader {
  readonly #zone: TimeZone
  readonly #table = new ValueTable()
  readonly #warnings = new Set<string>()
  readonly #head = new Map<Label, SheetRow>()
  #columns: Column[] | null = null
  /** Columns that say something else than values of a point, and need not be understood. */
  readonly #ignored = new Set<number>()
  readonly #times: LocalSeconds[] = []
  readonly #rowNumbers: number[] = []

  constructor(zone: TimeZone) {
    this.#zone = zone
  }

  take(row: SheetRow): void {
    const first = row.cells[0]
    if (first === undefined) return
    const time = first.column === 0 ? readTime(first) : null
    if (time === null && this.#columns === null) this.#takeHead(row)
    else if (time === null) {
      throw new ExchangeError(
        'VALUES_TIME',
        place(0, row.number),
        `${inQuotes(first.column === 0 ? first.text : '')} is no time`,
      )
    } else {
      if (time % intervalSeconds !== 0) throw new ExchangeError('VALUES_TIME', place(0, row.number), 'no quarter-hour')
      this.#columns ??= this.#readColumns()
      this.#takeValues(this.#columns, row, time)
    }
  }

  finish(): OfficialValues {
    if (this.#columns === null) throw new ExchangeError('VALUES_COUNT', energySheet, 'no row of values')
    this.#checkCounts(this.#columns)
    const instants = resolveTimes(this.#times, this.#rowNumbers, this.#zone)
    for (let row = 0; row < this.#table.rows; row++) {
      const { start, energyMicroWh, quality } = this.#table.row(row)
      this.#table.change(row, { start: instants[start]!, energyMicroWh, quality })
    }
    const [start, end] = instants.reduce(
      ([least, most], instant) => [Math.min(least, instant), Math.max(most, instant + intervalSeconds)],
      [Number.POSITIVE_INFINITY, 0],
    )
    const series = withSurplus(this.#table.finish({ spans: () => [{ start, end }] }))
    checkCovered(series)
    return { createdAt: null, series, warnings: [...this.#warnings] }
  }

  #takeHead(row: SheetRow): void {
    const first = row.cells[0]!
    if (first.column !== 0) return
    const label = /^spaltensumme\b/i.test(first.text) ? 'Spaltensumme' : labels.find((each) => each === first.text)
    if (label === undefined) return
    if (this.#head.has(label)) throw new ExchangeError('VALUES_SYNTAX', place(0, row.number), `${label} stands twice`)
    this.#head.set(label, row)
  }

  #readColumns(): Column[] {
    const [points, codes] = [this.#row('MeteringpointID'), this.#row('Metercode')]
    const columns: Column[] = []
    const texts = new Map(codes.cells.map(({ column, text }) => [column, text]))
    /** The column that a following MM describes. */
    let before: Column | number | null = null
    for (const { column: at, text: point } of points.cells) {
      if (at === 0) continue
      const refuse = (code: ExchangeErrorCode, row: SheetRow, reason: string): never => {
        throw new ExchangeError(code, place(at, row.number), reason)
      }
      const code = texts.get(at) ?? ''
      if (point === 'MM') {
        const follows: number = typeof before === 'number' ? before : (before?.at ?? Number.NaN)
        if (follows !== at - 1) refuse('VALUES_CODE', points, 'MM without a column of values before it')
        if (typeof before === 'number') this.#ignored.add(at)
        else before!.qualityAt = at
        before = null
      } else if (point === 'TOTAL' || code === 'TOTAL') {
        this.#ignored.add(at)
        before = at
      } else {
        const fault = austrianPointFault(point)
        if (fault !== null) refuse('VALUES_POINT', points, `${inQuotes(point)} ${fault}`)
        before = this.#openColumn(at, point, code, codes.number)
        columns.push(before)
      }
    }
    if (columns.length === 0) throw new ExchangeError('VALUES_COUNT', place(1, points.number), 'no metering point')
    return columns
  }

  #openColumn(at: number, point: string, text: string, row: number): Column {
    const code = codeOfWording(text, () => place(at, row))
    if (code === renewablePart) {
      const name = `${code} (${shortened(text)})`
      this.#warnings.add(`${point}: ${name} left out: it is the renewable part of G.03 and contained in it`)
      return { at, series: null, qualityAt: null, sum: 0n }
    }
    const { direction, channel } = edaCode(code)!
    const identity = { point, direction, channel, code, community: null, intervalSeconds }
    return { at, series: this.#table.open(identity, () => place(at, row)), qualityAt: null, sum: 0n }
  }

  #row(label: Label): SheetRow {
    const row = this.#head.get(label)
    if (row === undefined) throw new ExchangeError('VALUES_SYNTAX', energySheet, `no row ${inQuotes(label)}`)
    return row
  }

  #takeValues(columns: readonly Column[], row: SheetRow, time: LocalSeconds): void {
    const cells = new Map(row.cells.map((cell) => [cell.column, cell]))
    cells.delete(0)
    const index = this.#times.push(time) - 1
    this.#rowNumbers.push(row.number)
    for (const column of columns) {
      const value = cells.get(column.at)
      const mark = column.qualityAt === null ? undefined : cells.get(column.qualityAt)
      cells.delete(column.at)
      if (column.qualityAt !== null) cells.delete(column.qualityAt)
      const quality = this.#readQuality(mark, row.number)
      const energy = value === undefined ? null : readValue(value, row.number)
      if (energy !== null) column.sum += BigInt(energy)
      if (column.series === null) continue
      this.#table.add(column.series, index, energy === null ? null : energy * 1000, quality, row.number)
    }
    for (const column of cells.keys()) {
      if (!this.#ignored.has(column)) {
        throw new ExchangeError('VALUES_CODE', place(column, row.number), 'a value in a column without metering point')
      }
    }
  }

  /** Where no mark stands the quality is unknown, and so it is not final. */
  #readQuality(mark: Cell | undefined, row: number): ValueQuality {
    if (mark === undefined) return 'estimated'
    const quality = edaQuality(mark.text)
    if (quality === undefined) {
      throw new ExchangeError('VALUES_QUALITY', place(mark.column, row), `quality ${inQuotes(mark.text)} is not known`)
    }
    return quality
  }

  /** What the head says of length, number and sum must be what the rows have. */
  #checkCounts(columns: readonly Column[]): void {
    const cellOf = (label: Label, column: Column) =>
      this.#head.get(label)?.cells.find((cell) => cell.column === column.at)
    for (const column of columns) {
      const refuse = (code: ExchangeErrorCode, label: Label, reason: string): never => {
        throw new ExchangeError(code, place(column.at, this.#row(label).number), reason)
      }
      const length = cellOf('Metering Interval', column)
      if (length !== undefined && !/^QH\b/.test(length.text)) {
        refuse('VALUES_CODE', 'Metering Interval', `interval ${inQuotes(length.text)}, expected QH`)
      }
      const count = cellOf('Number of Metering Intervals', column)
      if (count !== undefined && Number(count.text) !== this.#times.length) {
        const reason = `${inQuotes(count.text)} intervals, but there are ${this.#times.length} rows`
        refuse('VALUES_COUNT', 'Number of Metering Intervals', reason)
      }
      const sum = cellOf('Spaltensumme', column)
      if (sum === undefined) continue
      const said = scaledToWhole(readNumber(sum, this.#row('Spaltensumme').number), decimals)
      const difference = said > column.sum ? said - column.sum : column.sum - said
      if (difference > sumTolerance) {
        refuse(
          'VALUES_SUM',
          'Spaltensumme',
          `sum ${inQuotes(sum.text)}, but the values add up to ${column.sum} × 10⁻⁶ kWh`,
        )
      }
    }
  }
}

function readNumber(cell: Cell, row: number) {
  const at = () => place(cell.column, row)
  if (cell.kind !== 'number') throw new ExchangeError('VALUES_NUMBER', at(), `${inQuotes(cell.text)} is no number`)
  return readDecimal(cell.text, floatForm, at)
}

/** In 10⁻⁶ kWh, rounded half to even: floats carry the six decimals that were meant and some noise. */
function readValue(cell: Cell, row: number): number {
  const value = scaledToWhole(readNumber(cell, row), decimals)
  withinBound(value * 1000n, () => place(cell.column, row))
  return Number(value)
}

/** An Excel serial, rounded to the second, or `dd.mm.yyyy hh:mm:ss`; null for anything else. */
function readTime({ kind, text }: Cell): LocalSeconds | null {
  if (kind === 'number') {
    const seconds = Math.round((Number(text) - serialOfEpoch) * secondsPerDay)
    return seconds >= 0 && seconds < 84_000 * secondsPerDay ? seconds : null
  }
  const match = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d)(?::(\d\d))?$/.exec(text)
  if (kind !== 'text' || match === null) return null
  const [day, month, year, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0))
  return localSeconds(dayOf(year!, month!, day!), hour!, minute!, second)
}

/**
 * Clock times as instants: rows follow each other in time, so that of two instants with one clock time a row has the first
 * that comes after the row before. Rows in another order are taken where no clock time stands for two instants.
 */
function resolveTimes(times: readonly LocalSeconds[], rowNumbers: readonly number[], zone: TimeZone): UtcSeconds[] {
  const refuse = (code: ExchangeErrorCode, row: number, reason: string): never => {
    throw new ExchangeError(code, place(0, rowNumbers[row]!), reason)
  }
  const possible = times.map((time) => zone.instants(time))
  const skipped = possible.findIndex((instants) => instants.length === 0)
  if (skipped >= 0) refuse('VALUES_TIME', skipped, 'this clock time does not exist')
  let before = Number.NEGATIVE_INFINITY
  const inOrder = possible.map((instants) => {
    before = instants.find((instant) => instant > before) ?? Number.POSITIVE_INFINITY
    return before
  })
  if (Number.isFinite(before)) return inOrder
  const seen = new Set<UtcSeconds>()
  return possible.map(([instant, second], row) => {
    if (second !== undefined) refuse('VALUES_TIME', row, 'rows out of order: is this summer or winter time?')
    if (seen.has(instant!)) refuse('VALUES_REPEATED', row, 'this clock time stands twice')
    seen.add(instant!)
    return instant!
  })
}
