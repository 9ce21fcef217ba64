/**
 * A standing agreement on its way between two people: one of them makes and signs it; the other reads it, signs it and hands it
 * in.
 */
import type { Agreement } from '../../contracts/protocol/typed-data.ts'
import type { Ticks } from '../../contracts/protocol/units.ts'
import type { AgreementResource, AreaResource, SeatResource } from '../../server/api/resources.ts'
import { plainNumber } from '../money/format.ts'
import type { OrderSide } from '../orders/order.ts'
import { nextBoundary } from '../time/clock.ts'
import { agreementWords } from './words.tsx'

/** The offer that travels as text or in a link: one of the two signatures is still missing. */
export interface AgreementOffer {
  chainId: number
  escrow: string
  agreement: Agreement
  sellerSignature: string | null
  buyerSignature: string | null
}

export interface Partner {
  account: string
  meter: string
}

export type AgreementKind = AgreementResource['kind']
const kinds: readonly AgreementKind[] = ['fixed', 'share', 'all']

export interface AgreementTerms {
  side: OrderSide
  partner: Partner
  kind: AgreementKind
  /** For `share` in hundredths of a percent, for `fixed` in Wh per interval, and 0 for `all`. */
  amount: number
  priceTicks: Ticks
  /** In UTC seconds, as is `until`. The agreement begins at the next interval boundary and ends at the last one before `until`. */
  from: number
  until: number
  noticeSeconds: number
}

/** The line by which others name a seat in an agreement with it. */
export function partnerLine({ account, meter }: Partner): string {
  return `${account} ${meter}`
}

/** Reads such a line. The answer is null where the text is no such line, or names the seat itself. */
export function readPartner(text: string, own: Partner): Partner | null {
  const [account, meter, ...rest] = text.trim().toLowerCase().split(/\s+/)
  const isAddress = (word: string | undefined) => /^0x[0-9a-f]{40}$/.test(word ?? '')
  if (!isAddress(account) || !isAddress(meter) || rest.length > 0 || meter === own.meter) return null
  return { account: account!, meter: meter! }
}

/** A percentage that a person typed ("25", "12,5"), in hundredths of a percent; null where the text is no percentage up to 100. */
export function readPercentShare(text: string): number | null {
  const plain = plainNumber(text)
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(plain)) return null
  const hundredths = Math.round(Number(plain) * 100)
  return hundredths > 0 && hundredths <= 10_000 ? hundredths : null
}

/** The agreement to be signed. Its nonce is the time in milliseconds. */
export function agreementOf(area: AreaResource, seat: SeatResource, terms: AgreementTerms, nowMs: number): Agreement {
  const { side, partner, kind, amount, priceTicks, from, until, noticeSeconds } = terms
  const [seller, buyer] = side === 'sell' ? [seat, partner] : [partner, seat]
  const length = area.intervalSeconds
  return {
    ...{ seller: seller.account, sellerMeter: seller.meter, buyer: buyer.account, buyerMeter: buyer.meter },
    ...{ rules: area.rules.hash, kind: kinds.indexOf(kind), amount, price: priceTicks },
    start: Math.ceil(from / length) * length,
    end: Math.floor(until / length) * length,
    ...{ noticeSeconds, nonce: nowMs },
  }
}

export function kindOf({ kind }: Agreement): AgreementKind | null {
  return kinds[kind] ?? null
}

