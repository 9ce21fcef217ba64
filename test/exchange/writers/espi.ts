/** Green Button feeds of a made-up utility. */
import type { Profile } from '../street.ts'

const marks = { measured: '17', substituted: '7', estimated: '9', missing: '' }

export interface EspiReading {
  /** Number of the meter reading. */
  id: string
  flowDirection: string
  uom?: string
  multiplier?: number
  /** Blocks with the time of their entry. What is missing has no reading. */
  blocks: [profile: Profile, updated: string][]
}

export interface EspiOptions {
  prefix?: boolean
  /** Puts the entries in another order. */
  shuffle?: (entries: string[]) => void
}

export function espi(readings: EspiReading[], options: EspiOptions = {}): string {
  const [atom, own] = options.prefix ? ['atom:', 'espi:'] : ['', '']
  const declared = options.prefix
    ? 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi"'
    : 'xmlns="http://www.w3.org/2005/Atom"'
  const namespace = options.prefix ? '' : ' xmlns="http://naesb.org/espi"'
  const tag = (name: string, content: string | number) => `<${own}${name}>${content}</${own}${name}>`
  const entry = (links: [string, string][], name: string, content: string, updated = '2026-04-16T04:00:00Z') =>
    `<${atom}entry>${links.map(([rel, href]) => `<${atom}link rel="${rel}" href="${href}"/>`).join('')}` +
    `<${atom}content><${own}${name}${namespace}>${content}</${own}${name}></${atom}content><${atom}updated>${updated}</${atom}updated></${atom}entry>`
  const entries: string[] = []
  const points = new Set(readings.map(({ blocks }) => blocks[0]![0].point))
  for (const point of points) {
    const self = `/resource/UsagePoint/${point}`
    entries.push(
      entry(
        [
          ['self', self],
          ['up', '/resource/UsagePoint'],
          ['related', `${self}/MeterReading`],
        ],
        'UsagePoint',
        '',
      ),
    )
  }
  for (const { id, flowDirection, uom = '72', multiplier = 0, blocks } of readings) {
    const { point, intervalSeconds } = blocks[0]![0]
    const self = `/resource/UsagePoint/${point}/MeterReading/${id}`
    const type = `/resource/ReadingType/${id}`
    entries.push(
      entry(
        [
          ['self', self],
          ['up', `/resource/UsagePoint/${point}/MeterReading`],
          ['related', `${self}/IntervalBlock`],
          ['related', type],
        ],
        'MeterReading',
        '',
      ),
      entry(
        [['self', type]],
        'ReadingType',
        tag('accumulationBehaviour', 4) +
          tag('commodity', 1) +
          tag('flowDirection', flowDirection) +
          tag('intervalLength', intervalSeconds) +
          tag('powerOfTenMultiplier', multiplier) +
          tag('uom', uom),
      ),
    )
    for (const [number, [profile, updated]] of blocks.entries()) {
      const { start, values } = profile
      const content = values.map(({ wh, quality }, i) => {
        if (wh === null) return ''
        const period = tag('timePeriod', tag('duration', intervalSeconds) + tag('start', start + i * intervalSeconds))
        const value = multiplier > 0 ? wh / 10 ** multiplier : `${wh}${'0'.repeat(-multiplier)}`
        const mark = quality === 'measured' && i % 2 === 0 ? '' : tag('ReadingQuality', tag('quality', marks[quality]))
        return tag('IntervalReading', mark + period + tag('value', value))
      })
      const interval = tag('interval', tag('duration', values.length * intervalSeconds) + tag('start', start))
      entries.push(
        entry(
          [
            ['self', `${self}/IntervalBlock/${number}`],
            ['up', `${self}/IntervalBlock`],
          ],
          'IntervalBlock',
          interval + content.join(''),
          updated,
        ),
      )
    }
  }
  options.shuffle?.(entries)
  return `<?xml version="1.0"?><!-- made up --><${atom}feed ${declared}><${atom}updated>2026-04-16T04:00:00.25Z</${atom}updated>${entries.join('\n')}</${atom}feed>`
}
