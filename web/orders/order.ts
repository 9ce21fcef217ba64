/** A person's price as an order inside the mandate: its bounds, the order itself, and what it led to. */
import type { Order } from '../../contracts/protocol/typed-data.ts'
import { parsePrice, type Ticks } from '../../contracts/protocol/units.ts'
import type {
  AreaResource,
  OrderResource,
  OutcomeResource,
  SeatIntervalResource,
  SeatResource,
} from '../../server/api/resources.ts'
import { nextBoundary } from '../time/clock.ts'

export type OrderSide = 'buy' | 'sell'

export interface PriceRange {
  lowTicks: Ticks
  highTicks: Ticks
  /** The change by one press of an arrow key: a tenth of a cent, or the tick where that is coarser. */
  stepTicks: Ticks
}

/**
 * The range of a price slider. A seller's range starts at the mandate's floor and ends at the retail tariff, above which no
 * neighbour buys. A buyer's range starts at the feed-in tariff, below which no neighbour sells, and ends at the mandate's
 * ceiling. The price that is already in force is always within the range.
 */
export function priceRange(
  area: AreaResource,
  seat: SeatResource,
  side: OrderSide,
  currentTicks: Ticks | null,
): PriceRange {
  const ticks = (price: string) => parsePrice(price, area.priceDecimals)
  const [low, high] =
    side === 'sell'
      ? [ticks(seat.mandate.sellFloorPerKwh), ticks(area.retailPerKwh)]
      : [ticks(area.feedInPerKwh), ticks(seat.mandate.buyCeilingPerKwh)]
  const stepTicks = Math.max(1, 10 ** (area.priceDecimals - 3))
  const within = side === 'sell' ? { low, high: Math.max(low, high) } : { low: Math.min(low, high), high }
  return {
    lowTicks: Math.min(within.low, currentTicks ?? within.low),
    highTicks: Math.max(within.high, currentTicks ?? within.high),
    stepTicks,
  }
}

/** The most energy per interval that the mandate lets this side trade. */
export function mandateWh(seat: SeatResource, side: OrderSide): number {
  return side === 'sell' ? seat.mandate.maxSellWh : seat.mandate.maxBuyWh
}

export interface OrderTerms {
  area: AreaResource
  seat: SeatResource
  side: OrderSide
  limitTicks: Ticks
  nowMs: number
}

/**
 * The order that makes `limitTicks` the price of one side from the next interval on until the mandate ends, for as much
 * energy as the mandate allows. Its nonce is the time in milliseconds, always above that of the order it replaces.
 */
export function orderOf({ area, seat, side, limitTicks, nowMs }: OrderTerms): Order {
  const replaced = side === 'sell' ? seat.sellOrder : seat.buyOrder
  return {
    account: seat.account,
    meter: seat.meter,
    rules: area.rules.hash,
    market: 0,
    side: side === 'buy' ? 0 : 1,
    timeInForce: 0,
    limitPrice: limitTicks,
    maxWh: mandateWh(seat, side),
    start: nextBoundary(nowMs, area.intervalSeconds),
    end: Math.floor(Date.parse(seat.mandate.validUntil) / 1000 / area.intervalSeconds) * area.intervalSeconds,
    nonce: Math.max(nowMs, (replaced?.nonce ?? 0) + 1),
  }
}

/** The active order of a side, if the seat trades on it. */
export function activeOrder(seat: SeatResource, side: OrderSide): OrderResource | null {
  const order = side === 'sell' ? seat.sellOrder : seat.buyOrder
  return order?.status === 'active' ? order : null
}

export interface Effect {
  interval: SeatIntervalResource
  outcome: OutcomeResource
}

/** The newest result that an order led to; null before its first interval has been cleared. */
export function latestEffect(order: OrderResource, intervals: readonly SeatIntervalResource[]): Effect | null {
  for (const interval of intervals) {
    const outcome = interval.outcomes.find(({ stage, arrival }) => stage === 'spot' && arrival === order.arrival)
    if (outcome) return { interval, outcome }
  }
  return null
}

/** The limit of a side's newest order, whatever its state: the price to which a paused side returns. */
export function lastLimit(orders: readonly OrderResource[], side: OrderSide): string | null {
  const ofSide = orders.filter((order) => order.side === side).sort((a, b) => b.nonce - a.nonce)
  return ofSide[0]?.limitPerKwh ?? null
}
