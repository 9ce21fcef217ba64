/** Taking up and ending agreements: two accounts agree that energy of one's surplus goes to the other at a price. */
import type { Hex } from '../../../../contracts/protocol/typed-data.ts'
import type { Wh } from '../../../../contracts/protocol/units.ts'
import type { AgreementState, CommandOf, Event, SignedAgreement } from '../../area/area.ts'
import type { OrderCode } from '../../area/codes.ts'
import { ordersAtOnce, spendNonce, takeCredit } from '../../area/orders.ts'
import { noId, refused } from '../../area/refusal.ts'
import {
  type AreaState,
  configNow,
  firstStartAfter,
  highestNonce,
  horizonSeconds,
  isSuspended,
  mandatedUntil,
  noncesOf,
  type SeatState,
  seatOf,
  termsAt,
} from '../../area/state.ts'

/** Agreements that have not ended, of one seat on either side. */
const openPerSeat = 16
/** Shares are hundredths of a percent. */
const wholeShare = 10_000

const fixed = 0
const share = 1

/** What an agreement claims of a seller's surplus in one interval, before anything limits it. */
export function shareOf({ kind, amount }: Pick<AgreementState, 'kind' | 'amount'>, surplusWh: Wh): Wh {
  if (kind === fixed) return amount
  return kind === share ? Math.floor((surplusWh * amount) / wholeShare) : surplusWh
}

const bySeat = new WeakMap<AreaState['agreements'], Map<number, Set<AgreementState>>>()

/** Those that a seat has a side in; derived from the state, so that nobody has to search it. */
function agreementsOf({ agreements }: AreaState, seat: number): Set<AgreementState> {
  let known = bySeat.get(agreements)
  if (known === undefined) {
    known = new Map()
    bySeat.set(agreements, known)
    for (const agreement of agreements.values()) {
      for (const party of [agreement.seller, agreement.buyer]) {
        known.set(party, (known.get(party) ?? new Set()).add(agreement))
      }
    }
  }
  let own = known.get(seat)
  if (own === undefined) {
    own = new Set()
    known.set(seat, own)
  }
  return own
}

interface Parties {
  seller: SeatState
  buyer: SeatState
}

/** Takes up agreements that were signed as one group, all or none. */
export function acceptAgreements(state: AreaState, { items }: Pick<CommandOf<'agreements'>, 'items'>): Event[] {
  const [first] = items
  if (first === undefined) return refused(noId, 'AGREEMENT_GROUP')
  const buyers = new Set(items.map(({ agreement }) => agreement.buyerMeter))
  const isOneGroup = items.every(
    ({ agreement: { seller, sellerMeter, nonce } }) =>
      seller === first.agreement.seller &&
      sellerMeter === first.agreement.sellerMeter &&
      nonce === first.agreement.nonce,
  )
  if (!isOneGroup || buyers.size < items.length) return refused(first.id, 'AGREEMENT_GROUP')
  if (items.length > openPerSeat) return refused(first.id, 'AGREEMENT_LIMIT', [openPerSeat])
  const parties: Parties[] = []
  for (const { id, agreement } of items) {
    const fit = fitAgreement(state, id, agreement)
    if ('refusal' in fit) return fit.refusal
    parties.push(fit)
  }
  const { seller } = parties[0]!
  const open = (seat: number) => [...agreementsOf(state, seat)].filter(({ end }) => end * 1000 > state.nowMs).length
  if (open(seller.chain.seat) + items.length > openPerSeat) return refused(first.id, 'AGREEMENT_LIMIT', [openPerSeat])
  for (const [index, { buyer }] of parties.entries()) {
    if (open(buyer.chain.seat) >= openPerSeat) return refused(items[index]!.id, 'AGREEMENT_LIMIT', [openPerSeat])
  }
  const group = state.arrivals + 1
  const next = firstStartAfter(state.nowMs, configNow(state).rules.intervalSeconds)
  return items.map(({ id, agreement }, index): Event => {
    const { kind, amount, price, start, end, noticeSeconds, nonce } = agreement
    state.arrivals += 1
    const accepted: AgreementState = {
      ...{ id, arrival: state.arrivals, group, seller: seller.chain.seat, buyer: parties[index]!.buyer.chain.seat },
      // It counts only for intervals that start after it was accepted.
      ...{ kind, amount, priceTicks: price, start: Math.max(start, next), end, noticeSeconds, nonce },
    }
    state.agreements.set(id, accepted)
    for (const seat of [accepted.seller, accepted.buyer]) agreementsOf(state, seat).add(accepted)
    spendNonce(state, seller, 'agreement', nonce)
    return { type: 'agreement-accepted', agreement: { ...accepted } }
  })
}

