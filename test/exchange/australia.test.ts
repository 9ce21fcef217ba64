/** Rules of NEM12: market days, qualities, registers that are left out, and corrected days. */
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { intervalsOf, type Profile, plainDay, profileOf } from './street.ts'
import { nem12, nem12Rows } from './writers/nem12.ts'

const nmi = 'CWN0000007'

function profile({ home = 1, days = 1, intervalSeconds = 1800, varied = false } = {}): Profile {
  const qualities = varied ? (['measured', 'substituted', 'estimated', 'missing'] as const) : (['measured'] as const)
  return profileOf(
    17,
    { point: nmi, home, direction: 'import' },
    { zone: '+10:00', day: plainDay, days, intervalSeconds },
    qualities,
  )
}

const rows = nem12Rows('E1', profile())
const file = (edit: (rows: string[]) => unknown = () => {}) => nem12(rows, { edit: (all) => void edit(all) })
const replaced = (row: number, from: string | RegExp, to: string) =>
  file((all) => {
    all[row] = all[row]!.replace(from, to)
  })

describe('a NEM12 file', () => {
  test('has market days, whatever their order', async () => {
    const days = profile({ days: 3 })
    const [register, ...data] = nem12Rows('E1', days)
    const { series, createdAt } = await read(nem12([register!, ...data.reverse()]))
    expect(series[0]!.values).toEqual(intervalsOf(days))
    expect(createdAt).toBe(Date.UTC(2026, 3, 15, 23, 17) / 1000)
  })

  test('runs on the zone that it is told', async () => {
    const { series, createdAt } = await read(file(), { timezone: 'Australia/Perth' })
    expect(series[0]!.values[0]!.start).toBe(profile().start + 2 * 3600)
    expect(createdAt).toBe(Date.UTC(2026, 3, 16, 1, 17) / 1000)
    const changing = nem12(nem12Rows('E1', profile()).map((row) => row.replace('20260414', '20260405')))
    expect(await refusal(changing, { timezone: 'Australia/Sydney' })).toContain(
      '2026-04-05 has no 24 hours in Australia/Sydney',
    )
  })

  test('leaves other registers out, whatever their length and unit, and names them', async () => {
    const reactive = [
      '200,CWN0000007,B1E1Q1,Q1,Q1,N1,METER1,kVArh,1,',
      '300,20260414,1,2,A,,,,',
      '500,S1,RETNSRVCEORDER,20260414,1',
    ]
    const { series, warnings } = await read(nem12([...rows, ...reactive]))
    expect(series).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('Q1')])
    expect(await refusal(nem12(reactive))).toContain('VALUES_COUNT')
  })

  test('may have nine fields, padding, short numbers, 12 digits of update time and one register in two lengths', async () => {
    const short = { ...profile({ intervalSeconds: 900 }), point: 'N1' }
    const long = { ...profile({ days: 2 }), point: 'N1' }
    const later = { ...long, start: long.start + 86_400, values: long.values.slice(48) }
    const all = [...nem12Rows('E1', short, { updated: '202604160800' }), ...nem12Rows('E1', later, { padding: ',,,,' })]
    const { series } = await read(nem12(all.map((row) => row.replace(/^(200.*),$/, '$1'))))
    expect(series.map(({ intervalSeconds, values }) => [intervalSeconds, values.length])).toEqual([
      [900, 96],
      [1800, 48],
    ])
  })

  test('counts the newest of a day that stands more than once', async () => {
    const [newest, older] = [profile({ home: 2 }), profile()]
    const [register, first] = nem12Rows('E1', newest, { updated: '20260417080000' })
    const versions = [first!, nem12Rows('E1', older)[1]!, nem12Rows('E1', older, { updated: '' })[1]!]
    for (const order of [versions, [...versions].reverse()]) {
      const { series, warnings } = await read(nem12([register!, ...order]))
      expect(series[0]!.values).toEqual(intervalsOf(newest))
      expect(warnings).toEqual([expect.stringContaining(nmi)])
    }
    expect(await refusal(nem12([register!, ...versions, versions[1]!]))).toContain('VALUES_REPEATED')
  })

  test('leaves what has no value missing', async () => {
    const { series } = await read(replaced(2, /^(300,\d+,)[\d.]+/, '$1'))
    expect(series[0]!.values[0]).toMatchObject({ energyMicroWh: null, quality: 'missing' })
  })

  const varied = nem12Rows('E1', profile({ varied: true }))
  const events = (edit: (rows: string[]) => unknown) => {
    const all = [...varied]
    edit(all)
    return nem12(all)
  }
  test.each<[string, string, string]>([
    ['no header', file((all) => all.shift()), 'VALUES_FORMAT'],
    ['another version', replaced(0, 'NEM12', 'NEM13'), 'VALUES_FORMAT'],
    ['no end', file((all) => all.pop()), 'VALUES_SYNTAX the file is cut short: the 900 row is missing'],
    ['something behind its end', file((all) => all.push(rows[0]!)), 'VALUES_SYNTAX line 5'],
    ['a value less', replaced(2, /,[\d.]+,A/, ',A'), 'VALUES_COUNT line 3: 47 values, expected 48'],
    ['a value more', replaced(2, /,A/, ',1,A'), 'VALUES_COUNT line 3: 49 values, expected 48'],
    ['no quality', replaced(2, /,A,.*/, ''), 'VALUES_COUNT line 3'],
    ['an unknown quality', replaced(2, ',A,', ',X,'), 'VALUES_QUALITY line 3'],
    [
      'another unit',
      replaced(1, 'kWh', 'kVArh'),
      'VALUES_UNIT line 2: register E1: unit kVArh, expected Wh, kWh or MWh',
    ],
    ['another length', replaced(1, ',30,', ',60,'), 'VALUES_TIME line 2'],
    ['a malformed NMI', replaced(1, nmi, 'CWN-0000007'), 'VALUES_POINT'],
    ['no suffix', replaced(1, ',E1,E1,', ',E1,,'), 'VALUES_CODE'],
    ['a day that does not exist', replaced(2, '20260414', '20260431'), 'VALUES_TIME'],
    ['a negative value', replaced(2, /^(300,\d+,)/, '$1-'), 'VALUES_NUMBER line 3, value 1'],
    ['text for a value', replaced(2, /^(300,\d+,)[\d.]+/, '$1x'), 'VALUES_'],
    ['an unknown record', file((all) => all.splice(2, 0, '250,X')), 'VALUES_CODE line 3: record "250"'],
    ['a day before any register', file((all) => all.splice(1, 1)), 'VALUES_SYNTAX'],
    ['events that leave a gap', events((all) => all.splice(3, 1)), 'VALUES_COUNT'],
    ['events that overlap', events((all) => all.splice(3, 0, all[2]!)), 'VALUES_COUNT'],
    ['events that end early', events((all) => all.pop()), 'VALUES_COUNT line 3: the 400 rows describe'],
    ['no events of a varying day', events((all) => all.splice(2)), 'VALUES_COUNT'],
    ['events of a day that does not vary', file((all) => all.splice(3, 0, '400,1,48,A,,')), 'VALUES_SYNTAX'],
    [
      'an event of unknown quality',
      events((all) => all.splice(2, 1, all[2]!.replace(/[A-Z]\d*,,$/, 'Q,,'))),
      'VALUES_QUALITY',
    ],
    ['an update time that is none', replaced(2, '20260416080000', 'yesterday'), 'VALUES_'],
  ])('is refused for %s', async (_name, text, reason) => {
    expect(await refusal(text)).toContain(reason)
  })
})
