/** Rules of the Swiss delivery: products, sequences, and the split of the total. */
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { autumnDay, type Profile, plainDay, profileOf, springDay } from './street.ts'
import { type SdatOptions, sdatE66 } from './writers/sdat-e66.ts'

const point = 'CH9999900000000000000000000000001'
const [total, shared, residual] = ['8716867000030', '2404050010123', '2404050010124']

function profile(day: number, days = 1): Profile {
  return profileOf(
    3,
    { point, home: 1, direction: 'import' },
    { zone: 'Europe/Zurich', day, days, intervalSeconds: 900 },
  )
}

/** Half of the total inside the community, the rest from the grid, one Wh less than there is. */
function split(whole: Profile, lessWh = 0): [string, Profile][] {
  const part = (of: (wh: number) => number) => ({
    ...whole,
    values: whole.values.map(({ wh, quality }) => ({ wh: of(wh!), quality })),
  })
  const inside = part((wh) => Math.floor(wh / 2))
  const grid = part((wh) => wh - Math.floor(wh / 2) - lessWh)
  return [
    [total!, whole],
    [shared!, inside],
    [residual!, grid],
  ]
}

describe('a ValidatedMeteredData', () => {
  test('has a channel for each product', async () => {
    const { series, createdAt } = await read(sdatE66(split(profile(plainDay)), { prefix: 'rsm' }))
    expect(series.map(({ code, channel, direction, community }) => [code, channel, direction, community])).toEqual([
      [shared, 'shared', 'import', 'CH-LEG-0000001'],
      [residual, 'residual', 'import', 'CH-LEG-0000001'],
      [total, 'total', 'import', 'CH-LEG-0000001'],
    ])
    expect(createdAt).toBe(Date.UTC(2026, 3, 16, 1, 12) / 1000)
  })

  test.each([
    ['a day in spring', springDay, 1, 92],
    ['a day in autumn', autumnDay, 1, 100],
    ['five days in spring', springDay - 2, 5, 476],
    ['five days in autumn', autumnDay - 2, 5, 484],
    ['five days between', plainDay, 5, 480],
  ])('takes the number of values from the interval: %s', async (_name, day, days, count) => {
    const { series } = await read(sdatE66([[total!, profile(day, days)]]))
    expect(series[0]!.values).toHaveLength(count)
  })

  test('may miss the total by three roundings', async () => {
    expect((await read(sdatE66(split(profile(plainDay), 1)))).series).toHaveLength(3)
    expect(await refusal(sdatE66(split(profile(plainDay), 2)))).toContain(`VALUES_SUM point import ${point}`)
  })

  test('has no community where it names none', async () => {
    expect((await read(sdatE66([[total!, profile(plainDay)]], { community: null }))).series[0]!.community).toBe(null)
  })

  const written = (options: SdatOptions) => sdatE66([[total!, profile(plainDay)]], options)
  const good = written({})
  test.each<[string, string, string]>([
    [
      'another unit',
      written({ unit: 'MWH' }),
      'VALUES_UNIT MeteringData CH9999900000000000000000000000001 8716867000030',
    ],
    ['an unknown product', sdatE66([['8716867000047', profile(plainDay)]]), 'VALUES_CODE'],
    ['another document', written({ documentType: 'E31' }), 'VALUES_CODE'],
    ['a malformed point', good.replace(point, 'CH1'), 'VALUES_POINT'],
    ['no point', good.replaceAll('ConsumptionMeteringPoint', 'MeteringPoint'), 'VALUES_POINT'],
    [
      'two points',
      good.replace(
        '<ConsumptionMeteringPoint>',
        `<ProductionMeteringPoint><VSENationalID>${point}</VSENationalID></ProductionMeteringPoint><ConsumptionMeteringPoint>`,
      ),
      'VALUES_POINT',
    ],
    ['a sequence twice', written({ edit: (all) => all.splice(4, 1, [4, '<Volume>1</Volume>']) }), 'VALUES_REPEATED'],
    ['a sequence that lacks', written({ edit: (all) => all.splice(4, 1) }), 'VALUES_COUNT'],
    [
      'a sequence beyond the interval',
      written({ edit: (all) => all.splice(4, 1, [97, '<Volume>1</Volume>']) }),
      'VALUES_TIME',
    ],
    ['a value too many', written({ edit: (all) => all.push([97, '<Volume>1</Volume>']) }), 'VALUES_COUNT'],
    ['another resolution', good.replace('<Resolution>15<', '<Resolution>60<'), 'VALUES_CODE'],
    [
      'an interval that ends before it begins',
      good.replace('2026-04-14T22:00:00Z', '2026-04-12T22:00:00Z'),
      'VALUES_TIME',
    ],
    ['a negative volume', good.replace('<Volume>', '<Volume>-'), 'VALUES_NUMBER'],
    [
      'a series twice',
      sdatE66([
        [total!, profile(plainDay)],
        [total!, profile(plainDay)],
      ]),
      'VALUES_REPEATED',
    ],
    [
      'sums without points',
      good.replaceAll('ValidatedMeteredData_16', 'AggregatedMeteredData_13'),
      'VALUES_FORMAT AggregatedMeteredData_13 (E31) holds sums',
    ],
    ['no series', sdatE66([]), 'VALUES_COUNT'],
    ['cut short', good.slice(0, -50), 'VALUES_SYNTAX'],
  ])('is refused for %s', async (_name, document, reason) => {
    expect(await refusal(document)).toContain(reason)
  })
})
