/** Documents of a month: their sums are those of what was settled, to the cent, and each adds up by itself as EN 16931 asks. */
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pdfOf } from '../../server/api/document-pdf.ts'
import { pdfLetters } from '../../server/api/pdf-letters.ts'
import { halfAwayFromZero, splitTax, unitsPerCent } from '../../server/billing/cents.ts'
import { corrected } from '../../server/billing/corrections.ts'
import { type BilledDay, documentsOf, rateOf } from '../../server/billing/documents.ts'
import { type DraftDocument, hashOfDraft, isOfPurchase, sumsOf } from '../../server/billing/draft.ts'
import { BillingError } from '../../server/billing/error.ts'
import { type DaySide, DaySum } from '../../server/billing/line-proof.ts'
import { readParties } from '../../server/billing/parties.ts'
import { kilowattHoursText, ublOf } from '../../server/billing/ubl.ts'
import { all, elementOf, faultsOf, ruleNames, text } from './en16931.ts'

const seed = 20_261_101
const accountOf = (i: number) => `0x${String(i).padStart(40, '0')}` as const
const place = { street: 'Sonnenweg 3', postcode: '4020', city: 'Linz', country: 'AT' }
const treatments = [
  [{ from: '2026-01-01', kind: 'private' }],
  [{ from: '2026-01-01', kind: 'small' }],
  [{ from: '2026-01-01', kind: 'taxed', ratePercent: '20' }],
  [{ from: '2026-01-01', kind: 'reverse' }],
  [
    { from: '2026-01-01', kind: 'small' },
    { from: '2026-11-16', kind: 'taxed', ratePercent: '13' },
  ],
]
/** A street of 30 homes. */
const parties = readParties({
  site: 'https://sonnenweg.example/',
  issuer: {
    ...{ ...place, name: 'Energiegemeinschaft Sonnenweg', registration: 'ZVR 123', vatId: 'ATU12345678' },
    vat: [{ from: '2026-01-01', kind: 'taxed', ratePercent: '20' }],
  },
  approvers: [accountOf(901), accountOf(902)],
  members: Array.from({ length: 30 }, (_, i) => ({
    ...{ ...place, account: accountOf(i), name: `Household ${i} & Söhne`, vatId: `ATU${10_000_000 + i}` },
    ...{ language: i % 2 === 0 ? 'de' : 'en', vat: treatments[i % treatments.length] },
  })),
})
const terms = { area: 1, priceDecimals: 4, currency: 'EUR' }
const noon = 1_793_577_600

/** One side of a day, of one settled interval; none where nothing was traded. */
function sideOf(energyWh: number, amount: bigint): DaySide {
  const sum = new DaySum()
  if (energyWh > 0) sum.add({ start: noon, energyWh, amount, batch: noon + 3_600, statementRoot: '0xab' })
  return sum.finish()
}

const energy = fc.integer({ min: 0, max: 40_000 })
const dayOf = fc.record({
  number: fc.integer({ min: 1, max: 30 }),
  home: fc.integer({ min: 0, max: 29 }),
  boughtWh: energy,
  soldWh: energy,
  price: fc.integer({ min: -200, max: 4_000 }),
})
const month = fc.array(dayOf, { minLength: 1, maxLength: 120 }).map((days): BilledDay[] =>
  days.map(({ number, home, boughtWh, soldWh, price }) => ({
    ...{
      day: `2026-11-${String(number).padStart(2, '0')}`,
      account: accountOf(home),
      point: `AT${home}`,
      exportPoint: `AT${home}E`,
    },
    ...{ importWh: boughtWh + 5, exportWh: soldWh },
    ...{ bought: sideOf(boughtWh, BigInt(price * boughtWh)), sold: sideOf(soldWh, BigInt(price * soldWh)) },
  })),
)
const sum = (days: readonly BilledDay[], side: 'bought' | 'sold') =>
  days.reduce((total, day) => total + day[side].amount, 0n)

/** A day on which the first home bought. */
const dayWith = (boughtWh: number): BilledDay => ({
  ...{ day: '2026-11-01', account: accountOf(0), point: 'AT0', exportPoint: 'AT0E', importWh: boughtWh, exportWh: 0 },
  ...{ bought: sideOf(boughtWh, BigInt(1_500 * boughtWh)), sold: sideOf(0, 0n) },
})

