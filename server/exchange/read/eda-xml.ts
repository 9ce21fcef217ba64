/** Austria: ConsumptionRecord (message DATEN_CRMSG) of ebutilities.at, one document for one metering point. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { pointForm, readEnergy, unitPowers } from '../decimal.ts'
import { checkCovered, edaCode, edaQuality, renewablePart, withSurplus } from '../eda-codes.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { austrianPointFault } from '../identifiers.ts'
import { isoSeconds, readBoundary, readInstant, secondsPerDay } from '../instants.ts'
import type { OfficialValues, ValueQuality } from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import type { TimeZone } from '../time-zone.ts'
import { ValueTable } from '../value-table.ts'
import { readXml } from '../xml.ts'

const electricity = '01'
const lengths = new Map([
  ['QH', 900],
  ['D', secondsPerDay],
])

const periodFields = ['MeteringPeriodStart', 'MeteringPeriodEnd', 'MeteringIntervall', 'NumberOfMeteringIntervall']
const intervalFields = ['DTF', 'DTT', 'MM', 'BQ']
/** Values anywhere else would be lost without a word. */
const parents = new Map([
  ['Energy', 'ProcessDirectory'],
  ['EnergyData', 'Energy'],
  ['EP', 'EnergyData'],
])

interface Interval {
  start: UtcSeconds
  end: UtcSeconds
  energyMicroWh: number | null
  quality: ValueQuality
}

/** `Energy`: one period, with the intervals of every code in it. */
interface Period {
  start: UtcSeconds
  end: UtcSeconds
  intervalSeconds: number
  count: number
  codes: { code: string; intervals: Interval[] }[]
  place: string
}

/** Reads a document. Throws `ExchangeError`; the zone says only how long its days are. */
export function readEdaXml(bytes: Buffer, zone: TimeZone): OfficialValues {
  const { point, community, createdAt, periods } = readDocument(bytes)
  const table = new ValueTable()
  const warnings = new Set<string>()
  for (const period of periods) {
    for (const { code, intervals } of period.codes) {
      checkIntervals(period, code, intervals, zone)
      if (code === renewablePart) {
        warnings.add(`${point}: ${code} left out: it is the renewable part of G.03 and contained in it`)
        continue
      }
      const { direction, channel } = edaCode(code)!
      const { intervalSeconds } = period
      const series = table.open({ point, direction, channel, code, community, intervalSeconds }, () => period.place)
      for (const { start, energyMicroWh, quality } of intervals) table.add(series, start, energyMicroWh, quality, 0)
    }
  }
  const series = withSurplus(table.finish())
  checkCovered(series)
  return { createdAt, series, warnings: [...warnings] }
}

function readDocument(bytes: Buffer) {
  let [point, community, createdAt] = ['', null as string | null, null as UtcSeconds | null]
  let sector = ''
  const periods: Period[] = []
  /** Texts of the elements of the current `Energy` and `EP`. */
  let fields = new Map<string, string>()
  let values = new Map<string, string>()
  let current: Period['codes'][number] | undefined
  let codes: Period['codes'] = []
  readXml(bytes, (place) => {
    const within = () => (current === undefined ? place() : `EnergyData ${current.code}, ${place()}`)
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, within(), reason)
    }
    const once = (into: Map<string, string>, name: string, text: string) => {
      if (into.has(name)) refuse('VALUES_SYNTAX', `${name} stands twice`)
      into.set(name, text)
    }
    return {
      open(name, attribute, path) {
        const parent = parents.get(name)
        if (parent !== undefined && path.at(-2) !== parent) refuse('VALUES_SYNTAX', `${name} outside ${parent}`)
        if (name === 'EP') values = new Map()
        if (name === 'Energy') [fields, codes] = [new Map(), []]
        if (name !== 'EnergyData') return
        const code = attribute('MeterCode') ?? ''
        current = { code, intervals: [] }
        if (code !== renewablePart && edaCode(code) === undefined) {
          refuse('VALUES_CODE', `meter code ${inQuotes(code)} is not known`)
        }
        const unit = attribute('UOM')
        if (unit !== 'KWH') refuse('VALUES_UNIT', `unit ${shortened(unit)}, expected KWH`)
      },
      close(name, text, path) {
        const parent = path.at(-2)
        if (name === 'DocumentCreationDateTime') createdAt = readInstant(text, place, 'utc').seconds
        else if (name === 'Sector') sector = text
        else if (name === 'ECID') community = text
        else if (name === 'MeteringPoint') {
          if (point !== '') refuse('VALUES_SYNTAX', 'a second MeteringPoint: a document is about one')
          const fault = austrianPointFault(text)
          if (fault !== null) refuse('VALUES_POINT', `MeteringPoint ${inQuotes(text)} ${fault}`)
          point = text
        } else if (parent === 'EP' && intervalFields.includes(name)) once(values, name, text)
        else if (parent === 'Energy' && periodFields.includes(name)) once(fields, name, text)
        else if (name === 'EP') current?.intervals.push(readInterval(values, within))
        else if (name === 'EnergyData') {
          codes.push(current!)
          current = undefined
        } else if (name === 'Energy') periods.push(readPeriod(fields, codes, place))
      },
    }
  })
  if (sector !== electricity) {
    throw new ExchangeError('VALUES_CODE', 'Sector', `${inQuotes(sector)}, expected "01" (electricity)`)
  }
  if (point === '') throw new ExchangeError('VALUES_POINT', 'ProcessDirectory', 'MeteringPoint is missing')
  if (periods.length === 0) throw new ExchangeError('VALUES_COUNT', 'ProcessDirectory', 'Energy is missing')
  return { point, community, createdAt, periods }
}