/** The text that is sent to the partner. */
export function offerText(offer: AgreementOffer): string {
  return btoa(JSON.stringify(offer)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const linkMark = '#agreement='

/**
 * A link that opens the partner's own page with the offer; `account` is the partner's address. A browser sends nothing after
 * the `#` to a server.
 */
export function offerLink(offer: AgreementOffer, account: string): string {
  return `${account}${linkMark}${offerText(offer)}`
}

/** The text of the offer in the address of a page, or null. */
export function offerInAddress(hash: string): string | null {
  return hash.startsWith(linkMark) ? hash.slice(linkMark.length) : null
}

/**
 * Reads the text or link that the partner sent to a seat. The answer is the offer and the side that is asked to sign, or what
 * is wrong.
 */
export function readOffer(
  text: string,
  area: AreaResource,
  seat: SeatResource,
  nowMs: number,
): { offer: AgreementOffer; side: OrderSide } | { problem: string } {
  const said = agreementWords().problems
  const offer = offerIn(text)
  if (offer === null) return { problem: said.notAnOffer }
  const { agreement, chainId, escrow } = offer
  if (chainId !== area.chain.chainId || escrow !== area.chain.escrow || agreement.rules !== area.rules.hash) {
    return { problem: said.otherMarket }
  }
  const isMine = (account: string, meter: string) => account === seat.account && meter === seat.meter
  const isSeller = isMine(agreement.seller, agreement.sellerMeter)
  if (!isSeller && !isMine(agreement.buyer, agreement.buyerMeter)) {
    return { problem: said.somebodyElse }
  }
  if ((isSeller ? offer.buyerSignature : offer.sellerSignature) === null) {
    return { problem: said.ownOffer }
  }
  if (agreement.end * 1000 <= nextBoundary(nowMs, area.intervalSeconds) * 1000) {
    return { problem: said.over }
  }
  if (kindOf(agreement) === null) return { problem: said.unknownKind }
  return { offer, side: isSeller ? 'sell' : 'buy' }
}

function offerIn(text: string): AgreementOffer | null {
  const trimmed = text.trim()
  const code = trimmed.slice(trimmed.indexOf('=') + 1)
  try {
    const offer = JSON.parse(atob(code.replaceAll('-', '+').replaceAll('_', '/'))) as AgreementOffer
    const { seller, sellerMeter, buyer, buyerMeter, rules, kind, amount, price, start, end, noticeSeconds, nonce } =
      offer.agreement
    const texts = [seller, sellerMeter, buyer, buyerMeter, rules, offer.escrow]
    const numbers = [kind, amount, price, start, end, noticeSeconds, nonce, offer.chainId]
    const isWhole =
      texts.every((one) => /^0x[0-9a-f]+$/.test(one)) &&
      numbers.every(Number.isSafeInteger) &&
      [offer.sellerSignature, offer.buyerSignature].every((one) => one === null || /^0x[0-9a-f]+$/i.test(one))
    if (!isWhole) return null
    const agreement: Agreement = {
      ...{ seller, sellerMeter, buyer, buyerMeter, rules, kind, amount, price, start, end, noticeSeconds, nonce },
    }
    const { chainId, escrow, sellerSignature, buyerSignature } = offer
    return { chainId, escrow, agreement, sellerSignature, buyerSignature }
  } catch {
    return null
  }
}

/** The first boundary at which one of the partners can end an agreement from now on; null where it ends earlier by itself. */
export function earliestEnd(area: AreaResource, agreement: AgreementResource, nowMs: number): number | null {
  const earliest = nextBoundary(nowMs + agreement.noticeSeconds * 1000, area.intervalSeconds)
  return earliest * 1000 < Date.parse(agreement.end) ? earliest : null
}

/** The state of an agreement, in a word or two. */
export function standingOf(
  { start, end, noticeBy }: AgreementResource,
  nowMs: number,
): 'ahead' | 'running' | 'ending' | 'ended' {
  if (Date.parse(end) <= nowMs) return 'ended'
  if (noticeBy !== null) return 'ending'
  return Date.parse(start) > nowMs ? 'ahead' : 'running'
}

/** The seat's agreements, newest first, after one of them changed. */
export function withAgreement(known: readonly AgreementResource[], changed: AgreementResource): AgreementResource[] {
  const others = known.filter(({ agreement }) => agreement !== changed.agreement)
  return [...others, changed].sort((a, b) => b.arrival - a.arrival)
}
