/**
 * The intervals of a file while it is read, in any order: 29 bytes each, however many there are, and put in order, checked
 * and completed at the end.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ExchangeError } from './error.ts'
import { isoSeconds, secondsPerDay } from './instants.ts'
import {
  compareSeries,
  type IntervalValue,
  type OfficialSeries,
  type SeriesIdentity,
  type ValueQuality,
  valueQualities,
} from './official-values.ts'
import { inQuotes } from './quote.ts'

/** A file of more registers than this is to be split; of a whole city's points it would not be one. */
export const mostSeries = 100_000
/** Intervals that a file leaves out and a reader lists all the same. A wrong date must not make a million of them. */
export const mostFilled = 2_000_000

const rowsPerChunk = 65_536

interface Chunk {
  series: Uint32Array
  start: Float64Array
  /** Not a number where the value is missing. */
  microWh: Float64Array
  quality: Uint8Array
  source: Uint32Array
}

/** Half-open stretch of time in which every interval is listed. */
export interface ListedSpan {
  start: UtcSeconds
  end: UtcSeconds
}

/** Says which of two values of one interval is valid; throws where no rule does. `a` came first. */
export type Choice = (series: SeriesIdentity, a: TableRow, b: TableRow) => TableRow

export interface TableRow extends IntervalValue {
  row: number
  /** Line, message or block, as the format counts. */
  source: number
}

export class ValueTable {
  readonly series: SeriesIdentity[] = []
  readonly #indexByKey = new Map<string, number>()
  readonly #chunks: Chunk[] = []
  #rows = 0
  /** Row numbers by series and start, and where each series begins among them. */
  #order = new Uint32Array(0)
  #begins = new Uint32Array(0)
  #ends = new Uint32Array(0)

  /** The number of the series with this identity, new or known. Throws `VALUES_CODE` where its community differs. */
  open(identity: SeriesIdentity, place: () => string): number {
    const { point, code, direction, channel, community, intervalSeconds } = identity
    const key = JSON.stringify([point, code, direction, channel, intervalSeconds])
    const known = this.#indexByKey.get(key)
    if (known !== undefined) {
      const other = this.series[known]!.community
      if (other !== community) {
        const names = [other, community].map((name) => (name === null ? 'no community' : inQuotes(name)))
        throw new ExchangeError('VALUES_CODE', place(), `point ${inQuotes(point)} is in ${names.join(' and in ')}`)
      }
      return known
    }
    if (this.series.length === mostSeries) {
      throw new ExchangeError('VALUES_TOO_LARGE', place(), `more than ${mostSeries} registers: split the file`)
    }
    this.#indexByKey.set(key, this.series.length)
    return this.series.push(identity) - 1
  }

  get rows(): number {
    return this.#rows
  }

  add(series: number, start: UtcSeconds, energyMicroWh: number | null, quality: ValueQuality, source: number): void {
    const at = this.#rows % rowsPerChunk
    if (at === 0) this.#chunks.push(newChunk())
    const chunk = this.#chunks.at(-1)!
    chunk.series[at] = series
    chunk.start[at] = start
    chunk.microWh[at] = energyMicroWh ?? Number.NaN
    chunk.quality[at] = valueQualities.indexOf(energyMicroWh === null ? 'missing' : quality)
    chunk.source[at] = source
    this.#rows++
  }

  row(row: number): TableRow {
    const chunk = this.#chunks[Math.floor(row / rowsPerChunk)]!
    const at = row % rowsPerChunk
    const energyMicroWh = Number.isNaN(chunk.microWh[at]) ? null : chunk.microWh[at]!
    return {
      row,
      start: chunk.start[at]!,
      energyMicroWh,
      quality: valueQualities[chunk.quality[at]!]!,
      source: chunk.source[at]!,
    }
  }

  /** Gives a row another start and value; `sort` again before going on. */
  change(row: number, { start, energyMicroWh, quality }: IntervalValue): void {
    const chunk = this.#chunks[Math.floor(row / rowsPerChunk)]!
    const at = row % rowsPerChunk
    chunk.start[at] = start
    chunk.microWh[at] = energyMicroWh ?? Number.NaN
    chunk.quality[at] = valueQualities.indexOf(quality)
  }

