/**
 * Forward trading inside the engine: signed orders for one interval that has not started, one book per zone and interval.
 * Worst cases are reserved from free escrow funds when an order is placed; at the interval's start the gate closes.
 */
import type { Hex, Order } from '../../../contracts/protocol/typed-data.ts'
import {
  formatMoney,
  formatPrice,
  type LedgerUnits,
  type UtcSeconds,
  type Wh,
} from '../../../contracts/protocol/units.ts'
import { type BookEvent, ForwardMarket, type TimeInForce } from '../book/forward-market.ts'
import type { AreaConfig, Event, ForwardOrder, ForwardTrade, Terms } from './area.ts'
import { addOrder, addTrade, lowerOrder, positionOf, startOf } from './forward-positions.ts'
import { committedFunds, freeFunds, worstCase } from './funds.ts'
import { fitOrder, refused } from './orders.ts'
import { type AreaState, buyableWh, type ForwardInterval, firstStartAfter, sellableWh } from './state.ts'

/** How far ahead of now an interval may be traded. */
const horizonSeconds = 7 * 86_400
/** Orders of one seat for one interval. */
const ordersPerSeat = 16

/** Books are rebuilt from the resting orders, which the state holds in order of arrival; this only saves the work. */
const markets = new WeakMap<ForwardInterval, ForwardMarket>()

function marketOf(state: AreaState, start: UtcSeconds): { forward: ForwardInterval; market: ForwardMarket } {
  let forward = state.forward.get(start)
  if (forward === undefined) {
    forward = { orders: new Map(), trades: [] }
    state.forward.set(start, forward)
  }
  let market = markets.get(forward)
  if (market === undefined) {
    market = new ForwardMarket()
    for (const order of forward.orders.values()) market.apply(placing(order, 'GTC'))
    markets.set(forward, market)
  }
  return { forward, market }
}

function placing({ id, account, side, limitTicks, openWh, zone }: ForwardOrder, timeInForce: TimeInForce) {
  return { op: 'place' as const, id, account, side, ticks: limitTicks, energyWh: openWh, timeInForce, zone }
}

/** Takes up a forward order and trades it; what rests waits for others until the interval starts. */
export function placeForward(
  state: AreaState,
  config: AreaConfig,
  command: { id: Hex; order: Order; timeInForce: TimeInForce },
): Event[] {
  const { id, order, timeInForce } = command
  const { start } = order
  if (start < firstStartAfter(state.nowMs, config)) {
    return refused(id, 'ORDER_GATE_CLOSED', 'the interval has started: its gate is closed')
  }
  const fit = fitOrder(state, config, id, order)
  if ('refusal' in fit) return fit.refusal
  const { seat, side, terms } = fit
  if (order.end !== start + config.rules.intervalSeconds) {
    return refused(id, 'ORDER_TIME', 'a forward order is for one interval')
  }
  if (start > state.nowMs / 1000 + horizonSeconds) {
    return refused(id, 'ORDER_TIME', `forward trading is open for the next ${horizonSeconds / 86_400} days`)
  }
  if (order.limitPrice < config.lowestTicks || order.limitPrice > config.highestTicks) {
    const [lowest, highest] = [formatPrice(config.lowestTicks), formatPrice(config.highestTicks)]
    return refused(id, 'ORDER_OUTSIDE_WINDOW', `forward prices lie between ${lowest} and ${highest} in this area`)
  }
  const { orders, openWh, tradedWh } = positionOf(state.forward.get(start), seat.chain.seat)
  const leftWh = (side === 'buy' ? buyableWh(terms, config) : sellableWh(terms, config)) - openWh[side] - tradedWh[side]
  if (order.maxWh > leftWh) {
    const message = `${order.maxWh} Wh is more than the ${leftWh} Wh that the mandate leaves for this interval`
    return refused(id, 'ORDER_OUTSIDE_MANDATE', message)
  }
  if (orders >= ordersPerSeat) {
    return refused(
      id,
      'ORDER_LIMIT',
      `a meter has at most ${ordersPerSeat} open forward orders for one interval: cancel one first`,
    )
  }
  const worst = worstCase(side, order.limitPrice, order.maxWh)
  const free = freeFunds(seat, committedFunds(state))
  if (worst > free) {
    return refused(
      id,
      'ORDER_FUNDS',
      `the order can cost ${formatMoney(worst)}, and ${formatMoney(free)} is free in escrow`,
    )
  }
  const placed: ForwardOrder = {
    id,
    seat: seat.chain.seat,
    account: seat.chain.account,
    zone: terms.zone ?? config.zones.find(({ parent }) => parent === undefined)!.id,
    side,
    start,
    limitTicks: order.limitPrice,
    maxWh: order.maxWh,
    openWh: order.maxWh,
    acceptedAtMs: state.nowMs,
  }
  seat.nonces[side] = order.nonce
  const { forward, market } = marketOf(state, start)
  addOrder(state, forward, placed)
  const accepted: Event = { type: 'forward-accepted', order: { ...placed } }
  return [accepted, ...follow(state, forward, start, market.apply(placing(placed, timeInForce)))]
}

