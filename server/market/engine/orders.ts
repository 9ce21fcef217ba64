/** Accepting and ending orders. Signatures are checked before; here an order must fit its seat, its mandate and its time. */
import type { Hex, Order } from '../../../contracts/protocol/typed-data.ts'
import { formatPrice, type UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type { AreaConfig, Event, OrderState, Terms } from './area.ts'
import { type AreaState, firstStartAfter, type SeatState, termsAt } from './state.ts'

/** Orders of one seat and side that still cover some interval to come. */
const openOrdersPerSide = 32

export type OrderCode =
  | 'ORDER_NO_SEAT'
  | 'ORDER_RULES'
  | 'ORDER_SIDE'
  | 'ORDER_ENERGY'
  | 'ORDER_TIME'
  | 'ORDER_EXPIRED'
  | 'ORDER_DUPLICATE'
  | 'ORDER_NONCE'
  | 'ORDER_SEAT_CLOSED'
  | 'ORDER_OUTSIDE_MANDATE'
  | 'ORDER_LIMIT'
  | 'ORDER_UNKNOWN'
  | 'ORDER_ENDED'
  | 'ORDER_GATE_CLOSED'
  | 'ORDER_FUNDS'
  | 'ORDER_OUTSIDE_WINDOW'

/** A refusal by name, which changes nothing. */
export function refused(id: Hex, code: OrderCode, message: string): Event[] {
  return [{ type: 'refused', id, code, message }]
}

/** The orders of each seat and side, in order of arrival; derived from the state's orders, so it only saves a search. */
const indexes = new WeakMap<AreaState['orders'], Map<string, OrderState[]>>()

/** The orders of one seat and side that are in the state, in order of arrival. */
function ordersOf(state: AreaState, seat: number, side: Side): readonly OrderState[] {
  return indexOf(state).get(`${seat} ${side}`) ?? []
}

function indexOf({ orders }: AreaState): Map<string, OrderState[]> {
  let index = indexes.get(orders)
  if (index === undefined) {
    index = new Map()
    indexes.set(orders, index)
    for (const order of orders.values()) addTo(index, order)
  }
  return index
}

function addTo(index: Map<string, OrderState[]>, order: OrderState): void {
  const key = `${order.seat} ${order.side}`
  const known = index.get(key)
  if (known === undefined) index.set(key, [order])
  else known.push(order)
}

/** An order that fits its seat, its mandate and its time, or why it does not. */
export type Fit = { seat: SeatState; side: Side; terms: Terms } | { refusal: Event[] }

/** Checks what every order must fulfil, spot or forward. */
export function fitOrder(state: AreaState, config: AreaConfig, id: Hex, order: Order): Fit {
  const no = (code: OrderCode, message: string): Fit => ({ refusal: refused(id, code, message) })
  const number = state.seatOfMeter.get(order.meter)
  const seat = number === undefined ? undefined : state.seats.get(number)
  if (seat === undefined || seat.chain.account !== order.account) {
    return no('ORDER_NO_SEAT', `account ${order.account} has no seat with meter ${order.meter} in this area`)
  }
  if (order.rules !== config.rulesHash) {
    return no('ORDER_RULES', `the order names rules ${order.rules}; this area's are ${config.rulesHash}`)
  }
  if (order.side !== 0 && order.side !== 1) return no('ORDER_SIDE', 'side is 0 (buy) or 1 (sell)')
  if (!Number.isSafeInteger(order.maxWh) || order.maxWh <= 0) {
    return no('ORDER_ENERGY', 'the energy per interval is a whole number of Wh above 0')
  }
  const length = config.rules.intervalSeconds
  if (order.start % length !== 0 || order.end % length !== 0 || order.end <= order.start) {
    return no('ORDER_TIME', `start and end must be boundaries of ${length} s, end after start`)
  }
  const firstStart = Math.max(order.start, firstStartAfter(state.nowMs, config))
  if (order.end <= firstStart) {
    return no('ORDER_EXPIRED', 'no interval of the order starts after now: an order never counts with hindsight')
  }
  if (state.orders.has(id)) return no('ORDER_DUPLICATE', 'this very order has been accepted before')
  const side: Side = order.side === 0 ? 'buy' : 'sell'
  if (order.nonce <= seat.nonces[side]) {
    return no(
      'ORDER_NONCE',
      `nonce ${order.nonce} is not above ${seat.nonces[side]}, the last one of this meter and side`,
    )
  }
  const terms = termsAt(seat, firstStart) ?? seat.chain.terms[0]
  if (terms === undefined || terms.closed || seat.suspended) {
    return no('ORDER_SEAT_CLOSED', 'the seat is closed or suspended')
  }
  const mandated = side === 'buy' ? terms.maxBuyWh : terms.maxSellWh
  if (order.maxWh > mandated) {
    return no('ORDER_OUTSIDE_MANDATE', `${order.maxWh} Wh per interval is more than the mandate's ${mandated} Wh`)
  }
  if (side === 'buy' && order.limitPrice > terms.buyCeiling) {
    return no(
      'ORDER_OUTSIDE_MANDATE',
      `${formatPrice(order.limitPrice)} is above the mandate's ceiling of ${formatPrice(terms.buyCeiling)}`,
    )
  }
  if (side === 'sell' && order.limitPrice < terms.sellFloor) {
    return no(
      'ORDER_OUTSIDE_MANDATE',
      `${formatPrice(order.limitPrice)} is below the mandate's floor of ${formatPrice(terms.sellFloor)}`,
    )
  }
  return { seat, side, terms }
}

/**
 * Takes an order up; it counts for the intervals in `[start, end)` that start after now, and where several orders of one
 * meter and side cover an interval the newest counts.
 */
export function acceptOrder(state: AreaState, config: AreaConfig, id: Hex, order: Order): Event[] {
  const fit = fitOrder(state, config, id, order)
  if ('refusal' in fit) return fit.refusal
  const { seat, side } = fit
  const activeFrom = Math.max(order.start, firstStartAfter(state.nowMs, config))
  const earlier = ordersOf(state, seat.chain.seat, side)
  if (earlier.filter((open) => open.status === 'active').length >= openOrdersPerSide) {
    return refused(id, 'ORDER_LIMIT', `a meter has at most ${openOrdersPerSide} open orders a side: cancel one first`)
  }

  const accepted: OrderState = {
    id,
    seat: seat.chain.seat,
    side,
    limitTicks: order.limitPrice,
    maxWh: order.maxWh,
    activeFrom,
    activeUntil: order.end,
    nonce: order.nonce,
    arrival: ++state.arrivals,
    acceptedAtMs: state.nowMs,
    status: 'active',
  }
  seat.nonces[side] = order.nonce
  const events: Event[] = [{ type: 'order-accepted', order: { ...accepted } }]
  for (const open of earlier) {
    if (open.status === 'active' && open.activeUntil <= order.end && open.activeUntil > activeFrom) {
      events.push(endOrder(open, 'replaced', activeFrom))
    }
  }
  addTo(indexOf(state), accepted)
  state.orders.set(id, accepted)
  return events
}

/** Ends an order for the intervals that start after now. */
export function cancelOrder(state: AreaState, config: AreaConfig, id: Hex): Event[] {
  const order = state.orders.get(id)
  if (order === undefined) return refused(id, 'ORDER_UNKNOWN', 'no open order has this identifier')
  if (order.status !== 'active') return refused(id, 'ORDER_ENDED', `the order is ${order.status} already`)
  return [endOrder(order, 'cancelled', firstStartAfter(state.nowMs, config))]
}

function endOrder(order: OrderState, status: 'replaced' | 'cancelled', from: UtcSeconds): Event {
  order.status = status
  order.activeUntil = Math.min(order.activeUntil, Math.max(from, order.activeFrom))
  return { type: 'order-ended', id: order.id, status, activeUntil: order.activeUntil }
}

/** Forgets orders that cover no interval from `start` on; those still active then have expired. */
export function forgetOrders(state: AreaState, start: UtcSeconds): Event[] {
  const events: Event[] = []
  let forgotten = false
  for (const order of state.orders.values()) {
    if (order.activeUntil > start) continue
    if (order.status === 'active') {
      events.push({ type: 'order-ended', id: order.id, status: 'expired', activeUntil: order.activeUntil })
    }
    state.orders.delete(order.id)
    forgotten = true
  }
  if (forgotten) indexes.delete(state.orders)
  return events
}
