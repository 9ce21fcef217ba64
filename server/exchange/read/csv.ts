/** Our own CSV: `point,start,direction,channel,energyWh,quality`, rows in any order. */
import { isUtf8 } from 'node:buffer'
import { pointForm, readEnergy, unitPowers } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { readBoundary } from '../instants.ts'
import {
  type Channel,
  type EnergyDirection,
  type OfficialValues,
  type ValueQuality,
  valueQualities,
} from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import { separatedRows } from '../separated-values.ts'
import { ValueTable } from '../value-table.ts'

export const csvHeader = 'point,start,direction,channel,energyWh,quality'
const columns = csvHeader.split(',')
const directions = new Map<string, EnergyDirection | null>([
  ['import', 'import'],
  ['export', 'export'],
  ['', null],
])
const channels: readonly Channel[] = ['total', 'shared', 'offered', 'residual']
/** A series has one of these lengths. */
const lengths = [60, 300, 600, 900, 1800, 3600, 86_400]
const longestPoint = 200

/** Reads a file. Throws `ExchangeError`. */
export function readOwnCsv(bytes: Buffer): OfficialValues {
  if (!isUtf8(bytes)) throw new ExchangeError('VALUES_SYNTAX', '', 'the text is not UTF-8')
  const table = new ValueTable()
  let header = true
  for (const { line, fields } of separatedRows(bytes, ',', 'utf8')) {
    if (!header) addRow(table, fields, line)
    else if (fields.join(',') !== csvHeader) {
      throw new ExchangeError('VALUES_SYNTAX', `line ${line}`, `expected the header ${csvHeader}`)
    }
    header = false
  }
  if (table.rows === 0) throw new ExchangeError('VALUES_COUNT', '', 'no row below the header')
  table.sort()
  for (const series of table.series.keys()) table.series[series]!.intervalSeconds = lengthOf(table, series)
  const spans = (series: number) => {
    const rows = table.rowsOf(series)
    const { intervalSeconds } = table.series[series]!
    return [{ start: table.startOf(rows[0]!), end: table.startOf(rows.at(-1)!) + intervalSeconds }]
  }
  return { createdAt: null, series: table.finish({ spans }), warnings: [] }
}

function addRow(table: ValueTable, fields: string[], line: number): void {
  const place = () => `line ${line}`
  const refuse = (code: ExchangeErrorCode, reason: string): never => {
    throw new ExchangeError(code, place(), reason)
  }
  if (fields.length !== columns.length) {
    refuse('VALUES_SYNTAX', `${fields.length} fields, expected ${columns.length}`)
  }
  const [point, start, direction, channel, energy, quality] = fields as [string, string, string, string, string, string]
  if (point === '' || point.length > longestPoint || /\p{Cc}/u.test(point)) {
    refuse('VALUES_POINT', `point ${inQuotes(point)} is no name of a metering point`)
  }
  const known = directions.get(direction)
  if (known === undefined) {
    throw new ExchangeError(
      'VALUES_CODE',
      place(),
      `direction ${inQuotes(direction)}, expected import, export or nothing`,
    )
  }
  if (!channels.includes(channel as Channel)) {
    refuse('VALUES_CODE', `channel ${inQuotes(channel)}, expected ${channels.join(', ')}`)
  }
  if (!valueQualities.includes(quality as ValueQuality)) {
    refuse('VALUES_QUALITY', `quality ${inQuotes(quality)}, expected ${valueQualities.join(', ')}`)
  }
  if (!start.endsWith('Z')) refuse('VALUES_TIME', `start ${inQuotes(start)} does not end in Z`)
  if ((energy === '') !== (quality === 'missing')) {
    refuse('VALUES_QUALITY', 'energyWh is empty if and only if the quality is missing')
  }
  const identity = { point, direction: known, channel: channel as Channel, code: null, community: null }
  const series = table.open({ ...identity, intervalSeconds: 0 }, place)
  const energyMicroWh = energy === '' ? null : readEnergy(energy, unitPowers.Wh, pointForm, place)
  table.add(series, readBoundary(start, place), energyMicroWh, quality as ValueQuality, line)
}

/** The smallest step between two starts, which must divide every other. */
function lengthOf(table: ValueTable, series: number): number {
  const rows = table.rowsOf(series)
  const refuse = (code: ExchangeErrorCode, row: number, reason: string): never => {
    throw new ExchangeError(code, `line ${table.row(row).source}`, reason)
  }
  if (rows.length === 1) refuse('VALUES_COUNT', rows[0]!, 'a series of one row: its interval length is unknown')
  const stepTo = (i: number) => table.startOf(rows[i]!) - table.startOf(rows[i - 1]!)
  let shortest = 1
  for (let i = 2; i < rows.length; i++) if (stepTo(i) < stepTo(shortest)) shortest = i
  const length = stepTo(shortest)
  if (length === 0) refuse('VALUES_REPEATED', rows[shortest]!, 'the interval stands twice')
  if (!lengths.includes(length)) refuse('VALUES_TIME', rows[shortest]!, `a step of ${length} s is no interval length`)
  for (let i = 1; i < rows.length; i++) {
    if (stepTo(i) % length !== 0) {
      refuse('VALUES_TIME', rows[i]!, `a step of ${stepTo(i)} s in a series of ${length} s`)
    }
  }
  return length
}
