/**
 * North America: ESPI (Green Button, NAESB REQ.21) in an Atom feed. Entries are found by their links, whatever their order:
 * a block belongs to the meter reading that relates to its `up` feed, and that leads to reading type and usage point.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { pointForm, readEnergy } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { type Instant, isLater, isoSeconds, readInstant } from '../instants.ts'
import {
  type EnergyDirection,
  type OfficialValues,
  type SeriesIdentity,
  type ValueQuality,
  valueQualities,
} from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import { type Choice, type ListedSpan, repeated, ValueTable } from '../value-table.ts'
import { readXml } from '../xml.ts'

const [wattHours, electricity, deltaData] = ['72', '1', '4']
/** The fields of a reading type that matter here. */
const typeFields = [
  'accumulationBehaviour',
  'commodity',
  'defaultQuality',
  'flowDirection',
  'intervalLength',
  'powerOfTenMultiplier',
  'uom',
]
const directionOf = new Map<string, EnergyDirection>([
  ['1', 'import'],
  ['19', 'export'],
])
const qualityOf = new Map<string, ValueQuality>([
  ...['0', '17', '18', '19'].map((code): [string, ValueQuality] => [code, 'measured']),
  ['7', 'substituted'],
  ...['8', '9', '10', '11', '12', '13', '14', '15', '16'].map((code): [string, ValueQuality] => [code, 'estimated']),
])
const longestSeconds = 31 * 86_400
const latestSecond = Date.UTC(2200, 0) / 1000
const mostEntries = 100_000

interface Links {
  self: string
  up: string
  related: string[]
  updated: Instant | null
}

interface ReadingType {
  links: Links
  fields: Map<string, string>
}

/** What stands in one `IntervalBlock`, its readings in columns. */
interface Block {
  links: Links
  place: string
  span: { start: number; seconds: number } | null
  starts: number[]
  /** Not a number where a reading names none. */
  seconds: number[]
  /** Empty where a reading has no value. */
  values: string[]
  /** Place in `qualities`, −1 where the reading has no mark. */
  marks: number[]
}

interface Feed {
  updated: UtcSeconds | null
  /** Usage points and meter readings are nothing but their links. */
  points: Links[]
  meterReadings: Links[]
  types: ReadingType[]
  blocks: Block[]
}

/** Reads a feed. Throws `ExchangeError`. */
export function readEspi(bytes: Buffer): OfficialValues {
  const feed = readFeed(bytes)
  if (feed.blocks.length === 0) throw new ExchangeError('VALUES_COUNT', 'feed', 'IntervalBlock is missing')
  const resolve = resolver(feed)
  const table = new ValueTable()
  const warnings = new Set<string>()
  /** By series: the stretches that its blocks say they cover. */
  const spans: ListedSpan[][] = []
  const readers = feed.blocks.map((block, number) => {
    const { reading, type, point } = resolve(block)
    const leftOut = whyLeftOut(type.fields)
    if (leftOut === null) addBlock(table, spans, block, type.fields, point, number)
    else warnings.add(`${point}: reading ${lastPart(reading.self)} left out: ${leftOut}`)
    return reading
  })
  if (spans.length === 0) {
    throw new ExchangeError('VALUES_UNIT', 'feed', `no reading of energy: ${[...warnings].join('; ')}`)
  }
  const corrected = new Set<string>()
  const choose: Choice = (identity, a, b) => {
    const [one, other] = [a, b].map(({ source }) => feed.blocks[source]!.links.updated)
    const sameReading = readers[a.source] === readers[b.source]
    if (one == null || other == null || !sameReading || (!isLater(one, other) && !isLater(other, one))) {
      throw repeated(identity, a.start, 'stands twice, and nothing says which value is valid')
    }
    corrected.add(identity.point)
    return isLater(other, one) ? b : a
  }
  const series = table.finish({ choose, spans: (number) => joined(spans[number]!, table.series[number]!) })
  for (const point of corrected) warnings.add(`${point}: an interval stands in two blocks; the later update counts`)
  return { createdAt: feed.updated, series, warnings: [...warnings] }
}