/** Turns the book's events into the area's and keeps what is open of the orders. */
function follow(state: AreaState, forward: ForwardInterval, start: UtcSeconds, events: BookEvent[]): Event[] {
  return events.flatMap((event): Event[] => {
    if (event.event === 'cancelled') {
      lowerOrder(state, forward, forward.orders.get(event.id)!, event.energyWh)
      return [{ type: 'forward-cancelled', id: event.id, start, energyWh: event.energyWh, reason: event.reason }]
    }
    if (event.event !== 'trade') return []
    const maker = forward.orders.get(event.maker)!
    const taker = forward.orders.get(event.taker)!
    const [buyer, seller] = maker.side === 'buy' ? [maker, taker] : [taker, maker]
    const trade: ForwardTrade = {
      number: forward.trades.length + 1,
      start,
      zone: maker.zone,
      maker: maker.id,
      taker: taker.id,
      buyOrder: buyer.id,
      sellOrder: seller.id,
      buyer: buyer.seat,
      seller: seller.seat,
      priceTicks: event.ticks,
      energyWh: event.energyWh,
    }
    for (const order of [maker, taker]) lowerOrder(state, forward, order, event.energyWh)
    addTrade(state, forward, trade)
    return [{ type: 'forward-trade', trade: { ...trade } }]
  })
}

/** Withdraws what is still open of a forward order. */
export function cancelForward(state: AreaState, id: Hex): Event[] {
  const start = startOf(state, id)
  if (start === undefined) return refused(id, 'ORDER_UNKNOWN', 'no open forward order has this identifier')
  const { forward, market } = marketOf(state, start)
  return follow(state, forward, start, market.apply({ op: 'cancel', id }))
}

/** Gate closure: what rests for this interval is cancelled; its trades stay to be honoured. */
export function closeGate(state: AreaState, start: UtcSeconds): Event[] {
  const forward = state.forward.get(start)
  if (forward === undefined) return []
  const { market } = marketOf(state, start)
  const zones = new Set([...forward.orders.values()].map(({ zone }) => zone))
  const events = [...zones].flatMap((zone) => follow(state, forward, start, market.apply({ op: 'close-gate', zone })))
  markets.delete(forward)
  if (forward.trades.length === 0) state.forward.delete(start)
  return events
}

/** What of one trade was delivered, and the reason where it is not all of it. */
export interface HonouredTrade {
  trade: ForwardTrade
  deliveredWh: Wh
  amount: LedgerUnits
  shortfall: string | null
}

/** What a seat may still trade in an interval; counted down as trades are honoured. */
export interface Deliverable {
  sellWh: Wh
  buyWh: Wh
  terms: Terms
  /** Why nothing of this seat can be traded, or null. */
  refusal: { code: string; message: string } | null
}

/**
 * Honours forward trades in the order they were made, up to what was metered on both sides. A trade of a meter that is
 * closed, revoked or suspended by then is void, and so is one whose price no longer lies inside both mandates.
 */
export function honourTrades(
  trades: readonly ForwardTrade[],
  deliverable: ReadonlyMap<number, Deliverable>,
): HonouredTrade[] {
  return trades.map((trade) => {
    const buyer = deliverable.get(trade.buyer)
    const seller = deliverable.get(trade.seller)
    const reason = reasonNotToHonour(trade, seller, buyer)
    if (reason !== null) return { trade, deliveredWh: 0, amount: 0n, shortfall: reason }
    const deliveredWh = Math.min(trade.energyWh, seller!.sellWh, buyer!.buyWh)
    const shortfall =
      deliveredWh === trade.energyWh
        ? null
        : seller!.sellWh < buyer!.buyWh
          ? 'less was delivered than was sold'
          : 'less was taken than was bought'
    seller!.sellWh -= deliveredWh
    buyer!.buyWh -= deliveredWh
    return { trade, deliveredWh, amount: BigInt(trade.priceTicks) * BigInt(deliveredWh), shortfall }
  })
}

function reasonNotToHonour(trade: ForwardTrade, seller: Deliverable | undefined, buyer: Deliverable | undefined) {
  if (seller === undefined || buyer === undefined) return 'a seat of the trade is gone'
  if (seller.refusal !== null) return `the seller’s side: ${seller.refusal.message}`
  if (buyer.refusal !== null) return `the buyer’s side: ${buyer.refusal.message}`
  if (trade.priceTicks < seller.terms.sellFloor || trade.priceTicks > buyer.terms.buyCeiling) {
    return `${formatPrice(trade.priceTicks)} is no longer inside both mandates`
  }
  return null
}
