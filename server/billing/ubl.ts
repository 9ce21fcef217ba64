/**
 * A document as UBL 2.1 by EN 16931-1 (semantic model) and CEN/TS 16931-3-2 (syntax). Invoices have the root `Invoice`, credit notes
 * `CreditNote`; of a self-billed one the member is the seller and the community the buyer.
 */
import { isoSeconds } from '../exchange/instants.ts'
import { xmlText } from '../exchange/xml-text.ts'
import { centsText } from './cents.ts'
import type { DraftDocument } from './draft.ts'
import type { Issuer, Member } from './parties.ts'
import { type BillWords, billWordsOf } from './words.ts'

/** A document with its number. */
export interface NumberedDocument {
  number: string
  /** `2026-12-02`. */
  issuedOn: string
  document: DraftDocument
}

const customization = 'urn:cen.eu:en16931:2017'
/** The code of UN/ECE Recommendation 20. */
const kilowattHour = 'KWH'

/** UNTDID 5305 by how a supply is taxed: standard rate, exempt, not subject to the tax, reverse charge. */
const categories = { taxed: 'S', small: 'E', private: 'O', reverse: 'AE' } as const

const element = (name: string, content: string) => `<${name}>${content}</${name}>`
const basic = (name: string, text: string) => element(`cbc:${name}`, xmlText(text))

