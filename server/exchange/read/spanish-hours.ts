/**
 * Hours of Spanish files: a day of the zone, each hour named by the clock time at which it ends or by its place in the
 * day, and what becomes of the days on which the clock changes.
 */
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { cupsFault } from '../identifiers.ts'
import { type DayNumber, dayOf, isoDay, secondsPerDay } from '../instants.ts'
import { type EnergyDirection, type OfficialSeries, type ValueQuality, worseQuality } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import type { TimeZone } from '../time-zone.ts'
import { ValueTable } from '../value-table.ts'

const intervalSeconds = 3600
/** `point` leaves out the two characters of a border point. */
const cupsLength = 20

/** One row: energies in 10⁻⁶ Wh, null where the cell is empty, undefined where the file has no such column. */
export interface SpanishRow {
  cups: string
  date: string
  hour: string
  method: string
  importMicroWh: number | null
  exportMicroWh: number | null | undefined
  /** How the row is called in a refusal. */
  place: () => string
  /** Counts up through the file. */
  source: number
}

const methods = new Map<string, ValueQuality>([
  ['R', 'measured'],
  ['REAL', 'measured'],
  ['E', 'estimated'],
  ['ESTIMADA', 'estimated'],
  ['ESTIMADO', 'estimated'],
  ['', 'estimated'],
])

/** Rows are put together as "day, then hour": 100 names a day; a clock label counts from 50, so that both kinds differ. */
const perDay = 100
const clockFrom = 50

/** Collects rows in any order and makes hours of whole days out of them. */
export class SpanishHours {
  readonly #table = new ValueTable()
  readonly #zone: TimeZone
  readonly #placeOf: (source: number) => string
  /** The labels of a day's hours, by day: `["01:00", "02:00", …]`. */
  readonly #labels = new Map<DayNumber, number[]>()

  /** `placeOf` says how a row is called, from its `source`. */
  constructor(zone: TimeZone, placeOf: (source: number) => string) {
    this.#zone = zone
    this.#placeOf = placeOf
  }

