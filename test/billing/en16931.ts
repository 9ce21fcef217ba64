/**
 * The business rules of EN 16931-1 that apply to our documents (one VAT category, no allowances, paid in advance, no payment means), as
 * a checker of UBL 2.1 files: each rule by its number in the standard's own validation artefacts, in our words. Those artefacts are XSLT
 * for a processor and a schema that no kept package of the registry brings, so the rules stand here; so does the order of elements that
 * the schemas of UBL prescribe.
 */
import { SaxesParser } from 'saxes'

/** An element, its name with the prefix of its namespace. */
export interface Element {
  name: string
  attributes: Record<string, string>
  text: string
  children: Element[]
}

export function elementOf(xml: string): Element {
  const document: Element = { name: '', attributes: {}, text: '', children: [] }
  const open = [document]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '', children: [] }
    open.at(-1)!.children.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    open.at(-1)!.text += text
  })
  parser.on('closetag', () => {
    open.pop()
  })
  parser.write(xml).close()
  return document.children[0]!
}

/** Elements below one by a path of names without prefixes. */
export function all(element: Element, path: string): Element[] {
  return path
    .split('/')
    .reduce<Element[]>(
      (found, name) =>
        found.flatMap(({ children }) => children.filter((each) => each.name.replace(/^.*:/, '') === name)),
      [element],
    )
}

export const text = (element: Element, path: string): string => all(element, path)[0]?.text.trim() ?? ''
const has = (element: Element, path: string) => text(element, path) !== ''
/** Hundredths; null where there is none, NaN where it has more than two decimals. */
const cents = (element: Element, path: string): number | null => {
  const own = text(element, path)
  if (own === '') return null
  return /^-?\d+(\.\d{1,2})?$/.test(own) ? Math.round(Number(own) * 100) : Number.NaN
}
const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0)
const isDay = (own: string) => /^\d{4}-\d\d-\d\d$/.test(own) && !Number.isNaN(Date.parse(own))

interface Subject {
  root: Element
  isCredit: boolean
  lines: Element[]
  seller: Element
  buyer: Element
  /** The only VAT category. */
  category: string
  breakdown: Element
}

const registration = (party: Element) => has(party, 'PartyLegalEntity/CompanyID')
const taxIds = (party: Element, scheme: (id: string) => boolean) =>
  all(party, 'PartyTaxScheme')
    .filter((each) => scheme(text(each, 'TaxScheme/ID')))
    .map((each) => text(each, 'CompanyID'))
const vatId = (party: Element) => taxIds(party, (id) => id === 'VAT')[0] ?? ''
const anyTaxId = (party: Element) => taxIds(party, () => true).some((id) => id !== '')
const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
const isCountry = (code: string) => /^[A-Z]{2}$/.test(code) && regions.of(code) !== undefined
const currencies = new Set(Intl.supportedValuesOf('currency'))
const countryOf = (party: Element) => text(party, 'PostalAddress/Country/IdentificationCode')
const lineCategory = (line: Element) => text(line, 'Item/ClassifiedTaxCategory/ID')
const total = ({ root }: Subject, name: string) => cents(root, `LegalMonetaryTotal/${name}`)

/** Categories in which nothing is paid as tax. */
const untaxed = ['E', 'AE', 'O']

