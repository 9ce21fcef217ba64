/** Australia: NEM12 (AEMO's meter data file format), days of 5, 15 or 30 minutes in market time. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { pointForm, readEnergy, unitPowers } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { type DayNumber, dayOf, isoDay, localSeconds, secondsPerDay } from '../instants.ts'
import {
  compareSeries,
  type EnergyDirection,
  type IntervalValue,
  type OfficialSeries,
  type OfficialValues,
  type SeriesIdentity,
  type ValueQuality,
  valueQualities,
} from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import type { TimeZone } from '../time-zone.ts'
import { mostSeries } from '../value-table.ts'

const lengthsMinutes = new Set(['5', '15', '30'])
const powerOf = new Map([
  ['WH', unitPowers.Wh],
  ['KWH', unitPowers.kWh],
  ['MWH', unitPowers.MWh],
])
const directionOf = new Map<string, EnergyDirection>([
  ['E', 'import'],
  ['B', 'export'],
])
const qualityOf = new Map<string, ValueQuality>([
  ['A', 'measured'],
  ['F', 'substituted'],
  ['S', 'substituted'],
  ['E', 'estimated'],
  ['N', 'missing'],
])
const varying = 'V'
const longestLineBytes = 1 << 16
const newline = 0x0a

/** The register that `200` opens; `identity` is null where it is left out. */
interface Register {
  nmi: string
  suffix: string
  identity: SeriesIdentity | null
  unitPower: number
  intervalSeconds: number
}

/** One `300` row. Its values stay in the file and are read when they are asked for. */
interface Day {
  register: Register
  day: DayNumber
  start: UtcSeconds
  line: number
  /** Where the row lies among the bytes of the file. */
  from: number
  end: number
  updated: string
  /** One digit for each interval, or for all of them: its place in `qualities`. */
  marks: string
  /** How far the `400` rows of a varying day have come; null where the day has one quality. */
  tiled: number | null
}

/** Reads a file. Throws `ExchangeError`. */
export function readNem12(bytes: Buffer, zone: TimeZone): OfficialValues {
  const reader = new Nem12Reader(bytes, zone)
  let line = 0
  for (let from = 0; from < bytes.length; ) {
    line++
    let end = bytes.indexOf(newline, from)
    if (end < 0) end = bytes.length
    if (end - from > longestLineBytes) {
      throw new ExchangeError('VALUES_TOO_LARGE', `line ${line}`, `a row of more than ${longestLineBytes} bytes`)
    }
    reader.take(line, from, end)
    from = end + 1
  }
  return reader.finish()
}

/** Fields of a row without the blanks and empty fields that pad it. */
function fieldsOf(bytes: Buffer, from: number, end: number): string[] {
  const fields = bytes.toString('latin1', from, end).split(',')
  while (fields.length > 0 && fields.at(-1)!.trim() === '') fields.pop()
  return fields.map((field) => field.trim())
}

class Nem12Reader {
  readonly #bytes: Buffer
  readonly #zone: TimeZone
  readonly #days: Day[] = []
  readonly #leftOut = new Set<string>()
  #createdAt: UtcSeconds | null = null
  #headed = false
  #ended = false
  #registers = 0
  #register: Register | null = null
  #day: Day | null = null
  #line = 0

  constructor(bytes: Buffer, zone: TimeZone) {
    this.#bytes = bytes
    this.#zone = zone
  }

