/** Rules of Green Button feeds: links, units, periods, qualities, and which of two blocks counts. */
import { describe, expect, test } from 'vitest'
import type { OfficialSeries } from '../../server/exchange/official-values.ts'
import { writeEspi } from '../../server/exchange/write/espi.ts'
import { read, refusal } from './reading.ts'
import { intervalsOf, type Profile, plainDay, profileOf } from './street.ts'
import { type EspiReading, espi } from './writers/espi.ts'

function profile(home = 1, point = '6001'): Profile {
  return profileOf(
    19,
    { point, home, direction: 'import' },
    { zone: 'America/New_York', day: plainDay, intervalSeconds: 900 },
  )
}

const [early, late] = ['2026-04-15T05:00:00.2Z', '2026-04-15T05:00:00.25Z']
const reading = (more: Partial<EspiReading> = {}): EspiReading => ({
  id: '1',
  flowDirection: '1',
  blocks: [[profile(), early]],
  ...more,
})
const feed = (more: Partial<EspiReading> = {}) => espi([reading(more)])

describe('a feed', () => {
  test.each([
    ['1', 'import'],
    ['19', 'export'],
    ['4', null],
    ['20', null],
  ])('with flow direction %s says %s', async (flowDirection, direction) => {
    expect((await read(feed({ flowDirection }))).series[0]).toMatchObject({
      point: '6001',
      direction,
      code: null,
      intervalSeconds: 900,
    })
  })

  test('says when it was made, to the second', async () => {
    expect((await read(feed())).createdAt).toBe(Date.UTC(2026, 3, 16, 4) / 1000)
  })

  test('scales exactly', async () => {
    const file = feed({ multiplier: -3 })
      .replace(/<value>\d+</, '<value>1234567891<')
      .replace('>-3<', '>-8<')
    expect((await read(file)).series[0]!.values[0]!.energyMicroWh).toBe(12_345_679)
    const kilo = feed({
      multiplier: 3,
      blocks: [[{ ...profile(), values: [{ wh: 5000, quality: 'measured' }] }, early]],
    })
    expect((await read(kilo)).series[0]!.values[0]!.energyMicroWh).toBe(5_000_000_000)
  })

  test('lists what has no reading as missing', async () => {
    const gaps = profile()
    for (const i of [0, 5, 95]) gaps.values[i] = { wh: null, quality: 'missing' }
    expect((await read(feed({ blocks: [[gaps, early]] }))).series[0]!.values).toEqual(intervalsOf(gaps))
    const none = { ...profile(), values: profile().values.map(() => ({ wh: null, quality: 'missing' as const })) }
    expect((await read(feed({ blocks: [[none, early]] }))).series[0]!.values).toEqual(intervalsOf(none))
  })

  test('leaves readings of other kinds out and names them', async () => {
    const { series, warnings } = await read(espi([reading(), reading({ id: '2', uom: '38' })]))
    expect(series).toHaveLength(1)
    expect(warnings).toEqual([expect.stringMatching(/6001.*reading 2.*uom 38/)])
    expect(await refusal(espi([reading({ uom: '38' })]))).toContain('VALUES_UNIT feed: no reading of energy')
  })

  test('counts the later of two blocks, and says so', async () => {
    const blocks: EspiReading['blocks'] = [
      [profile(2), late],
      [profile(), early],
    ]
    for (const order of [blocks, [...blocks].reverse()]) {
      const { series, warnings } = await read(feed({ blocks: order }))
      expect(series[0]!.values).toEqual(intervalsOf(profile(2)))
      expect(warnings).toEqual([expect.stringContaining('6001')])
    }
    expect(await refusal(feed({ blocks: [blocks[0]!, [profile(), late]] }))).toContain('VALUES_REPEATED')
    expect(await refusal(espi([reading(), reading({ id: '2', blocks: [blocks[0]!] })]))).toContain('VALUES_REPEATED')
  })

  test.each([
    ['0', 'measured'],
    ['17', 'measured'],
    ['18', 'measured'],
    ['19', 'measured'],
    ['7', 'substituted'],
    ['8', 'estimated'],
    ['14', 'estimated'],
    ['16', 'estimated'],
  ])('has quality %s for %s', async (code, quality) => {
    const file = feed().replace(/<quality>17</, `<quality>${code}<`)
    expect((await read(file)).series[0]!.values[1]!.quality).toBe(quality)
    const twice = feed().replace(
      /<ReadingQuality>.*?<\/ReadingQuality>/,
      `$&<ReadingQuality><quality>${code}</quality></ReadingQuality>`,
    )
    expect((await read(twice)).series[0]!.values[1]!.quality).toBe(quality)
  })

  test('has the quality of its reading type where a reading names none', async () => {
    const file = feed().replace('<flowDirection>', '<defaultQuality>8</defaultQuality><flowDirection>')
    expect((await read(file)).series[0]!.values.slice(0, 2).map(({ quality }) => quality)).toEqual([
      'estimated',
      'measured',
    ])
  })

  const good = feed()
  const [start] = [profile().start]
  test.each<[string, string, string]>([
    ['no block', espi([{ ...reading(), blocks: [] }].slice(1)), 'VALUES_COUNT feed: IntervalBlock is missing'],
    [
      'a block of nobody',
      good.replace(
        'rel="up" href="/resource/UsagePoint/6001/MeterReading/1/',
        'rel="up" href="/resource/UsagePoint/6001/MeterReading/9/',
      ),
      'VALUES_SYNTAX line 4: no MeterReading belongs to the IntervalBlock',
    ],
    [
      'a reading without type',
      good.replace('rel="related" href="/resource/ReadingType/1"', 'rel="related" href="/resource/ReadingType/9"'),
      'VALUES_SYNTAX',
    ],
    [
      'a reading outside its block',
      good.replace(`<duration>900</duration><start>${start}<`, `<duration>900</duration><start>${start - 900}<`),
      'VALUES_TIME',
    ],
    [
      'a reading off the grid',
      good.replace(`<duration>900</duration><start>${start}<`, `<duration>900</duration><start>${start + 60}<`),
      'VALUES_TIME',
    ],
    [
      'a reading of another length',
      good.replace(`<duration>900</duration><start>${start}<`, `<duration>300</duration><start>${start}<`),
      'VALUES_TIME',
    ],
    [
      'a reading twice',
      good.replace(`<duration>900</duration><start>${start}<`, `<duration>900</duration><start>${start + 900}<`),
      'VALUES_REPEATED',
    ],
    ['an unknown quality', good.replace(/<quality>17</, '<quality>99<'), 'VALUES_QUALITY'],
    ['a negative value', good.replace(/<value>/, '<value>-'), 'VALUES_NUMBER'],
    ['a fraction', good.replace(/<value>/, '<value>0.'), 'VALUES_NUMBER'],
    ['more than a GWh', good.replace(/<value>\d+/, '<value>1000000001'), 'VALUES_NUMBER'],
    ['a block of no whole intervals', good.replace('<duration>86400<', '<duration>86399<'), 'VALUES_TIME'],
    ['a block of centuries', good.replace('<duration>86400<', '<duration>5000000400<'), 'VALUES_TOO_LARGE'],
    ['cut short', good.slice(0, -30), 'VALUES_SYNTAX'],
  ])('is refused for %s', async (_name, file, reason) => {
    expect(await refusal(file)).toContain(reason)
  })
})

