/** The report in the formats of the energy market: by their rules, and read back by the readers of official values. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { readXml } from '../../server/exchange/xml.ts'
import { eicCheckCharacter } from '../../server/reports/energy-codes.ts'
import { espiClock } from '../../server/reports/espi-clock.ts'
import { reportFormats } from '../../server/reports/formats.ts'
import type { PointFacts } from '../../server/reports/row.ts'
import type { SettledInterval } from '../../server/reports/settled-row.ts'
import { read } from '../exchange/reading.ts'
import { headOf, later, seller, settings, write } from './rows.ts'
import { energyAccountRules, espiRules, faultsOf } from './xml-rules.ts'

const eic = (text: string) => text + eicCheckCharacter(text)
const parties = { sender: eic('11XSENDER------'), receiver: eic('11XRECEIVER----'), domain: eic('10YDOMAIN------') }
const atPoint = (digits: string) => `AT001000${digits.padStart(25, '0')}`
const byPoint = (row: SettledInterval): SettledInterval => ({ ...row, results: null })
const buyer = byPoint({
  ...{ ...seller, meter: `0x${'c'.repeat(40)}`, import_wh: 801, export_wh: 0, bought_wh: 300, sold_wh: 0 },
  ...{ paid: '333333', received: '0' },
  outcomes: [{ stage: 'spot', arrival: 2, side: 'buy', filledWh: 300, priceTicks: 1_100, amount: 333_333n }],
})
const rosterOf =
  (points: Record<string, string>) =>
  (meter: string): PointFacts | null => {
    const point = points[meter]
    if (point === undefined) return null
    return { point, exportPoint: point, supplier: 'Supplier', balanceGroup: eic('11XGROUP-------') }
  }
const austria = rosterOf({ [seller.meter]: atPoint('1'), [buyer.meter]: atPoint('2') })

/** Ends of paths with their texts, in order. */
function elements(text: string, name: string): string[] {
  const found: string[] = []
  readXml(Buffer.from(text), () => ({
    open() {},
    close(own, content) {
      if (own === name) found.push(content)
    },
  }))
  return found
}

test.each([
  ['espi', espiRules],
  ['energy-account', energyAccountRules],
] as const)(
  '%s keeps the rules of its standard, by interval, day and month, and whatever is turned round in it is found',
  async (name, rules) => {
    const qualities = ['measured', 'estimated', 'doubtful', 'missing'] as const
    const many = [seller, buyer].flatMap((row) =>
      [0, 1, 3, 100].map((after, i) => byPoint(later(row, after, { quality: qualities[i]! }))),
    )
    for (const by of ['interval', 'day', 'month'] as const) {
      const head = headOf({ parties, by, to: seller.start + 40 * 86_400 })
      const { text, refusals } = await write(name, many, { head, factsOf: austria })
      expect([refusals, faultsOf(text, rules)]).toEqual([[], []])
      const turned = (from: RegExp, to: string) => {
        const other = text.replace(from, to)
        expect(other).not.toBe(text)
        expect(faultsOf(other, rules)).not.toEqual([])
      }
      if (name === 'espi') {
        turned(/(<espi:duration>\d+<\/espi:duration>)(<espi:start>\d+<\/espi:start>)/, '$2$1')
        turned(/<espi:value>\d+/, '<espi:value>1.5')
        turned(/<updated>/, '<unknown/><updated>')
      } else {
        turned(/<curveType>A01<\/curveType>/, '')
        turned(/(<resolution>.*?<\/resolution>)/, '$1$1')
        turned(/<position>1</, '<position>0<')
      }
    }
  },
)

test('the table names each format once, and is what the documents list', () => {
  const names = reportFormats.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const text = readFileSync('docs/reports.md', 'utf8')
  for (const { name, mediaType } of reportFormats)
    expect(text).toContain(`| \`${name}\` | \`${mediaType.split(';')[0]}\` |`)
})

describe('espi', () => {
  const rows = [seller, later(seller, 1), buyer, later(buyer, 1, { quality: 'estimated' })].map(byPoint)

  test('is read back watt-hour by watt-hour, with each point once for itself and once for its neighbours', async () => {
    const { text, refusals } = await write('espi', rows, { factsOf: austria })
    expect(refusals).toEqual([])
    const { series } = await read(text)
    const sums = series.map(({ point, direction, values }) => [
      point.replace(/0{10,}/, '…'),
      direction,
      values.map(({ energyMicroWh }) => energyMicroWh! / 1e6),
    ])
    expect(sums).toEqual([
      ['AT001…1', 'export', [500, 500]],
      ['AT001…1', 'import', [0, 0]],
      ['AT001…1-neighbours', 'export', [300, 300]],
      ['AT001…1-neighbours', 'import', [0, 0]],
      ['AT001…2', 'export', [0, 0]],
      ['AT001…2', 'import', [801, 801]],
      ['AT001…2-neighbours', 'export', [0, 0]],
      ['AT001…2-neighbours', 'import', [300, 300]],
    ])
  })

  test('rounds money to hundred-thousandths, half away from zero', async () => {
    const { text } = await write('espi', [buyer, later(buyer, 1, { paid: '333350' })], { factsOf: austria })
    expect(elements(text, 'cost')).toEqual(['3333', '3334', '0', '0'])
  })

  test('tells the clocks of its zone', () => {
    const at = Date.UTC(2026, 5, 1) / 1000
    expect(espiClock(new TimeZone('America/New_York'), at)).toEqual({
      ...{ tzOffset: -18_000, dstOffset: 3_600, dstStartRule: '360E2000', dstEndRule: 'B40E2000' },
    })
    expect(espiClock(new TimeZone('Europe/Vienna'), at)).toEqual({
      ...{ tzOffset: 3_600, dstOffset: 3_600, dstStartRule: '3E0E2000', dstEndRule: 'AE0E3000' },
    })
    expect(espiClock(new TimeZone('+05:30'), at)).toEqual({
      ...{ tzOffset: 19_800, dstOffset: 0, dstStartRule: '00000000', dstEndRule: '00000000' },
    })
  })

  test('is refused in a currency without a number', async () => {
    const head = headOf({ settings: { ...settings, currency: 'SUN' } })
    await expect(write('espi', rows, { head })).rejects.toMatchObject({ code: 'REPORT_CURRENCY' })
  })
})

