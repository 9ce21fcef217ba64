/**
 * The documents of a month, from what each point bought and sold by day: for each member an invoice of what was bought, a self-billed
 * invoice of what was sold, each for every way in which it is taxed, and an information sheet where no money moved.
 *
 * What was paid through the escrow is the total with tax. It is rounded to the cent once a document, so the sums of all
 * documents and the remainders that are shown are the sums of what was settled.
 */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Wh } from '../../contracts/protocol/units.ts'
import { type Cents, roundedToCents, splitTax, unitsPerCent } from './cents.ts'
import type { DocumentLine, DraftDocument } from './draft.ts'
import { BillingError } from './error.ts'
import { type DaySide, lineHash } from './line-proof.ts'
import { type Issuer, type Member, type Parties, type VatFrom, vatOn } from './parties.ts'

/** What a point did on a day: metered, and of that what settled batches moved. */
export interface BilledDay {
  /** `2026-11-05`. */
  day: string
  account: Address
  point: string
  exportPoint: string
  importWh: Wh
  exportWh: Wh
  bought: DaySide
  sold: DaySide
}

/** What all documents of a month have in common. */
export interface BillTerms {
  area: number
  priceDecimals: number
  currency: string
}

type Side = 'bought' | 'sold'

/** Makes the documents of a month. Throws `BILL_PARTIES` that names the accounts which no member has. */
export function documentsOf(
  days: readonly BilledDay[],
  { issuer, members, site }: Omit<Parties, 'approvers'>,
  terms: BillTerms,
): DraftDocument[] {
  const memberOf = new Map(members.map((member) => [member.account, member]))
  const touched = new Set(days.map(({ account }) => account))
  const unknown = [...touched].filter((account) => !memberOf.has(account))
  if (unknown.length > 0) {
    throw new BillingError('BILL_PARTIES', `nobody among the members has account ${unknown.join(', ')}`)
  }
  const groups = new Map<string, Group>()
  for (const day of days) {
    const member = memberOf.get(day.account)!
    for (const side of ['bought', 'sold'] as const) {
      if (day[side].intervals === 0) continue
      const vat = vatOf(side, issuer, member, day.day)
      requireDebtor(vat, side === 'bought' ? [member, issuer] : [issuer, member])
      const key = JSON.stringify([day.account, side, vat])
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { member, side, vat, days: [day] })
      else group.days.push(day)
    }
  }
  const documents = [...groups.values()].map((group) => documentOf(group, terms.priceDecimals))
  const withMoney = new Set(documents.map(({ account }) => account))
  const sheets = [...touched]
    .filter((each) => !withMoney.has(each))
    .map((each) => sheetOf(memberOf.get(each)!, ascending(days.filter(({ account }) => account === each))))
  const place = ({ account, kind, from }: OwnParts) => `${account} ${kind} ${from}`
  return [...documents, ...sheets]
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .map((own) => ({ ...own, ...terms, issuer, site }))
}

/** Days of one member and side that are taxed alike. */
interface Group {
  member: Member
  side: Side
  vat: VatFrom
  days: BilledDay[]
}

/** The parts in which documents of a month differ. */
type OwnParts = Omit<DraftDocument, 'issuer' | 'site' | keyof BillTerms>

const ascending = (days: readonly BilledDay[]) => [...days].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))

/** The supplier's treatment counts: the issuer's of what is bought, unless the member owes the tax; else the member's. */
function vatOf(side: Side, issuer: Issuer, member: Member, day: string): VatFrom {
  const own = vatOn(member, day)
  if (side === 'sold') return own
  const theirs = vatOn(issuer, day)
  return own.kind === 'reverse' && theirs.kind === 'taxed' ? { ...own, from: theirs.from } : theirs
}

/** Throws `BILL_PARTIES` where the buyer would owe the tax and has no number under which it pays any. */
function requireDebtor({ kind }: VatFrom, [buyer, seller]: readonly [Issuer | Member, Issuer | Member]): void {
  if (kind !== 'reverse' || buyer.vatId !== undefined) return
  throw new BillingError(
    'BILL_PARTIES',
    `${buyer.name}: owes the tax of what it buys from ${seller.name}, and has no vatId`,
  )
}

function documentOf({ member, side, vat, days: own }: Group, priceDecimals: number): OwnParts {
  const days = ascending(own)
  const exact = days.reduce((sum, day) => sum + day[side].amount, 0n)
  const signed = roundedToCents(exact, priceDecimals)
  // Of a negative sum (prices may be negative) the document is a credit note of the other sign.
  const isBack = signed < 0n
  const [sign, total] = isBack ? [-1n, -signed] : [1n, signed]
  const { net, tax, rounding } = splitTax(total, rateOf(vat))
  const kinds = { bought: isBack ? '381' : '380', sold: isBack ? '261' : '389' } as const
  return {
    ...{ kind: kinds[side], account: member.account, member, from: days[0]!.day, to: days.at(-1)!.day, vat },
    paidBy: [...new Set(days.flatMap((day) => day[side].batches))].sort((a, b) => a - b),
    lines: linesOf(days, side, { net, sign }),
    ...{ net, tax, rounding, total, remainder: exact - signed * unitsPerCent(priceDecimals), corrects: null },
  }
}

function linesOf(days: readonly BilledDay[], side: Side, { net, sign }: { net: Cents; sign: bigint }): DocumentLine[] {
  const points = new Map<string, { day: string; own: DaySide }[]>()
  for (const day of days) {
    const point = side === 'bought' ? day.point : day.exportPoint
    points.set(point, [...(points.get(point) ?? []), { day: day.day, own: day[side] }])
  }
  const lines = [...points].map(([point, own]) => ({
    point,
    energyWh: own.reduce((sum, each) => sum + each.own.energyWh, 0),
    amount: own.reduce((sum, each) => sum + each.own.amount, 0n),
    intervals: own.reduce((sum, each) => sum + each.own.intervals, 0),
    proof: lineHash(own.map((each) => ({ day: each.day, hash: each.own.hash }))),
  }))
  const nets = shares(
    net,
    lines.map(({ amount }) => sign * amount),
  )
  return lines.map((line, i) => ({ ...line, net: nets[i]! }))
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
  const lines = [...points].map(([point, energyWh]) => {
    return { point, energyWh, net: 0n, amount: 0n, intervals: 0, proof: null }
  })
  return {
    ...{ kind: 'sheet', account: member.account, member, from: days[0]!.day, to: days.at(-1)!.day, paidBy: [] },
    ...{ vat: vatOn(member, days[0]!.day), lines, net: 0n, tax: 0n, rounding: 0n, total: 0n, remainder: 0n },
    corrects: null,
  }
}

/** Hundredths of a percent. */
export function rateOf(vat: VatFrom): bigint {
  return vat.kind === 'taxed' ? BigInt(Math.round(Number(vat.ratePercent) * 100)) : 0n
}