function fitAgreement(state: AreaState, id: Hex, agreement: SignedAgreement): Parties | { refusal: Event[] } {
  const no = (code: OrderCode, ...details: number[]) => ({ refusal: refused(id, code, details) })
  const config = configNow(state)
  const { rules } = config
  const { kind, amount, price, start, end, nonce } = agreement
  if (agreement.rules !== config.rulesHash) return no('AGREEMENT_RULES')
  const seller = seatOf(state, agreement.seller, agreement.sellerMeter)
  const buyer = seatOf(state, agreement.buyer, agreement.buyerMeter)
  if (seller === null || buyer === null) return no('AGREEMENT_NO_SEAT', seller === null ? 1 : 0)
  if (seller === buyer) return no('AGREEMENT_SELF')
  if (kind > 2) return no('AGREEMENT_KIND', kind)
  const isAmount = kind === fixed ? amount > 0 : kind === share ? amount > 0 && amount <= wholeShare : amount === 0
  if (!isAmount) return no('AGREEMENT_AMOUNT', kind, amount)
  const length = rules.intervalSeconds
  const next = firstStartAfter(state.nowMs, length)
  if (start % length !== 0 || end % length !== 0 || end <= start || end <= next)
    return no('AGREEMENT_TIME', length, next)
  if (end > state.nowMs / 1000 + horizonSeconds) return no('AGREEMENT_TIME', length, next)
  if (agreement.noticeSeconds > horizonSeconds) return no('AGREEMENT_NOTICE', agreement.noticeSeconds, next, end)
  if (state.agreements.has(id)) return no('AGREEMENT_DUPLICATE')
  const last = noncesOf(state, agreement.seller, agreement.sellerMeter).agreement
  if (nonce <= last || nonce > highestNonce(last, state.nowMs)) {
    return no('AGREEMENT_NONCE', nonce, last, highestNonce(last, state.nowMs))
  }
  if (price < config.lowestTicks || price > config.highestTicks) {
    return no('AGREEMENT_PRICE', price, config.lowestTicks, config.highestTicks)
  }
  for (const [seat, side] of [
    [seller, 1],
    [buyer, 0],
  ] as const) {
    const terms = termsAt(seat, Math.max(start, next)) ?? seat.chain.terms[0]
    if (terms === undefined || terms.closed || isSuspended(state, seat)) return no('AGREEMENT_NO_SEAT', side)
    const isInside = side === 1 ? price >= terms.sellFloor : price <= terms.buyCeiling
    if (!isInside || end > mandatedUntil(seat, Math.max(start, next))) return no('AGREEMENT_MANDATE', side)
    if (terms.nameplateWh === null && rules.confirmation >= (side === 1 ? 1 : 2))
      return no('AGREEMENT_UNCONFIRMED', side)
  }
  return { seller, buyer }
}

/** Either side gives notice: the agreement ends at a boundary that lies the agreed notice ahead, or later. */
export function endAgreement(state: AreaState, { id, by, end }: CommandOf<'end-agreement'>): Event[] {
  const agreement = state.agreements.get(id)
  if (agreement === undefined || agreement.end * 1000 <= state.nowMs) return refused(id, 'AGREEMENT_UNKNOWN')
  const own = [agreement.seller, agreement.buyer]
    .map((number) => state.seats.get(number))
    .find((seat) => seat?.chain.account === by)
  if (own === undefined) return refused(id, 'AGREEMENT_FOREIGN')
  const length = configNow(state).rules.intervalSeconds
  const earliest = firstStartAfter(state.nowMs + agreement.noticeSeconds * 1000, length)
  if (end % length !== 0 || end < earliest || end >= agreement.end) {
    return refused(id, 'AGREEMENT_NOTICE', [agreement.noticeSeconds, earliest, agreement.end])
  }
  // Of one with a year ahead there are thousands, each a boundary before the one before.
  if (!takeCredit(state, own)) return refused(id, 'ORDER_RATE', [ordersAtOnce])
  agreement.end = end
  const { arrival, seller, buyer } = agreement
  return [{ type: 'agreement-ended', arrival, seller, buyer, end }]
}

/** Forgets agreements that ended before every interval in memory. */
export function forgetAgreements(state: AreaState): void {
  for (const [id, agreement] of state.agreements) {
    if (agreement.end > state.firstStart) continue
    state.agreements.delete(id)
    for (const seat of [agreement.seller, agreement.buyer]) agreementsOf(state, seat).delete(agreement)
  }
}