/** Those of WinAnsiEncoding that ISO 8859-1 has not, from 128 on. */
const windowsLetters = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

/** The operators by which a PDF draws its pages. */
function drawnIn(pdf: Buffer): string {
  const pages = pdf.toString('latin1').matchAll(/FlateDecode\s*>>\s*stream\r?\n([\s\S]*?)\r?\nendstream/g)
  return [...pages].map(([, page]) => inflateSync(Buffer.from(page!, 'latin1')).toString('latin1')).join('\n')
}

/** What a PDF shows, with nothing between its pieces of text. */
function textOfPdf(pdf: Buffer): string {
  const letters = [...drawnIn(pdf).matchAll(/<([0-9a-f]*)>/g)].map(([, hex]) => hex).join('')
  const text = Buffer.from(letters, 'hex').toString('latin1')
  return text.replace(/[\x80-\x9f]/g, (code) => windowsLetters[code.charCodeAt(0) - 0x80]!)
}

describe('the documents of a month', () => {
  test.each([
    ['Jiří Dvořák, Łódź', 'Jirí Dvorák, Lódz'],
    ['Gönül Şahin-Győri', 'Gönül Sahin-Gyori'],
    ['Ştefan Țîrlea, Žofie', 'Stefan Tîrlea, Žofie'],
    ['Ελένη Παπαδοπούλου', 'Eleni Papadopoyloy'],
    ['Йордан Щерев', 'Iordan Shcherev'],
    ['Müller & Söhne – “Süd” … 3 €', 'Müller & Söhne – “Süd” … 3 €'],
    ['陽光 \u{1f31e}', '?? ?'],
    ['e\u0301te\u0301 a\u200bb\u00adc', 'été abc'],
  ])('write the name %s in letters that every PDF reader has', async (name, written) => {
    expect(pdfLetters(name)).toBe(written)
    const [own] = documentsOf([dayWith(100)], { ...parties, members: [{ ...parties.members[0]!, name }] }, terms)
    const shown = textOfPdf(await pdfOf({ number: '1-000001', issuedOn: '2026-12-01', document: own! }))
    expect(shown).toContain(written)
    // And nothing after it is spoilt.
    expect(shown).toContain('Sonnenweg 3, 4020 Linz, AT')
    expect(shown).toContain('SHA-256')
  })

  test('are tagged: all that is drawn is a heading, a paragraph or a cell, whose row and column have names', async () => {
    const [own] = documentsOf([dayWith(100)], parties, terms)
    const pdf = await pdfOf({ number: '1-000001', issuedOn: '2026-12-01', document: own! })
    const file = pdf.toString('latin1')
    expect(file).toMatch(/\/MarkInfo \d+ 0 R[\s\S]*\/StructTreeRoot \d+ 0 R/)
    expect(file).toContain('/Marked true')
    const tags = [...file.matchAll(/\/S \/(\w+)\n/g)].map(([, tag]) => tag!)
    const rows = tags.filter((tag) => tag === 'TR').length
    const count = (tag: string) => tags.filter((each) => each === tag).length
    expect(['Document', 'Table', 'H1'].map(count)).toEqual([1, 1, 1])
    expect(count('H2')).toBeGreaterThanOrEqual(2)
    // Four cells a row: the first names it, and the first row names the columns.
    expect(count('TH')).toBe(rows - 1 + 4)
    expect(count('TD')).toBe(3 * (rows - 1))
    expect([...file.matchAll(/\/Scope \/Column/g)]).toHaveLength(4)
    expect([...file.matchAll(/\/Scope \/Row/g)]).toHaveLength(rows - 1)
    const outside = drawnIn(pdf).replace(/BDC[\s\S]*?EMC/g, '')
    expect(outside).not.toMatch(/T[jJ]\b/)
  })

  test('fit every cell into its column, whatever metering points are called', async () => {
    const point = 'W'.repeat(64)
    const [own] = documentsOf([{ ...dayWith(100), point }], parties, terms)
    const pdf = await pdfOf({ number: '1-000001', issuedOn: '2026-12-01', document: own! })
    expect(textOfPdf(pdf)).toContain(point)
    // 64 of the widest letters (944 thousandths of the size each) in 235 points.
    const sizes = [...drawnIn(pdf).matchAll(/\/F\d+ ([\d.]+) Tf(?:(?!Tf)[\s\S])*?\[<(?:57){64}/g)].map(([, size]) =>
      Number(size),
    )
    expect(sizes).toHaveLength(1)
    expect(64 * 0.944 * sizes[0]!).toBeLessThanOrEqual(235)
  })

  test(`have the sums of what was settled, with the remainder shown (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, (days) => {
        const documents = documentsOf(days, parties, terms)
        const sums = sumsOf(documents, terms.priceDecimals)
        expect([sums.paid, sums.received]).toEqual([sum(days, 'bought'), sum(days, 'sold')])
        for (const { remainder } of documents) expect(remainder * 2n).toBeLessThanOrEqual(unitsPerCent(4))
        const lines = (isBought: boolean) =>
          documents
            .filter((document) => document.kind !== 'sheet' && isOfPurchase(document) === isBought)
            .flatMap((document) => document.lines.map(({ amount }) => amount))
            .reduce((total, amount) => total + amount, 0n)
        expect([lines(true), lines(false)]).toEqual([sums.paid, sums.received])
        expect(new Set(documents.map(({ account }) => account))).toEqual(new Set(days.map(({ account }) => account)))
      }),
      { seed, numRuns: 200 },
    )
  })

  test(`add up, each by itself, at one rate (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, (days) => {
        for (const { lines, net, tax, rounding, total, vat } of documentsOf(days, parties, terms)) {
          expect(lines.reduce((total, line) => total + line.net, 0n)).toBe(net)
          expect(tax).toBe(halfAwayFromZero(net * rateOf(vat), 10_000n))
          expect(net + tax + rounding).toBe(total)
          expect(total).toBeGreaterThanOrEqual(0n)
          expect([-1n, 0n, 1n]).toContain(rounding)
        }
      }),
      { seed, numRuns: 200 },
    )
  })

  test(`corrected, have the sums of what is settled now (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, month, (before, now) => {
        const issued = documentsOf(before, parties, terms).map((document, i) => ({ number: `1-${i + 1}`, document }))
        const later = corrected(documentsOf(now, parties, terms), issued)
        const sums = sumsOf([...issued.map(({ document }) => document), ...later], terms.priceDecimals)
        expect([sums.paid, sums.received]).toEqual([sum(now, 'bought'), sum(now, 'sold')])
        for (const { kind, corrects } of later)
          if (corrects !== null) expect(['380', '381', '389', '261']).toContain(kind)
        expect(corrected(documentsOf(before, parties, terms), issued)).toEqual([])
      }),
      { seed, numRuns: 100 },
    )
  })

  test(`keep the rules of EN 16931 as UBL, whatever was traded and corrected (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, month, (before, now) => {
        const issued = documentsOf(before, parties, terms).map((document, i) => ({ number: `1-${i + 1}`, document }))
        const later = corrected(documentsOf(now, parties, terms), issued)
        for (const document of [...issued.map((each) => each.document), ...later]) {
          if (document.kind !== 'sheet') expect(faultsOf(ublOf(numbered(document)))).toEqual([])
        }
      }),
      { seed, numRuns: 25 },
    )
  })

  test('tax is split from the total, with a cent where no net amount gives it', () => {
    expect(splitTax(1_200n, 2_000n)).toEqual({ net: 1_000n, tax: 200n, rounding: 0n })
    const odd = Array.from({ length: 1_000 }, (_, i) => splitTax(BigInt(i), 2_000n)).filter(
      ({ rounding }) => rounding !== 0n,
    )
    for (const { rounding } of odd) expect([-1n, 1n]).toContain(rounding)
    expect(splitTax(777n, 0n)).toEqual({ net: 777n, tax: 0n, rounding: 0n })
  })
})

