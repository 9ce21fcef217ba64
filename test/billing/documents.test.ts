/** Documents of a month: their sums are those of what was settled, to the cent, and each adds up by itself as EN 16931 asks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { halfAwayFromZero, splitTax, unitsPerCent } from '../../server/billing/cents.ts'
import {
  type BilledDay,
  corrected,
  type DraftDocument,
  documentsOf,
  hashOfDraft,
  rateOf,
  sumsOf,
} from '../../server/billing/documents.ts'
import { readParties } from '../../server/billing/parties.ts'
import { ublOf } from '../../server/billing/ubl.ts'
import { pdfOf } from '../../server/commands/bill-pdf.ts'
import { readXml } from '../../server/exchange/xml.ts'

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
const terms = { priceDecimals: 4, currency: 'EUR', paidBy: [1_793_577_600, 1_796_083_200] }

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
    ...{ importWh: boughtWh + 5, exportWh: soldWh, boughtWh, soldWh },
    ...{ paid: BigInt(price * boughtWh), received: BigInt(price * soldWh) },
  })),
)
const sum = (days: readonly BilledDay[], side: 'paid' | 'received') => days.reduce((all, day) => all + day[side], 0n)

describe('the documents of a month', () => {
  test(`have the sums of what was settled, with the remainder shown (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, (days) => {
        const documents = documentsOf(days, parties, terms)
        const sums = sumsOf(documents, terms.priceDecimals)
        expect([sums.paid, sums.received]).toEqual([sum(days, 'paid'), sum(days, 'received')])
        for (const { remainder } of documents) expect(remainder * 2n).toBeLessThanOrEqual(unitsPerCent(4))
        expect(new Set(documents.map(({ account }) => account))).toEqual(new Set(days.map(({ account }) => account)))
      }),
      { seed, numRuns: 200 },
    )
  })

  test(`add up, each by itself, at one rate (seed ${seed})`, () => {
    fc.assert(
      fc.property(month, (days) => {
        for (const { lines, net, tax, rounding, total, vat } of documentsOf(days, parties, terms)) {
          expect(lines.reduce((all, line) => all + line.net, 0n)).toBe(net)
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
        expect([sums.paid, sums.received]).toEqual([sum(now, 'paid'), sum(now, 'received')])
        for (const { kind, corrects } of later)
          if (corrects !== null) expect(['380', '381', '389', '261']).toContain(kind)
        expect(corrected(documentsOf(before, parties, terms), issued)).toEqual([])
      }),
      { seed, numRuns: 100 },
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
  ...{ importWh: 9_000, exportWh: 4_000, boughtWh: home === 7 ? 0 : 3_333, soldWh: home % 3 === 0 ? 2_500 : 0 },
  ...{ paid: home === 7 ? 0n : 3_333n * 1_777n, received: home % 3 === 0 ? 2_500n * 1_500n : 0n },
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

  test('as UBL holds the rules of EN 16931 on totals, taxes and parties', () => {
    for (const [i, document] of [
      ...documents,
      ...corrected(
        [],
        documents.map((each, at) => ({ number: `1-${at}`, document: each })),
      ),
    ].entries()) {
      if (document.kind === 'sheet') continue
      const text = ublOf(numbered(document, i))
      const found = valuesOf(text)
      const one = (path: string) => found.get(path)?.[0] ?? ''
      const cents = (path: string) => Math.round(Number(one(path)) * 100)
      const root = document.kind === '381' || document.kind === '261' ? 'CreditNote' : 'Invoice'
      const total = `${root}/LegalMonetaryTotal/`
      // BR-CO-10, 13, 15, 16.
      const lineNets = found.get(`${root}/${root}Line/LineExtensionAmount`)!.map((net) => Math.round(Number(net) * 100))
      expect(lineNets.reduce((all, net) => all + net, 0)).toBe(cents(`${total}LineExtensionAmount`))
      expect(cents(`${total}TaxExclusiveAmount`)).toBe(cents(`${total}LineExtensionAmount`))
      expect(cents(`${total}TaxInclusiveAmount`)).toBe(
        cents(`${total}TaxExclusiveAmount`) + cents(`${root}/TaxTotal/TaxAmount`),
      )
      expect(cents(`${total}PayableAmount`)).toBe(
        cents(`${total}TaxInclusiveAmount`) - cents(`${total}PrepaidAmount`) + cents(`${total}PayableRoundingAmount`),
      )
      expect(cents(`${total}PayableAmount`)).toBe(0)
      // BR-S-9, BR-E-9, BR-AE-9, BR-O-9 and 10; BR-O-2 and 5: not subject means no rate and no identifier.
      const subtotal = `${root}/TaxTotal/TaxSubtotal/`
      const category = one(`${subtotal}TaxCategory/ID`)
      const rate = Number(one(`${subtotal}TaxCategory/Percent`) || 0)
      expect(cents(`${subtotal}TaxAmount`)).toBe(Math.round((cents(`${subtotal}TaxableAmount`) * rate) / 100 + 1e-9))
      expect(one(`${subtotal}TaxCategory/TaxExemptionReason`) === '').toBe(category === 'S')
      expect(text.includes('<cac:PartyTaxScheme>')).toBe(category !== 'O')
      if (category === 'O') expect(text).not.toContain('cbc:Percent')
      // BR-2 to 11 and 21 to 27.
      for (const name of ['ID', 'IssueDate', 'DocumentCurrencyCode', `${root}TypeCode`])
        expect(one(`${root}/${name}`)).not.toBe('')
      expect(one(`${root}/${root}TypeCode`)).toBe(document.kind)
      if (document.corrects !== null) {
        expect(one(`${root}/BillingReference/InvoiceDocumentReference/ID`)).toBe(document.corrects)
      }
      const seller = one(`${root}/AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName`)
      const isSelfBilled = document.kind === '389' || document.kind === '261'
      expect(seller).toBe(isSelfBilled ? document.member.name : document.issuer.name)
    }
  })

  test('is readable in both languages, and the same document is the same file', async () => {
    for (const language of ['de', 'en']) {
      const document = documents.find(({ member, kind }) => member.language === language && kind === '380')!
      const [pdf, again] = [await pdfOf(numbered(document), 4), await pdfOf(numbered(document), 4)]
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      expect(again.equals(pdf)).toBe(true)
    }
  })

  test('is approved by what it says: one cent more is another hash', () => {
    const draft = { month: '2026-11', priceDecimals: 4, currency: 'EUR', documents, incompleteBecause: null }
    const [first, ...rest] = documents
    const changed = { ...draft, documents: [{ ...first!, total: first!.total + 1n }, ...rest] }
    expect(hashOfDraft(draft)).toBe(hashOfDraft({ ...draft }))
    expect(hashOfDraft(changed)).not.toBe(hashOfDraft(draft))
  })
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

/** Texts of a document by the path of their element. */
function valuesOf(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  readXml(Buffer.from(text), () => ({
    open() {},
    close(_name, content, path) {
      const key = path.join('/')
      found.set(key, [...(found.get(key) ?? []), content])
    },
  }))
  return found
}
