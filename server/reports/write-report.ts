/**
 * Writes a report while its rows go by: selects, sums, refuses by name what cannot be written, and counts and hashes what was.
 * What is held at a time is a piece of text, and what the format needs of one point or one period.
 */
import { createHash } from 'node:crypto'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { ReportFormat } from './formats.ts'
import { presentSums, type ReportManifest, type ReportTotals } from './manifest.ts'
import { PeriodSums } from './periods.ts'
import { type Refusal, RefusalLog } from './refusals.ts'
import { type PointFacts, ReportError, type ReportRow, type ReportSettings, RunningSum } from './row.ts'
import { isSelected, presentSelection } from './selection.ts'
import { type SettledInterval, settledRow } from './settled-row.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

/** Where rows come from, and what held at their time. */
export interface ReportSource {
  /** In the order that the format asks for. */
  pages: AsyncIterable<Iterable<SettledInterval>>
  /** The settings that held when an interval started; the same object as long as they do. */
  settingsAt(start: UtcSeconds): ReportSettings
  /** What the roster says of a meter's point at that time; null where it does not know it. */
  factsOf(meter: string, start: UtcSeconds): PointFacts | null
}

/** Text is given on in pieces of at least so many characters. */
const pieceCharacters = 1 << 16

/**
 * Writes the report piece by piece and returns its manifest. `onRefused` is told of rows that could not be written, those of
 * one point and reason together. Throws `REPORT_EMPTY` or `REPORT_FORMAT` where there is nothing that the format could carry.
 */
export async function* writeReport(
  format: ReportFormat,
  head: ReportHead,
  { pages, settingsAt, factsOf }: ReportSource,
  onRefused: (refusal: Refusal) => void,
): AsyncGenerator<string, ReportManifest> {
  format.check(head)
  const report = new ReportText(format.writer(head), head, onRefused)
  const apart = format.order === 'time' ? 'zones' : 'points'
  const sums = head.by === 'interval' ? null : new PeriodSums(head.by, head.timeZone, apart)
  for await (const page of pages) {
    for (const settled of page) {
      const row = report.rowOf(settled, settingsAt(settled.start), factsOf(settled.meter, settled.start))
      if (row === null || !isSelected(head.selection, row)) continue
      if (sums === null) report.add(row)
      else for (const sum of sums.add(row)) report.add(sum)
      if (report.isLong) yield report.take()
    }
  }
  for (const sum of sums?.finish() ?? []) report.add(sum)
  report.end()
  yield report.take()
  return report.manifest(format.name)
}

/** The text of a report as far as it is written. */
class ReportText {
  readonly #writer: FormatWriter
  readonly #refusals: RefusalLog
  readonly #head: ReportHead
  readonly #hash = createHash('sha256')
  readonly #contentHash = createHash('sha256')
  /** Hashed, not yet taken. */
  #ready = ''
  /** Text that is not hashed yet. */
  #text = ''
  #begun = false
  #bytes = 0
  #rows = 0
  #refused = 0
  readonly #sums = new RunningSum()
  #computedUntil: UtcSeconds | null = null

  constructor(writer: FormatWriter, head: ReportHead, onRefused: (refusal: Refusal) => void) {
    this.#writer = writer
    this.#head = head
    this.#refusals = new RefusalLog((refusal) => {
      this.#refused += refusal.rows
      onRefused(refusal)
    })
  }

  get isLong(): boolean {
    return this.#text.length >= pieceCharacters
  }

  /** The row of a settled interval, or null and an entry in the log. */
  rowOf(settled: SettledInterval, settings: ReportSettings, facts: PointFacts | null): ReportRow | null {
    try {
      return settledRow(settings, facts, settled)
    } catch (error) {
      const { meter, start } = settled
      this.#refuse(error, { point: facts?.point ?? meter, meter, start, end: start + settings.rules.intervalSeconds })
      return null
    }
  }

  /** Writes a row, or makes an entry in the log. */
  add(row: ReportRow): void {
    this.#begin()
    try {
      this.#text += this.#writer.row(row)
    } catch (error) {
      this.#refuse(error, { point: row.facts.point, meter: row.meter, start: row.start, end: row.end })
      return
    }
    this.#rows++
    this.#sums.add(row)
    this.#computedUntil = Math.max(this.#computedUntil ?? 0, row.computedAt)
  }

  end(): void {
    this.#begin()
    this.#text += this.#writer.end()
    this.#refusals.finish()
    this.#absorb()
    const trailer = this.#writer.trailer?.(this.#totals()) ?? ''
    this.#hash.update(trailer)
    this.#bytes += Buffer.byteLength(trailer)
    this.#ready += trailer
  }

  /** The text since the last time. */
  take(): string {
    this.#absorb()
    const text = this.#ready
    this.#ready = ''
    return text
  }

  manifest(format: string): ReportManifest {
    const { settings, from, to, by, timeZone, selection, version, createdAt } = this.#head
    return {
      format,
      area: settings.area,
      from: isoSeconds(from),
      to: isoSeconds(to),
      by,
      timeZone: timeZone.id,
      selection: presentSelection(selection),
      version,
      computedUntil: this.#computedUntil === null ? null : isoSeconds(this.#computedUntil),
      createdAt: isoSeconds(createdAt),
      rows: this.#rows,
      refused: this.#refused,
      sums: presentSums(this.#totals()),
      bytes: this.#bytes,
      sha256: this.#hash.copy().digest('hex'),
      contentSha256: this.#contentHash.copy().digest('hex'),
    }
  }

  #totals(): ReportTotals {
    const { currency, priceDecimals } = this.#head.settings
    const sha256 = this.#hash.copy().digest('hex')
    return { rows: this.#rows, refused: this.#refused, sums: this.#sums.sums, currency, priceDecimals, sha256 }
  }

  /** With the first row, so that what refuses a report without rows does so before anything of it is given on. */
  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#ready = this.#writer.begin()
    this.#hash.update(this.#ready)
    this.#bytes = Buffer.byteLength(this.#ready)
  }

  #absorb(): void {
    const bytes = Buffer.from(this.#text)
    this.#hash.update(bytes)
    this.#contentHash.update(bytes)
    this.#bytes += bytes.length
    this.#ready += this.#text
    this.#text = ''
  }

  #refuse(error: unknown, row: { point: string; meter: string; start: UtcSeconds; end: UtcSeconds }): void {
    if (!(error instanceof ReportError)) throw error
    const { point, meter, start: from, end: to } = row
    this.#refusals.add({ point, meter, from, to, code: error.code, reason: error.message })
  }
}
