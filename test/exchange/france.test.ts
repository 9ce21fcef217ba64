/** Rules of Enedis' load curve: power to energy, stamps at the end, gaps, and lengths that change. */
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { autumnDay, intervalsOf, type Profile, plainDay, profileOf, springDay } from './street.ts'
import { type EnedisReading, enedisJson } from './writers/enedis.ts'

const point = '21999000054321'

function profile(day: number, intervalSeconds = 1800, zone = 'Europe/Paris'): Profile {
  return profileOf(13, { point, home: 1, direction: 'import' }, { zone, day, intervalSeconds })
}

const edited = (edit: (readings: EnedisReading[]) => unknown, day = plainDay) => enedisJson([profile(day)], { edit })

describe('a load curve', () => {
  test.each([
    ['spring', springDay, 46],
    ['autumn', autumnDay, 50],
  ])('follows the clock in %s', async (_name, day, count) => {
    const { series } = await read(enedisJson([profile(day)]))
    expect(series[0]!.values).toEqual(intervalsOf(profile(day)))
    expect(series[0]!.values).toHaveLength(count)
    expect(series[0]).toMatchObject({ direction: null, code: null, intervalSeconds: 1800, channel: 'total' })
  })

  test('takes the zone that it is told', async () => {
    const file = enedisJson([profile(springDay, 1800, 'America/Martinique')], { zone: 'America/Martinique' })
    expect((await read(file, { timezone: 'America/Martinique' })).series[0]!.values).toHaveLength(48)
    expect(await refusal(file)).toContain('this local time does not exist')
    expect(await refusal(file, { timezone: 'America/Fort-de-France' })).toBe(
      'VALUES_ZONE time zone "America/Fort-de-France" is not known',
    )
  })

  test('makes exact energy of power, to six decimals half to even', async () => {
    const file = edited((readings) => {
      readings[0]!.value = '517'
      readings[1]!.value = '0.000001'
      readings[2]!.value = '0.000003'
      readings[3]!.value = ''
    })
    const { series } = await read(file)
    const half = series[0]!.values.slice(0, 4).map(({ energyMicroWh }) => energyMicroWh)
    expect(half).toEqual([258_500_000, 0, 2, null])
    const tenMinutes = await read(file.replaceAll('PT30M', 'PT10M'))
    expect(tenMinutes.series[0]!.values[2]).toMatchObject({ energyMicroWh: 86_166_667, quality: 'measured' })
  })

  test('has a series for each length, and fills gaps with the length before', async () => {
    const morning = { ...profile(plainDay, 900), values: profile(plainDay, 900).values.slice(0, 20) }
    const after = profile(plainDay, 3600)
    const rest = { ...after, start: after.start + 7 * 3600, values: after.values.slice(7) }
    const { series } = await read(enedisJson([morning, rest]))
    expect(series.map(({ intervalSeconds, values }) => [intervalSeconds, values.length])).toEqual([
      [900, 28],
      [3600, 17],
    ])
    expect(series[0]!.values.slice(20).map(({ quality }) => quality)).toEqual(Array(8).fill('missing'))
  })

  test('fills the start with the length after, and the end with the length before', async () => {
    const { series } = await read(edited((readings) => [readings.shift(), readings.pop()]))
    expect(series[0]!.values).toHaveLength(48)
    expect([0, 1, 46, 47].map((i) => series[0]!.values[i]!.quality)).toEqual([
      'missing',
      'measured',
      'measured',
      'missing',
    ])
  })

  const good = enedisJson([profile(plainDay)])
  const set = (field: keyof EnedisReading, text: string) =>
    edited((readings) => {
      readings[4]![field] = text
    })
  test.each<[string, string, string]>([
    [
      'another unit',
      enedisJson([profile(plainDay)], { unit: 'VA' }),
      'VALUES_UNIT $.meter_reading.reading_type.unit: "VA", expected "W"',
    ],
    ['no unit', good.replace('"unit":"W",', ''), 'VALUES_UNIT'],
    ['another aggregate', good.replace('"average"', '"maximum"'), 'VALUES_CODE'],
    ['an unknown measure', set('measure_type', 'Z'), 'VALUES_QUALITY $.meter_reading.interval_reading[4]'],
    [
      'a stamp before the one before',
      set('date', '2026-04-14 01:30:00'),
      'VALUES_TIME $.meter_reading.interval_reading[4].date: the reading does not come after the one before',
    ],
    ['a stamp twice', set('date', '2026-04-14 02:00:00'), 'VALUES_TIME'],
    ['readings that overlap', set('interval_length', 'PT60M'), 'VALUES_TIME'],
    ['a gap of no whole intervals', set('interval_length', 'PT10M'), 'VALUES_TIME'],
    ['an unknown length', set('interval_length', 'PT7M'), 'VALUES_TIME'],
    [
      'a stamp outside the period',
      edited((readings) => readings.push({ ...readings[0]!, date: '2026-04-15 00:30:00' })),
      'VALUES_TIME',
    ],
    [
      'a time that the clock skips',
      edited((readings) => readings.splice(4, 1, { ...readings[4]!, date: '2025-03-30 02:30:00' }), springDay),
      'VALUES_TIME $.meter_reading.interval_reading[4].date: this local time does not exist',
    ],
    ['a day that does not exist', set('date', '2026-04-31 02:30:00'), 'VALUES_TIME'],
    ['a negative value', set('value', '-5'), 'VALUES_NUMBER'],
    ['text for a value', set('value', 'abc'), 'VALUES_NUMBER'],
    ['a decimal comma', set('value', '1,5'), 'VALUES_NUMBER'],
    ['more than a GWh', set('value', '2000000002'), 'VALUES_NUMBER'],
    ['a malformed point', good.replace(point, '123'), 'VALUES_POINT'],
    ['a period that ends before it begins', good.replace('"end":"2026-04-15"', '"end":"2026-04-13"'), 'VALUES_TIME'],
    ['no reading', edited((readings) => readings.splice(0)), 'VALUES_COUNT'],
    ['no period', good.replace('"start":"2026-04-14",', ''), 'VALUES_SYNTAX'],
    ['cut short', good.slice(0, -20), 'VALUES_SYNTAX'],
    ['a period of centuries', good.replace('"end":"2026-04-15"', '"end":"2199-04-15"'), 'VALUES_TOO_LARGE'],
  ])('is refused for %s', async (_name, file, reason) => {
    expect(await refusal(file)).toContain(reason)
  })
})