  /** Puts the rows of each series in order of their starts; rows of one start stay in the order they came in. */
  sort(): void {
    const counts = new Uint32Array(this.series.length + 1)
    for (let row = 0; row < this.#rows; row++) counts[this.#seriesOf(row) + 1]!++
    for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!
    this.#begins = counts.slice(0, -1)
    this.#ends = counts.slice(1)
    this.#order = new Uint32Array(this.#rows)
    const next = this.#begins.slice()
    for (let row = 0; row < this.#rows; row++) this.#order[next[this.#seriesOf(row)]!++] = row
    for (const series of this.series.keys()) {
      const rows = this.rowsOf(series)
      if (rows.some((row, i) => i > 0 && this.startOf(row) < this.startOf(rows[i - 1]!))) {
        rows.sort((a, b) => this.startOf(a) - this.startOf(b) || a - b)
      }
    }
  }

  /** The row numbers of a series, in order once `sort` has run. */
  rowsOf(series: number): Uint32Array {
    return this.#order.subarray(this.#begins[series], this.#ends[series])
  }

  /**
   * The series in the order of the face, sorted, each interval once. `choose` decides between two values of one interval;
   * without it they are refused, as are intervals that overlap. `spans` names the stretches of a series in which what the
   * file leaves out is listed as missing; without it nothing is added. Throws `VALUES_REPEATED`, `VALUES_TOO_LARGE`.
   */
  finish({ choose, spans }: { choose?: Choice; spans?: (series: number) => ListedSpan[] } = {}): OfficialSeries[] {
    this.sort()
    let filled = 0
    const all = this.series.map((identity, series): OfficialSeries => {
      this.#settleRepeats(series, choose)
      const rows = this.rowsOf(series)
      const listed = spans?.(series)
      if (listed !== undefined) {
        this.#assertListed(rows, listed, identity.intervalSeconds)
        filled += missingIn(listed, identity.intervalSeconds) - rows.length
        if (filled > mostFilled) {
          const reason = `more than ${mostFilled} intervals without a value: is a date wrong?`
          throw new ExchangeError('VALUES_TOO_LARGE', `point ${inQuotes(identity.point)}`, reason)
        }
      }
      return { ...identity, values: new StoredValues(this, rows, listed, identity.intervalSeconds) }
    })
    return all.sort(compareSeries)
  }

  #settleRepeats(series: number, choose: Choice | undefined): void {
    const identity = this.series[series]!
    // A day of 23 hours is as much a day as any other.
    const shortest = identity.intervalSeconds - (identity.intervalSeconds >= secondsPerDay ? 3600 : 0)
    const rows = this.rowsOf(series)
    let kept = 0
    for (const row of rows) {
      const step = kept === 0 ? Number.POSITIVE_INFINITY : this.startOf(row) - this.startOf(rows[kept - 1]!)
      if (step === 0 && choose !== undefined) {
        rows[kept - 1] = choose(identity, this.row(rows[kept - 1]!), this.row(row)).row
        continue
      }
      if (step < shortest) throw repeated(identity, this.startOf(row), step === 0 ? 'stands twice' : 'overlaps another')
      rows[kept++] = row
    }
    this.#ends[series] = this.#begins[series]! + kept
  }

  /** A value between the listed intervals would be lost without a word: no format may let one come this far. */
  #assertListed(rows: Uint32Array, spans: readonly ListedSpan[], intervalSeconds: number): void {
    let span = 0
    for (const row of rows) {
      const start = this.startOf(row)
      while (span < spans.length && spans[span]!.end <= start) span++
      const offset = start - (spans[span]?.start ?? Number.NaN)
      if (!(offset >= 0 && offset % intervalSeconds === 0))
        throw new Error(`${isoSeconds(start)} is no listed interval`)
    }
  }

  #seriesOf(row: number): number {
    return this.#chunks[Math.floor(row / rowsPerChunk)]!.series[row % rowsPerChunk]!
  }

  startOf(row: number): UtcSeconds {
    return this.#chunks[Math.floor(row / rowsPerChunk)]!.start[row % rowsPerChunk]!
  }
}

/** The refusal of an interval that stands twice in a file, or overlaps another. */
export function repeated(identity: SeriesIdentity, start: UtcSeconds, what: string): ExchangeError {
  const { point, code, direction, channel } = identity
  const register = [code, direction, channel].filter((part) => part !== null).join(' ')
  const place = `point ${inQuotes(point)} ${register} ${isoSeconds(start)}`
  return new ExchangeError('VALUES_REPEATED', place, `the interval ${what}`)
}

function newChunk(): Chunk {
  return {
    series: new Uint32Array(rowsPerChunk),
    start: new Float64Array(rowsPerChunk),
    microWh: new Float64Array(rowsPerChunk),
    quality: new Uint8Array(rowsPerChunk),
    source: new Uint32Array(rowsPerChunk),
  }
}

function missingIn(spans: readonly ListedSpan[], intervalSeconds: number): number {
  return spans.reduce((sum, { start, end }) => sum + Math.ceil((end - start) / intervalSeconds), 0)
}

/** The values of one series, read from the table each time they are gone through. */
class StoredValues implements Iterable<IntervalValue> {
  readonly #table: ValueTable
  readonly #rows: Uint32Array
  readonly #spans: readonly ListedSpan[] | undefined
  readonly #intervalSeconds: number

  constructor(table: ValueTable, rows: Uint32Array, spans: readonly ListedSpan[] | undefined, intervalSeconds: number) {
    this.#table = table
    this.#rows = rows
    this.#spans = spans
    this.#intervalSeconds = intervalSeconds
  }

  *[Symbol.iterator](): Generator<IntervalValue> {
    if (this.#spans === undefined) {
      for (const row of this.#rows) yield intervalOf(this.#table.row(row))
      return
    }
    let next = 0
    for (const { start: first, end } of this.#spans) {
      for (let start = first; start < end; start += this.#intervalSeconds) {
        const stored = next < this.#rows.length ? this.#table.row(this.#rows[next]!) : undefined
        if (stored?.start === start) next++
        yield stored?.start === start ? intervalOf(stored) : { start, energyMicroWh: null, quality: 'missing' }
      }
    }
  }
}

function intervalOf({ start, energyMicroWh, quality }: TableRow): IntervalValue {
  return { start, energyMicroWh, quality }
}
