/**
 * Forward trading: signed orders for one interval that has not started, one book per zone and interval. Worst cases are
 * reserved from free escrow funds when an order is placed; at the interval's start the gate closes.
 */
import type { UtcSeconds } from '../../../../contracts/protocol/units.ts'
import type { CommandOf, Event, EventOf, ForwardOrder, ForwardTrade } from '../../area/area.ts'
import { committedFunds, freeFunds, isOvercommitted, worstCase } from '../../area/funds.ts'
import { grantEnd } from '../../area/grants.ts'
import {
  cancelRefusal,
  fitOrder,
  grantOver,
  ordersAtOnce,
  sessionOf,
  spendNonce,
  takeCredit,
} from '../../area/orders.ts'
import { refused } from '../../area/refusal.ts'
import {
  type AreaState,
  configAt,
  type ForwardInterval,
  firstStartAfter,
  type SeatState,
  tradableWh,
} from '../../area/state.ts'
import { type BookEvent, ForwardMarket, type TimeInForce } from '../../book/forward-market.ts'
import { addOrder, addTrade, lowerOrder, positionOf, startOf } from './positions.ts'

/** How far ahead of now an interval may be traded. */
const horizonSeconds = 7 * 86_400
/** Orders of one seat for one interval. */
const ordersPerSeat = 16

/** A book remembers the name of every order that it ever had: it is made anew after so many beside twice those that rest. */
const namesBeforeRenewal = 1_000
/** Orders that one command takes off the books when a gate closes. */
const closedAtOnce = 5_000

const timesInForce: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK']

/** Books are rebuilt from the resting orders, which the state holds in order of arrival; this only saves the work. */
const markets = new WeakMap<ForwardInterval, { market: ForwardMarket; names: number }>()

function marketOf(forward: ForwardInterval): ForwardMarket {
  const known = markets.get(forward)
  if (known !== undefined && known.names <= 2 * forward.orders.size + namesBeforeRenewal) return known.market
  const market = new ForwardMarket()
  for (const order of forward.orders.values()) market.apply(placing(order, 'GTC'))
  markets.set(forward, { market, names: forward.orders.size })
  return market
}

function forwardAt(state: AreaState, start: UtcSeconds): ForwardInterval {
  let forward = state.forward.get(start)
  if (forward === undefined) {
    forward = { orders: new Map(), trades: [] }
    state.forward.set(start, forward)
  }
  return forward
}

function placing({ id, account, side, limitTicks, openWh, zone }: ForwardOrder, timeInForce: TimeInForce) {
  return { op: 'place' as const, id, account, side, ticks: limitTicks, energyWh: openWh, timeInForce, zone }
}

/**
 * Takes up a forward order and trades it; what rests waits for others until the interval starts. Somebody must stand behind
 * it: a confirmed meter, or funds that its worst case binds.
 */
export function placeForward(state: AreaState, { id, order, session }: CommandOf<'order'>): Event[] {
  const { start } = order
  const config = configAt(state, start)
  const length = config.rules.intervalSeconds
  if (start < firstStartAfter(state.nowMs, length)) return refused(id, 'ORDER_GATE_CLOSED', [start])
  const fit = fitOrder(state, id, order, session)
  if ('refusal' in fit) return fit.refusal
  const { seat, side, terms } = fit
  const timeInForce = timesInForce[order.timeInForce]
  if (timeInForce === undefined) return refused(id, 'ORDER_TIME_IN_FORCE', [order.timeInForce])
  if (order.end !== start + length) return refused(id, 'ORDER_TIME', [length])
  if (start > state.nowMs / 1000 + horizonSeconds) return refused(id, 'ORDER_HORIZON', [start])
  if (session !== null && order.end > grantEnd(state, order.account, session, length)) {
    return grantOver(state, id, session, order)
  }
  if (startOf(state, id) !== undefined) return refused(id, 'ORDER_DUPLICATE')
  if (order.limitPrice < config.lowestTicks || order.limitPrice > config.highestTicks) {
    return refused(id, 'ORDER_OUTSIDE_WINDOW', [order.limitPrice, config.lowestTicks, config.highestTicks])
  }
  const { orders, openWh, tradedWh } = positionOf(state.forward.get(start), seat.chain.seat)
  const leftWh = tradableWh(side, terms, config) - openWh[side] - tradedWh[side]
  if (order.maxWh > leftWh) return refused(id, 'ORDER_ABOVE_MANDATE_ENERGY', [order.maxWh, Math.max(0, leftWh)])
  if (orders.size >= ordersPerSeat) return refused(id, 'ORDER_LIMIT', [ordersPerSeat])
  const worst = worstCase(side, order.limitPrice, order.maxWh)
  if (worst === 0n && terms.nameplateWh === null) return refused(id, 'ORDER_UNCONFIRMED')
  const free = freeFunds(seat, committedFunds(state))
  if (worst > free) return refused(id, 'ORDER_FUNDS', [Number(worst), Number(free)])
  if (!takeCredit(state, seat)) return refused(id, 'ORDER_RATE', [ordersAtOnce])
  state.arrivals += 1
  const placed: ForwardOrder = {
    ...{ id, arrival: state.arrivals, seat: seat.chain.seat, account: seat.chain.account },
    zone: terms.zone ?? config.zones.find(({ parent }) => parent === null)!.id,
    ...{ side, start, limitTicks: order.limitPrice, maxWh: order.maxWh, openWh: order.maxWh },
    ...{ acceptedAtMs: state.nowMs, session: sessionOf(session) },
  }
  spendNonce(state, seat, side, order.nonce)
  const forward = forwardAt(state, start)
  const market = marketOf(forward)
  markets.get(forward)!.names += 1
  addOrder(state, forward, placed)
  const accepted: Event = { type: 'forward-accepted', order: { ...placed } }
  return [accepted, ...follow(state, forward, start, market.apply(placing(placed, timeInForce)))]
}