function readFeed(bytes: Buffer): Feed {
  const feed: Feed = { updated: null, points: [], meterReadings: [], types: [], blocks: [] }
  let entries = 0
  readXml(bytes, (place) => {
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, place(), reason)
    }
    let links: Links = newLinks()
    let block: Block | null = null
    let reading = { start: '', seconds: '', value: '', mark: -1 }
    let span = { start: '', seconds: '' }
    const whole = (text: string, name: string): number => {
      if (!/^\d{1,12}$/.test(text)) refuse('VALUES_TIME', `${name} ${shortened(text)} is no number of seconds`)
      return Number(text)
    }
    return {
      open(name, attribute, path) {
        if (path.length === 2 && name === 'entry') {
          links = newLinks()
          if (++entries > mostEntries) refuse('VALUES_TOO_LARGE', `more than ${mostEntries} entries: split the file`)
        }
        const below = path.slice(3).join('/')
        if (path[1] !== 'entry') return
        if (path.length === 3 && name === 'link') addLink(links, attribute('rel'), attribute('href'))
        else if (below === 'IntervalBlock') {
          block = { links, place: place(), span: null, starts: [], seconds: [], values: [], marks: [] }
          span = { start: '', seconds: '' }
        } else if (below === 'IntervalBlock/IntervalReading') reading = { start: '', seconds: '', value: '', mark: -1 }
        else if (name === 'IntervalBlock' || name === 'IntervalReading')
          refuse('VALUES_SYNTAX', `${name} in a wrong place`)
        else if (below === 'UsagePoint') feed.points.push(links)
        else if (below === 'MeterReading') feed.meterReadings.push(links)
        else if (below === 'ReadingType') feed.types.push({ links, fields: new Map() })
      },
      close(name, text, path) {
        if (path.length === 2 && name === 'updated') feed.updated = readInstant(text, place).seconds
        if (path[1] !== 'entry') return
        if (path.length === 3 && name === 'updated') links.updated = readInstant(text, place)
        const below = path.slice(3).join('/')
        if (path[3] === 'ReadingType' && path.length === 5 && typeFields.includes(name)) {
          feed.types.at(-1)!.fields.set(name, text)
        }
        if (below === 'IntervalBlock/interval/start') span.start = text
        else if (below === 'IntervalBlock/interval/duration') span.seconds = text
        else if (below === 'IntervalBlock/interval') {
          block!.span = { start: whole(span.start, 'start'), seconds: whole(span.seconds, 'duration') }
        } else if (below === 'IntervalBlock/IntervalReading/timePeriod/start') reading.start = text
        else if (below === 'IntervalBlock/IntervalReading/timePeriod/duration') reading.seconds = text
        else if (below === 'IntervalBlock/IntervalReading/value') reading.value = text
        else if (below === 'IntervalBlock/IntervalReading/ReadingQuality/quality') {
          const quality = qualityOf.get(text)
          if (quality === undefined)
            throw new ExchangeError('VALUES_QUALITY', place(), `quality ${inQuotes(text)} is not known`)
          reading.mark = Math.max(reading.mark, valueQualities.indexOf(quality))
        } else if (below === 'IntervalBlock/IntervalReading') {
          block!.starts.push(whole(reading.start, 'start'))
          block!.seconds.push(reading.seconds === '' ? Number.NaN : whole(reading.seconds, 'duration'))
          block!.values.push(reading.value)
          block!.marks.push(reading.mark)
        } else if (below === 'IntervalBlock') {
          feed.blocks.push(block!)
          block = null
        }
      },
    }
  })
  return feed
}

function newLinks(): Links {
  return { self: '', up: '', related: [], updated: null }
}

function addLink(links: Links, relation: string | undefined, target: string | undefined): void {
  if (target === undefined) return
  if (relation === 'self') links.self = target
  else if (relation === 'up') links.up = target
  else if (relation === 'related') links.related.push(target)
}

/** Finds what a block belongs to. */
function resolver(feed: Feed) {
  const byBlocks = index(feed.meterReadings, ({ related }) => related)
  const typeBySelf = index(feed.types, ({ links }) => [links.self])
  const pointBySelf = index(feed.points, ({ self }) => [self])
  const pointByReadings = index(feed.points, ({ related }) => related)
  return ({ links, place }: Block) => {
    const reading = only(byBlocks.get(links.up), place, 'MeterReading')
    const type = only(
      reading.related.flatMap((link) => typeBySelf.get(link) ?? []),
      place,
      'ReadingType',
    )
    const points = [
      ...reading.related.flatMap((link) => pointBySelf.get(link) ?? []),
      ...(pointByReadings.get(reading.up) ?? []),
    ]
    const point = lastPart(only([...new Set(points)], place, 'UsagePoint').self)
    if (point === '') throw new ExchangeError('VALUES_POINT', place, 'the UsagePoint has no self link')
    return { reading, type, point }
  }
}

function index<T>(items: readonly T[], keysOf: (item: T) => Iterable<string>): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const item of items) {
    for (const key of keysOf(item)) {
      const known = found.get(key)
      if (known === undefined) found.set(key, [item])
      else known.push(item)
    }
  }
  return found
}

