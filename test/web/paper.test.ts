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

/** The structure of the file: each element with its tag, its attributes, and its texts or the elements within, in the order of reading. */
interface Tagged {
  tag: string
  attributes: string
  kids: (Tagged | string)[]
}

function structureOf(file: string): Tagged {
  const objects = new Map([...file.matchAll(/^(\d+) 0 obj\n([\s\S]*?)\nendobj$/gm)].map(([, at, body]) => [at!, body!]))
  const textsOf = (page: string) => {
    const contents = objects.get(/\/Contents (\d+) 0 R/.exec(objects.get(page)!)![1]!)!
    return new Map(
      [...contents.matchAll(/<< \/MCID (\d+) >> BDC .*?\((.*)\) Tj ET EMC/g)].map(([, mark, text]) => [mark, text]),
    )
  }
  const parents = [...file.matchAll(/(\d+) \[((?:\d+ 0 R ?)+)\]/g)].map(
    ([, page, owners]) => [page, owners!.match(/\d+(?= 0 R)/g)!] as const,
  )
  const ownerOf = new Map(parents)
  const read = (at: string, above: string): Tagged => {
    const body = objects.get(at)!
    expect(/\/P (\d+) 0 R/.exec(body)![1]).toBe(above)
    const kids = [
      .../\/K \[(.*)\]/.exec(body)![1]!.matchAll(/<< \/Type \/MCR \/Pg (\d+) 0 R \/MCID (\d+) >>|(\d+) 0 R/g),
    ]
    return {
      tag: /\/S \/(\w+)/.exec(body)![1]!,
      attributes: /\/A << \/O \/Table (.*?) >>/.exec(body)?.[1] ?? '',
      kids: kids.map(([, page, mark, within]) => {
        if (within !== undefined) return read(within, at)
        // The page says to which element its text belongs, and is right.
        const structParents = /\/StructParents (\d+)/.exec(objects.get(page!)!)![1]
        expect(ownerOf.get(structParents!)![Number(mark)]).toBe(at)
        return textsOf(page!).get(mark!)!
      }),
    }
  }
  const root = /\/MarkInfo << \/Marked true >> \/StructTreeRoot (\d+) 0 R/.exec(objects.get('1')!)![1]!
  return read(/\/K (\d+) 0 R/.exec(objects.get(root)!)![1]!, root)
}

const isElement = (kid: Tagged | string): kid is Tagged => typeof kid !== 'string'
const within = (element: Tagged) => element.kids.filter(isElement)
const textsIn = (element: Tagged): string[] => element.kids.flatMap((kid) => (isElement(kid) ? textsIn(kid) : [kid]))

it('tells headings, paragraphs and tables apart, over pages too, so that it can be read aloud', () => {
  const paper = new Paper()
  paper.text('A title', 'title')
  paper.text(Array.from({ length: 1_200 }, (_, index) => `word${index}`).join(' '))
  paper.text('A part', 'head')
  paper.beginTable([{ text: 'what' }, { text: 'amount', endsAt: 500 }], 'head')
  paper.row([{ text: 'sold' }, { text: '1.00', endsAt: 500 }])
  paper.text('The rule of what was sold.', 'small')
  paper.row([{ text: '' }, { text: '0.50', endsAt: 500 }])
  paper.endTable()
  paper.text('The end.')
  const file = latin1(paper.bytes({ title: 'tags', language: 'en' }))
  expectWhole(file)
  expect(Number(/\/Count (\d+)/.exec(file)![1])).toBeGreaterThan(1)
  const document = structureOf(file)
  expect(within(document).map(({ tag }) => tag)).toEqual(['H1', 'P', 'H2', 'Table', 'P'])
  expect(textsIn(within(document)[1]!).join(' ').split(' ')).toHaveLength(1_200)
  const rows = within(within(document)[3]!)
  expect(rows.map((row) => within(row).map(({ tag, attributes }) => `${tag} ${attributes}`.trim()))).toEqual([
    ['TH /Scope /Column', 'TH /Scope /Column'],
    ['TH /Scope /Row', 'TD'],
    ['TD /ColSpan 2'],
    ['TD', 'TD'],
  ])
  expect(rows.map(textsIn)).toEqual([['what', 'amount'], ['sold', '1.00'], ['The rule of what was sold.'], ['0.50']])
  // All that is drawn belongs to something, and is read in the order of the document.
  expect(textsIn(document)).toEqual(shownIn(file))
})

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
  const document = structureOf(file)
  expect(within(document).map(({ tag }) => tag)).toEqual(['H1', 'P', 'Table', 'P', 'P', 'H2', 'Table'])
  const days = within(within(document).at(-1)!)
  expect(days.map((row) => within(row).length)).toEqual(Array.from({ length: 32 }, () => 7))
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