/** Turns the book's events into the area's and keeps what is open of the orders. */
function follow(state: AreaState, forward: ForwardInterval, start: UtcSeconds, events: BookEvent[]): Event[] {
  return events.flatMap((event): Event[] => {
    if (event.event === 'cancelled') {
      const order = forward.orders.get(event.id)!
      lowerOrder(state, forward, order, event.energyWh)
      return [cancelled(order, event.energyWh, event.reason)]
    }
    if (event.event !== 'trade') return []
    const maker = forward.orders.get(event.maker)!
    const taker = forward.orders.get(event.taker)!
    const [buyer, seller] = maker.side === 'buy' ? [maker, taker] : [taker, maker]
    const trade: ForwardTrade = {
      ...{ number: forward.trades.length + 1, start, zone: maker.zone, maker: maker.arrival, taker: taker.arrival },
      ...{ buyOrder: buyer.arrival, sellOrder: seller.arrival, buyer: buyer.seat, seller: seller.seat },
      ...{ priceTicks: event.ticks, energyWh: event.energyWh },
    }
    for (const order of [maker, taker]) lowerOrder(state, forward, order, event.energyWh)
    addTrade(state, forward, trade)
    return [{ type: 'forward-trade', trade: { ...trade } }]
  })
}

function cancelled(
  { arrival, seat, zone, start }: ForwardOrder,
  energyWh: number,
  reason: EventOf<'forward-cancelled'>['reason'],
): Event {
  return { type: 'forward-cancelled', arrival, seat, zone, start, energyWh, reason }
}

/** Withdraws what is still open of a forward order; `by` has signed that. */
export function cancelForward(state: AreaState, { id, by }: Pick<CommandOf<'cancel'>, 'id' | 'by'>): Event[] {
  const start = startOf(state, id)
  if (start === undefined) return refused(id, 'ORDER_UNKNOWN')
  const forward = state.forward.get(start)!
  const refusal = cancelRefusal(state, forward.orders.get(id)!, by)
  return refusal ?? follow(state, forward, start, marketOf(forward).apply({ op: 'cancel', id }))
}

/** Withdraws a seat's resting orders for intervals from a boundary on, or those of them of which `isTheirs` holds. */
export function cancelForwardOfSeat(
  state: AreaState,
  { chain: { seat } }: SeatState,
  {
    from,
    reason,
    isTheirs = () => true,
  }: {
    from: UtcSeconds
    reason: EventOf<'forward-cancelled'>['reason']
    isTheirs?: (order: ForwardOrder) => boolean
  },
): Event[] {
  const starts = [...state.forward.keys()].filter((start) => start >= from).sort((a, b) => a - b)
  return starts.flatMap((start) => {
    const forward = state.forward.get(start)!
    const orders = [...positionOf(forward, seat).orders].filter(isTheirs)
    return orders.map((order): Event => withdraw(state, forward, order, reason))
  })
}

/** Withdraws resting orders that a seat cannot pay for any more, the newest first. */
export function cancelUnpaidForward(state: AreaState, seat: SeatState): Event[] {
  const resting = [...state.forward.values()].flatMap((forward) =>
    [...positionOf(forward, seat.chain.seat).orders].map((order) => ({ forward, order })),
  )
  resting.sort((a, b) => b.order.arrival - a.order.arrival)
  return resting.flatMap(({ forward, order }) => {
    const binds = worstCase(order.side, order.limitTicks, order.openWh) > 0n
    if (!binds || !isOvercommitted(seat, committedFunds(state))) return []
    return [withdraw(state, forward, order, 'money-asked-back')]
  })
}

function withdraw(
  state: AreaState,
  forward: ForwardInterval,
  order: ForwardOrder,
  reason: EventOf<'forward-cancelled'>['reason'],
): Event {
  const { openWh } = order
  marketOf(forward).apply({ op: 'cancel', id: order.id })
  lowerOrder(state, forward, order, openWh)
  return cancelled(order, openWh, reason)
}

/**
 * Gate closure: what rests for this interval is cancelled, in order of arrival; its trades stay to be honoured. A large book
 * takes more than one call: `isClosed` says whether nothing rests any more.
 */
export function closeGate(state: AreaState, start: UtcSeconds): { events: Event[]; isClosed: boolean } {
  const forward = state.forward.get(start)
  if (forward === undefined) return { events: [], isClosed: true }
  markets.delete(forward)
  const events: Event[] = []
  for (const order of forward.orders.values()) {
    if (events.length === closedAtOnce) return { events, isClosed: false }
    const { openWh } = order
    lowerOrder(state, forward, order, openWh)
    events.push(cancelled(order, openWh, 'gate-closed'))
  }
  if (forward.trades.length === 0) state.forward.delete(start)
  return { events, isClosed: true }
}
