/** Switzerland: SDAT-CH, ebIX E66 `ValidatedMeteredData_16`, values of any number of metering points without stamps. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { pointForm, readEnergy, unitPowers } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { swissPointFault } from '../identifiers.ts'
import { isoSeconds, readBoundary, readInstant } from '../instants.ts'
import {
  type Channel,
  type EnergyDirection,
  inStep,
  type OfficialSeries,
  type OfficialValues,
} from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import { ValueTable } from '../value-table.ts'
import { readXml } from '../xml.ts'

const intervalSeconds = 900
const channelOf = new Map<string, Channel>([
  ['8716867000030', 'total'],
  ['2404050010123', 'shared'],
  ['2404050010124', 'residual'],
])
const directionOf = new Map<string, EnergyDirection>([
  ['ConsumptionMeteringPoint/VSENationalID', 'import'],
  ['ProductionMeteringPoint/VSENationalID', 'export'],
])
/** Three values of three decimals of a kWh each, and so three roundings. */
const roundingMicroWh = 1_500_000

/** Fields of the document, by their path below the header. */
const expectedOfDocument = new Map([
  ['InstanceDocument/DocumentType/ebIXCode', 'E66'],
  ['InstanceDocument/Status', '9'],
])
const pointPaths = [...directionOf.keys()]
const codePaths = ['Product/ID/ebIXCode', 'Product/ID/VSENationalCode']
/** Fields of a series, by their path below `MeteringData`. */
const seriesPaths = new Set([
  'Interval/StartDateTime',
  'Interval/EndDateTime',
  'Resolution/Resolution',
  'Resolution/Unit',
  'Product/MeasureUnit',
  'Community/CommunityID',
  ...pointPaths,
  ...codePaths,
])

/** One `MeteringData`. */
class Delivery {
  readonly fields = new Map<string, string>()
  readonly sequences: number[] = []
  /** Not a number where the volume is empty. */
  readonly microWh: number[] = []
  readonly conditions: boolean[] = []
}

interface Observation {
  sequence?: string
  volume?: string
  condition: boolean
}

/** Reads a document. Throws `ExchangeError`. */
export function readSdatE66(bytes: Buffer): OfficialValues {
  const table = new ValueTable()
  let createdAt: UtcSeconds | null = null
  readXml(bytes, (place) => {
    let delivery = new Delivery()
    let observation: Observation = { condition: false }
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, place(), reason)
    }
    return {
      open(name, _attribute, path) {
        if (name === 'MeteringData') {
          if (path.length !== 2) refuse('VALUES_SYNTAX', 'MeteringData inside another element')
          delivery = new Delivery()
        } else if (name === 'Observation') {
          if (path.length !== 3 || path[1] !== 'MeteringData')
            refuse('VALUES_SYNTAX', 'Observation outside MeteringData')
          observation = { condition: false }
        }
      },
      close(_name, text, path) {
        const below = path.slice(2).join('/')
        if (path[1] !== 'MeteringData') {
          if (below === 'InstanceDocument/Creation') createdAt = readInstant(text, place).seconds
          const expected = expectedOfDocument.get(below)
          if (expected !== undefined && text !== expected) {
            refuse('VALUES_CODE', `${below} ${inQuotes(text)}, expected ${inQuotes(expected)}`)
          }
        } else if (below === '') addSeries(table, delivery, place)
        else if (below === 'Observation') addObservation(delivery, observation, place)
        else if (below === 'Observation/Position/Sequence') observation.sequence = text
        else if (below === 'Observation/Volume') observation.volume = text
        else if (below === 'Observation/Condition') observation.condition = true
        else if (seriesPaths.has(below)) {
          if (delivery.fields.has(below)) refuse('VALUES_SYNTAX', `${below} stands twice`)
          delivery.fields.set(below, text)
        }
      },
    }
  })
  if (table.rows === 0) throw new ExchangeError('VALUES_COUNT', 'ValidatedMeteredData_16', 'MeteringData is missing')
  const series = table.finish()
  checkSplit(series)
  return { createdAt, series, warnings: [] }
}

function addObservation(to: Delivery, { sequence, volume, condition }: Observation, place: () => string): void {
  if (sequence === undefined || !/^\d{1,9}$/.test(sequence)) {
    throw new ExchangeError('VALUES_SYNTAX', place(), `Sequence ${shortened(sequence)} is no number`)
  }
  if (volume === undefined) throw new ExchangeError('VALUES_SYNTAX', place(), `Sequence ${sequence}: Volume is missing`)
  to.sequences.push(Number(sequence))
  const within = () => `Sequence ${sequence}, ${place()}`
  to.microWh.push(volume === '' ? Number.NaN : readEnergy(volume, unitPowers.kWh, pointForm, within))
  to.conditions.push(condition)
}

