/**
 * The documents of a month, from rows of the report summed by day: for each member an invoice of what was bought, a self-billed
 * invoice of what was sold, each for every way in which it is taxed, and an information sheet where no money moved.
 *
 * What was paid through the escrow is the total with tax. It is rounded to the cent once a document, so the sums of all
 * documents and the remainders that are shown are the sums of what was settled.
 */
import { createHash } from 'node:crypto'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { type Cents, roundedToCents, splitTax, unitsPerCent } from './cents.ts'
import { BillingError } from './error.ts'
import { type Issuer, type Member, type Parties, type VatFrom, vatOn } from './parties.ts'

/** A point's day as the report sums it. */
export interface BilledDay {
  /** `2026-11-05`. */
  day: string
  account: Address
  point: string
  exportPoint: string
  importWh: Wh
  exportWh: Wh
  boughtWh: Wh
  soldWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
}

/** Codes of UN/CEFACT 1001: invoice, credit note, self-billed invoice, self-billed credit note; `sheet` is none. */
export type DocumentKind = '380' | '381' | '389' | '261' | 'sheet'

export interface DocumentLine {
  point: string
  energyWh: Wh
  /** Without tax; of a credit note not negative. */
  net: Cents
}

/** Everything that a document says but its number and date. */
export interface DraftDocument {
  kind: DocumentKind
  account: Address
  member: Member
  issuer: Issuer
  currency: string
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
  /** What moved less the total, in ledger units: less than half a cent, or half of one. */
  remainder: LedgerUnits
  /** Number of the document that this one takes back. */
  corrects: string | null
}

export interface Draft {
  month: string
  priceDecimals: number
  currency: string
  documents: DraftDocument[]
  /** Why it is issued although not every value is in; null where it is complete. */
  incompleteBecause: string | null
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

/** What all documents of a month have in common. */
export interface BillTerms {
  priceDecimals: number
  currency: string
  paidBy: readonly UtcSeconds[]
}

/** Makes the documents of a month. Throws `BILL_PARTIES` for an account that no member has. */
export function documentsOf(
  days: readonly BilledDay[],
  { issuer, members }: Parties,
  terms: BillTerms,
): DraftDocument[] {
  const { priceDecimals, ...same } = terms
  const memberOf = new Map(members.map((member) => [member.account, member]))
  const groups = new Map<string, { member: Member; side: 'bought' | 'sold'; vat: VatFrom; days: BilledDay[] }>()
  const touched = new Set<Address>()
  for (const day of days) {
    const member = memberOf.get(day.account)
    if (member === undefined)
      throw new BillingError('BILL_PARTIES', `nobody among the members has account ${day.account}`)
    touched.add(day.account)
    for (const side of ['bought', 'sold'] as const) {
      const [energyWh, money] = side === 'bought' ? [day.boughtWh, day.paid] : [day.soldWh, day.received]
      if (energyWh === 0 && money === 0n) continue
      const vat = vatOf(side, issuer, member, day.day)
      const key = JSON.stringify([day.account, side, vat])
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { member, side, vat, days: [day] })
      else group.days.push(day)
    }
  }
  const documents = [...groups.values()].map((group) => documentOf(group, priceDecimals))
  const withMoney = new Set(documents.map(({ account }) => account))
  const sheets = [...touched]
    .filter((each) => !withMoney.has(each))
    .map((each) =>
      sheetOf(
        memberOf.get(each)!,
        days.filter(({ account }) => account === each),
      ),
    )
  const place = ({ account, kind, from }: OwnParts) => `${account} ${kind} ${from}`
  return [...documents, ...sheets]
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .map((own) => ({ ...own, ...same, issuer }))
}

/** What documents of a month differ in. */
type OwnParts = Omit<DraftDocument, 'issuer' | 'currency' | 'paidBy'>

/** The supplier's treatment counts: the issuer's of what is bought, unless the member owes the tax; else the member's. */
function vatOf(side: 'bought' | 'sold', issuer: Issuer, member: Member, day: string): VatFrom {
  const own = vatOn(member, day)
  if (side === 'sold') return own
  const theirs = vatOn(issuer, day)
  return own.kind === 'reverse' && theirs.kind === 'taxed' ? { ...own, from: theirs.from } : theirs
}

