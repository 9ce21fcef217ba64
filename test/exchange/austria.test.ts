/** Rules of the Austrian document and workbook: what each code means, and what is refused. */
import { describe, expect, test } from 'vitest'
import { type Read, read, refusal } from './reading.ts'
import { autumnDay, intervalsOf, type Profile, plainDay, profileOf, springDay } from './street.ts'
import { edaXml } from './writers/eda-xml.ts'
import { type CellContent, portalBook, portalRows, workbook } from './writers/workbook.ts'

const point = 'AT0099990000000000000000000000001'
const zone = 'Europe/Vienna'

function profile(day: number, home: number, { direction = 'import' as const, intervalSeconds = 900, days = 1 } = {}) {
  return profileOf(7, { point, home, direction }, { zone, day, days, intervalSeconds })
}

/** The same intervals with each value a part of another's. */
function partOf(whole: Profile, part: number): Profile {
  return { ...whole, values: whole.values.map(({ wh, quality }) => ({ wh: Math.floor(wh! * part), quality })) }
}

const drawn = profile(plainDay, 1)
const offered = partOf(drawn, 0.9)
const covered = partOf(drawn, 0.5)
const consumer: [string, Profile][] = [
  ['1-1:2.9.0 G.03', covered],
  ['1-1:1.9.0 G.01T', drawn],
  ['1-1:2.9.0 G.02', offered],
]

const shapes = ({ series }: Read) => series.map(({ code, direction, channel }) => [code, direction, channel])

