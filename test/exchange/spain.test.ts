/** Rules of the Spanish files: columns, control letters, and hours of days on which the clock changes. */
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { autumnDay, intervalsOf, type Profile, plainDay, profileOf, springDay } from './street.ts'
import { cupsOf, datadisCsv, datadisJson, distributorCsv, type SpanishRow, spanishRows } from './writers/spanish.ts'

const cups = cupsOf(21_990_000_000_007)

function profile(day: number, { home = 1, point = cups, zone = 'Europe/Madrid', days = 1 } = {}): Profile {
  return profileOf(11, { point, home, direction: 'import' }, { zone, day, days, intervalSeconds: 3600 })
}

const rowsOf = (day: number, options = {}) => spanishRows(profile(day), profile(day, { home: 2 }), options)
const valuesOf = async (file: string, options = {}) => (await read(file, options)).series.at(-1)!.values

describe('a file of Datadis', () => {
  test.each([
    ['spring', springDay, 23],
    ['autumn', autumnDay, 25],
    ['another day', plainDay, 24],
  ])('has the hours of a day in %s by clock or by place, in any order', async (_name, day, count) => {
    const expected = intervalsOf(profile(day))
    expect(expected).toHaveLength(count)
    for (const hours of ['clock', 'position'])
      expect(await valuesOf(datadisCsv(rowsOf(day, { hours })))).toEqual(expected)
    expect(await valuesOf(datadisCsv(rowsOf(day, { hours: 'position' }).reverse()))).toEqual(expected)
  })

  test.each([
    ['spring', springDay, ['02:00', '03:00'], ['01:00']],
    ['autumn', autumnDay, ['01:00'], []],
  ])('knows the Canaries in %s', async (_name, day, present, absent) => {
    const zone = 'Atlantic/Canary'
    const home = profile(day, { zone })
    const rows = spanishRows(home, null, { zone })
    const hours = rows.map(({ hour }) => hour)
    expect(hours).toEqual(expect.arrayContaining(present))
    expect(hours.filter((hour) => absent.includes(hour))).toEqual([])
    expect(await valuesOf(datadisCsv(rows, { surplus: false }), { timezone: zone })).toEqual(intervalsOf(home))
    expect(await refusal(datadisCsv(rows, { surplus: false }))).toContain('VALUES_')
  })

  test('has two halves of an hour that stands for two, and says so', async () => {
    const rows = rowsOf(autumnDay)
    const [first, second] = rows.splice(1, 2)
    rows.splice(1, 0, { ...first!, imported: '0,514', exported: '0,001', method: 'R' })
    rows[5]!.method = 'E'
    const { series, warnings } = await read(datadisCsv(rows))
    expect(second!.hour).toBe('02:00')
    expect(warnings).toEqual([expect.stringContaining('2025-10-26')])
    const values = series.find(({ direction }) => direction === 'import')!.values
    expect(values).toHaveLength(25)
    expect(values.slice(1, 3)).toEqual([
      { start: profile(autumnDay).start + 3600, energyMicroWh: 257_000_000, quality: 'substituted' },
      { start: profile(autumnDay).start + 7200, energyMicroWh: 257_000_000, quality: 'substituted' },
    ])
    expect(series[0]!.values[1]!.energyMicroWh).toBe(500_000)
    rows[1]!.method = 'E'
    expect((await read(datadisCsv(rows))).series[0]!.values[2]!.quality).toBe('estimated')
  })

  test('is refused where two hours have one clock time and rows are out of order', async () => {
    expect(await refusal(datadisCsv(rowsOf(autumnDay).reverse()))).toContain('VALUES_TIME')
  })

  test('knows the columns of both namings, in any case and with accents', async () => {
    const rows = rowsOf(plainDay)
    const file = datadisCsv(rows, { surplus: false })
    const header =
      'cups;fecha;hora;consumo_kWh;metodoObtencion;energiaVertida_kWh;energiaGenerada_kWh;energiaAutoconsumida_kWh'
    const long = [
      header,
      ...rows.map((row) => `${row.cups};${row.date};${row.hour};${row.imported};Real;;;0,000`),
    ].join('\n')
    const result = await read(long)
    expect(result.format).toBe('datadis-csv')
    expect(result.series).toHaveLength(1)
    expect(result.warnings).toEqual([expect.stringContaining('energiaAutoconsumida_kWh')])
    const accents = file.replace('Metodo_obtencion', 'MÉTODO_OBTENCIÓN')
    for (const encoding of ['utf8', 'latin1'] as const) {
      expect((await read(Buffer.from(accents, encoding))).series).toHaveLength(1)
    }
  })

  test('takes 22 characters as the point of 20, and anonymous numbers as they are', async () => {
    const rows = rowsOf(plainDay).map((row) => ({ ...row, cups: `${cups}1F` }))
    expect((await read(datadisCsv(rows))).series[0]!.point).toBe(cups)
    const anonymous = rows.map((row) => ({ ...row, cups: 'ES00210000XXXXXXXXXX' }))
    expect((await read(datadisCsv(anonymous))).series[0]!.point).toBe('ES00210000XXXXXXXXXX')
  })

  test('has no series for an empty column and a missing value for an empty cell', async () => {
    const rows = rowsOf(plainDay).map((row, i) => ({ ...row, exported: '', imported: i === 3 ? '' : row.imported }))
    const { series } = await read(datadisCsv(rows))
    expect(series.map(({ direction }) => direction)).toEqual(['import'])
    expect(series[0]!.values[3]).toMatchObject({ energyMicroWh: null, quality: 'missing' })
  })

  test('takes an unknown method of obtaining for an estimate only where it is empty', async () => {
    const methods = ['R', 'Real', 'E', 'Estimada', 'Estimado', '']
    const rows = rowsOf(plainDay).map((row, i) => ({ ...row, method: methods[i % 6]! }))
    const values = (await read(datadisCsv(rows))).series[0]!.values
    const [measured, estimated] = [Array(2).fill('measured'), Array(4).fill('estimated')]
    expect(values.slice(0, 6).map(({ quality }) => quality)).toEqual([...measured, ...estimated])
  })

  const change = (edit: (rows: SpanishRow[]) => unknown, day = plainDay, options = {}) => {
    const rows = rowsOf(day, options)
    edit(rows)
    return datadisCsv(rows)
  }
  const set = (field: keyof SpanishRow, text: string) =>
    change((rows) => {
      rows[4]![field] = text
    })
  test.each<[string, string, string]>([
    [
      'a day without an hour',
      change((rows) => rows.splice(5, 1)),
      'VALUES_COUNT line 2: 2026-04-14 has 24 hours, but 23 rows: 06:00 is missing',
    ],
    ['an hour twice', change((rows) => rows.splice(5, 1, rows[4]!)), 'VALUES_REPEATED line 7: 2026-04-14 05:00'],
    [
      'an hour that the clock skips',
      change((rows) => rows.splice(1, 0, { ...rows[0]!, hour: '02:00' }), springDay),
      'VALUES_TIME line 3: 2025-03-30 has no 02:00',
    ],
    ['24 places in an autumn day', change((rows) => rows.pop(), autumnDay, { hours: 'position' }), 'VALUES_COUNT'],
    ['places and clock times in one day', set('hour', '5'), 'VALUES_TIME'],
    ['hour 0', set('hour', '00:00'), 'VALUES_TIME line 6: "00:00" is no hour'],
    ['hour 26', set('hour', '26'), 'VALUES_TIME'],
    ['half an hour', set('hour', '05:30'), 'VALUES_TIME'],
    ['a day that does not exist', set('date', '31/02/2026'), 'VALUES_TIME line 6: "31/02/2026" is no date'],
    ['wrong control letters', set('cups', `${cups.slice(0, 18)}AA`), 'VALUES_POINT'],
    ['a short CUPS', set('cups', cups.slice(0, 19)), 'VALUES_POINT'],
    ['an unknown method', set('method', 'Z'), 'VALUES_QUALITY line 6: method "Z" is not known'],
    ['a decimal point', set('imported', '0.556'), 'VALUES_NUMBER line 6, Consumo_kWh'],
    ['a thousands sign', set('imported', '1.234,5'), 'VALUES_NUMBER'],
    ['a negative value', set('exported', '-1,0'), 'VALUES_NUMBER line 6, Energia_vertida_kWh: "-1,0" is negative'],
    ['a missing field', datadisCsv(rowsOf(plainDay)).replace(';R;', ';R'), 'VALUES_SYNTAX'],
    [
      'a quote that stays open',
      datadisCsv(rowsOf(plainDay)).replace(';R;', ';"R;'),
      'VALUES_SYNTAX line 2: a quote is not closed',
    ],
    ['no rows', datadisCsv([]), 'VALUES_COUNT'],
    [
      'an unknown column',
      datadisCsv(rowsOf(plainDay)).replace('Energia_vertida_kWh', 'Reactiva'),
      'VALUES_FORMAT none of the formats',
    ],
    [
      'the file of i-DE in Wh',
      'CUPS;FECHA-HORA;INV / VER;CONSUMO Wh;GENERACION Wh\n',
      'VALUES_FORMAT rows of this i-DE file',
    ],
  ])('is refused for %s', async (_name, file, reason) => {
    expect(await refusal(file)).toContain(reason)
  })
})

