/** Accepting and ending orders. Signatures are checked before; here an order must fit its seat, its mandate and its time. */
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type { CommandOf, Event, OrderFields, OrderState, SessionGrant, Terms } from './area.ts'
import type { OrderCode, OrderStatus } from './codes.ts'
import { grantEnd, grantRefusal, revokedFrom } from './grants.ts'
import { refused } from './refusal.ts'
import {
  type AreaState,
  configNow,
  firstStartAfter,
  highestNonce,
  horizonSeconds,
  isSuspended,
  mandatedUntil,
  nonceKey,
  noncesOf,
  type SeatState,
  seatOf,
  termsAt,
} from './state.ts'

/** Orders of one seat and side that still cover some interval to come. */
const openOrdersPerSide = 32
/** A seat may place this many orders at once, and one a second on average. */
export const ordersAtOnce = 60
const msPerOrder = 1_000

/** An order that fits its seat, its mandate and its time, or why it does not. */
export type Fit = { seat: SeatState; side: Side; terms: Terms } | { refusal: Event[] }

/** Checks what every order must fulfil, spot or forward. */
export function fitOrder(state: AreaState, id: Hex, order: OrderFields, session: SessionGrant | null): Fit {
  const no = (code: OrderCode, ...details: number[]): Fit => ({ refusal: refused(id, code, details) })
  const config = configNow(state)
  const seat = seatOf(state, order.account, order.meter)
  if (seat === null) return no('ORDER_NO_SEAT')
  if (order.rules !== config.rulesHash) return no('ORDER_RULES')
  if (order.side !== 0 && order.side !== 1) return no('ORDER_SIDE', order.side)
  if (order.maxWh <= 0) return no('ORDER_ENERGY')
  const length = config.rules.intervalSeconds
  if (order.start % length !== 0 || order.end % length !== 0 || order.end <= order.start) {
    return no('ORDER_TIME', length)
  }
  const firstStart = Math.max(order.start, firstStartAfter(state.nowMs, length))
  if (order.end <= firstStart) return no('ORDER_EXPIRED', order.end)
  if (order.end > state.nowMs / 1000 + horizonSeconds) return no('ORDER_HORIZON', order.end)
  if (state.orders.has(id)) return no('ORDER_DUPLICATE')
  if (session !== null) {
    const refusal = grantRefusal(state, { id, order, grant: session, firstStart })
    if (refusal !== null) return { refusal }
  }
  const side: Side = order.side === 0 ? 'buy' : 'sell'
  const last = noncesOf(state, order.account, order.meter)[side]
  if (order.nonce <= last) return no('ORDER_NONCE', order.nonce, last)
  const highest = highestNonce(last, state.nowMs)
  if (order.nonce > highest) return no('ORDER_NONCE_STEP', order.nonce, highest)
  const terms = termsAt(seat, firstStart) ?? seat.chain.terms[0]
  if (terms === undefined || terms.closed || isSuspended(state, seat)) return no('ORDER_SEAT_CLOSED')
  const latest = mandatedUntil(seat, firstStart)
  if (order.end > latest) return no('ORDER_AFTER_MANDATE', order.end, latest)
  const mandated = side === 'buy' ? terms.maxBuyWh : terms.maxSellWh
  if (order.maxWh > mandated) return no('ORDER_ABOVE_MANDATE_ENERGY', order.maxWh, mandated)
  if (side === 'buy' && order.limitPrice > terms.buyCeiling) {
    return no('ORDER_ABOVE_CEILING', order.limitPrice, terms.buyCeiling)
  }
  if (side === 'sell' && order.limitPrice < terms.sellFloor) {
    return no('ORDER_BELOW_FLOOR', order.limitPrice, terms.sellFloor)
  }
  return { seat, side, terms }
}

/** Takes what an order costs off what the seat has saved up; false where that is not enough. */
export function takeCredit(state: AreaState, seat: SeatState): boolean {
  const saved = Math.min(seat.creditMs + state.nowMs - seat.creditAtMs, ordersAtOnce * msPerOrder)
  if (saved < msPerOrder) return false
  seat.creditMs = saved - msPerOrder
  seat.creditAtMs = state.nowMs
  return true
}

/** What a new seat has saved up. */
export const firstCreditMs = ordersAtOnce * msPerOrder

/** Notes a nonce as used: whatever was signed with it or a lower one is never taken again. */
export function spendNonce(state: AreaState, seat: SeatState, kind: Side | 'agreement' | 'budget', nonce: number) {
  const { account, meter } = seat.chain
  const nonces = { ...noncesOf(state, account, meter) }
  nonces[kind] = nonce
  nonces.until = Math.floor(state.nowMs / 1000) + horizonSeconds
  state.nonces.set(nonceKey(account, meter), nonces)
}

/**
 * Takes an order up; it counts for the intervals in `[start, end)` that start after now, and where several orders of one
 * meter and side cover an interval the newest counts. An order of a session key ends with its grant.
 */
