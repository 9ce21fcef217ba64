/**
 * Official values as ESPI in an Atom feed (Green Button, NAESB REQ.21), as `read/espi.ts` reads them: what a metering operator hands out. Of
 * the formats it is one that takes intervals of any length.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { ExchangeError } from '../error.ts'
import { isoSeconds } from '../instants.ts'
import type { OfficialSeries, OfficialValues, ValueQuality } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import { xmlText } from '../xml-text.ts'

const directions = { import: 1, export: 19 } as const
/** Raw and valid; edited by hand; estimated. What is missing has no reading. */
const qualities: Record<Exclude<ValueQuality, 'missing'>, number> = { measured: 17, substituted: 7, estimated: 8 }
/** A value is written in millionths of a Wh. */
const powerOfTen = -6

const element = (name: string, content: string | number) => `<espi:${name}>${content}</espi:${name}>`

/**
 * Writes series of one moment, each with its values in order of time. Throws `VALUES_POINT` for a point that cannot stand in a link and
 * `VALUES_SYNTAX` for a series without direction, of another channel than `total` or without values.
 */
export function writeEspi({ createdAt, series }: Omit<OfficialValues, 'warnings'> & { createdAt: UtcSeconds }): string {
  const updated = isoSeconds(createdAt)
  const entry = (self: string, up: string, related: readonly string[], name: string, content: string) => {
    const links = [['self', self], ['up', up], ...related.map((link) => ['related', link])]
    return [
      '<entry>',
      ...links.map(([rel, href]) => `<link rel="${rel}" href="${xmlText(href!)}"/>`),
      `<content>${element(name, content)}</content>`,
      `<updated>${updated}</updated>`,
      '</entry>',
    ].join('\n')
  }
  const points = [...new Set(series.map(({ point }) => point))]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">',
    `<updated>${updated}</updated>`,
    ...points.map((point) =>
      entry(pointLink(point), '/resource/UsagePoint', [`${pointLink(point)}/MeterReading`], 'UsagePoint', ''),
    ),
    ...series.flatMap((own) => {
      const type = `/resource/ReadingType/${own.point}-${own.direction}`
      const reading = `${pointLink(own.point)}/MeterReading/${own.direction}`
      const blocks = `${reading}/IntervalBlock`
      return [
        entry(type, '/resource/ReadingType', [], 'ReadingType', typeOf(own)),
        entry(reading, `${pointLink(own.point)}/MeterReading`, [blocks, type], 'MeterReading', ''),
        entry(`${blocks}/1`, blocks, [], 'IntervalBlock', blockOf(own)),
      ]
    }),
    '</feed>\n',
  ].join('\n')
}

function pointLink(point: string): string {
  if (!/^[0-9A-Za-z.-]{1,60}$/.test(point)) {
    throw new ExchangeError('VALUES_POINT', inQuotes(point), 'is no name of letters and digits')
  }
  return `/resource/UsagePoint/${point}`
}

function typeOf({ point, direction, channel, intervalSeconds }: OfficialSeries): string {
  if (direction === null || channel !== 'total') {
    throw new ExchangeError('VALUES_SYNTAX', inQuotes(point), 'espi takes what was metered in one direction')
  }
  return [
    element('accumulationBehaviour', 4),
    element('commodity', 1),
    element('flowDirection', directions[direction]),
    element('intervalLength', intervalSeconds),
    element('powerOfTenMultiplier', powerOfTen),
    element('uom', 72),
  ].join('')
}

function blockOf({ point, intervalSeconds, values }: OfficialSeries): string {
  const all = [...values]
  if (all.length === 0) throw new ExchangeError('VALUES_SYNTAX', inQuotes(point), 'a series has one value at least')
  const [from, to] = [all[0]!.start, all.at(-1)!.start + intervalSeconds]
  const period = (name: string, start: UtcSeconds, seconds: number) =>
    element(name, element('duration', seconds) + element('start', start))
  const readings = all.flatMap(({ start, energyMicroWh, quality }) => {
    if (quality === 'missing') return []
    const mark = element('ReadingQuality', element('quality', qualities[quality]))
    return element(
      'IntervalReading',
      mark + period('timePeriod', start, intervalSeconds) + element('value', energyMicroWh!),
    )
  })
  return period('interval', from, to - from) + readings.join('\n')
}