function only<T>(found: readonly T[] | undefined, place: string, name: string): T {
  if (found?.length === 1) return found[0]!
  const reason = (found?.length ?? 0) === 0 ? `no ${name} belongs to the IntervalBlock` : `several ${name} belong to it`
  throw new ExchangeError('VALUES_SYNTAX', place, reason)
}

function lastPart(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1)
}

function whyLeftOut(fields: Map<string, string>): string | null {
  const expected = { uom: wattHours, commodity: electricity, accumulationBehaviour: deltaData }
  for (const [name, code] of Object.entries(expected)) {
    if (fields.get(name) !== code) return `${name} ${shortened(fields.get(name))}, expected ${code}`
  }
  return null
}

function addBlock(
  table: ValueTable,
  spans: ListedSpan[][],
  block: Block,
  type: Map<string, string>,
  point: string,
  number: number,
): void {
  const refuse = (code: ExchangeErrorCode, reason: string): never => {
    throw new ExchangeError(code, `IntervalBlock of ${shortened(point)}, ${block.place}`, reason)
  }
  const multiplier = type.get('powerOfTenMultiplier') ?? '0'
  if (!/^-?\d{1,2}$/.test(multiplier))
    refuse('VALUES_UNIT', `powerOfTenMultiplier ${shortened(multiplier)} is no power`)
  const said = type.get('intervalLength')
  if (said !== undefined && !/^\d{1,9}$/.test(said)) {
    refuse('VALUES_TIME', `intervalLength ${shortened(said)} is no number of seconds`)
  }
  const intervalSeconds = said === undefined ? (block.seconds[0] ?? Number.NaN) : Number(said)
  if (!(intervalSeconds > 0 && intervalSeconds <= longestSeconds))
    refuse('VALUES_TIME', 'the interval length is unknown')
  const { start, seconds } = block.span ?? refuse('VALUES_TIME', 'interval is missing')
  const end = start + seconds
  if (seconds === 0 || seconds % intervalSeconds !== 0 || end > latestSecond) {
    refuse('VALUES_TIME', `an interval of ${seconds} s from ${start} holds no whole ones of ${intervalSeconds} s`)
  }
  const direction = directionOf.get(type.get('flowDirection') ?? '') ?? null
  const identity = { point, direction, channel: 'total', code: null, community: null, intervalSeconds } as const
  const series = table.open(identity, () => block.place)
  spans[series] ??= []
  spans[series].push({ start, end })
  const unmarked = type.get('defaultQuality')
  const fallback = unmarked === undefined ? 'measured' : qualityOf.get(unmarked)
  if (fallback === undefined)
    throw new ExchangeError('VALUES_QUALITY', block.place, `quality ${inQuotes(unmarked!)} is not known`)
  for (const [i, readingStart] of block.starts.entries()) {
    if (readingStart < start || readingStart >= end) {
      refuse('VALUES_TIME', `the reading at ${readingStart} lies outside its block`)
    }
    const length = block.seconds[i]!
    if ((readingStart - start) % intervalSeconds !== 0 || (!Number.isNaN(length) && length !== intervalSeconds)) {
      refuse('VALUES_TIME', `the reading at ${readingStart} is none of the block's intervals of ${intervalSeconds} s`)
    }
    const value = block.values[i]!
    if (value.includes('.')) refuse('VALUES_NUMBER', `${inQuotes(value)} is no whole number`)
    const place = () => `IntervalBlock of ${shortened(point)}, reading ${i + 1}, ${block.place}`
    const energyMicroWh = value === '' ? null : readEnergy(value, Number(multiplier), pointForm, place)
    const quality = block.marks[i]! < 0 ? fallback : valueQualities[block.marks[i]!]!
    table.add(series, readingStart, energyMicroWh, quality, number)
  }
}

/** The stretches in order, those that meet as one. Throws where two that overlap have their intervals at other times. */
function joined(spans: readonly ListedSpan[], { intervalSeconds, point }: SeriesIdentity): ListedSpan[] {
  const all: ListedSpan[] = []
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = all.at(-1)
    if (last === undefined || start > last.end) all.push({ start, end })
    else {
      if ((start - last.start) % intervalSeconds !== 0) {
        const reason = `the block from ${isoSeconds(start)} has its intervals at other times than one before`
        throw new ExchangeError('VALUES_TIME', `point ${inQuotes(point)}`, reason)
      }
      last.end = Math.max(last.end, end)
    }
  }
  return all
}