const days: BilledDay[] = Array.from({ length: 30 }, (_, home) => ({
  ...{
    day: `2026-11-${String(1 + home).padStart(2, '0')}`,
    account: accountOf(home),
    point: `AT${home}`,
    exportPoint: `AT${home}E`,
  },
  ...{ importWh: 9_000, exportWh: 4_000 },
  bought: home === 7 ? sideOf(0, 0n) : sideOf(3_333, 3_333n * 1_777n),
  sold: home % 3 === 0 ? sideOf(2_500, 2_500n * 1_500n) : sideOf(0, 0n),
}))
const documents = documentsOf(days, parties, terms)
const numbered = (document: DraftDocument, i = 0) => ({
  number: `1-${String(i + 1).padStart(6, '0')}`,
  issuedOn: '2026-12-02',
  document,
})

describe('a month of 30 homes', () => {
  test('has an invoice, a self-billed one or a sheet for everybody', () => {
    const count = (kind: string) => documents.filter((document) => document.kind === kind).length
    expect([count('380'), count('389'), count('sheet')]).toEqual([29, 10, 1])
  })

  const everything = [
    ...documents,
    ...corrected(
      [],
      documents.map((document, i) => ({ number: `1-${i}`, document })),
    ),
  ].filter(({ kind }) => kind !== 'sheet')

  test('as UBL keeps the rules of EN 16931 and says who bills whom, for what, and where it is proved', () => {
    for (const [i, document] of everything.entries()) {
      const xml = ublOf(numbered(document, i))
      expect(faultsOf(xml)).toEqual([])
      const root = elementOf(xml)
      const isSelfBilled = !isOfPurchase(document)
      expect(text(root, `${root.name}TypeCode`)).toBe(document.kind)
      expect(text(root, 'AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName')).toBe(
        isSelfBilled ? document.member.name : document.issuer.name,
      )
      expect(text(root, 'LegalMonetaryTotal/PayableAmount')).toBe('0.00')
      expect(text(root, 'Note')).toContain('2026-11-02T01:00:00Z')
      expect(text(root, 'BillingReference/InvoiceDocumentReference/ID')).toBe(document.corrects ?? '')
      const [line] = all(root, `${root.name}Line`)
      const quantity = text(line!, root.name === 'Invoice' ? 'InvoicedQuantity' : 'CreditedQuantity')
      expect(quantity).toBe(kilowattHoursText(document.lines[0]!.energyWh))
      const links = all(root, 'AdditionalDocumentReference').map((each) =>
        text(each, 'Attachment/ExternalReference/URI'),
      )
      const path = `https://sonnenweg.example/api/v1/areas/1/documents/1-${String(i + 1).padStart(6, '0')}/lines/1`
      expect(links).toEqual(document.corrects === null ? [path] : [])
    }
  })

  test('is refused by the checker of rules once something in it is changed', () => {
    const [document] = documents
    const xml = ublOf(numbered(document!))
    const broken = (from: string | RegExp, to: string) => {
      const changed = xml.replace(from, to)
      expect(changed).not.toBe(xml)
      return faultsOf(changed).join(' ')
    }
    expect(ruleNames.length).toBeGreaterThan(45)
    expect(broken(/<cbc:ID>1-000001<\/cbc:ID>/, '')).toContain('BR-02 ')
    expect(broken(/<cbc:PrepaidAmount currencyID="EUR">[\d.]+/, '<cbc:PrepaidAmount currencyID="EUR">1.00')).toContain(
      'BR-CO-16 ',
    )
    expect(broken(/<cbc:TaxAmount currencyID="EUR">[\d.]+/, '<cbc:TaxAmount currencyID="EUR">77.00')).toContain(
      'BR-CO-14 ',
    )
    expect(broken(/<cbc:PriceAmount currencyID="EUR">/, '<cbc:PriceAmount currencyID="EUR">-')).toContain('BR-27 ')
    expect(broken('<cbc:DocumentCurrencyCode>EUR', '<cbc:DocumentCurrencyCode>SUN')).toContain('BR-CL-03 ')
    expect(broken('<cbc:IdentificationCode>AT', '<cbc:IdentificationCode>XX')).toContain('BR-CL-14 ')
    expect(broken('<cbc:CompanyID>ATU12345678', '<cbc:CompanyID>U12345678')).toContain('BR-CO-09 ')
    expect(
      broken(/(<cbc:IssueDate>.*<\/cbc:IssueDate>\n)(<cbc:InvoiceTypeCode>.*<\/cbc:InvoiceTypeCode>\n)/, '$2$1'),
    ).toContain('wrong place')
  })

  test('is readable in both languages, and the same document is the same file', async () => {
    for (const language of ['de', 'en']) {
      const document = documents.find(({ member, kind }) => member.language === language && kind === '380')!
      const [pdf, again] = [await pdfOf(numbered(document)), await pdfOf(numbered(document))]
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      expect(again.equals(pdf)).toBe(true)
    }
  })

  test('is approved by what it says: one cent more is another hash', () => {
    const { approvers } = parties
    const draft = { month: '2026-11', documents, approvers, incompleteBecause: null }
    const [first, ...rest] = documents
    const changed = { ...draft, documents: [{ ...first!, total: first!.total + 1n }, ...rest] }
    expect(hashOfDraft(draft)).toBe(hashOfDraft({ ...draft }))
    expect(hashOfDraft(changed)).not.toBe(hashOfDraft(draft))
    expect(hashOfDraft({ ...draft, approvers: [accountOf(901)] })).not.toBe(hashOfDraft(draft))
  })
})