function documentOf(
  { member, side, vat, days }: { member: Member; side: 'bought' | 'sold'; vat: VatFrom; days: BilledDay[] },
  priceDecimals: number,
): OwnParts {
  const points = new Map<string, { energyWh: Wh; money: LedgerUnits }>()
  for (const day of days) {
    const point = side === 'bought' ? day.point : day.exportPoint
    const before = points.get(point) ?? { energyWh: 0, money: 0n }
    const [energyWh, money] = side === 'bought' ? [day.boughtWh, day.paid] : [day.soldWh, day.received]
    points.set(point, { energyWh: before.energyWh + energyWh, money: before.money + money })
  }
  const exact = [...points.values()].reduce((sum, { money }) => sum + money, 0n)
  const signed = roundedToCents(exact, priceDecimals)
  // Of a negative sum (prices may be negative) the document is a credit note of the other sign.
  const isBack = signed < 0n
  const [sign, total] = isBack ? [-1n, -signed] : [1n, signed]
  const { net, tax, rounding } = splitTax(total, rateOf(vat))
  const weights = [...points.values()].map(({ money }) => sign * money)
  const nets = shares(net, weights)
  const kinds = { bought: isBack ? '381' : '380', sold: isBack ? '261' : '389' } as const
  return {
    ...{ kind: kinds[side], account: member.account, member, from: days[0]!.day, to: days.at(-1)!.day, vat },
    lines: [...points].map(([point, { energyWh }], i) => ({ point, energyWh, net: nets[i]! })),
    ...{ net, tax, rounding, total, remainder: exact - signed * unitsPerCent(priceDecimals), corrects: null },
  }
}

/** A total by weights, to the cent; the rest goes to the first lines. */
function shares(total: Cents, weights: readonly bigint[]): Cents[] {
  const sum = weights.reduce((all, each) => all + each, 0n)
  if (sum === 0n) return weights.map((_, i) => (i === 0 ? total : 0n))
  const parts = weights.map((weight) => (total * weight) / sum)
  const rest = total - parts.reduce((all, each) => all + each, 0n)
  return parts.map((part, i) => (i === 0 ? part + rest : part))
}

function sheetOf(member: Member, days: readonly BilledDay[]): OwnParts {
  const points = new Map<string, Wh>()
  for (const { point, importWh } of days) points.set(point, (points.get(point) ?? 0) + importWh)
  return {
    ...{ kind: 'sheet', account: member.account, member, from: days[0]!.day, to: days.at(-1)!.day },
    ...{
      vat: vatOn(member, days[0]!.day),
      lines: [...points].map(([point, energyWh]) => ({ point, energyWh, net: 0n })),
    },
    ...{ net: 0n, tax: 0n, rounding: 0n, total: 0n, remainder: 0n, corrects: null },
  }
}

/** Hundredths of a percent. */
export function rateOf(vat: VatFrom): bigint {
  return vat.kind === 'taxed' ? BigInt(Math.round(Number(vat.ratePercent) * 100)) : 0n
}

const takesBack = { '380': '381', '389': '261', '381': '380', '261': '389' } as const

/** An issued document, and the number it has. */
export interface IssuedDocument {
  number: string
  document: DraftDocument
}

/**
 * What is still to be issued of a month of which documents were issued before: nothing for one that stayed the same; for one
 * that changed a document that takes it back, and the new one.
 */
export function corrected(now: readonly DraftDocument[], standing: readonly IssuedDocument[]): DraftDocument[] {
  const sameAs = new Map(standing.map((issued) => [fingerprint(issued.document), issued]))
  const kept = new Set<IssuedDocument>()
  const fresh = now.filter((document) => {
    const same = sameAs.get(fingerprint(document))
    if (same !== undefined) kept.add(same)
    return same === undefined
  })
  const back = standing
    .filter((issued) => !kept.has(issued) && issued.document.kind !== 'sheet')
    .map(({ number, document: own }) => ({
      ...own,
      kind: takesBack[own.kind as keyof typeof takesBack],
      remainder: -own.remainder,
      corrects: number,
    }))
  return [...back, ...fresh]
}

/** Names, addresses and how it was paid may change without a document being wrong. */
function fingerprint({
  kind,
  account,
  from,
  to,
  vat,
  lines,
  net,
  tax,
  rounding,
  total,
  remainder,
}: DraftDocument): string {
  return canonical({ kind, account, from, to, vat, lines, net, tax, rounding, total, remainder })
}

/** What approvers sign: everything that the documents will say. */
export function hashOfDraft(draft: Draft): string {
  return createHash('sha256').update(canonical(draft)).digest('hex')
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return String(each)
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** What documents say was paid and received. A document that takes another back counts against it. */
export function sumsOf(documents: readonly DraftDocument[], priceDecimals: number): DraftSums {
  const sums = { paidCents: 0n, receivedCents: 0n, paidRemainder: 0n, receivedRemainder: 0n }
  for (const { kind, total, remainder } of documents) {
    if (kind === '380' || kind === '381') {
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
