/**
 * The settlement report as ESPI in an Atom feed (Green Button, NAESB REQ.21): for each metering point a usage point with what
 * was drawn (flow direction 1) and fed in (19), and a second one, `…-neighbours`, with what of that was bought and sold, and
 * what it cost or earned. They stand apart so that nobody counts a watt-hour twice.
 *
 * Energies are Wh; money is hundred-thousandths of the currency, rounded half away from zero.
 */
import { createHash } from 'node:crypto'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds, secondsPerDay } from '../exchange/instants.ts'
import { xmlText } from '../exchange/xml-text.ts'
import { espiClock } from './espi-clock.ts'
import { type ReportTotals, totalsComment } from './manifest.ts'
import { PointOrder } from './point-order.ts'
import { type PointFacts, ReportError, type ReportRow, type ReportSettings, type RowQuality } from './row.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

/** ISO 4217: the numbers of the currencies of areas. */
const currencies: Record<string, number> = {
  ...{ AUD: 36, BGN: 975, CAD: 124, CHF: 756, CZK: 203, DKK: 208, EUR: 978, GBP: 826, HUF: 348, INR: 356 },
  ...{ NOK: 578, NZD: 554, PLN: 985, RON: 946, SEK: 752, USD: 840 },
}
/** Valid; estimated by a line between readings; not valid; missing. */
const qualityCodes: Record<RowQuality, number> = { measured: 0, estimated: 8, doubtful: 14, missing: 15 }
const [delivered, received] = [1, 19]
const moneyDecimals = 5
/** How ReadingTypes of a sum over days or months are told from those of intervals. */
const lengthOf = ({ by, settings }: ReportHead) => (by === 'interval' ? settings.rules.intervalSeconds : null)

interface Series {
  name: string
  title: string
  direction: number
  ofNeighbours: boolean
  of(row: ReportRow): { energyWh: Wh; money: LedgerUnits | null }
}

const series: readonly Series[] = [
  {
    ...{ name: 'import', title: 'drawn', direction: delivered, ofNeighbours: false },
    of: ({ importWh }) => ({ energyWh: importWh, money: null }),
  },
  {
    ...{ name: 'export', title: 'fed in', direction: received, ofNeighbours: false },
    of: ({ exportWh }) => ({ energyWh: exportWh, money: null }),
  },
  {
    ...{ name: 'bought', title: 'bought from neighbours', direction: delivered, ofNeighbours: true },
    of: ({ boughtWh, paid }) => ({ energyWh: boughtWh, money: paid }),
  },
  {
    ...{ name: 'sold', title: 'sold to neighbours', direction: received, ofNeighbours: true },
    of: ({ soldWh, received: money }) => ({ energyWh: soldWh, money }),
  },
]

/** A currency with a number of ISO 4217. Throws `REPORT_CURRENCY`. */
export function checkEspi({ settings }: ReportHead): void {
  if (currencies[settings.currency] === undefined) {
    const known = Object.keys(currencies).join(', ')
    throw new ReportError('REPORT_CURRENCY', `espi names a currency by its number, and knows ${known}`)
  }
}

const element = (name: string, content: string | number) => `<${name}>${content}</${name}>`

/** A point's day that is not ended: the readings of each of its series. */
interface OpenDay {
  number: number
  facts: PointFacts
  start: UtcSeconds
  end: UtcSeconds
  readings: string[]
}

class EspiWriter implements FormatWriter {
  readonly #head: ReportHead
  readonly #base: string
  readonly #updated: string
  readonly #order = new PointOrder()
  #day: OpenDay | null = null

  constructor(head: ReportHead) {
    this.#head = head
    this.#base = `/espi/1_1/resource/Subscription/area-${head.settings.area}`
    this.#updated = isoSeconds(head.createdAt)
  }