test('whatever the parties and amounts are, a document keeps the rules or is refused by name', () => {
  const ids = [{ vatId: 'ATU12345678' }, { taxNumber: '12/345' }, {}]
  const vats = ['private', 'small', 'reverse', '20', '0.01', '99.99', '0', '0.00'].map((kind) => [
    { from: '2026-01-01', ...(/^\d/.test(kind) ? { kind: 'taxed', ratePercent: kind } : { kind }) },
  ])
  const seen = { documents: 0, refused: new Set<string>() }
  for (const issuerVat of vats) {
    for (const memberVat of vats) {
      for (const [issuerId, memberId] of ids.flatMap((one) => ids.map((other) => [one, other]))) {
        for (const amount of [150_000n, -150_000n, 3n]) {
          try {
            const own = readParties({
              ...{ site: parties.site, approvers: parties.approvers },
              issuer: { ...place, ...issuerId, name: 'Community', registration: 'ZVR 123', vat: issuerVat },
              members: [
                { ...place, ...memberId, account: accountOf(0), name: 'Member', language: 'de', vat: memberVat },
              ],
            })
            const both = { ...dayWith(100), bought: sideOf(100, amount), sold: sideOf(100, amount) }
            for (const [i, document] of documentsOf([both], own, terms).entries()) {
              seen.documents += 1
              expect(faultsOf(ublOf(numbered(document, i)))).toEqual([])
            }
          } catch (error) {
            if (!(error instanceof BillingError)) throw error
            seen.refused.add(error.message)
          }
        }
      }
    }
  }
  expect(seen.documents).toBeGreaterThan(300)
  expect([...seen.refused].filter((each) => !each.includes('\n')).toSorted()).toEqual([
    'Community: a small business needs a vatId or a taxNumber',
    'Community: owes the tax of what it buys from Member, and has no vatId',
    'Community: taxed supplies need a vatId',
    'Member: a small business needs a vatId or a taxNumber',
    'Member: owes the tax of what it buys from Community, and has no vatId',
    'Member: taxed supplies need a vatId',
    'issuer.vat.0.ratePercent: must be a rate above 0 with at most two decimals, not "0"',
    'issuer.vat.0.ratePercent: must be a rate above 0 with at most two decimals, not "0.00"',
    'members.0.vat.0.ratePercent: must be a rate above 0 with at most two decimals, not "0"',
    'members.0.vat.0.ratePercent: must be a rate above 0 with at most two decimals, not "0.00"',
  ])
})