describe('a file of e-distribución', () => {
  test('has import and export, and leaves own use out', async () => {
    const file = distributorCsv(rowsOf(springDay, { hours: 'position' }))
    const { series, warnings, format } = await read(file.replace(/;;R\r\n$/, ';0,000;R\r\n'))
    expect([format, series.length, warnings.length]).toEqual(['es-distributor-csv', 2, 1])
    expect(warnings[0]).toContain('AE_AUTOCONS_kWh')
    expect(series[1]!.values).toEqual(intervalsOf(profile(springDay)))
    expect((await read(file)).warnings).toEqual([])
  })
})

describe('an answer of Datadis', () => {
  const answer = datadisJson(rowsOf(plainDay, { yearFirst: true }))
  test('keeps the decimals that it writes', async () => {
    const exact = answer.replace(/"consumptionKWh":[\d.]+/, '"consumptionKWh":0.1234567890123')
    const tiny = exact.replace(/"surplusEnergyKWh":[\d.]+/, '"surplusEnergyKWh":1.5e-3')
    const { series } = await read(tiny)
    expect(series.map(({ values }) => values[0]!.energyMicroWh)).toEqual([1_500_000, 123_456_789])
  })

  test('leaves out what it does not know, and says so', async () => {
    const { warnings } = await read(answer.replaceAll('"cups"', '"generationEnergyKWh":0.5,"cups"'))
    expect(warnings).toEqual([expect.stringContaining('generationEnergyKWh')])
    expect((await read(answer.replaceAll('"cups"', '"generationEnergyKWh":null,"cups"'))).warnings).toEqual([])
  })

  test.each<[string, string, string]>([
    [
      'text for a number',
      answer.replace(/"consumptionKWh":([\d.]+)/, '"consumptionKWh":"$1"'),
      'VALUES_NUMBER $[0].consumptionKWh',
    ],
    [
      'a negative number',
      answer.replace('"consumptionKWh":', '"consumptionKWh":-'),
      'VALUES_NUMBER $[0].consumptionKWh',
    ],
    ['a key twice', answer.replace('"cups"', '"time":"01:00","cups"'), 'VALUES_SYNTAX $[0]'],
    ['an hour less', answer.replace(/\{[^}]*"05:00"[^}]*\},/, ''), 'VALUES_COUNT $[0]: 2026-04-14 has 24 hours'],
    ['cut short', answer.slice(0, -300), 'VALUES_SYNTAX'],
    ['something behind its end', `${answer}]`, 'VALUES_SYNTAX'],
    ['a missing key', answer.replace('"date":"2026/04/14",', ''), 'VALUES_SYNTAX $[0]: date is missing'],
    ['deep nesting', `[{"cups":"x","a":${'['.repeat(70)}${']'.repeat(70)}}]`, 'VALUES_UNSAFE'],
    ['an empty list', '[]', 'VALUES_FORMAT'],
    ['another shape', '[{"x":1}]', 'VALUES_FORMAT'],
  ])('is refused for %s', async (_name, file, reason) => {
    expect(await refusal(file)).toContain(reason)
  })
})