  begin(): string {
    const { settings, from, to, version, timeZone } = this.#head
    const clock = espiClock(timeZone, from)
    const name = `${settings.area}/${from}/${to}`
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">',
      element('id', identifier(name)),
      element('title', `${xmlText(settings.name)}: ${isoSeconds(from)} to ${isoSeconds(to)}, version ${version}`),
      element('updated', this.#updated),
      `<link rel="self" href="${this.#base}"/>`,
      this.#entry(this.#clockLink, this.#listOf(this.#clockLink), [], timeZone.id, [
        '<espi:LocalTimeParameters>',
        element('espi:dstEndRule', clock.dstEndRule),
        element('espi:dstOffset', clock.dstOffset),
        element('espi:dstStartRule', clock.dstStartRule),
        element('espi:tzOffset', clock.tzOffset),
        '</espi:LocalTimeParameters>',
      ]),
      ...series.map((each) => this.#readingType(each)),
    ].join('\n')
  }

  row(row: ReportRow): string {
    const { facts, start } = row
    for (const point of [facts.point, facts.exportPoint]) {
      if (!/^[0-9A-Za-z.-]{1,60}$/.test(point)) {
        throw new ReportError('REPORT_POINT', `${JSON.stringify(point)} is no name of letters and digits`)
      }
    }
    let text = ''
    if (this.#order.begins(row)) {
      text = this.#endDay()
      text += this.#beginPoint(row)
    }
    const number = Math.floor(this.#head.timeZone.local(start) / secondsPerDay)
    if (this.#day?.number !== number) {
      text += this.#endDay()
      this.#day = { number, facts, start, end: row.end, readings: series.map(() => '') }
    }
    const day = this.#day!
    day.end = row.end
    const when = `${qualityElements[row.quality]}${interval('espi:timePeriod', start, row.end)}`
    for (let i = 0; i < series.length; i++) day.readings[i] += readingText(when, series[i]!.of(row), row.settings)
    return text
  }

  end(): string {
    return `${this.#endDay()}</feed>\n`
  }

  trailer(totals: ReportTotals): string {
    return totalsComment(totals)
  }

  get #clockLink(): string {
    return `${this.#base}/LocalTimeParameters/1`
  }

  #typeLink({ name }: Series): string {
    return `${this.#base}/ReadingType/${name}`
  }

  #usagePointLink({ point }: PointFacts, { ofNeighbours }: Series): string {
    return `${this.#base}/UsagePoint/${point}${ofNeighbours ? '-neighbours' : ''}`
  }

  #readingLink(facts: PointFacts, of: Series): string {
    return `${this.#usagePointLink(facts, of)}/MeterReading/${of.name}`
  }

  #listOf(link: string): string {
    return link.slice(0, link.lastIndexOf('/'))
  }

  #readingType(of: Series): string {
    const { settings } = this.#head
    const length = lengthOf(this.#head)
    const self = this.#typeLink(of)
    return this.#entry(self, this.#listOf(self), [], of.title, [
      '<espi:ReadingType>',
      element('espi:accumulationBehaviour', 4),
      element('espi:commodity', 1),
      ...(of.ofNeighbours ? [element('espi:currency', currencies[settings.currency]!)] : []),
      element('espi:flowDirection', of.direction),
      ...(length === null ? [] : [element('espi:intervalLength', length)]),
      element('espi:kind', 12),
      element('espi:powerOfTenMultiplier', 0),
      element('espi:uom', 72),
      '</espi:ReadingType>',
    ])
  }

  #beginPoint({ facts }: ReportRow): string {
    let text = ''
    for (const each of series) {
      const isFirst = each === series.find(({ ofNeighbours }) => ofNeighbours === each.ofNeighbours)
      if (isFirst) text += this.#beginUsagePoint(facts, each)
      const self = this.#readingLink(facts, each)
      const point = each.direction === received ? facts.exportPoint : facts.point
      const related = [`${self}/IntervalBlock`, this.#typeLink(each)]
      text += this.#entry(self, this.#listOf(self), related, `${point}: ${each.title}`, ['<espi:MeterReading/>'])
    }
    return text
  }

  #beginUsagePoint(facts: PointFacts, of: Series): string {
    const self = this.#usagePointLink(facts, of)
    const name = self.slice(self.lastIndexOf('/') + 1)
    return this.#entry(self, this.#listOf(self), [`${self}/MeterReading`, this.#clockLink], name, [
      '<espi:UsagePoint>',
      `<espi:ServiceCategory>${element('espi:kind', 0)}</espi:ServiceCategory>`,
      ...(of.ofNeighbours ? [element('espi:isVirtual', 'true')] : []),
      '</espi:UsagePoint>',
    ])
  }

  #endDay(): string {
    const day = this.#day
    this.#day = null
    if (day === null) return ''
    const title = isoSeconds(day.number * secondsPerDay).slice(0, 10)
    const period = interval('espi:interval', day.start, day.end)
    return series
      .map((each, i) => {
        const up = `${this.#readingLink(day.facts, each)}/IntervalBlock`
        const block = `<espi:IntervalBlock>\n${period}${day.readings[i]}\n</espi:IntervalBlock>`
        return this.#entry(`${up}/${title}`, up, [], title, [block])
      })
      .join('')
  }

  #entry(self: string, up: string, related: readonly string[], title: string, content: readonly string[]): string {
    const link = (relation: string, target: string) => `<link rel="${relation}" href="${xmlText(target)}"/>`
    return [
      '<entry>',
      element('id', identifier(self)),
      link('self', self),
      link('up', up),
      ...related.map((target) => link('related', target)),
      element('title', xmlText(title)),
      `<content>${content.join('\n')}</content>`,
      element('published', this.#updated),
      element('updated', this.#updated),
      '</entry>\n',
    ].join('\n')
  }
}