describe('a ConsumptionRecord', () => {
  test('has a consumer’s registers in order, with community and creation', async () => {
    const result = await read(
      edaXml({ registers: consumer, community: 'AT00999900000RC100000000000000001', prefix: 'x' }),
    )
    expect(shapes(result)).toEqual([
      ['1-1:1.9.0 G.01T', 'import', 'total'],
      ['1-1:2.9.0 G.02', 'import', 'offered'],
      ['1-1:2.9.0 G.03', 'import', 'shared'],
    ])
    expect(result.series.map(({ community }) => community)).toEqual(Array(3).fill('AT00999900000RC100000000000000001'))
    expect(result.createdAt).toBe(Date.UTC(2026, 3, 16, 1, 12) / 1000)
    expect(result.series[2]!.values).toEqual(intervalsOf(covered))
  })

  test('calls plain feed-in surplus only beside a register of a community', async () => {
    const fed = profile(plainDay, 2)
    const alone = await read(edaXml({ registers: [['1-1:2.9.0 P.01', fed]] }))
    expect(shapes(alone)).toEqual([['1-1:2.9.0 P.01', 'export', 'total']])
    const generator: [string, Profile][] = [
      ['1-1:2.9.0 P.01', partOf(fed, 0.4)],
      ['1-1:2.9.0 G.01', fed],
    ]
    expect(shapes(await read(edaXml({ registers: generator })))).toEqual([
      ['1-1:2.9.0 G.01', 'export', 'total'],
      ['1-1:2.9.0 P.01', 'export', 'residual'],
    ])
  })

  test('leaves the renewable part out and says so', async () => {
    const result = await read(edaXml({ registers: [...consumer, ['1-1:2.9.0 G.03R', covered]] }))
    expect(result.series).toHaveLength(3)
    expect(result.warnings).toEqual([expect.stringContaining('G.03R')])
  })

  test.each([
    ['spring', springDay - 1, 3],
    ['autumn', autumnDay - 1, 3],
  ])('has days of 23 and 25 hours in %s', async (_name, day, days) => {
    const daily = profile(day, 1, { intervalSeconds: 86_400, days })
    const whole = profile(day, 1, { days })
    const perDay = Array.from({ length: days }, (_, i) => ({ wh: 1000 * i, quality: 'measured' as const }))
    const document = edaXml({ registers: [['1-1:1.9.0 P.01', { ...daily, values: perDay }]] })
    const { series } = await read(document)
    expect(series[0]!.intervalSeconds).toBe(86_400)
    expect(series[0]!.values.map(({ start }) => start)).toEqual(perDay.map((_, i) => profile(day + i, 1).start))
    expect(series[0]!.values.at(-1)!.start - series[0]!.values[0]!.start + 86_400).not.toBe(days * 86_400 + 3600 * 2)
    expect((await read(edaXml({ registers: [['1-1:1.9.0 P.01', whole]] }))).series[0]!.values).toHaveLength(
      whole.values.length,
    )
  })

  test('may come in any schema version, with comments, and as ISO 8859-1', async () => {
    const document = edaXml({ registers: consumer, schema: '01p30' })
      .replace('UTF-8', 'ISO-8859-1')
      .replace('<MeteringReason>', '<!-- Zähler --><?note x?><MeteringReason>')
    expect((await read(Buffer.from(document, 'latin1'))).series).toHaveLength(3)
  })

  const good = edaXml({ registers: consumer })
  const lastValue = /<EP>(?:(?!<EP>).)*<\/EP>(?=<\/EnergyData>)/
  test.each<[string, string, string]>([
    [
      'another unit',
      edaXml({ registers: consumer, unit: 'MWH' }),
      'VALUES_UNIT EnergyData 1-1:2.9.0 G.03, line 2: unit MWH, expected KWH',
    ],
    ['an unknown code', good.replace('G.02', 'G.09'), 'VALUES_CODE EnergyData 1-1:2.9.0 G.09'],
    ['an unknown quality', good.replace('>L1<', '>L4<'), 'VALUES_QUALITY'],
    ['another sector', edaXml({ registers: consumer, sector: '02' }), 'VALUES_CODE Sector: "02"'],
    ['a malformed point', good.replaceAll(point, point.slice(1)), 'VALUES_POINT'],
    [
      'a number that does not fit',
      edaXml({ registers: consumer, number: 100 }),
      'VALUES_COUNT EnergyData 1-1:2.9.0 G.03, period from 2026-04-13T22:00:00Z: 96 values',
    ],
    ['a value less', good.replace(lastValue, ''), 'VALUES_COUNT'],
    [
      'a value less, and the number says so',
      edaXml({ registers: [['1-1:1.9.0 P.01', drawn]], number: 95 }).replace(lastValue, ''),
      'VALUES_COUNT EnergyData 1-1:1.9.0 P.01, period from 2026-04-13T22:00:00Z: no value for 2026-04-14T21:45:00Z',
    ],
    [
      'an interval twice',
      good.replaceAll('2026-04-14T00:15:00+02:00</DTF>', '2026-04-14T00:00:00+02:00</DTF>'),
      'VALUES_REPEATED',
    ],
    [
      'an interval of another length',
      good.replace('2026-04-14T00:15:00+02:00</DTT>', '2026-04-14T00:10:00+02:00</DTT>'),
      'VALUES_TIME',
    ],
    [
      'an interval outside the period',
      good.replaceAll('2026-04-14T23:45:00+02:00</DTF>', '2026-04-15T23:45:00+02:00</DTF>'),
      'VALUES_TIME',
    ],
    [
      'a time without offset',
      good.replace('2026-04-14T00:15:00+02:00</DTF>', '2026-04-14T00:15:00</DTF>'),
      'VALUES_TIME',
    ],
    ['a day that does not exist', good.replaceAll('2026-04-14T00:15', '2026-04-31T00:15'), 'VALUES_TIME'],
    ['a negative value', good.replace(/<BQ>/, '<BQ>-'), 'VALUES_NUMBER'],
    ['a decimal comma', good.replace(/<BQ>0\./, '<BQ>0,'), 'VALUES_NUMBER'],
    ['text for a value', good.replace(/<BQ>[\d.]+/, '<BQ>n/a'), 'VALUES_NUMBER'],
    ['more than a GWh', good.replace(/<BQ>[\d.]+/, '<BQ>1000000.000001'), 'VALUES_NUMBER'],
    ['more covered than drawn', good.replace(/(G\.03".*?<BQ>)[\d.]+/s, '$19.000000'), 'VALUES_SUM point'],
    ['cut short', good.slice(0, good.length / 2), 'VALUES_SYNTAX'],
    ['cut before its last tag', good.replace('</ConsumptionRecord>', ''), 'VALUES_SYNTAX'],
    [
      'a document type',
      good.replace('<ConsumptionRecord', '<!DOCTYPE ConsumptionRecord [<!ENTITY a "1">]><ConsumptionRecord'),
      'VALUES_UNSAFE line 2',
    ],
    ['an entity of its own', good.replace(/<BQ>[\d.]+/, '<BQ>&a;'), 'VALUES_SYNTAX'],
    [
      'deep nesting',
      good.replace('<MeteringReason>', `${'<a>'.repeat(65)}${'</a>'.repeat(65)}<MeteringReason>`),
      'VALUES_UNSAFE',
    ],
    ['a second point', good.replace('<Energy>', `<MeteringPoint>${point}</MeteringPoint><Energy>`), 'VALUES_SYNTAX'],
    ['values outside their place', good.replace('<EP>', '<X><EP>').replace('</EP>', '</EP></X>'), 'VALUES_SYNTAX'],
    ['a value named twice', good.replace('<MM>', '<BQ>1</BQ><MM>'), 'VALUES_SYNTAX'],
    ['another encoding', good.replace('UTF-8', 'EBCDIC-CP-US'), 'VALUES_SYNTAX'],
  ])('is refused for %s', async (_name, document, reason) => {
    expect(await refusal(document)).toContain(reason)
  })

  test('may exceed by a rounding', async () => {
    const more = { ...covered, values: covered.values.map(({ quality }, i) => ({ wh: drawn.values[i]!.wh, quality })) }
    const document = edaXml({
      registers: [
        ['1-1:1.9.0 G.01', drawn],
        ['1-1:2.9.0 G.03', more],
      ],
    })
    const rounded = document.replace(/(G\.03".*?<BQ>[\d.]+)0</s, '$11<')
    expect((await read(rounded)).series).toHaveLength(2)
    expect(await refusal(document.replace(/(G\.03".*?<BQ>[\d.]+)0</s, '$12<'))).toContain('VALUES_SUM')
  })
})

describe('the portal’s workbook', () => {
  const portal = (options = {}, registers = consumer) => portalBook(registers, options)

  test('has a consumer’s registers', async () => {
    const result = await read(portal({ count: '96', total: true }))
    expect(shapes(result)).toEqual([
      ['1-1:1.9.0 G.01T', 'import', 'total'],
      ['1-1:2.9.0 G.02', 'import', 'offered'],
      ['1-1:2.9.0 G.03', 'import', 'shared'],
    ])
    expect(result).toMatchObject({ format: 'eda-xlsx', createdAt: null, warnings: [] })
  })

  test('without qualities is estimated', async () => {
    const { series } = await read(portal({ qualities: false }))
    expect(new Set(series[0]!.values.map(({ quality }) => quality))).toEqual(new Set(['estimated']))
  })

  test('lists what has no row as missing, in every column', async () => {
    const edit = (rows: CellContent[][]) => {
      rows.splice(20, 2)
      rows.splice(8, 1)
    }
    const { series } = await read(portal({ edit }))
    for (const { values } of series) {
      expect(values).toHaveLength(96)
      expect(values.filter(({ quality }) => quality === 'missing')).toHaveLength(2)
      expect(values[11]).toEqual({ start: drawn.start + 11 * 900, energyMicroWh: null, quality: 'missing' })
    }
  })

  test('tells summer from winter by the order of rows, also where some are left out', async () => {
    const autumn = profile(autumnDay, 1)
    const edit = (rows: CellContent[][]) => {
      // 02:30 in summer time has no row: the 02:30 that is left comes after the second 02:15.
      rows.splice(9 + 10, 1)
      rows.splice(8, 1)
    }
    const { series } = await read(portal({ edit, times: 'text' }, [['1-1:1.9.0 G.01', autumn]]))
    const expected = intervalsOf(autumn)
    expected[10] = { ...expected[10]!, energyMicroWh: null, quality: 'missing' }
    expect(series[0]!.values).toEqual(expected)
  })

  test('takes rows in any order, but not where one clock time stands for two instants', async () => {
    const reversed = (rows: CellContent[][]) => rows.push(...rows.splice(9).reverse())
    const { series } = await read(portal({ edit: reversed }, [['1-1:1.9.0 G.01', drawn]]))
    expect(series[0]!.values).toEqual(intervalsOf(drawn))
    const autumn = portal({ edit: reversed }, [['1-1:1.9.0 G.01', profile(autumnDay, 1)]])
    expect(await refusal(autumn)).toContain('VALUES_TIME Energiedaten!A94: rows out of order')
  })

  test('reads floats as the six decimals that were meant', async () => {
    const edit = (rows: CellContent[][]) => {
      rows[9]![1] = { number: '0.23499999999999999' }
      rows[10]![1] = { number: '1.2E-5' }
      rows[11]![1] = { number: '0.0000005' }
      rows[12]![1] = { number: '0.0000015' }
      rows.splice(8, 1)
    }
    const { series } = await read(portal({ edit }, [['1-1:1.9.0 G.01', drawn]]))
    expect(series[0]!.values.slice(0, 4).map(({ energyMicroWh }) => energyMicroWh)).toEqual([
      235_000_000, 12_000, 0, 2000,
    ])
  })

  test('finds its parts by relations and takes cells without references', async () => {
    const rows = portalRows([['1-1:1.9.0 G.01', drawn]])
    const cells = rows.map((row) =>
      row
        .map((cell) =>
          typeof cell === 'string' ? `<c t="str"><v>${cell}</v></c>` : `<c><v>${cell?.number ?? ''}</v></c>`,
        )
        .join(''),
    )
    const sheet = `<worksheet><sheetData>${cells.map((row) => `<row>${row}</row>`).join('')}</sheetData></worksheet>`
    const book = workbook([], { parts: { 'xl/worksheets/sheet2.xml': sheet } })
    expect((await read(book)).series[0]!.values).toEqual(intervalsOf(drawn))
  })

  const change = (row: number, column: number, content: CellContent) => (rows: CellContent[][]) => {
    rows[row]![column] = content
  }
  test.each<[string, Buffer, string]>([
    ['another sheet', portal({ sheet: 'Daten' }), 'VALUES_FORMAT xl/workbook.xml: no sheet "Energiedaten"'],
    [
      'another unit',
      portal({ edit: change(7, 1, 'Anteil gemeinschaftliche Erzeugung [MWH]') }),
      'VALUES_UNIT Energiedaten!B8: unit MWH, expected KWH',
    ],
    ['no unit', portal({ edit: change(7, 1, 'Anteil gemeinschaftliche Erzeugung') }), 'VALUES_UNIT'],
    ['an unknown code', portal({ edit: change(7, 1, 'Blindarbeit [KWH]') }), 'VALUES_CODE Energiedaten!B8'],
    ['a malformed point', portal({ edit: change(1, 1, 'AT1') }), 'VALUES_POINT Energiedaten!B2'],
    ['an unknown quality', portal({ edit: change(12, 2, 'L7') }), 'VALUES_QUALITY Energiedaten!C13'],
    ['a wrong sum', portal({ edit: change(8, 1, { number: '1.5' }) }), 'VALUES_SUM Energiedaten!B9'],
    ['a number of rows that does not fit', portal({ count: '95' }), 'VALUES_COUNT Energiedaten!B7'],
    ['text for a value', portal({ edit: change(12, 1, '0,5') }), 'VALUES_NUMBER Energiedaten!B13'],
    ['a negative value', portal({ edit: change(12, 1, { number: '-0.5' }) }), 'VALUES_NUMBER Energiedaten!B13'],
    [
      'a time off the quarter-hour',
      portal({ edit: change(12, 0, '14.04.2026 00:50:00') }),
      'VALUES_TIME Energiedaten!A13',
    ],
    ['a row without time', portal({ edit: change(12, 0, undefined) }), 'VALUES_TIME Energiedaten!A13'],
    [
      'a time twice',
      portal({ times: 'text', edit: change(12, 0, '14.04.2026 00:30:00') }),
      'VALUES_REPEATED Energiedaten!A13',
    ],
    [
      'a time that the clock skips',
      portal({ times: 'text', edit: change(12, 0, '30.03.2025 02:15:00') }),
      'VALUES_TIME Energiedaten!A13: this clock time does not exist',
    ],
    ['a value below no point', portal({ edit: change(12, 9, { number: '1' }) }), 'VALUES_CODE Energiedaten!J13'],
    ['another length', portal({ edit: change(5, 1, 'D (täglich)') }), 'VALUES_CODE Energiedaten!B6'],
    ['a register twice', portal({}, [consumer[0]!, consumer[0]!]), 'VALUES_REPEATED'],
    [
      'more covered than offered',
      portal({}, [
        ['1-1:2.9.0 G.02', covered],
        ['1-1:2.9.0 G.03', drawn],
      ]),
      'VALUES_SUM',
    ],
    [
      'a document type',
      portal({ parts: { 'xl/styles.xml': '<!DOCTYPE a><a/>' } }),
      'VALUES_UNSAFE xl/styles.xml line 1',
    ],
    [
      'dates from 1904',
      portal({ parts: { 'xl/workbook.xml': '<workbook><workbookPr date1904="1"/></workbook>' } }),
      'VALUES_TIME',
    ],
    ['half of it', portal().subarray(0, 4000), 'VALUES_SYNTAX no whole workbook'],
    ['no values', workbook([['x']]), 'VALUES_COUNT Energiedaten: no row of values'],
  ])('is refused for %s', async (_name, book, reason) => {
    expect(await refusal(book)).toContain(reason)
  })

  test('is refused for a byte that is not what it was', async () => {
    const book = portal({ strings: 'inline' })
    const at = book.indexOf('xl/worksheets/sheet2.xml') + 24 + 200
    book[at]! ^= 1
    expect(await refusal(book)).toContain('VALUES_SYNTAX')
  })

  test('is refused for a part that unpacks to more than it says, or than any sheet has', async () => {
    const bomb = workbook([], { parts: { 'xl/media/image1.bin': '\0'.repeat(129 * 2 ** 20) } })
    expect(await refusal(bomb)).toContain('VALUES_TOO_LARGE xl/media/image1.bin')
    const lying = Buffer.from(bomb)
    const size = Buffer.alloc(4)
    size.writeUInt32LE(129 * 2 ** 20)
    for (let at = lying.indexOf(size); at >= 0; at = lying.indexOf(size)) lying.writeUInt32LE(1000, at)
    expect(await refusal(lying)).toContain('VALUES_SYNTAX')
  })
})