  take(line: number, from: number, end: number): void {
    const fields = fieldsOf(this.#bytes, from, end)
    if (fields.length === 0) return
    this.#line = line
    const record = fields[0]!
    if (this.#ended) this.#refuse('VALUES_SYNTAX', 'something follows the 900 row')
    if (!this.#headed && record !== '100') this.#refuse('VALUES_SYNTAX', 'the first row is no 100 row')
    if (record !== '400') this.#endDay()
    if (record === '100') this.#readHeader(fields)
    else if (record === '200') this.#register = this.#readRegister(fields)
    else if (record === '300') this.#readDay(fields, from, end)
    else if (record === '400') this.#readEvent(fields)
    else if (record === '900') this.#ended = true
    else if (record !== '500') this.#refuse('VALUES_CODE', `record ${inQuotes(record)} is not known`)
  }

  finish(): OfficialValues {
    if (!this.#ended) throw new ExchangeError('VALUES_SYNTAX', '', 'the file is cut short: the 900 row is missing')
    if (this.#days.length === 0) throw new ExchangeError('VALUES_COUNT', '', 'no day of an E or B register')
    const { days, corrected } = newestDays(this.#days)
    const corrections = [...corrected].map((name) => `${name}: a day stands more than once; the newest update counts`)
    return {
      createdAt: this.#createdAt,
      series: seriesOf(this.#bytes, days),
      warnings: [...this.#leftOut, ...corrections],
    }
  }

  #refuse(code: ExchangeErrorCode, reason: string): never {
    throw new ExchangeError(code, `line ${this.#line}`, reason)
  }

  #readHeader([, version, created = '']: string[]): void {
    if (this.#headed) this.#refuse('VALUES_SYNTAX', 'a second 100 row')
    if (version !== 'NEM12') this.#refuse('VALUES_FORMAT', `version ${shortened(version)}, expected NEM12`)
    this.#headed = true
    const local = readStamp(created)
    if (local === null) this.#refuse('VALUES_TIME', `${inQuotes(created)} is no time yyyymmddHHMM`)
    const instant = this.#zone.instants(local)[0]
    if (instant === undefined) this.#refuse('VALUES_TIME', `${inQuotes(created)} does not exist in ${this.#zone.id}`)
    this.#createdAt = instant
  }

  #readRegister(fields: string[]): Register {
    const [, nmi = '', , , suffix = '', , , unit = '', minutes = ''] = fields
    if (!/^[0-9A-Z]{1,10}$/.test(nmi))
      this.#refuse('VALUES_POINT', `NMI ${inQuotes(nmi)} is no NMI of up to 10 characters`)
    if (!/^[A-Z][0-9A-Z]$/.test(suffix)) this.#refuse('VALUES_CODE', `suffix ${inQuotes(suffix)} is no register`)
    if (++this.#registers > mostSeries) {
      this.#refuse('VALUES_TOO_LARGE', `more than ${mostSeries} registers: split the file`)
    }
    const direction = directionOf.get(suffix[0]!)
    if (direction === undefined) {
      this.#leftOut.add(`${nmi}: register ${suffix} left out: it measures no energy drawn or fed in`)
      return { nmi, suffix, identity: null, unitPower: 0, intervalSeconds: 0 }
    }
    const unitPower = powerOf.get(unit.toUpperCase())
    if (unitPower === undefined) {
      this.#refuse('VALUES_UNIT', `register ${suffix}: unit ${shortened(unit)}, expected Wh, kWh or MWh`)
    }
    if (!lengthsMinutes.has(minutes)) {
      this.#refuse('VALUES_TIME', `register ${suffix}: length ${shortened(minutes)}, expected 5, 15 or 30 minutes`)
    }
    const intervalSeconds = Number(minutes) * 60
    const identity = {
      point: nmi,
      direction,
      channel: 'total',
      code: suffix,
      community: null,
      intervalSeconds,
    } as const
    return { nmi, suffix, identity, unitPower, intervalSeconds }
  }

  #readDay(fields: string[], from: number, end: number): void {
    const register = this.#register ?? this.#refuse('VALUES_SYNTAX', 'a 300 row before the first 200 row')
    if (register.identity === null) return
    const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)$/.exec(fields[1] ?? '') ?? []
    const day = year === undefined ? null : dayOf(Number(year), Number(month), Number(date))
    if (day === null) this.#refuse('VALUES_TIME', `${inQuotes(fields[1] ?? '')} is no date`)
    const start = this.#zone.startOfDay(day)
    if (this.#zone.startOfDay(day + 1) - start !== secondsPerDay) {
      this.#refuse('VALUES_TIME', `${isoDay(day)} has no 24 hours in ${this.#zone.id}`)
    }
    const count = secondsPerDay / register.intervalSeconds
    const quality = fields[count + 2] ?? ''
    const [, mark] = /^([AFSENV])(?:\d\d)?$/.exec(quality) ?? []
    if (mark === undefined) this.#refuseDay(fields, count)
    const [, , , updated = '', ...rest] = fields.slice(count + 2)
    if (rest.length > 1) this.#refuse('VALUES_COUNT', `${fields.length} fields, expected at most ${count + 7}`)
    if (!/^(?:\d{12}(?:\d\d)?)?$/.test(updated))
      this.#refuse('VALUES_TIME', `update time ${inQuotes(updated)} is no time`)
    const place = (i: number) => () => `line ${this.#line}, value ${i + 1}`
    for (let i = 0; i < count; i++) readValue(fields[i + 2]!, register, place(i))
    this.#day = {
      register,
      day,
      start,
      line: this.#line,
      from,
      end,
      updated: updated.length === 12 ? `${updated}00` : updated,
      marks: mark === varying ? '' : markOf(mark),
      tiled: mark === varying ? 0 : null,
    }
    this.#days.push(this.#day)
  }

  /** Says whether a row has too many or too few values, or an unknown quality. */
  #refuseDay(fields: string[], count: number): never {
    const values = fields.slice(2).findIndex((field) => /[A-Za-z]/.test(field))
    if (values >= 0 && values !== count) this.#refuse('VALUES_COUNT', `${values} values, expected ${count}`)
    if (values < 0) this.#refuse('VALUES_COUNT', `no quality after ${count} values`)
    return this.#refuse('VALUES_QUALITY', `quality ${inQuotes(fields[count + 2]!)} is not known`)
  }

  #readEvent([, first = '', last = '', quality = '']: string[]): void {
    if (this.#register?.identity === null) return
    const day = this.#day
    if (day === null || day.tiled === null) this.#refuse('VALUES_SYNTAX', 'a 400 row without a 300 row of quality V')
    const [, mark] = /^([AFSEN])(?:\d\d)?$/.exec(quality) ?? []
    if (mark === undefined) this.#refuse('VALUES_QUALITY', `quality ${inQuotes(quality)} is not known`)
    const count = secondsPerDay / day.register.intervalSeconds
    const [from, to] = [first, last].map((text) => (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN))
    if (from !== day.tiled + 1 || !(to! >= from) || to! > count) {
      this.#refuse(
        'VALUES_COUNT',
        `intervals ${shortened(first)} to ${shortened(last)} do not follow interval ${day.tiled}`,
      )
    }
    day.marks += markOf(mark).repeat(to! - from + 1)
    day.tiled = to!
  }

  #endDay(): void {
    const day = this.#day
    this.#day = null
    if (day === null || day.tiled === null) return
    const count = secondsPerDay / day.register.intervalSeconds
    if (day.tiled !== count) {
      const reason = `the 400 rows describe ${day.tiled} of ${count} intervals`
      throw new ExchangeError('VALUES_COUNT', `line ${day.line}`, reason)
    }
  }
}

