/**
 * The settlement report as NEM12 (AEMO's meter data file format): what was metered at each point, as E1 (drawn) and B1 (fed in),
 * day by day in market time. Energies are kWh with three decimals, which are exact.
 *
 * It carries metered energy alone and so neither money nor what was matched. A day of mixed quality is marked V and followed
 * by `400` rows; intervals without a row, or without a reading, are null (N) and 0.
 */
import { isoSeconds, secondsPerDay } from '../exchange/instants.ts'
import { kilowattHours } from './decimals.ts'
import { PointOrder } from './point-order.ts'
import { ReportError, type ReportRow, type RowQuality } from './row.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

const lengthsMinutes = [5, 15, 30]
/** Estimated and doubtful values are neither actual nor final; 17 is the method of a line between two readings. */
const marks: Record<RowQuality, string> = { measured: 'A', estimated: 'E17', doubtful: 'E17', missing: 'N' }
/** `0` is free text: of a doubtful value it says so. */
const reasons: Record<RowQuality, string> = { measured: ',', estimated: ',', doubtful: '0,doubtful', missing: ',' }
const registers = [
  { suffix: 'E1', side: 'importWh', point: 'point' },
  { suffix: 'B1', side: 'exportWh', point: 'exportPoint' },
] as const
/** Stands for whoever makes the file, and for whom, where no codes of the market are given: ten characters at most. */
const [ourCode, anybody] = ['COMMONWATT', 'ANY']

/** Whole days of market time in one of the three lengths. Throws `REPORT_LENGTH` or `REPORT_RANGE`. */
export function checkNem12({ settings, from, to, by, timeZone }: ReportHead): void {
  const minutes = settings.rules.intervalSeconds / 60
  if (by !== 'interval' || !lengthsMinutes.includes(minutes)) {
    const given = by === 'interval' ? `${settings.rules.intervalSeconds} s` : `a ${by}`
    throw new ReportError(
      'REPORT_LENGTH',
      `nem12 has intervals of ${lengthsMinutes.join(', ')} minutes, not of ${given}`,
    )
  }
  for (const time of [from, to]) {
    const start = timeZone.startOfDay(Math.floor(timeZone.local(time) / secondsPerDay))
    if (start !== time) {
      const reason = `nem12 has whole days: ${isoSeconds(time)} is no beginning of a day at ${timeZone.id}`
      throw new ReportError('REPORT_RANGE', `${reason} (--timezone sets the market's time)`)
    }
  }
  for (let day = from; day < to; day += secondsPerDay) {
    if (timeZone.local(day) - day !== timeZone.local(from) - from) {
      throw new ReportError('REPORT_RANGE', `nem12 has no daylight saving: name market time, not ${timeZone.id}`)
    }
  }
}

interface Day {
  number: number
  rows: (ReportRow | undefined)[]
}

class Nem12Writer implements FormatWriter {
  readonly #head: ReportHead
  readonly #perDay: number
  readonly #order = new PointOrder()
  #names = { point: '', exportPoint: '' }
  #day: Day | null = null
  /** The `300` rows of the point's registers. */
  #registers = registers.map(() => '')

  constructor(head: ReportHead) {
    this.#head = head
    this.#perDay = secondsPerDay / head.settings.rules.intervalSeconds
  }

  begin(): string {
    const { createdAt, parties } = this.#head
    const codes = [parties?.sender ?? ourCode, parties?.receiver ?? anybody]
    return `100,NEM12,${this.#stamp(createdAt).slice(0, 12)},${codes.join(',')}\r\n`
  }

  row(row: ReportRow): string {
    const { facts, start } = row
    for (const { point } of registers) {
      if (!/^[0-9A-Z]{10}$/.test(facts[point])) {
        throw new ReportError('REPORT_POINT', `${JSON.stringify(facts[point])} is no NMI of 10 characters`)
      }
    }
    const local = this.#head.timeZone.local(start)
    const place = (local % secondsPerDay) / this.#head.settings.rules.intervalSeconds
    if (!Number.isInteger(place))
      throw new ReportError('REPORT_LENGTH', 'the interval does not begin on the grid of the day')
    let text = ''
    if (this.#order.begins(row)) {
      text = this.#endPoint()
      this.#names = facts
    }
    const number = Math.floor(local / secondsPerDay)
    if (this.#day?.number !== number) {
      this.#endDay()
      this.#day = { number, rows: new Array(this.#perDay) }
    }
    this.#day!.rows[place] = row
    return text
  }

  end(): string {
    return `${this.#endPoint()}900\r\n`
  }

  #endPoint(): string {
    this.#endDay()
    const minutes = this.#head.settings.rules.intervalSeconds / 60
    const text = registers.map(({ suffix, point }, i) => {
      const days = this.#registers[i]!
      return days === '' ? '' : `200,${this.#names[point]},E1B1,${suffix},${suffix},,,KWH,${minutes},\r\n${days}`
    })
    this.#registers = registers.map(() => '')
    return text.join('')
  }

  #endDay(): void {
    const day = this.#day
    this.#day = null
    if (day === null) return
    const rows = Array.from(day.rows)
    const updated = this.#stamp(Math.max(...rows.map((row) => row?.computedAt ?? 0)))
    const date = isoSeconds(day.number * secondsPerDay)
      .slice(0, 10)
      .replaceAll('-', '')
    const qualities = rows.map((row) => row?.quality ?? 'missing')
    const only = qualities.every((quality) => quality === qualities[0]) ? qualities[0]! : null
    const mark = only === null ? 'V,,' : `${marks[only]},${reasons[only]}`
    const events = only === null ? eventsOf(qualities) : ''
    for (const [i, { side }] of registers.entries()) {
      const values = rows.map((row) => kilowattHours(row === undefined || row.quality === 'missing' ? 0 : row[side]))
      this.#registers[i] += `300,${date},${values.join(',')},${mark},${updated},\r\n${events}`
    }
  }

  #stamp(time: number): string {
    return isoSeconds(this.#head.timeZone.local(time)).replace(/\D/g, '')
  }
}

/** The `400` rows of a day: its intervals from 1, in stretches of one quality. */
function eventsOf(qualities: readonly RowQuality[]): string {
  let text = ''
  for (let from = 0, to = 0; from < qualities.length; from = to) {
    while (to < qualities.length && qualities[to] === qualities[from]) to++
    text += `400,${from + 1},${to},${marks[qualities[from]!]},${reasons[qualities[from]!]}\r\n`
  }
  return text
}

export function nem12Writer(head: ReportHead): FormatWriter {
  return new Nem12Writer(head)
}