describe('what is written', () => {
  const series = (point: string): OfficialSeries => ({
    ...{ point, direction: 'import', channel: 'total', code: null, community: null, intervalSeconds: 900 },
    values: [
      { start: 900, energyMicroWh: null, quality: 'missing' },
      { start: 1_800, energyMicroWh: 125_250_001, quality: 'measured' },
      { start: 2_700, energyMicroWh: 0, quality: 'substituted' },
      { start: 3_600, energyMicroWh: 7, quality: 'estimated' },
      { start: 4_500, energyMicroWh: null, quality: 'missing' },
    ],
  })

  test('is read as the same, to the millionth of a Wh', async () => {
    const other: OfficialSeries = { ...series('AT1.2'), direction: 'export' }
    const file = writeEspi({ createdAt: 5_400, series: [series('AT1.2'), other] })
    expect(await read(file)).toMatchObject({ createdAt: 5_400, series: [other, series('AT1.2')], warnings: [] })
  })

  test.each([
    ['a point that is no part of a link', { point: 'A/1' }, 'VALUES_POINT'],
    ['no direction', { direction: null }, 'VALUES_SYNTAX'],
    ['what was shared', { channel: 'shared' as const }, 'VALUES_SYNTAX'],
    ['no value', { values: [] }, 'VALUES_SYNTAX'],
  ])('is refused for %s', (_name, more, code) => {
    const write = () => writeEspi({ createdAt: 0, series: [{ ...series('A'), ...more }] })
    expect(write).toThrow(expect.objectContaining({ code }))
  })
})