export function acceptOrder(state: AreaState, { id, order, session }: CommandOf<'order'>): Event[] {
  if (order.timeInForce !== 0) return refused(id, 'ORDER_TIME_IN_FORCE', [order.timeInForce])
  const fit = fitOrder(state, id, order, session)
  if ('refusal' in fit) return fit.refusal
  const { seat, side } = fit
  const length = configNow(state).rules.intervalSeconds
  const activeFrom = Math.max(order.start, firstStartAfter(state.nowMs, length))
  const activeUntil =
    session === null ? order.end : Math.min(order.end, grantEnd(state, order.account, session, length))
  if (activeUntil <= activeFrom) return grantOver(state, id, session!, order)
  const earlier = seat.orders.filter((open) => open.side === side)
  const kept = earlier.filter((open) => open.activeFrom < activeFrom || open.activeUntil > activeUntil)
  if (kept.length >= openOrdersPerSide) return refused(id, 'ORDER_LIMIT', [openOrdersPerSide])
  if (!takeCredit(state, seat)) return refused(id, 'ORDER_RATE', [ordersAtOnce])

  state.arrivals += 1
  const accepted: OrderState = {
    ...{ id, arrival: state.arrivals, seat: seat.chain.seat, side },
    ...{ limitTicks: order.limitPrice, maxWh: order.maxWh, activeFrom, activeUntil },
    ...{ nonce: order.nonce, acceptedAtMs: state.nowMs },
    session: sessionOf(session),
    endsAs: 'expired',
  }
  spendNonce(state, seat, side, order.nonce)
  const events: Event[] = [{ type: 'order-accepted', order: { ...accepted } }]
  for (const open of earlier) {
    if (open.activeUntil <= activeUntil && open.activeUntil > activeFrom) {
      events.push(...endOrder(state, open, 'replaced', activeFrom))
    }
  }
  seat.orders.push(accepted)
  state.orders.set(id, accepted)
  return events
}

/** What an order remembers of the grant under which it was signed. */
export function sessionOf(grant: SessionGrant | null): OrderState['session'] {
  return grant === null ? null : { key: grant.key, validUntil: grant.validUntil }
}

/** The key's word ends before the order would count for an interval. */
export function grantOver(state: AreaState, id: Hex, session: SessionGrant, { account }: OrderFields): Event[] {
  const revoked = revokedFrom(state, account, session.key)
  const isRevoked = revoked !== null && revoked < session.validUntil
  if (isRevoked) return refused(id, 'SESSION_KEY_REVOKED', [revoked])
  return refused(id, 'SESSION_KEY_EXPIRED', [session.validFrom, session.validUntil])
}

/** Ends an order for the intervals that start after now. The key of a grant that has ended or was taken back cancels nothing. */
export function cancelOrder(state: AreaState, { id, by }: Pick<CommandOf<'cancel'>, 'id' | 'by'>): Event[] {
  const order = state.orders.get(id)
  if (order === undefined) return refused(id, 'ORDER_UNKNOWN')
  const refusal = cancelRefusal(state, order, by)
  if (refusal !== null) return refusal
  const length = configNow(state).rules.intervalSeconds
  return endOrder(state, order, 'cancelled', firstStartAfter(state.nowMs, length))
}

/** Why `by` may not cancel an order, or null. */
export function cancelRefusal(
  state: AreaState,
  { id, seat, session }: Pick<OrderState, 'id' | 'seat' | 'session'>,
  by: string,
): Event[] | null {
  const { account } = state.seats.get(seat)!.chain
  if (by === account) return null
  if (session === null || session.key !== by) return refused(id, 'ORDER_FOREIGN')
  if (session.validUntil * 1000 <= state.nowMs) return refused(id, 'SESSION_KEY_EXPIRED', [0, session.validUntil])
  const revoked = revokedFrom(state, account, by)
  return revoked === null || revoked * 1000 > state.nowMs ? null : refused(id, 'SESSION_KEY_REVOKED', [revoked])
}

/** Ends an order from a boundary on; one that covers no interval to come is forgotten at once. */
export function endOrder(
  state: AreaState,
  order: OrderState,
  status: Exclude<OrderStatus, 'expired'>,
  from: UtcSeconds,
): Event[] {
  const activeUntil = Math.min(order.activeUntil, Math.max(from, order.activeFrom))
  if (activeUntil === order.activeUntil) return []
  order.activeUntil = activeUntil
  order.endsAs = status
  if (activeUntil <= Math.max(state.nextStart, order.activeFrom)) forget(state, order)
  return [{ type: 'order-ended', arrival: order.arrival, seat: order.seat, status, activeUntil }]
}

function forget(state: AreaState, order: OrderState): void {
  state.orders.delete(order.id)
  const seat = state.seats.get(order.seat)!
  seat.orders.splice(seat.orders.indexOf(order), 1)
}

/** Forgets a seat's orders that cover no interval from `start` on. */
export function forgetOrders(state: AreaState, seat: SeatState, start: UtcSeconds): Event[] {
  const ended = seat.orders.filter(({ activeUntil }) => activeUntil <= start)
  for (const order of ended) forget(state, order)
  return ended.flatMap(({ arrival, seat: number, activeUntil, endsAs }) => {
    return endsAs === 'expired' ? [{ type: 'order-ended', arrival, seat: number, status: 'expired', activeUntil }] : []
  })
}
