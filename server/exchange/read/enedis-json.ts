/** France: the load curve of Enedis, mean power per interval, stamped with the interval's end. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { type Decimal, divideHalfEven, floatForm, pointForm, readDecimal, withinBound } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { prmFault } from '../identifiers.ts'
import { type DayNumber, dayOf, isoSeconds, type LocalSeconds, localSeconds } from '../instants.ts'
import { JsonReader } from '../json.ts'
import type { OfficialValues, ValueQuality } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import type { TimeZone } from '../time-zone.ts'
import { mostFilled, ValueTable } from '../value-table.ts'

const qualityOf = new Map<string, ValueQuality>([
  ['B', 'measured'],
  ['C', 'substituted'],
])
const [shortestMinutes, longestMinutes] = [5, 60]
/** What a reading says. */
const readingKeys = ['value', 'date', 'interval_length', 'measure_type'] as const
type ReadingKey = (typeof readingKeys)[number]
/** What the answer must say of its kind of reading. */
const readingType = new Map([
  ['unit', 'W'],
  ['measurement_kind', 'power'],
  ['aggregate', 'average'],
])

interface Reading {
  end: LocalSeconds
  intervalSeconds: number
  energyMicroWh: number | null
  quality: ValueQuality
}

interface Answer {
  point: string
  start: DayNumber
  end: DayNumber
  readings: Reading[]
}

/** Reads an answer. Throws `ExchangeError`. */
export function readEnedisJson(bytes: Buffer, zone: TimeZone): OfficialValues {
  const { point, start, end, readings } = readAnswer(new JsonReader(bytes))
  const table = new ValueTable()
  const [periodStart, periodEnd] = [zone.startOfDay(start), zone.startOfDay(end)]
  const first = readings[0]
  if (first === undefined) throw new ExchangeError('VALUES_COUNT', '$.meter_reading.interval_reading', 'no reading')
  const seriesOf = (intervalSeconds: number) =>
    table.open({ point, direction: null, channel: 'total', code: null, community: null, intervalSeconds }, () => '')
  let filled = 0
  let intervalSeconds = first.intervalSeconds
  let reached = periodStart
  const fillUpTo = (next: UtcSeconds, place: string) => {
    if ((next - reached) % intervalSeconds !== 0) {
      const reason = `between ${isoSeconds(reached)} and ${isoSeconds(next)} lie no whole intervals of ${intervalSeconds} s`
      throw new ExchangeError('VALUES_TIME', place, reason)
    }
    filled += (next - reached) / intervalSeconds
    if (filled > mostFilled) {
      throw new ExchangeError('VALUES_TOO_LARGE', place, `more than ${mostFilled} intervals without a value`)
    }
    for (; reached < next; reached += intervalSeconds) table.add(seriesOf(intervalSeconds), reached, null, 'missing', 0)
  }
  for (const [i, reading] of readings.entries()) {
    const place = `$.meter_reading.interval_reading[${i}].date`
    const refuse = (reason: string): never => {
      throw new ExchangeError('VALUES_TIME', place, reason)
    }
    const ends = zone.instants(reading.end)
    if (ends.length === 0) refuse('this local time does not exist')
    const readingEnd = ends.find((instant) => instant > reached || (i === 0 && instant === reached))
    if (readingEnd === undefined) return refuse('the reading does not come after the one before')
    const readingStart = readingEnd - reading.intervalSeconds
    if (readingStart < periodStart || readingEnd > periodEnd) refuse('the reading lies outside the period')
    if (readingStart < reached) refuse('the reading overlaps the one before')
    fillUpTo(readingStart, place)
    intervalSeconds = reading.intervalSeconds
    table.add(seriesOf(intervalSeconds), readingStart, reading.energyMicroWh, reading.quality, i)
    reached = readingEnd
  }
  fillUpTo(periodEnd, '$.meter_reading.end')
  return { createdAt: null, series: table.finish(), warnings: [] }
}

function readAnswer(json: JsonReader): Answer {
  let answer: Answer | undefined
  json.object((key) => {
    if (key === 'meter_reading') answer = readMeterReading(json)
    else json.skip()
  })
  json.end()
  if (answer === undefined) throw new ExchangeError('VALUES_SYNTAX', '$', 'meter_reading is missing')
  return answer
}

