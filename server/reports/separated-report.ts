/**
 * The settlement report as separated values: its columns and lines, for programs (`csv.ts`) and for spreadsheets
 * (`csv-excel.ts`), which differ in signs only.
 *
 * Times are ISO 8601 UTC, with a column in local time; energies Wh, money tokens with the exact decimals of the ledger, prices
 * tokens per kWh rounded to a hundredth of a tick, half away from zero. `rowHash` is the SHA-256, in hexadecimal digits, of the
 * UTF-8 bytes of the line up to and without its last separator.
 *
 * The last line ends the report: its first cell is `#end rows=… refused=… sha256=…`, the hash that of all bytes before the
 * line, and its other cells are the sums of their columns, so that what holds for each row holds for it too.
 */
import { createHash } from 'node:crypto'
import { formatMoney, type LedgerUnits, type UtcSeconds, type Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import { pricePerKwh } from './decimals.ts'
import type { ReportTotals } from './manifest.ts'
import { type BoundaryRegisters, type ReportRow, reportStages, type Summed } from './row.ts'
import { quotedCell } from './separated-cells.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

const stageColumns = (side: string) =>
  reportStages.map((stage) => `${side}${stage[0]!.toUpperCase()}${stage.slice(1)}Wh`)

/** In their order; new ones come before the last. */
export const reportColumns: readonly string[] = [
  'gridArea',
  'zone',
  'meteringPoint',
  'supplier',
  'balanceGroup',
  'intervalStart',
  'intervalSeconds',
  'run',
  'status',
  'quality',
  'importWh',
  'exportWh',
  'boughtWh',
  'soldWh',
  'residualImportWh',
  'residualExportWh',
  'deviationWh',
  'averagePricePerKwh',
  'energyAmount',
  'gridFeeAmount',
  'congestionAmount',
  'currency',
  'batch',
  'statementRoot',
  'area',
  'meter',
  'exportMeteringPoint',
  'zoneName',
  'localStart',
  'intervals',
  'computedAt',
  'importAtStartWh',
  'importAtEndWh',
  'exportAtStartWh',
  'exportAtEndWh',
  'ownUseWh',
  ...stageColumns('bought'),
  ...stageColumns('sold'),
  'paidAmount',
  'receivedAmount',
  'purchasePricePerKwh',
  'salePricePerKwh',
  'rowHash',
]

/** In what two files of separated values differ. */
export interface SeparatedStyle {
  /** What the file begins with, before the header. */
  mark: string
  separator: ',' | ';'
  decimalSign: '.' | ','
  /** Makes a text harmless. */
  text(text: string): string
  /** A time as the clocks of the area show it. */
  localTime(local: number, offsetSeconds: number): string
}

/** More names than this are looked at again instead of kept. */
const mostKeptTexts = 100_000
const lineEnd = '\r\n'

/** Writes the lines of a report in a style. */
export function separatedWriter(style: SeparatedStyle, { timeZone }: ReportHead): FormatWriter {
  const lines = new LineWriter(style, timeZone)
  return {
    begin: () => `${style.mark}${reportColumns.join(style.separator)}${lineEnd}`,
    row: (row) => lines.row(row),
    end: () => '',
    trailer: (totals) => lines.end(totals),
  }
}

/** What stands in a line beside its sums; texts are made harmless, times and numbers are in their form already. */
interface Identity {
  first: string
  zone: string
  facts: { point: string; exportPoint: string; supplier: string | null; balanceGroup: string | null }
  start: string
  seconds: string
  run: string
  status: string
  quality: string
  currency: string
  batch: string
  statementRoot: string
  area: string
  meter: string
  zoneName: string
  localStart: string
  intervals: string
  computedAt: string
  registersAtStart: BoundaryRegisters | null
  registersAtEnd: BoundaryRegisters | null
}

const ofTheEnd: Omit<Identity, 'first' | 'currency'> = {
  ...{ zone: '', facts: { point: '', exportPoint: '', supplier: null, balanceGroup: null }, start: '', seconds: '' },
  ...{ run: '', status: '', quality: '', batch: '', statementRoot: '', area: '', meter: '', zoneName: '' },
  ...{ localStart: '', intervals: '', computedAt: '', registersAtStart: null, registersAtEnd: null },
}

class LineWriter {
  readonly #style: SeparatedStyle
  readonly #zone: TimeZone
  readonly #texts = new Map<string, string>()
  readonly #times = new Map<UtcSeconds, string>()
  readonly #localTimes = new Map<UtcSeconds, string>()

  constructor(style: SeparatedStyle, zone: TimeZone) {
    this.#style = style
    this.#zone = zone
  }

  row(row: ReportRow): string {
    const { settings, start, end, run, intervals, batch } = row
    return this.#line(
      {
        ...{ first: settings.name, zone: row.zone, facts: row.facts, start: this.#time(start) },
        ...{ seconds: String(end - start), run: String(run), status: row.status, quality: row.quality },
        ...{ currency: settings.currency, batch: batch === null ? '' : this.#time(batch) },
        ...{ statementRoot: row.statementRoot ?? '', area: String(settings.area), meter: row.meter },
        ...{ zoneName: row.zoneName, localStart: this.#localTime(start), intervals: String(intervals) },
        computedAt: this.#time(row.computedAt),
        ...{ registersAtStart: row.registersAtStart, registersAtEnd: row.registersAtEnd },
      },
      row,
      settings.priceDecimals,
    )
  }

  end({ rows, refused, sums, sha256, currency, priceDecimals }: ReportTotals): string {
    const first = `#end rows=${rows} refused=${refused} sha256=${sha256}`
    return this.#line({ ...ofTheEnd, first, currency }, sums, priceDecimals)
  }

  #line(of: Identity, sums: Summed, priceDecimals: number): string {
    const { facts, registersAtStart, registersAtEnd } = of
    const { boughtWh, soldWh, paid, received, split } = sums
    const text = (content: string | null) => this.#text(content ?? '')
    const money = (units: LedgerUnits | undefined) =>
      units === undefined ? '' : this.#decimal(formatMoney(units, priceDecimals))
    const price = (units: LedgerUnits, energyWh: Wh) => this.#decimal(pricePerKwh(units, energyWh, priceDecimals))
    const line = [
      text(of.first),
      text(of.zone),
      text(facts.point),
      text(facts.supplier),
      text(facts.balanceGroup),
      of.start,
      of.seconds,
      of.run,
      of.status,
      of.quality,
      sums.importWh,
      sums.exportWh,
      boughtWh,
      soldWh,
      sums.residualImportWh,
      sums.residualExportWh,
      sums.deviationWh,
      price(paid + received, boughtWh + soldWh),
      money(split?.energy),
      money(split?.gridFee),
      money(split?.congestion),
      text(of.currency),
      of.batch,
      of.statementRoot,
      of.area,
      of.meter,
      text(facts.exportPoint),
      text(of.zoneName),
      of.localStart,
      of.intervals,
      of.computedAt,
      registersAtStart?.importWh ?? '',
      registersAtEnd?.importWh ?? '',
      registersAtStart?.exportWh ?? '',
      registersAtEnd?.exportWh ?? '',
      sums.ownUseWh,
      ...reportStages.map((stage) => sums.bought[stage]),
      ...reportStages.map((stage) => sums.sold[stage]),
      money(paid),
      money(received),
      price(paid, boughtWh),
      price(received, soldWh),
    ].join(this.#style.separator)
    return `${line}${this.#style.separator}${createHash('sha256').update(line, 'utf8').digest('hex')}${lineEnd}`
  }

  #text(text: string): string {
    return kept(this.#texts, text, () => quotedCell(this.#style.text(text)))
  }

  #time(time: UtcSeconds): string {
    return kept(this.#times, time, () => isoSeconds(time))
  }

  #localTime(time: UtcSeconds): string {
    return kept(this.#localTimes, time, () => {
      const local = this.#zone.local(time)
      return this.#style.localTime(local, local - time)
    })
  }

  #decimal(text: string): string {
    return this.#style.decimalSign === '.' ? text : text.replace('.', this.#style.decimalSign)
  }
}

/** Looks up what was made before; what was made of too many different things is forgotten. */
function kept<Key>(all: Map<Key, string>, key: Key, make: () => string): string {
  let text = all.get(key)
  if (text === undefined) {
    if (all.size >= mostKeptTexts) all.clear()
    text = make()
    all.set(key, text)
  }
  return text
}
