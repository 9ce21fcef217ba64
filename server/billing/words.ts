/** What documents say, by language. */
import type { DocumentKind } from './draft.ts'

export interface BillWords {
  titles: Record<DocumentKind, string>
  boughtItem: string
  soldItem: string
  selfBilled: string
  untaxed: Record<'private' | 'small' | 'reverse', string>
  takesBack(number: string): string
  /** Of how many intervals a line is the sum. */
  intervals(count: number): string
  paid(first: string, last: string, batches: number): string
  labels: Record<
    | 'number'
    | 'date'
    | 'period'
    | 'seller'
    | 'buyer'
    | 'point'
    | 'energy'
    | 'price'
    | 'net'
    | 'tax'
    | 'rounding'
    | 'total'
    | 'open'
    | 'remainder'
    | 'proof',
    string
  >
}

const english: BillWords = {
  titles: {
    '380': 'Invoice',
    '381': 'Credit note',
    '389': 'Self-billed invoice',
    '261': 'Self-billed credit note',
    sheet: 'Information sheet',
  },
  boughtItem: 'Solar energy bought from neighbours',
  soldItem: 'Solar energy sold to neighbours',
  selfBilled: 'Self-billed by the buyer.',
  untaxed: {
    private: 'Supplied by a private person, not subject to VAT.',
    small: 'Exempt from VAT: small business.',
    reverse: 'Reverse charge: the customer owes the VAT.',
  },
  takesBack: (number) => `Takes back document ${number}.`,
  intervals: (count) => (count === 1 ? '1 settled interval' : `${count} settled intervals`),
  paid: (first, last, batches) =>
    `Paid through the escrow by ${batches === 1 ? 'the batch' : `${batches} batches`} that ended ${batches === 1 ? `at ${first}` : `from ${first} to ${last}`}.`,
  labels: {
    ...{ number: 'Number', date: 'Date', period: 'Supplied', seller: 'Supplier', buyer: 'Customer' },
    ...{ point: 'Metering point', energy: 'kWh', price: 'per kWh', net: 'Net', tax: 'VAT', rounding: 'Rounding' },
    ...{ total: 'Paid through the escrow', open: 'Still to pay', remainder: 'Below a cent, not invoiced' },
    proof: 'Every interval of the line, with the statement that settled it',
  },
}

const german: BillWords = {
  titles: {
    '380': 'Rechnung',
    '381': 'Rechnungskorrektur (Gutschrift)',
    '389': 'Gutschrift (Selbstabrechnung)',
    '261': 'Korrektur einer Gutschrift',
    sheet: 'Informationsblatt',
  },
  boughtItem: 'Sonnenstrom, von Nachbarn gekauft',
  soldItem: 'Sonnenstrom, an Nachbarn verkauft',
  selfBilled: 'Gutschrift: Abrechnung durch den Leistungsempfänger.',
  untaxed: {
    private: 'Lieferung einer Privatperson, nicht umsatzsteuerbar.',
    small: 'Umsatzsteuerfrei: Kleinunternehmer.',
    reverse: 'Steuerschuldnerschaft des Leistungsempfängers.',
  },
  takesBack: (number) => `Nimmt das Dokument ${number} zurück.`,
  intervals: (count) => (count === 1 ? '1 abgerechneter Zeitraum' : `${count} abgerechnete Zeiträume`),
  paid: (first, last, batches) =>
    `Über das Treuhandkonto bezahlt, ${batches === 1 ? `Abrechnungslauf bis ${first}` : `${batches} Abrechnungsläufe, Ende von ${first} bis ${last}`}.`,
  labels: {
    ...{ number: 'Nummer', date: 'Datum', period: 'Lieferzeitraum', seller: 'Lieferant', buyer: 'Empfänger' },
    ...{ point: 'Zählpunkt', energy: 'kWh', price: 'je kWh', net: 'Netto', tax: 'USt', rounding: 'Rundung' },
    ...{
      total: 'Über das Treuhandkonto bezahlt',
      open: 'Noch zu zahlen',
      remainder: 'Unter einem Cent, nicht verrechnet',
      proof: 'Jeder Zeitraum der Zeile, mit dem Auszug, der ihn abgerechnet hat',
    },
  },
}

const languages = { en: english, de: german } as const

export function billWordsOf(language: keyof typeof languages): BillWords {
  return languages[language]
}
