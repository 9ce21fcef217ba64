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
import { hash } from 'node:crypto'
import { formatMoney, type LedgerUnits, type UtcSeconds, type Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import { pricePerKwh } from './decimals.ts'
import type { ReportTotals } from './manifest.ts'
import { noEnergies, type ReportRow, reportStages, type StageEnergies, type Summed } from './row.ts'
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
  /** The mark with which the file begins, before the header. */
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

/** What a point's lines have in common as long as nothing of it changes, as cells with their separators. */
interface PointCells {
  row: Pick<ReportRow, 'settings' | 'zone' | 'zoneName' | 'facts'>
  /** The fields from the area's name to the balance group. */
  first: string
  currency: string
  /** The fields from the area's number to the zone's name. */
  second: string
}

class LineWriter {
  readonly #style: SeparatedStyle
  readonly #zone: TimeZone
  readonly #points = new Map<string, PointCells>()
  readonly #texts = new Map<string, string>()
  readonly #times = new Map<UtcSeconds, string>()
  readonly #localTimes = new Map<UtcSeconds, string>()
  readonly #noStages: string

  constructor(style: SeparatedStyle, zone: TimeZone) {
    this.#style = style
    this.#zone = zone
    this.#noStages = reportStages.map(() => '0').join(style.separator)
  }

  row(row: ReportRow): string {
    const { start, end, batch, registersAtStart: before, registersAtEnd: after } = row
    const s = this.#style.separator
    const { first, currency, second } = this.#pointCells(row)
    const when = `${this.#time(start)}${s}${end - start}${s}${row.run}${s}${row.status}${s}${row.quality}`
    const settled = `${batch === null ? '' : this.#time(batch)}${s}${row.statementRoot ?? ''}`
    const registers = `${before?.importWh ?? ''}${s}${after?.importWh ?? ''}${s}${before?.exportWh ?? ''}${s}${after?.exportWh ?? ''}`
    const computed = `${this.#localTime(start)}${s}${row.intervals}${s}${this.#time(row.computedAt)}${s}${registers}`
    const cells = { first: `${first}${s}${when}`, currency, second: `${settled}${s}${second}${s}${computed}` }
    return this.#line(cells, row, row.settings.priceDecimals)
  }

  end({ rows, refused, sums, sha256, currency, priceDecimals }: ReportTotals): string {
    const empty = (cells: number) => this.#style.separator.repeat(cells)
    const first = `${this.#text(`#end rows=${rows} refused=${refused} sha256=${sha256}`)}${empty(9)}`
    return this.#line({ first, currency: this.#text(currency), second: empty(12) }, sums, priceDecimals)
  }

  /** `first` are the ten cells before the sums, `second` the thirteen behind the currency. */
  #line(
    { first, currency, second }: { first: string; currency: string; second: string },
    sums: Summed,
    priceDecimals: number,
  ): string {
    const s = this.#style.separator
    const { boughtWh, soldWh, bought, sold, paid, received, split } = sums
    const money = (units: LedgerUnits) => this.#decimal(formatMoney(units, priceDecimals))
    const price = (units: LedgerUnits, energyWh: Wh) => this.#decimal(pricePerKwh(units, energyWh, priceDecimals))
    const [paidText, receivedText] = [money(paid), money(received)]
    const [purchase, sale] = [price(paid, boughtWh), price(received, soldWh)]
    const average = soldWh === 0 ? purchase : boughtWh === 0 ? sale : price(paid + received, boughtWh + soldWh)
    const parts =
      split === null ? `${s}${s}` : `${money(split.energy)}${s}${money(split.gridFee)}${s}${money(split.congestion)}`
    const residual = `${sums.residualImportWh}${s}${sums.residualExportWh}${s}${sums.deviationWh}`
    const line =
      `${first}${s}${sums.importWh}${s}${sums.exportWh}${s}${boughtWh}${s}${soldWh}${s}${residual}${s}${average}${s}${parts}` +
      `${s}${currency}${s}${second}${s}${sums.ownUseWh}${s}${this.#stages(bought)}${s}${this.#stages(sold)}` +
      `${s}${paidText}${s}${receivedText}${s}${purchase}${s}${sale}`
    return `${line}${s}${hash('sha256', line)}${lineEnd}`
  }

  #stages(energies: StageEnergies): string {
    const s = this.#style.separator
    if (energies === noEnergies) return this.#noStages
    let text = String(energies[reportStages[0]])
    for (let i = 1; i < reportStages.length; i++) text += `${s}${energies[reportStages[i]!]}`
    return text
  }

  #pointCells(row: ReportRow): PointCells {
    const known = this.#points.get(row.meter)
    if (known !== undefined && isSamePoint(known.row, row)) return known
    const { settings, zone, zoneName, facts, meter } = row
    const s = this.#style.separator
    const text = (content: string | null) => this.#text(content ?? '')
    const party = `${text(facts.point)}${s}${text(facts.supplier)}${s}${text(facts.balanceGroup)}`
    const cells = {
      row: { settings, zone, zoneName, facts },
      first: `${text(settings.name)}${s}${text(zone)}${s}${party}`,
      currency: text(settings.currency),
      second: `${settings.area}${s}${meter}${s}${text(facts.exportPoint)}${s}${text(zoneName)}`,
    }
    if (this.#points.size >= mostKeptTexts) this.#points.clear()
    this.#points.set(meter, cells)
    return cells
  }

  #text(text: string): string {
    return this.#texts.get(text) ?? keep(this.#texts, text, quotedCell(this.#style.text(text)))
  }

  #time(time: UtcSeconds): string {
    return this.#times.get(time) ?? keep(this.#times, time, isoSeconds(time))
  }

  #localTime(time: UtcSeconds): string {
    const known = this.#localTimes.get(time)
    if (known !== undefined) return known
    const local = this.#zone.local(time)
    return keep(this.#localTimes, time, this.#style.localTime(local, local - time))
  }

  #decimal(text: string): string {
    return this.#style.decimalSign === '.' ? text : text.replace('.', this.#style.decimalSign)
  }
}

/** Without a roster the facts are made for each row anew, so they are compared by what they say. */
function isSamePoint(known: PointCells['row'], { settings, zone, zoneName, facts: own }: ReportRow): boolean {
  if (known.settings !== settings || known.zone !== zone || known.zoneName !== zoneName) return false
  const { facts } = known
  return (
    facts === own ||
    (facts.point === own.point &&
      facts.exportPoint === own.exportPoint &&
      facts.supplier === own.supplier &&
      facts.balanceGroup === own.balanceGroup)
  )
}

/** Keeps what was made; what was made of too many different things is forgotten. */
function keep<Key>(all: Map<Key, string>, key: Key, text: string): string {
  if (all.size >= mostKeptTexts) all.clear()
  all.set(key, text)
  return text
}