/** A rule's number, and whether a document keeps it. */
const rules: readonly (readonly [string, (subject: Subject) => boolean])[] = [
  ['BR-01 a specification is named', ({ root }) => has(root, 'CustomizationID')],
  ['BR-02 a number', ({ root }) => has(root, 'ID')],
  ['BR-03 a date', ({ root }) => isDay(text(root, 'IssueDate'))],
  ['BR-04 a type code', ({ root, isCredit }) => has(root, isCredit ? 'CreditNoteTypeCode' : 'InvoiceTypeCode')],
  ['BR-05 a currency', ({ root }) => has(root, 'DocumentCurrencyCode')],
  ['BR-06 the seller’s name', ({ seller }) => has(seller, 'PartyLegalEntity/RegistrationName')],
  ['BR-07 the buyer’s name', ({ buyer }) => has(buyer, 'PartyLegalEntity/RegistrationName')],
  ['BR-08 the seller’s address', ({ seller }) => all(seller, 'PostalAddress').length === 1],
  ['BR-09 the seller’s country', ({ seller }) => countryOf(seller) !== ''],
  ['BR-10 the buyer’s address', ({ buyer }) => all(buyer, 'PostalAddress').length === 1],
  ['BR-11 the buyer’s country', ({ buyer }) => countryOf(buyer) !== ''],
  ['BR-12 the sum of the lines', (of) => total(of, 'LineExtensionAmount') !== null],
  ['BR-13 the total without tax', (of) => total(of, 'TaxExclusiveAmount') !== null],
  ['BR-14 the total with tax', (of) => total(of, 'TaxInclusiveAmount') !== null],
  ['BR-15 the amount due', (of) => total(of, 'PayableAmount') !== null],
  ['BR-16 a line at least', ({ lines }) => lines.length > 0],
  ['BR-21 lines have identifiers', ({ lines }) => lines.every((line) => has(line, 'ID'))],
  [
    'BR-22 lines have quantities',
    ({ lines, isCredit }) => lines.every((line) => has(line, isCredit ? 'CreditedQuantity' : 'InvoicedQuantity')),
  ],
  [
    'BR-23 quantities have units of Recommendation 20',
    ({ lines, isCredit }) =>
      lines.every((line) => {
        const [quantity] = all(line, isCredit ? 'CreditedQuantity' : 'InvoicedQuantity')
        return quantity?.attributes.unitCode === 'KWH'
      }),
  ],
  ['BR-24 lines have net amounts', ({ lines }) => lines.every((line) => cents(line, 'LineExtensionAmount') !== null)],
  ['BR-25 items have names', ({ lines }) => lines.every((line) => has(line, 'Item/Name'))],
  ['BR-26 items have prices', ({ lines }) => lines.every((line) => has(line, 'Price/PriceAmount'))],
  ['BR-27 no price is negative', ({ lines }) => lines.every((line) => Number(text(line, 'Price/PriceAmount')) >= 0)],
  [
    'BR-29 the period ends after it starts',
    ({ root }) => text(root, 'InvoicePeriod/EndDate') >= text(root, 'InvoicePeriod/StartDate'),
  ],
  ['BR-45 the breakdown has a taxable amount', ({ breakdown }) => cents(breakdown, 'TaxableAmount') !== null],
  ['BR-46 the breakdown has a tax amount', ({ breakdown }) => cents(breakdown, 'TaxAmount') !== null],
  ['BR-47 the breakdown has a category', ({ category }) => category !== ''],
  [
    'BR-48 the breakdown has a rate unless nothing is subject to the tax',
    ({ breakdown, category }) => category === 'O' || has(breakdown, 'TaxCategory/Percent'),
  ],
  [
    'BR-52 supporting documents have references',
    ({ root }) => all(root, 'AdditionalDocumentReference').every((each) => has(each, 'ID')),
  ],
  [
    'BR-55 earlier documents are named by their numbers',
    ({ root }) => all(root, 'BillingReference').every((each) => has(each, 'InvoiceDocumentReference/ID')),
  ],
  ['BR-CO-03 no tax point beside its code', ({ root }) => !has(root, 'TaxPointDate')],
  ['BR-CO-04 lines have categories', ({ lines }) => lines.every((line) => lineCategory(line) !== '')],
  [
    'BR-CO-09 identifiers for the tax begin with a country',
    ({ seller, buyer }) => [seller, buyer].every((party) => vatId(party) === '' || isCountry(vatId(party).slice(0, 2))),
  ],
  [
    'BR-CO-10 the lines add up',
    (of) => sum(of.lines.map((line) => cents(line, 'LineExtensionAmount'))) === total(of, 'LineExtensionAmount'),
  ],
  [
    'BR-CO-13 without allowances and charges the total without tax is the sum of the lines',
    (of) => total(of, 'TaxExclusiveAmount') === total(of, 'LineExtensionAmount'),
  ],
  [
    'BR-CO-14 the tax is the sum of its breakdown',
    ({ root }) =>
      cents(root, 'TaxTotal/TaxAmount') ===
      sum(all(root, 'TaxTotal/TaxSubtotal').map((each) => cents(each, 'TaxAmount'))),
  ],
  [
    'BR-CO-15 the total with tax is that without and the tax',
    (of) =>
      total(of, 'TaxInclusiveAmount') === total(of, 'TaxExclusiveAmount')! + cents(of.root, 'TaxTotal/TaxAmount')!,
  ],
  [
    'BR-CO-16 the amount due is the total, less what was paid, and the rounding',
    (of) =>
      total(of, 'PayableAmount') ===
      total(of, 'TaxInclusiveAmount')! - (total(of, 'PrepaidAmount') ?? 0) + (total(of, 'PayableRoundingAmount') ?? 0),
  ],
  [
    'BR-CO-17 the tax is the taxable amount by the rate, to the cent',
    ({ breakdown }) => {
      const rate = Math.round(Number(text(breakdown, 'TaxCategory/Percent') || '0') * 100)
      const exact = cents(breakdown, 'TaxableAmount')! * rate
      return cents(breakdown, 'TaxAmount') === Math.sign(exact) * Math.floor((Math.abs(exact) + 5_000) / 10_000)
    },
  ],
  ['BR-CO-18 one breakdown at least', ({ root }) => all(root, 'TaxTotal/TaxSubtotal').length > 0],
  [
    'BR-CO-19 a period has a start or an end',
    ({ root }) => has(root, 'InvoicePeriod/StartDate') || has(root, 'InvoicePeriod/EndDate'),
  ],
  ['BR-CO-25 what is due has a date', (of) => total(of, 'PayableAmount')! <= 0 || has(of.root, 'DueDate')],
  [
    'BR-CO-26 the seller has an identifier',
    ({ seller }) => has(seller, 'PartyIdentification/ID') || registration(seller) || vatId(seller) !== '',
  ],
  [
    'BR-CL-01 type codes of UNTDID 1001, as each root may have them',
    ({ root, isCredit }) =>
      isCredit
        ? ['381', '261'].includes(text(root, 'CreditNoteTypeCode'))
        : ['380', '389'].includes(text(root, 'InvoiceTypeCode')),
  ],
  [
    'BR-CL-03 every amount is in a currency of ISO 4217, that of the document',
    ({ root }) => {
      const currency = text(root, 'DocumentCurrencyCode')
      const named = [...everyElement(root)].flatMap(({ attributes }) => attributes.currencyID ?? [])
      return currencies.has(currency) && named.length > 0 && named.every((each) => each === currency)
    },
  ],
  [
    'BR-CL-14 countries of ISO 3166-1',
    ({ seller, buyer }) => [seller, buyer].every((party) => isCountry(countryOf(party))),
  ],
  [
    'BR-CL-17 categories of UNTDID 5305',
    ({ category, lines }) => [category, ...lines.map(lineCategory)].every((each) => ['S', ...untaxed].includes(each)),
  ],
  [
    'BR-DEC amounts have two decimals at most',
    ({ root }) =>
      [...everyElement(root)]
        .filter(({ name, attributes }) => attributes.currencyID !== undefined && !name.endsWith(':PriceAmount'))
        .every(({ text: own }) => /^-?\d+(\.\d{1,2})?$/.test(own.trim())),
  ],
  [
    'BR-S-01, BR-E-01, BR-AE-01, BR-O-01 and BR-O-11 the categories of lines are that of the only breakdown',
    ({ root, lines, category }) =>
      all(root, 'TaxTotal/TaxSubtotal').length === 1 && lines.every((line) => lineCategory(line) === category),
  ],
  [
    'BR-S-02, BR-E-02, BR-AE-02 the seller has an identifier for the tax',
    ({ seller, category }) => category === 'O' || anyTaxId(seller),
  ],
  [
    'BR-AE-02 the buyer that owes the tax has an identifier',
    ({ buyer, category }) => category !== 'AE' || vatId(buyer) !== '' || registration(buyer),
  ],
  [
    'BR-O-02 where nothing is subject to the tax nobody has an identifier for it',
    ({ seller, buyer, category }) => category !== 'O' || (vatId(seller) === '' && vatId(buyer) === ''),
  ],
  [
    'BR-S-05, BR-E-05, BR-AE-05, BR-O-05 the rate of a line is that of its category',
    ({ lines, category }) =>
      lines.every((line) => {
        const rate = text(line, 'Item/ClassifiedTaxCategory/Percent')
        if (category === 'O') return rate === ''
        return category === 'S' ? Number(rate) > 0 : rate !== '' && Number(rate) === 0
      }),
  ],
  [
    'BR-S-08, BR-E-08, BR-AE-08, BR-O-08 the taxable amount is the sum of its lines',
    ({ lines, breakdown }) =>
      sum(lines.map((line) => cents(line, 'LineExtensionAmount'))) === cents(breakdown, 'TaxableAmount'),
  ],
  [
    'BR-E-09, BR-AE-09, BR-O-09 no tax is due',
    ({ breakdown, category }) => !untaxed.includes(category) || cents(breakdown, 'TaxAmount') === 0,
  ],
  [
    'BR-S-10, BR-E-10, BR-AE-10, BR-O-10 a reason is given where no tax is due, and only there',
    ({ breakdown, category }) => has(breakdown, 'TaxCategory/TaxExemptionReason') === untaxed.includes(category),
  ],
]