/** Writes the document. Not for information sheets, which are no documents of EN 16931. */
export function ublOf(numbered: NumberedDocument): string {
  const { number, issuedOn, document: own } = numbered
  const { currency, issuer, kind, member, vat, net, tax, rounding, total, corrects } = own
  const words = billWordsOf(member.language)
  const isCredit = kind === '381' || kind === '261'
  const isSelfBilled = kind === '389' || kind === '261'
  const root = isCredit ? 'CreditNote' : 'Invoice'
  // BR-O-2: where nothing is subject to the tax, nobody's identifier for it is named.
  const withIds = vat.kind !== 'private'
  const amount = (name: string, cents: bigint) =>
    `<cbc:${name} currencyID="${currency}">${centsText(cents)}</cbc:${name}>`
  const [seller, buyer] = isSelfBilled ? [member, issuer] : [issuer, member]
  const category = vatCategory(own)
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<${root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:${root}-2"` +
      ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"' +
      ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">',
    basic('CustomizationID', customization),
    basic('ID', number),
    basic('IssueDate', issuedOn),
    // BR-CO-25 asks for a due date only where something is still to be paid.
    basic(isCredit ? 'CreditNoteTypeCode' : 'InvoiceTypeCode', kind),
    basic('Note', noteOf(own, words)),
    basic('DocumentCurrencyCode', currency),
    element('cac:InvoicePeriod', basic('StartDate', own.from) + basic('EndDate', own.to)),
    ...(corrects === null
      ? []
      : [element('cac:BillingReference', element('cac:InvoiceDocumentReference', basic('ID', corrects)))]),
    ...proofLinks(numbered).map(({ hash, url }) =>
      element(
        'cac:AdditionalDocumentReference',
        basic('ID', hash) +
          basic('DocumentDescription', words.labels.proof) +
          element('cac:Attachment', element('cac:ExternalReference', basic('URI', url))),
      ),
    ),
    element('cac:AccountingSupplierParty', partyOf(seller, withIds)),
    element('cac:AccountingCustomerParty', partyOf(buyer, withIds)),
    element(
      'cac:TaxTotal',
      amount('TaxAmount', tax) +
        element(
          'cac:TaxSubtotal',
          amount('TaxableAmount', net) + amount('TaxAmount', tax) + element('cac:TaxCategory', category.withReason),
        ),
    ),
    element(
      'cac:LegalMonetaryTotal',
      amount('LineExtensionAmount', net) +
        amount('TaxExclusiveAmount', net) +
        amount('TaxInclusiveAmount', net + tax) +
        amount('PrepaidAmount', total) +
        (rounding === 0n ? '' : amount('PayableRoundingAmount', rounding)) +
        amount('PayableAmount', net + tax + rounding - total),
    ),
    ...linesOf(own, { isCredit, isSelfBilled, category: category.plain, words }),
    `</${root}>`,
  ].join('\n')}\n`
}

/** The lines. BR-27: no price is negative; where money went the other way the quantity is. */
function linesOf(
  { currency, lines }: DraftDocument,
  {
    isCredit,
    isSelfBilled,
    category,
    words,
  }: { isCredit: boolean; isSelfBilled: boolean; category: string; words: BillWords },
): string[] {
  const money = (name: string, text: string) => `<cbc:${name} currencyID="${currency}">${text}</cbc:${name}>`
  const quantity = isCredit ? 'CreditedQuantity' : 'InvoicedQuantity'
  return lines.map((line, i) => {
    const sign = line.net < 0n ? '-' : ''
    return element(
      isCredit ? 'cac:CreditNoteLine' : 'cac:InvoiceLine',
      basic('ID', String(i + 1)) +
        basic('Note', words.intervals(line.intervals)) +
        `<cbc:${quantity} unitCode="${kilowattHour}">${sign}${kilowattHoursText(line.energyWh)}</cbc:${quantity}>` +
        money('LineExtensionAmount', centsText(line.net)) +
        element(
          'cac:Item',
          basic('Description', line.point) +
            basic('Name', isSelfBilled ? words.soldItem : words.boughtItem) +
            element('cac:ClassifiedTaxCategory', category),
        ) +
        element('cac:Price', money('PriceAmount', priceText(line.net < 0n ? -line.net : line.net, line.energyWh))),
    )
  })
}

/** Where each line's intervals are shown, with the hash that binds them; what takes a document back has those of that one. */
export function proofLinks({ number, document }: NumberedDocument): { hash: string; url: string }[] {
  const { lines, area, site, corrects } = document
  if (corrects !== null) return []
  return lines.flatMap(({ proof }, i) =>
    proof === null ? [] : [{ hash: proof, url: `${site}/api/v1/areas/${area}/documents/${number}/lines/${i + 1}` }],
  )
}

/** What a document says besides its amounts. */
export function noteOf({ kind, corrects, paidBy }: DraftDocument, words: BillWords): string {
  const [first, last] = [paidBy[0], paidBy.at(-1)]
  return [
    ...(kind === '389' || kind === '261' ? [words.selfBilled] : []),
    ...(corrects === null ? [] : [words.takesBack(corrects)]),
    ...(first === undefined || last === undefined
      ? []
      : [words.paid(isoSeconds(first), isoSeconds(last), paidBy.length)]),
  ].join(' ')
}

function vatCategory({ vat, member }: DraftDocument) {
  const rate = vat.kind === 'private' ? '' : basic('Percent', vat.kind === 'taxed' ? vat.ratePercent : '0')
  const scheme = element('cac:TaxScheme', basic('ID', 'VAT'))
  const id = basic('ID', categories[vat.kind])
  const reason = vat.kind === 'taxed' ? '' : basic('TaxExemptionReason', billWordsOf(member.language).untaxed[vat.kind])
  return { plain: id + rate + scheme, withReason: id + rate + reason + scheme }
}

function partyOf(party: Issuer | Member, withIds: boolean): string {
  const { name, street, postcode, city, country, vatId, taxNumber } = party
  // BR-CO-26: who sells is known by an identifier, and a private person has no other.
  const identifier = 'account' in party ? element('cac:PartyIdentification', basic('ID', party.account)) : ''
  const scheme = (id: string) => element('cac:TaxScheme', basic('ID', id))
  const registration = 'registration' in party ? basic('CompanyID', party.registration) : ''
  return element(
    'cac:Party',
    identifier +
      element(
        'cac:PostalAddress',
        basic('StreetName', street) +
          basic('CityName', city) +
          basic('PostalZone', postcode) +
          element('cac:Country', basic('IdentificationCode', country)),
      ) +
      (withIds && vatId !== undefined ? element('cac:PartyTaxScheme', basic('CompanyID', vatId) + scheme('VAT')) : '') +
      (withIds && taxNumber !== undefined
        ? element('cac:PartyTaxScheme', basic('CompanyID', taxNumber) + scheme('FC'))
        : '') +
      element('cac:PartyLegalEntity', basic('RegistrationName', name) + registration),
  )
}

/** Three decimals, which are exact. */
export function kilowattHoursText(energyWh: number): string {
  const digits = String(energyWh).padStart(4, '0')
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`
}

/** Net by energy, with six decimals, cut: amounts count and not prices. Zero where no energy was. */
export function priceText(net: bigint, energyWh: number): string {
  const micros = energyWh === 0 ? 0n : (net * 10_000_000n) / BigInt(energyWh)
  const digits = String(micros).padStart(7, '0')
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`
}
