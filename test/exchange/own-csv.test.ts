/** Rules of our own CSV, and of telling formats apart. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { plainDay, profileOf } from './street.ts'
import { ownCsv, ownCsvRows } from './writers/own-csv.ts'

const profile = profileOf(
  23,
  { point: 'p1', home: 1, direction: 'import' },
  { zone: 'UTC', day: plainDay, intervalSeconds: 900 },
)
const rows = ownCsvRows([profile])
const file = (edit: (rows: string[]) => unknown = () => {}) => {
  const all = [...rows]
  edit(all)
  return ownCsv(all)
}
const replaced = (from: string | RegExp, to: string) =>
  file((all) => {
    all[3] = all[3]!.replace(from, to)
  })

describe('our own CSV', () => {
  test('finds the length of a series and lists what lies between as missing', async () => {
    const { series } = await read(file((all) => all.splice(5, 3)))
    expect(series[0]!.intervalSeconds).toBe(900)
    expect(series[0]!.values).toHaveLength(96)
    expect(series[0]!.values.slice(4, 9).map(({ quality }) => quality)).toEqual([
      'measured',
      'missing',
      'missing',
      'missing',
      'measured',
    ])
    const hourly = await read(file((all) => all.splice(0, all.length, ...all.filter((_, i) => i % 4 === 0))))
    expect(hourly.series[0]).toMatchObject({ intervalSeconds: 3600 })
  })

  test('keeps exact decimals and names that need quotes', async () => {
    const odd = [
      '"Haus ""A"", links",2026-04-14T00:00:00Z,,offered,0.1234567,estimated',
      '"Haus ""A"", links",2026-04-14T00:01:00Z,,offered,1000000000,substituted',
      '"Haus ""A"", links",2026-04-14T00:03:00Z,,offered,,missing',
    ]
    const { series } = await read(`\ufeff${ownCsv(odd, '\n')}`)
    expect(series[0]).toMatchObject({
      point: 'Haus "A", links',
      direction: null,
      channel: 'offered',
      intervalSeconds: 60,
    })
    expect(series[0]!.values.map(({ energyMicroWh }) => energyMicroWh)).toEqual([123_457, 1e15, null, null])
  })

  test.each<[string, string, string]>([
    ['a series of one row', ownCsv([rows[0]!]), 'VALUES_COUNT line 2: a series of one row'],
    ['a start twice', file((all) => all.push(all[0]!)), 'VALUES_REPEATED line 98: the interval stands twice'],
    ['a step that does not divide', replaced('00:45:00', '00:50:00'), 'VALUES_TIME'],
    ['a step of no known length', ownCsv([rows[0]!, rows[0]!.replace('00:00:00', '00:20:00')]), 'VALUES_TIME'],
    ['a start without Z', replaced('00Z', '00+00:00'), 'VALUES_TIME line 5'],
    ['a start with a fraction', replaced('00Z', '00.5Z'), 'VALUES_TIME line 5'],
    ['a day that does not exist', replaced('2026-04-14', '2026-02-30'), 'VALUES_TIME line 5'],
    ['an unknown direction', replaced('import', 'both'), 'VALUES_CODE line 5'],
    ['a direction of the language', replaced('import', 'constructor'), 'VALUES_CODE line 5'],
    ['an unknown channel', replaced('total', 'net'), 'VALUES_CODE line 5'],
    ['an unknown quality', replaced('measured', 'good'), 'VALUES_QUALITY line 5'],
    ['no energy of a quality', replaced(/\d+,measured/, ',measured'), 'VALUES_QUALITY line 5'],
    ['energy of what is missing', replaced('measured', 'missing'), 'VALUES_QUALITY line 5'],
    ['a negative energy', replaced(/(\d+),measured/, '-$1,measured'), 'VALUES_NUMBER line 5'],
    ['an exponent', replaced(/(\d+),measured/, '1e3,measured'), 'VALUES_NUMBER line 5'],
    ['a sign', replaced(/(\d+),measured/, '+$1,measured'), 'VALUES_NUMBER line 5'],
    ['no point', replaced('p1', ''), 'VALUES_POINT line 5'],
    ['a field more', replaced(/$/, ',x'), 'VALUES_SYNTAX line 5: 7 fields, expected 6'],
    ['a quote inside a field', replaced('p1', 'p"1"'), 'VALUES_SYNTAX line 5: a quote inside a field'],
    ['text behind a quote', replaced('p1', '"p"1'), 'VALUES_SYNTAX line 5: text after a closing quote'],
    ['a quote that stays open', replaced('p1', '"p1'), 'VALUES_SYNTAX line 5: a quote is not closed'],
    ['no row', ownCsv([]), 'VALUES_COUNT'],
    ['a row of any length', ownCsv([','.repeat(70_000)]), 'VALUES_SYNTAX line 2: a row of more than 65536 bytes'],
  ])('is refused for %s', async (_name, text, reason) => {
    expect(await refusal(text)).toContain(reason)
  })

  test('is refused where it is no UTF-8', async () => {
    expect(await refusal(Buffer.from(ownCsv([rows[0]!.replace('p1', 'pä')]), 'latin1'))).toBe(
      'VALUES_SYNTAX the text is not UTF-8',
    )
  })
})

describe('the format', () => {
  test('is what the content says', async () => {
    expect(await refusal(file(), { format: 'nem12' })).toBe('VALUES_FORMAT the content is csv, not nem12')
    expect(await refusal(file(), { format: 'pdf' })).toContain(
      'VALUES_FORMAT format "pdf" is none of eda-xml, eda-xlsx',
    )
    expect((await read(file(), { format: 'csv' })).format).toBe('csv')
  })

  test.each<[string, string | Buffer, string]>([
    ['nothing', '', 'the file is empty'],
    ['blanks', ' \r\n', 'the file is empty'],
    ['text', 'hello\nworld', 'the first line is "hello"'],
    ['JSON of another shape', '{"a":1}', 'this JSON has another shape'],
    ['XML of another kind', '<html/>', 'the root element is "html"'],
    ['a packed file', gzipSync(file()), 'gzip: unpack it first'],
    ['an archive that ends at once', 'PK\x03\x04', 'no whole workbook'],
    ['a terminal’s control characters', '\x1b[2Jx', 'none of the formats: the first line is "\\u001b[2Jx"'],
  ])('is none for %s', async (_name, content, reason) => {
    expect(await refusal(content)).toContain(reason)
  })

  test('of a file that is too large does not matter', async () => {
    expect(await refusal(Buffer.alloc(64 * 2 ** 20 + 1, ' '))).toBe('VALUES_TOO_LARGE larger than 64 MiB')
  })
})