function readMeterReading(json: JsonReader): Answer {
  const answer: Partial<Answer> = {}
  let typed = false
  json.object((key) => {
    if (key === 'usage_point_id') {
      answer.point = json.string()
      const fault = prmFault(answer.point)
      if (fault !== null) throw json.refusal('VALUES_POINT', `${inQuotes(answer.point)} ${fault}`)
    } else if (key === 'start' || key === 'end') answer[key] = readDay(json)
    else if (key === 'reading_type') typed = readType(json)
    else if (key === 'interval_reading') {
      answer.readings = []
      json.array(() => answer.readings!.push(readReading(json)))
    } else json.skip()
  })
  const { point, readings } = answer
  const needed = { usage_point_id: point, start: answer.start, end: answer.end, interval_reading: readings }
  const missing = Object.entries(needed).find(([, value]) => value === undefined)
  if (missing !== undefined) throw json.refusal('VALUES_SYNTAX', `${missing[0]} is missing`)
  if (!typed) throw json.refusal('VALUES_UNIT', 'reading_type.unit is missing, expected W')
  const { start, end } = answer as Answer
  if (end <= start) throw json.refusal('VALUES_TIME', 'the period ends before it begins')
  return answer as Answer
}

/** True where the unit is named. Throws where unit, kind or aggregate are others than those of mean power. */
function readType(json: JsonReader): boolean {
  let typed = false
  json.object((key) => {
    const expected = readingType.get(key)
    if (expected === undefined) return json.skip()
    const text = json.string()
    if (text !== expected) {
      throw json.refusal(
        key === 'unit' ? 'VALUES_UNIT' : 'VALUES_CODE',
        `${inQuotes(text)}, expected ${inQuotes(expected)}`,
      )
    }
    typed ||= key === 'unit'
  })
  return typed
}

function readDay(json: JsonReader): DayNumber {
  const text = json.string()
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const found = year === undefined ? null : dayOf(Number(year), Number(month), Number(day))
  if (found === null) throw json.refusal('VALUES_TIME', `${inQuotes(text)} is no date`)
  return found
}

function readReading(json: JsonReader): Reading {
  const texts = new Map<ReadingKey, string>()
  let form = pointForm
  json.object((key) => {
    if (!readingKeys.includes(key as ReadingKey)) return json.skip()
    const { kind, text } = json.scalar()
    if (kind === 'null' && key === 'value') return texts.set('value', '')
    if (kind !== 'string' && !(kind === 'number' && key === 'value')) {
      throw json.refusal('VALUES_SYNTAX', `${kind} where text was expected`)
    }
    if (kind === 'number') form = floatForm
    texts.set(key as ReadingKey, text)
  })
  const refuse = (code: ExchangeErrorCode, reason: string): never => {
    throw json.refusal(code, reason)
  }
  const missing = readingKeys.find((key) => !texts.has(key))
  if (missing !== undefined) refuse('VALUES_SYNTAX', `${missing} is missing`)
  const [value, date, length, measure] = readingKeys.map((key) => texts.get(key)!) as [string, string, string, string]
  const quality = qualityOf.get(measure)
  if (quality === undefined) throw json.refusal('VALUES_QUALITY', `measure_type ${inQuotes(measure)} is not known`)
  const minutes = Number(/^PT(\d{1,2})M$/.exec(length)?.[1])
  if (!(minutes >= shortestMinutes && minutes <= longestMinutes && 60 % minutes === 0)) {
    refuse('VALUES_TIME', `interval_length ${inQuotes(length)} is no length between PT5M and PT60M`)
  }
  const [, year, month, day, hour, minute, second] = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(date) ?? []
  const isStamp = year !== undefined
  const end = isStamp ? localSeconds(dayOf(+year, +month!, +day!), +hour!, +minute!, +second!) : null
  if (end === null) throw json.refusal('VALUES_TIME', `date ${inQuotes(date)} is no time`)
  const energyMicroWh =
    value === ''
      ? null
      : energyOfPower(
          readDecimal(value, form, () => json.place()),
          minutes,
          () => json.place(),
        )
  return { end, intervalSeconds: minutes * 60, energyMicroWh, quality }
}

/** W × minutes ÷ 60, exactly, and then to six decimals of a Wh, half to even. */
function energyOfPower({ digits, power }: Decimal, minutes: number, place: () => string): number {
  const product = digits * BigInt(minutes) * 10n ** BigInt(Math.max(0, power + 6))
  return withinBound(divideHalfEven(product, 60n * 10n ** BigInt(Math.max(0, -power - 6))), place)
}