const nameOf = ({ register: { nmi, suffix } }: Day) => `${nmi} ${suffix}`

/** Each day of a register once, in order, and the registers of which a day stood more than once. */
function newestDays(all: Day[]): { days: Day[]; corrected: Set<string> } {
  const compareText = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1)
  all.sort((a, b) => compareText(nameOf(a), nameOf(b)) || a.day - b.day || compareText(a.updated, b.updated))
  const corrected = new Set<string>()
  const days = all.filter((day, i) => {
    const next = all[i + 1]
    if (next === undefined || next.day !== day.day || nameOf(next) !== nameOf(day)) return true
    if (next.updated === day.updated) {
      const reason = `${nameOf(day)} ${isoDay(day.day)} stands in line ${day.line} too, with the same update time`
      throw new ExchangeError('VALUES_REPEATED', `line ${next.line}`, reason)
    }
    corrected.add(nameOf(day))
    return false
  })
  return { days, corrected }
}

function markOf(mark: string): string {
  return String(valueQualities.indexOf(qualityOf.get(mark)!))
}

/** An empty value is missing. */
function readValue(text: string, { unitPower }: Register, place: () => string): number | null {
  return text === '' ? null : readEnergy(text, unitPower, pointForm, place)
}

/** `yyyymmddHHMM`, also with seconds. */
function readStamp(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$/.exec(text)
  if (match === null) return null
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0))
  return localSeconds(dayOf(year!, month!, day!), hour!, minute!, second)
}

function seriesOf(bytes: Buffer, days: Day[]): OfficialSeries[] {
  const bySeries = new Map<string, Day[]>()
  for (const day of days) {
    const { nmi, suffix, intervalSeconds } = day.register
    const key = `${nmi} ${suffix} ${intervalSeconds}`
    const known = bySeries.get(key)
    if (known === undefined) bySeries.set(key, [day])
    else known.push(day)
  }
  return [...bySeries.values()]
    .map((ofSeries): OfficialSeries => {
      const values = { [Symbol.iterator]: () => valuesOf(bytes, ofSeries) }
      return { ...ofSeries[0]!.register.identity!, values }
    })
    .sort(compareSeries)
}

/** Reads the values of the days once more; they were checked when the rows were. */
function* valuesOf(bytes: Buffer, days: readonly Day[]): Generator<IntervalValue> {
  for (const { register, start, from, end, line, marks } of days) {
    const count = secondsPerDay / register.intervalSeconds
    const fields = fieldsOf(bytes, from, end)
    for (let i = 0; i < count; i++) {
      const stored = readValue(fields[i + 2]!, register, () => `line ${line}, value ${i + 1}`)
      const quality = stored === null ? 'missing' : valueQualities[Number(marks.length === 1 ? marks : marks[i])]!
      const energyMicroWh = quality === 'missing' ? null : stored
      yield { start: start + i * register.intervalSeconds, energyMicroWh, quality }
    }
  }
}