function interval(name: string, start: UtcSeconds, end: UtcSeconds): string {
  return `<${name}><espi:duration>${end - start}</espi:duration><espi:start>${start}</espi:start></${name}>`
}

function qualityElement(code: number): string {
  return element('espi:ReadingQuality', element('espi:quality', code))
}
const qualityElements: Record<RowQuality, string> = {
  measured: qualityElement(qualityCodes.measured),
  estimated: qualityElement(qualityCodes.estimated),
  doubtful: qualityElement(qualityCodes.doubtful),
  missing: qualityElement(qualityCodes.missing),
}

/** `when` is the quality and the time, which all series of a row share. */
function readingText(
  when: string,
  { energyWh, money }: ReturnType<Series['of']>,
  { priceDecimals }: ReportSettings,
): string {
  const cost = money === null ? '' : `<espi:cost>${rounded(money, priceDecimals)}</espi:cost>`
  return `\n<espi:IntervalReading>${cost}${when}<espi:value>${energyWh}</espi:value></espi:IntervalReading>`
}

/** The same for the same name, in the form of a UUID of version 5 (RFC 9562). */
function identifier(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex')
  const variant = '89ab'[Number.parseInt(digits[16]!, 16) % 4]
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `5${digits.slice(13, 16)}`]
  return `urn:uuid:${parts.join('-')}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`
    .toUpperCase()
    .replace('URN:UUID', 'urn:uuid')
}

/** Ledger units as hundred-thousandths of the currency. */
function rounded(units: LedgerUnits, priceDecimals: number): string {
  if (units === 0n) return '0'
  const places = priceDecimals + 3 - moneyDecimals
  if (places <= 0) return String(units * 10n ** BigInt(-places))
  const divisor = 10n ** BigInt(places)
  const magnitude = ((units < 0n ? -units : units) * 2n + divisor) / (2n * divisor)
  return String(units < 0n ? -magnitude : magnitude)
}

export function espiWriter(head: ReportHead): FormatWriter {
  return new EspiWriter(head)
}