/** The order in which the schemas of UBL 2.1 want the elements that we use. */
const orders: Readonly<Record<string, readonly string[]>> = {
  Invoice: (
    'CustomizationID ID IssueDate DueDate InvoiceTypeCode Note DocumentCurrencyCode InvoicePeriod BillingReference ' +
    'AdditionalDocumentReference AccountingSupplierParty AccountingCustomerParty TaxTotal LegalMonetaryTotal InvoiceLine'
  ).split(' '),
  CreditNote: (
    'CustomizationID ID IssueDate CreditNoteTypeCode Note DocumentCurrencyCode InvoicePeriod BillingReference ' +
    'AdditionalDocumentReference AccountingSupplierParty AccountingCustomerParty TaxTotal LegalMonetaryTotal CreditNoteLine'
  ).split(' '),
  InvoicePeriod: ['StartDate', 'EndDate'],
  BillingReference: ['InvoiceDocumentReference'],
  InvoiceDocumentReference: ['ID', 'IssueDate'],
  AdditionalDocumentReference: ['ID', 'DocumentDescription', 'Attachment'],
  Attachment: ['ExternalReference'],
  ExternalReference: ['URI'],
  AccountingSupplierParty: ['Party'],
  AccountingCustomerParty: ['Party'],
  Party: ['PartyIdentification', 'PostalAddress', 'PartyTaxScheme', 'PartyLegalEntity'],
  PartyIdentification: ['ID'],
  PostalAddress: ['StreetName', 'CityName', 'PostalZone', 'Country'],
  Country: ['IdentificationCode'],
  PartyTaxScheme: ['CompanyID', 'TaxScheme'],
  TaxScheme: ['ID'],
  PartyLegalEntity: ['RegistrationName', 'CompanyID'],
  TaxTotal: ['TaxAmount', 'TaxSubtotal'],
  TaxSubtotal: ['TaxableAmount', 'TaxAmount', 'TaxCategory'],
  TaxCategory: ['ID', 'Percent', 'TaxExemptionReason', 'TaxScheme'],
  ClassifiedTaxCategory: ['ID', 'Percent', 'TaxScheme'],
  LegalMonetaryTotal: [
    ...['LineExtensionAmount', 'TaxExclusiveAmount', 'TaxInclusiveAmount', 'PrepaidAmount'],
    ...['PayableRoundingAmount', 'PayableAmount'],
  ],
  InvoiceLine: ['ID', 'Note', 'InvoicedQuantity', 'LineExtensionAmount', 'Item', 'Price'],
  CreditNoteLine: ['ID', 'Note', 'CreditedQuantity', 'LineExtensionAmount', 'Item', 'Price'],
  Item: ['Description', 'Name', 'ClassifiedTaxCategory'],
  Price: ['PriceAmount'],
}
/** Elements that may stand several times. */
const repeated = new Set(['InvoiceLine', 'CreditNoteLine', 'PartyTaxScheme', 'AdditionalDocumentReference'])