function required(fields: Map<string, string>, name: string, place: () => string): string {
  const text = fields.get(name)
  if (text === undefined) throw new ExchangeError('VALUES_SYNTAX', place(), `${name} is missing`)
  return text
}

function readPeriod(fields: Map<string, string>, codes: Period['codes'], place: () => string): Period {
  const within = () => `Energy, ${place()}`
  const interval = required(fields, 'MeteringIntervall', within)
  const intervalSeconds = lengths.get(interval)
  if (intervalSeconds === undefined) {
    throw new ExchangeError('VALUES_CODE', within(), `MeteringIntervall ${inQuotes(interval)}, expected QH or D`)
  }
  const count = required(fields, 'NumberOfMeteringIntervall', within)
  if (!/^\d{1,9}$/.test(count)) {
    throw new ExchangeError('VALUES_COUNT', within(), `NumberOfMeteringIntervall ${inQuotes(count)} is no number`)
  }
  const [start, end] = ['MeteringPeriodStart', 'MeteringPeriodEnd'].map((name) =>
    readBoundary(required(fields, name, within), () => `${within()}, ${name}`),
  )
  if (codes.length === 0) throw new ExchangeError('VALUES_COUNT', within(), 'EnergyData is missing')
  return { start: start!, end: end!, intervalSeconds, count: Number(count), codes, place: within() }
}

function readInterval(values: Map<string, string>, place: () => string): Interval {
  const mark = required(values, 'MM', place)
  const quality = edaQuality(mark)
  if (quality === undefined)
    throw new ExchangeError('VALUES_QUALITY', place(), `quality ${inQuotes(mark)} is not known`)
  const [start, end] = ['DTF', 'DTT'].map((name) =>
    readBoundary(required(values, name, place), () => `${place()}, ${name}`),
  )
  const energy = required(values, 'BQ', place)
  const energyMicroWh = energy === '' ? null : readEnergy(energy, unitPowers.kWh, pointForm, () => `${place()}, BQ`)
  return { start: start!, end: end!, energyMicroWh, quality }
}

/** Number, period and intervals must say the same. */
function checkIntervals(period: Period, code: string, intervals: Interval[], zone: TimeZone): void {
  const place = `EnergyData ${code}, period from ${isoSeconds(period.start)}`
  const refuse = (error: ExchangeErrorCode, reason: string): never => {
    throw new ExchangeError(error, place, reason)
  }
  if (period.end <= period.start) refuse('VALUES_TIME', 'the period ends before it begins')
  if (intervals.length !== period.count) {
    refuse('VALUES_COUNT', `${intervals.length} values, but NumberOfMeteringIntervall says ${period.count}`)
  }
  intervals.sort((a, b) => a.start - b.start)
  let next = period.start
  for (const [i, { start, end }] of intervals.entries()) {
    if (start < period.start || end > period.end) refuse('VALUES_TIME', `${isoSeconds(start)} lies outside the period`)
    if (start === intervals[i - 1]?.start)
      refuse('VALUES_REPEATED', `the interval from ${isoSeconds(start)} stands twice`)
    if (end !== endOf(start, period.intervalSeconds, zone)) {
      refuse('VALUES_TIME', `the value from ${isoSeconds(start)} to ${isoSeconds(end)} is no interval`)
    }
    if (start > next) refuse('VALUES_COUNT', `no value for ${isoSeconds(next)}`)
    if (start < next) refuse('VALUES_REPEATED', `the interval from ${isoSeconds(start)} overlaps another`)
    next = end
  }
  if (next !== period.end) refuse('VALUES_COUNT', `no value for ${isoSeconds(next)}`)
}

/** A day that begins where the zone's days do ends with the next of them; a quarter-hour stands on the clock's quarters. */
function endOf(start: UtcSeconds, intervalSeconds: number, zone: TimeZone): UtcSeconds | null {
  if (intervalSeconds < secondsPerDay) return start % intervalSeconds === 0 ? start + intervalSeconds : null
  const day = Math.floor(zone.local(start) / secondsPerDay)
  return zone.startOfDay(day) === start ? zone.startOfDay(day + 1) : start + secondsPerDay
}