test.each(['2026-13-01', '2026-02-29', '2026-11-31', '0000-00-00', '2026-1-1', '01.11.2026'])(
  'taxes from the day %s on are none',
  (from) => {
    const [first, ...rest] = parties.members
    const wrong = { ...parties, members: [{ ...first!, vat: [{ from, kind: 'private' }] }, ...rest] }
    expect(() => readParties(wrong)).toThrowError(
      `members.0.vat.0.from: must be a day such as 2026-11-05, not "${from}"`,
    )
  },
)

test('the example in the documents is what is taken', () => {
  const [, example] = /`parties\.json`.*?```json\n(.*?)```/s.exec(readFileSync('docs/reports.md', 'utf8'))!
  expect(readParties(JSON.parse(example!)).members).toHaveLength(1)
})

test('parties that contradict themselves are refused, each mistake by name', () => {
  const wrong = {
    ...parties,
    approvers: [accountOf(1), accountOf(1)],
    members: [parties.members[0], parties.members[0]],
  }
  expect(() => readParties(wrong)).toThrowError(
    /approvers: somebody is named twice\nmembers: an account is named twice/,
  )
  expect(() => documentsOf([{ ...days[0]!, account: accountOf(77) }], parties, terms)).toThrowError(
    /nobody among the members/,
  )
})
