/** Documents before they have numbers: what they say, what they add up to, and the hash that approvers sign. */
import { createHash } from 'node:crypto'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { type Cents, unitsPerCent } from './cents.ts'
import type { Issuer, Member, VatFrom } from './parties.ts'

/** Codes of UN/CEFACT 1001: invoice, credit note, self-billed invoice, self-billed credit note; `sheet` is none. */
export type DocumentKind = '380' | '381' | '389' | '261' | 'sheet'

export interface DocumentLine {
  point: string
  energyWh: Wh
  /** The amount without tax; also that of a credit note is not negative. */
  net: Cents
  /** What moved through the escrow for it, exactly: paid of what was bought, received of what was sold. */
  amount: LedgerUnits
  /** Settled intervals that it sums. */
  intervals: number
  /** Binds it to them (`line-proof.ts`); null on an information sheet. */
  proof: string | null
}

/** Everything that a document says but its number and date. */
export interface DraftDocument {
  kind: DocumentKind
  account: Address
  member: Member
  issuer: Issuer
  /** Where the page and the API are: links to proofs begin with it. */
  site: string
  area: number
  currency: string
  priceDecimals: number
  /** Ends of the batches by which it was paid. */
  paidBy: readonly UtcSeconds[]
  /** Days of the supply. */
  from: string
  to: string
  vat: VatFrom
  lines: DocumentLine[]
  net: Cents
  tax: Cents
  /** Makes up for a cent that no net amount and its tax give. */
  rounding: Cents
  /** With tax: what moved through the escrow, to the cent. */
  total: Cents
  /** What moved less the total, in ledger units: half a cent at most. */
  remainder: LedgerUnits
  /** Number of the document that this one takes back. */
  corrects: string | null
}

export interface Draft {
  month: string
  documents: DraftDocument[]
  /** The accounts that may approve it. */
  approvers: readonly Address[]
  /** Why it is issued although not every value is in; null where it is complete. */
  incompleteBecause: string | null
}

/** Whether a document is of what the member bought, or takes such a one back; else it is of what the member sold. */
export function isOfPurchase({ kind }: Pick<DraftDocument, 'kind'>): boolean {
  return kind === '380' || kind === '381'
}

/** What was paid, and what received, by documents and their remainders. */
export interface DraftSums {
  paid: LedgerUnits
  received: LedgerUnits
  paidCents: Cents
  receivedCents: Cents
  paidRemainder: LedgerUnits
  receivedRemainder: LedgerUnits
}

/** What documents say was paid and received. A document that takes another back counts against it. */
export function sumsOf(documents: readonly DraftDocument[], priceDecimals: number): DraftSums {
  const sums = { paidCents: 0n, receivedCents: 0n, paidRemainder: 0n, receivedRemainder: 0n }
  for (const { kind, total, remainder } of documents) {
    if (isOfPurchase({ kind })) {
      sums.paidCents += kind === '380' ? total : -total
      sums.paidRemainder += remainder
    } else if (kind !== 'sheet') {
      sums.receivedCents += kind === '389' ? total : -total
      sums.receivedRemainder += remainder
    }
  }
  const unit = unitsPerCent(priceDecimals)
  return {
    ...sums,
    paid: sums.paidCents * unit + sums.paidRemainder,
    received: sums.receivedCents * unit + sums.receivedRemainder,
  }
}

/** What approvers sign: everything that the documents will say, why, and who may approve it. */
export function hashOfDraft(draft: Draft): string {
  return createHash('sha256').update(canonical(draft)).digest('hex')
}

/** JSON with the names of every object in their order, and whole numbers of any size as strings. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return String(each)
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