describe('energy-account', () => {
  const head = headOf({ parties })
  const rows = [byPoint(seller), byPoint(later(seller, 2)), buyer]

  test('has five series a point, whose positions are without gaps', async () => {
    const { text, refusals } = await write('energy-account', rows, { head, factsOf: austria })
    expect(refusals).toEqual([])
    expect(elements(text, 'businessType')).toEqual([1, 2].flatMap(() => ['A04', 'A01', 'A02', 'A02', 'A07']))
    // The seller's second row is two intervals later: another period, from position 1 again.
    expect(elements(text, 'resolution')).toEqual(Array.from({ length: 15 }, () => 'PT15M'))
    expect(new Set(elements(text, 'position'))).toEqual(new Set(['1']))
    expect(elements(text, 'price.amount')).toEqual(['0.100000', '0.100000', '0.111111'])
    expect(elements(text, 'out_Quantity.quantity').slice(2, 4)).toEqual(['0.500', '0.500'])
    expect(text.trimEnd()).toMatch(/<!-- end rows=3 refused=0 .* sha256=[0-9a-f]{64} -->$/)
  })

  test('names rows of points without an official identifier, and writes the others', async () => {
    const { text, refusals, manifest } = await write('energy-account', rows, {
      head,
      factsOf: rosterOf({ [buyer.meter]: atPoint('2') }),
    })
    expect(refusals).toMatchObject([{ point: seller.meter, rows: 2, code: 'REPORT_POINT' }])
    expect(manifest).toMatchObject({ rows: 1, refused: 2 })
    expect(elements(text, 'businessType')).toHaveLength(5)
  })

  test('is refused without parties, with a wrong one, and without a row', async () => {
    const refused = (change: object, given = rows) =>
      write('energy-account', given, { head: headOf(change), factsOf: austria })
    await expect(refused({})).rejects.toMatchObject({ code: 'REPORT_FORMAT' })
    await expect(refused({ parties: { ...parties, domain: '10YDOMAIN-------' } })).rejects.toMatchObject({
      code: 'REPORT_FORMAT',
    })
    await expect(refused({ parties }, [])).rejects.toMatchObject({ code: 'REPORT_EMPTY' })
  })

  test('two meters behind one point are not one', async () => {
    const { refusals } = await write('energy-account', [...rows, byPoint(later(seller, 3))], { head, factsOf: austria })
    expect(refusals).toMatchObject([{ code: 'REPORT_REPEATED', rows: 1 }])
  })
})

describe('nem12', () => {
  /** 2027-01-15T14:00:00Z is midnight in Brisbane. */
  const day = seller.start + 6 * 3_600
  const brisbane = new TimeZone('Australia/Brisbane')
  const head = headOf({ from: day, to: day + 2 * 86_400, timeZone: brisbane })
  const factsOf = () => ({ point: 'QB12345678', exportPoint: 'QB12345678', supplier: null, balanceGroup: null })
  const rows = Array.from({ length: 2 * 96 }, (_, i) =>
    byPoint({
      ...seller,
      start: day + i * 900,
      export_wh: 500 + (i % 96),
      quality: i === 100 ? 'doubtful' : 'measured',
    }),
  )

  test('is read back, a day of mixed quality with its stretches', async () => {
    const { text, refusals } = await write('nem12', rows, { head, factsOf })
    expect(refusals).toEqual([])
    const records = text.split('\r\n').map((line) => line.split(','))
    expect(records.map(([kind]) => kind).join(' ')).toBe('100 200 300 300 400 400 400 200 300 300 400 400 400 900 ')
    for (const record of records.filter(([kind]) => kind === '300')) expect(record).toHaveLength(96 + 7)
    const { series } = await read(text, { timezone: 'Australia/Brisbane' })
    expect(series.map(({ point, direction }) => [point, direction])).toEqual([
      ['QB12345678', 'export'],
      ['QB12345678', 'import'],
    ])
    expect(series[0]!.values.map(({ energyMicroWh }) => energyMicroWh! / 1e6)).toEqual(
      rows.map(({ export_wh }) => export_wh),
    )
    expect(series[0]!.values.filter(({ quality }) => quality !== 'measured')).toHaveLength(1)
  })

  test('is refused for parts of days, for daylight saving and for other lengths', async () => {
    const refused = (change: object) => write('nem12', rows, { head: { ...head, ...change }, factsOf })
    await expect(refused({ to: day + 900 })).rejects.toMatchObject({ code: 'REPORT_RANGE' })
    await expect(refused({ by: 'day' })).rejects.toMatchObject({ code: 'REPORT_LENGTH' })
    await expect(refused({ settings: { ...settings, rules: { intervalSeconds: 10 } } })).rejects.toMatchObject({
      code: 'REPORT_LENGTH',
    })
    const sydney = new TimeZone('Australia/Sydney')
    const [from, to] = ['2027-04-01', '2027-04-10'].map((date) => sydney.startOfDay(Date.parse(date) / 86_400_000))
    await expect(refused({ timeZone: sydney, from, to })).rejects.toMatchObject({ code: 'REPORT_RANGE' })
  })
})