  /** Throws `ExchangeError` for what is wrong with a row by itself. */
  add({ cups, date, hour, method, importMicroWh, exportMicroWh, place, source }: SpanishRow): void {
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, place(), reason)
    }
    const pointFault = cupsFault(cups)
    if (pointFault !== null) refuse('VALUES_POINT', `${inQuotes(cups)} ${pointFault}`)
    const point = cups.slice(0, cupsLength)
    const quality = methods.get(method.trim().toUpperCase())
    if (quality === undefined)
      throw new ExchangeError('VALUES_QUALITY', place(), `method ${inQuotes(method)} is not known`)
    const day = readDate(date)
    if (day === null) throw new ExchangeError('VALUES_TIME', place(), `${inQuotes(date)} is no date`)
    const start = day * perDay + readHour(hour, place)
    const energies: [EnergyDirection, number | null | undefined][] = [
      ['import', importMicroWh],
      ['export', exportMicroWh],
    ]
    for (const [direction, energyMicroWh] of energies) {
      if (energyMicroWh === undefined) continue
      const identity = { point, direction, channel: 'total', code: null, community: null, intervalSeconds } as const
      this.#table.add(this.#table.open(identity, place), start, energyMicroWh, quality, source)
    }
  }

  /** The series, and a warning for each day on which two hours had been added into one. Throws where a day is not whole. */
  finish(): { series: OfficialSeries[]; warnings: string[] } {
    const table = this.#table
    const warnings = new Set<string>()
    if (table.rows === 0) throw new ExchangeError('VALUES_COUNT', '', 'no row below the header')
    table.sort()
    for (const series of table.series.keys()) {
      const rows = table.rowsOf(series)
      for (let from = 0, end: number; from < rows.length; from = end) {
        const day = Math.floor(table.startOf(rows[from]!) / perDay)
        end = from + 1
        while (end < rows.length && Math.floor(table.startOf(rows[end]!) / perDay) === day) end++
        if (this.#placeDay(series, day, rows.subarray(from, end))) {
          warnings.add(
            `${isoDay(day)}: the two hours that end at the same clock time had been added into one; each got half`,
          )
        }
      }
    }
    const all = table.finish().filter(({ values }) => {
      for (const { energyMicroWh } of values) if (energyMicroWh !== null) return true
      return false
    })
    if (all.length === 0) throw new ExchangeError('VALUES_COUNT', '', 'no value in any row')
    return { series: all, warnings: [...warnings] }
  }

  /** Gives the rows of one day of a series their instants. True where one row stood for two hours. */
  #placeDay(series: number, day: DayNumber, rows: Uint32Array): boolean {
    const table = this.#table
    const labels = this.#labelsOf(day)
    const hours = Array.from(rows, (row) => table.startOf(row) - day * perDay)
    const byClock = hours.at(-1)! >= clockFrom
    const wanted = byClock ? labels.map((label) => clockFrom + label) : labels.map((_, i) => i + 1)
    const merged = byClock && hours.length < wanted.length && sameNumbers(hours, [...new Set(wanted)])
    if (!merged && !sameNumbers(hours, wanted)) throw this.#notWhole(day, rows, hours, wanted)
    if (byClock && new Set(wanted).size < wanted.length) this.#checkOrder(day, rows)
    const dayStart = this.#zone.startOfDay(day)
    let at = 0
    for (const row of rows) {
      const { energyMicroWh, quality, source } = table.row(row)
      const isTwo = merged && wanted[at] === wanted[at + 1]
      if (!isTwo) {
        table.change(row, { start: dayStart + at++ * intervalSeconds, energyMicroWh, quality })
        continue
      }
      const half = energyMicroWh === null ? null : halfOf(energyMicroWh)
      const halfQuality = half === null ? 'missing' : worseQuality(quality, 'substituted')
      table.change(row, { start: dayStart + at++ * intervalSeconds, energyMicroWh: half, quality: halfQuality })
      table.add(series, dayStart + at++ * intervalSeconds, half, halfQuality, source)
    }
    return merged
  }

  /** Two hours with one clock time are told apart by their order, so the rows of such a day must be in order. */
  #checkOrder(day: DayNumber, rows: Uint32Array): void {
    const sources = Array.from(rows, (row) => this.#table.row(row).source)
    const out = sources.findIndex((source, i) => i > 0 && source < sources[i - 1]!)
    if (out < 0) return
    const reason = `rows of ${isoDay(day)} out of order: which of two hours with one clock time is in summer time?`
    throw new ExchangeError('VALUES_TIME', this.#placeOf(sources[out]!), reason)
  }

  /** The clock hours at which the hours of a day end, 24 for the last. */
  #labelsOf(day: DayNumber): number[] {
    let labels = this.#labels.get(day)
    if (labels === undefined) {
      const [start, end] = [this.#zone.startOfDay(day), this.#zone.startOfDay(day + 1)]
      if ((end - start) % intervalSeconds !== 0) {
        throw new ExchangeError('VALUES_ZONE', '', `${isoDay(day)} is no whole number of hours in ${this.#zone.id}`)
      }
      labels = []
      for (let instant = start + intervalSeconds; instant < end; instant += intervalSeconds) {
        labels.push(Math.floor((this.#zone.local(instant) % secondsPerDay) / 3600))
      }
      labels.push(24)
      this.#labels.set(day, labels)
    }
    return labels
  }

  #notWhole(day: DayNumber, rows: Uint32Array, hours: number[], wanted: number[]): ExchangeError {
    const table = this.#table
    const placeOf = (i: number) => this.#placeOf(table.row(rows[i]!).source)
    const name = (hour: number) =>
      hour > clockFrom ? `${String(hour - clockFrom).padStart(2, '0')}:00` : `hour ${hour}`
    const left = [...wanted]
    for (const [i, hour] of hours.entries()) {
      const at = left.indexOf(hour)
      if (at >= 0) left.splice(at, 1)
      else if (wanted.includes(hour)) {
        return new ExchangeError('VALUES_REPEATED', placeOf(i), `${isoDay(day)} ${name(hour)} stands once too often`)
      } else return new ExchangeError('VALUES_TIME', placeOf(i), `${isoDay(day)} has no ${name(hour)}`)
    }
    const reason = `${isoDay(day)} has ${wanted.length} hours, but ${hours.length} rows: ${name(left[0]!)} is missing`
    return new ExchangeError('VALUES_COUNT', placeOf(0), reason)
  }
}

/** Half to even where the last digit is odd, which three decimals of a kWh never make it. */
function halfOf(microWh: number): number {
  const half = Math.floor(microWh / 2)
  return microWh % 2 === 1 && half % 2 === 1 ? half + 1 : half
}

function sameNumbers(sorted: number[], wanted: number[]): boolean {
  return sorted.length === wanted.length && sorted.every((number, i) => number === wanted[i])
}

/** Reads a day written as `dd/mm/yyyy` or `yyyy/mm/dd`. */
function readDate(text: string): DayNumber | null {
  const match = /^(?:(\d\d)\/(\d\d)\/(\d{4})|(\d{4})\/(\d\d)\/(\d\d))$/.exec(text)
  if (match === null) return null
  const [, day, month, year, yearFirst, monthFirst, dayFirst] = match
  return dayOf(Number(year ?? yearFirst), Number(month ?? monthFirst), Number(day ?? dayFirst))
}

/** A place in the day, 1 to 25, or the clock time of the hour's end, 01:00 to 24:00. */
function readHour(text: string, place: () => string): number {
  const match = /^(\d{1,2})(:00)?$/.exec(text)
  const hour = Number(match?.[1])
  if (match === null || hour < 1 || hour > (match[2] === undefined ? 25 : 24)) {
    throw new ExchangeError('VALUES_TIME', place(), `${inQuotes(text)} is no hour`)
  }
  return match[2] === undefined ? hour : clockFrom + hour
}
