/** What the page derives for trading ahead: the order of a form, a current book, and the outcome of a trade in words. */
import { BigNumber } from 'bignumber.js'
import type { Order } from '../../contracts/protocol/typed-data.ts'
import { parsePrice, type Ticks, UnitError } from '../../contracts/protocol/units.ts'
import type {
  AreaResource,
  ForwardBookChange,
  ForwardBookResource,
  ForwardLevel,
  ForwardOrderResource,
  ForwardTradeResource,
  OwnForwardTradeResource,
  SeatResource,
} from '../../server/api/resources.ts'
import { seatReason } from '../market/outcome-words.ts'
import { difference, energy, plainNumber, signOf } from '../money/format.ts'
import type { OrderSide } from '../orders/order.ts'
import { nextBoundary } from '../time/clock.ts'
import { forwardWords } from './words.ts'

/** The area and the seat whose trading ahead is shown. */
export interface AheadProps {
  area: AreaResource
  seat: SeatResource
}

/** Starts (UTC seconds) of the intervals that can be traded next, the nearest first. */
export function comingStarts(nowMs: number, intervalSeconds: number, count: number): number[] {
  const first = nextBoundary(nowMs, intervalSeconds)
  return Array.from({ length: count }, (_, index) => first + index * intervalSeconds)
}

/**
 * A price that a person typed in cents per kWh ("17.5", "17,5"), in ticks; null where the text is no price or lies between two
 * ticks.
 */
export function readCents(text: string, priceDecimals: number): Ticks | null {
  const plain = plainNumber(text)
  if (!/^-?\d{1,6}(\.\d+)?$/.test(plain)) return null
  try {
    return parsePrice(new BigNumber(plain).shiftedBy(-2).toFixed(), priceDecimals)
  } catch (error) {
    if (error instanceof UnitError) return null
    throw error
  }
}

/** A whole number above 0 that a person typed, in Wh; null for any other text. */
export function readWh(text: string): number | null {
  return /^\d{1,8}$/.test(text.trim()) && Number(text) > 0 ? Number(text) : null
}

interface ForwardTerms {
  area: AreaResource
  seat: SeatResource
  side: OrderSide
  /** When the interval starts, in UTC seconds. */
  start: number
  limitTicks: Ticks
  energyWh: number
  nowMs: number
  /** The seat's forward orders that the page knows. */
  placed: readonly ForwardOrderResource[]
}

/**
 * The order to be signed. Its nonce is the time in milliseconds, or one above the nonces of the side's other orders where that
 * is higher.
 */
export function forwardOrderOf({ area, seat, side, start, limitTicks, energyWh, nowMs, placed }: ForwardTerms): Order {
  const spot = side === 'sell' ? seat.sellOrder : seat.buyOrder
  const others = placed.filter((order) => order.side === side).map(({ nonce }) => nonce)
  return {
    account: seat.account,
    meter: seat.meter,
    rules: area.rules.hash,
    market: 1,
    side: side === 'buy' ? 0 : 1,
    timeInForce: 0,
    limitPrice: limitTicks,
    maxWh: energyWh,
    start,
    end: start + area.intervalSeconds,
    nonce: Math.max(nowMs, (spot?.nonce ?? 0) + 1, ...others.map((nonce) => nonce + 1)),
  }
}

/** The book after the levels that changed were put in their places. */
export function withChange(book: ForwardBookResource, change: ForwardBookChange): ForwardBookResource {
  return {
    ...book,
    bids: withLevels(book.bids, change.bids, (a, b) => signOf(difference(b.pricePerKwh, a.pricePerKwh))),
    asks: withLevels(book.asks, change.asks, (a, b) => signOf(difference(a.pricePerKwh, b.pricePerKwh))),
  }
}

function withLevels(
  levels: readonly ForwardLevel[],
  changes: readonly ForwardLevel[],
  order: (a: ForwardLevel, b: ForwardLevel) => number,
): ForwardLevel[] {
  const changed = new Set(changes.map(({ pricePerKwh }) => pricePerKwh))
  const kept = levels.filter(({ pricePerKwh }) => !changed.has(pricePerKwh))
  return [...kept, ...changes.filter(({ energyWh }) => energyWh > 0)].sort(order)
}

/**
 * The part of a level that belongs to other people. `own` are the person's open orders of the book, which never trade with each
 * other.
 */
export function othersAt(level: ForwardLevel, own: readonly ForwardOrderResource[]): ForwardLevel {
  const mine = own.filter(({ limitPerKwh }) => limitPerKwh === level.pricePerKwh)
  const mineWh = mine.reduce((sum, { openWh }) => sum + openWh, 0)
  return { ...level, energyWh: Math.max(0, level.energyWh - mineWh), orders: Math.max(0, level.orders - mine.length) }
}

/** The book with a trade added; a trade that is there already is not added again. */
export function withTrade(book: ForwardBookResource, trade: ForwardTradeResource): ForwardBookResource {
  if (book.lastTrades.some(({ number }) => number === trade.number)) return book
  const lastTrades = [...book.lastTrades, trade].sort((a, b) => b.number - a.number)
  return { ...book, lastTrades }
}

/** The seat's open orders after one of its orders changed. */
export function withForwardOrder(
  orders: readonly ForwardOrderResource[],
  order: ForwardOrderResource,
): ForwardOrderResource[] {
  const others = orders.filter((each) => each.order !== order.order)
  return order.status === 'open' ? [order, ...others] : others
}

/** The outcome of energy that was agreed ahead, in a sentence. */
export function tradeWords(trade: OwnForwardTradeResource, nowMs: number): string {
  const said = forwardWords()
  const { energyWh, deliveredWh, side } = trade
  if (deliveredWh === null) {
    if (nowMs < Date.parse(trade.start)) return said.trade.agreed
    return nowMs < Date.parse(trade.end) ? said.underWay : said.waitingReadings
  }
  const sells = side === 'sell'
  if (deliveredWh === energyWh) return said.trade.kept(sells)
  const parts = {
    ...{ sells, why: shortfallOf(trade) },
    delivered: energy(deliveredWh),
    energy: energy(energyWh),
    missed: energy(energyWh - deliveredWh),
  }
  return deliveredWh === 0 ? said.trade.fellThrough(parts) : said.trade.onlyPart(parts)
}

/** Why not all of the agreed energy was delivered or taken. */
function shortfallOf({ code, because, side }: OwnForwardTradeResource): string {
  const said = forwardWords().trade
  switch (code) {
    case 'less-delivered':
      return said.less.delivered
    case 'less-taken':
      return said.less.taken
    case 'seller-side':
      return said.side(side === 'sell' ? 'own' : 'seller', seatReason(because))
    case 'buyer-side':
      return said.side(side === 'buy' ? 'own' : 'buyer', seatReason(because))
    case 'outside-mandate':
      return said.outside
    case 'zone-changed':
      return said.zones
    case 'left-out':
      return said.leftOut
    default:
      return said.partner
  }
}