function* everyElement(element: Element): Generator<Element> {
  yield element
  for (const child of element.children) yield* everyElement(child)
}

function outOfOrder(root: Element): string[] {
  return [...everyElement(root)].flatMap(({ name, children, text: own }) => {
    const local = name.replace(/^.*:/, '')
    const order = orders[local]
    if (order === undefined) {
      const isLeaf = children.length === 0 && own.trim() !== ''
      return isLeaf ? [] : [`${local} is empty or unknown to the schema`]
    }
    const places = children.map((child) => order.indexOf(child.name.replace(/^.*:/, '')))
    return places.flatMap((place, i) => {
      const child = children[i]!.name.replace(/^.*:/, '')
      if (place < 0) return [`${child} is nothing that ${local} has`]
      const before = i === 0 ? -1 : places[i - 1]!
      const isRight = place > before || (place === before && repeated.has(child))
      return isRight ? [] : [`${child} stands in the wrong place of ${local}`]
    })
  })
}

/** What a document breaks: numbers of rules, and places that no schema of UBL allows. */
export function faultsOf(xml: string): string[] {
  const root = elementOf(xml)
  const isCredit = root.name === 'CreditNote'
  const breakdown = all(root, 'TaxTotal/TaxSubtotal')[0]!
  const subject: Subject = {
    ...{ root, isCredit, breakdown, lines: all(root, isCredit ? 'CreditNoteLine' : 'InvoiceLine') },
    seller: all(root, 'AccountingSupplierParty/Party')[0]!,
    buyer: all(root, 'AccountingCustomerParty/Party')[0]!,
    category: text(breakdown, 'TaxCategory/ID'),
  }
  return [...outOfOrder(root), ...rules.filter(([, isKept]) => !isKept(subject)).map(([rule]) => rule)]
}

/** How many rules are checked, by their numbers. */
export const ruleNames: readonly string[] = rules.map(([rule]) => rule)
