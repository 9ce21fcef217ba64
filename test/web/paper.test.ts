/** A month's statement as PDF: a file whose parts are where it says, with all the texts of the page. */
import { expect, it } from 'vitest'
import type { MonthResource } from '../../server/api/totals-resources.ts'
import type { Part } from '../../web/history/totals.ts'
import { Paper, widthOf } from '../../web/statements/paper.ts'
import { statementPdf } from '../../web/statements/statement-paper.ts'

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const shownIn = (file: string) => [...file.matchAll(/\((.*)\) Tj/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1'))

/** What the file says of itself agrees with what is in it. */
function expectWhole(file: string): void {
  expect(file).toMatch(/^%PDF-1\.7\n/)
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)![1])
  const places = [...file.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, place]) => Number(place))
  for (const [index, place] of places.entries()) expect(file.slice(place)).toMatch(new RegExp(`^${index + 1} 0 obj\n`))
  expect(Number(/\/Size (\d+)/.exec(file)![1])).toBe(places.length + 1)
  for (const [, length, drawn] of file.matchAll(/\/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/g)) {
    expect(drawn).toHaveLength(Number(length))
  }
}

it('keeps what texts say, in the letters that the fonts have', () => {
  const paper = new Paper()
  paper.text('Müller (Dach) zahlt 1,20\u202f€ – „fertig“ \\ Čapek')
  const file = latin1(paper.bytes({ title: 'Öl', language: 'de' }))
  expectWhole(file)
  expect(shownIn(file)).toEqual(['Müller (Dach) zahlt 1,20\xa0\x80 \x96 \x84fertig\x93 \\ ?apek'])
  expect(file).toContain('/Title <feff00d6006c>')
})

it('breaks long texts into lines, and long papers into pages', () => {
  const paper = new Paper()
  const words = Array.from({ length: 900 }, (_, index) => `word${index}`)
  paper.text(words.join(' '))
  const file = latin1(paper.bytes({ title: 'words', language: 'en' }))
  expectWhole(file)
  expect(shownIn(file).join(' ').split(' ')).toEqual(words)
  for (const line of shownIn(file)) expect(widthOf(line, 10)).toBeLessThanOrEqual(495)
  expect(Number(/\/Count (\d+)/.exec(file)![1])).toBeGreaterThan(1)
})

it('has every line of a month with its rule and money, and every day', () => {
  const summary = {
    ...{ seat: '1', from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z', ownUseWh: 0 },
    ...{ importWh: 900, exportWh: 2_000, boughtWh: 0, soldWh: 1_500, paid: '0', received: '0.2125' },
    ...{ soldAtFeedIn: '0.12', boughtAtRetail: '0' },
  }
  const line = {
    side: 'sell',
    stage: 'spot',
    intervals: 3,
    energyWh: 1_500,
    amount: '0.2125',
    settledWh: 1_000,
  } as const
  const month: MonthResource = {
    ...{ month: '2026-10', timeZone: 'UTC', summary, intervals: 3, provisional: 1, batches: [] },
    lines: [{ ...line, settledAmount: '0.14' }],
  }
  const day = {
    ...summary,
    start: '2026-10-05T12:00:00.000Z',
    toSupplierWh: 500,
    fromSupplierWh: 900,
  } as unknown as Part
  const of = {
    home: 'Larch Lane 1',
    area: 'Sunfield',
    currency: 'EUR',
    period: 'quarter-hour',
    periods: 'quarter-hours',
  }
  const file = latin1(
    statementPdf(
      month,
      Array.from({ length: 31 }, () => day),
      of,
    ),
  )
  expectWhole(file)
  const shown = shownIn(file).map((text) => text.replaceAll('\xa0', ' '))
  expect(shown).toEqual(expect.arrayContaining(['Statement of a month: October 2026', 'Larch Lane 1 · Sunfield']))
  expect(shown).toEqual(
    expect.arrayContaining(['sold to the street', '1.50 kWh', '0.2125 \x80', 'of it paid: 0.1400 \x80']),
  )
  expect(shown.filter((text) => text === '5 Oct 2026')).toHaveLength(31)
  expect(
    latin1(
      statementPdf(
        month,
        Array.from({ length: 31 }, () => day),
        of,
      ),
    ),
  ).toBe(file)
})