/** Sequences 1 to n fill the interval, whatever their order in the file; the interval says how many they are. */
function addSeries(table: ValueTable, delivery: Delivery, line: () => string): void {
  const { fields, sequences, microWh, conditions } = delivery
  const points = pointPaths.filter((path) => fields.has(path))
  const [point, code] = [points, codePaths].map(
    (paths) => fields.get(paths.find((path) => fields.has(path)) ?? '') ?? '',
  )
  const place = () => `MeteringData ${shortened(point)} ${shortened(code)}, ${line()}`
  const refuse = (error: ExchangeErrorCode, reason: string): never => {
    throw new ExchangeError(error, place(), reason)
  }
  if (points.length !== 1) refuse('VALUES_POINT', 'expected one ConsumptionMeteringPoint or ProductionMeteringPoint')
  const pointFault = swissPointFault(point!)
  if (pointFault !== null) refuse('VALUES_POINT', `${inQuotes(point!)} ${pointFault}`)
  const direction = directionOf.get(points[0]!)!
  const channel = channelOf.get(code!)
  if (channel === undefined || codePaths.every((path) => fields.has(path))) {
    throw new ExchangeError('VALUES_CODE', place(), `product ${inQuotes(code!)} is not known`)
  }
  const unit = fields.get('Product/MeasureUnit')
  if (unit !== 'KWH') refuse('VALUES_UNIT', `unit ${shortened(unit)}, expected KWH`)
  const resolution = `${fields.get('Resolution/Resolution') ?? ''} ${fields.get('Resolution/Unit') ?? ''}`
  if (resolution !== '15 MIN') refuse('VALUES_CODE', `resolution ${inQuotes(resolution)}, expected "15 MIN"`)
  const [start, end] = ['Interval/StartDateTime', 'Interval/EndDateTime'].map((path) =>
    readBoundary(fields.get(path) ?? '', () => `${place()}, ${path}`),
  ) as [UtcSeconds, UtcSeconds]
  if (end <= start || start % intervalSeconds !== 0 || end % intervalSeconds !== 0) {
    refuse('VALUES_TIME', `from ${isoSeconds(start)} to ${isoSeconds(end)} are no quarter-hours`)
  }
  const count = (end - start) / intervalSeconds
  if (sequences.length !== count) {
    refuse('VALUES_COUNT', `${sequences.length} observations, but the interval has ${count} quarter-hours`)
  }
  const seen = new Uint8Array(count)
  const community = fields.get('Community/CommunityID') || null
  const series = table.open({ point: point!, direction, channel, code: code!, community, intervalSeconds }, place)
  for (const [i, sequence] of sequences.entries()) {
    if (sequence < 1 || sequence > count) refuse('VALUES_TIME', `Sequence ${sequence} lies outside the interval`)
    if (seen[sequence - 1]!++ > 0) refuse('VALUES_REPEATED', `Sequence ${sequence} stands twice`)
    const energyMicroWh = Number.isNaN(microWh[i]) ? null : microWh[i]!
    const quality = conditions[i] ? 'estimated' : 'measured'
    table.add(series, start + (sequence - 1) * intervalSeconds, energyMicroWh, quality, 0)
  }
}

/** What is shared inside the community and what comes from the grid make up the total. Throws `VALUES_SUM`. */
function checkSplit(all: readonly OfficialSeries[]): void {
  const find = new Map(all.map((series) => [`${series.direction} ${series.point} ${series.channel}`, series]))
  for (const total of all) {
    if (total.channel !== 'total') continue
    const point = `${total.direction} ${total.point}`
    const [shared, residual] = [find.get(`${point} shared`), find.get(`${point} residual`)]
    if (shared === undefined || residual === undefined) continue
    for (const values of inStep([total, shared, residual])) {
      const [whole, inside, grid] = values.map(({ energyMicroWh }) => energyMicroWh)
      if (whole == null || inside == null || grid == null) continue
      if (Math.abs(whole - inside - grid) > roundingMicroWh) {
        const place = `point ${point} ${isoSeconds(values[0]!.start)}`
        throw new ExchangeError('VALUES_SUM', place, 'the total is not what is shared plus what comes from the grid')
      }
    }
  }
}
