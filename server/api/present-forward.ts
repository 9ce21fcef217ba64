/** Rows of forward trading as the resources that people read. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type AreaSettings, engineConfig } from '../areas/settings.ts'
import type { ForwardLevelRow, ForwardOrderRow, ForwardTradeRow, OwnForwardTradeRow } from '../store/rows.ts'
import { languages } from '../words/languages.ts'
import { becauseOf, tradeSentence } from '../words/sentences.ts'
import { decimalPrice, isoTime, moneyIn, seatIdIn } from './present.ts'
import type {
  ForwardBookResource,
  ForwardLevel,
  ForwardOrderResource,
  ForwardTradeResource,
  OwnForwardTradeResource,
} from './resources.ts'

export function presentForwardOrder(
  settings: AreaSettings,
  row: Omit<ForwardOrderRow, 'area_id'>,
): ForwardOrderResource {
  const { order, session } = row.signed
  return {
    market: 'forward',
    order: row.order_id,
    arrival: row.arrival,
    seat: seatIdIn(settings, row.seat),
    account: order.account,
    meter: order.meter,
    zone: row.zone,
    side: row.side,
    limitPerKwh: decimalPrice(settings, row.limit_ticks),
    maxWh: row.max_wh,
    start: isoTime(row.start),
    end: isoTime(row.start + settings.rules.intervalSeconds),
    timeInForce: row.time_in_force,
    nonce: row.nonce,
    status: row.open_wh > 0 ? 'open' : row.cancelled === null ? 'filled' : 'cancelled',
    openWh: row.open_wh,
    tradedWh: row.traded_wh,
    cancelReason: row.cancelled,
    acceptedAt: row.accepted_at.toISOString(),
    sessionKey: session?.key ?? null,
  }
}

export function presentOwnForwardTrade(
  settings: AreaSettings,
  row: Omit<OwnForwardTradeRow, 'area_id'>,
): OwnForwardTradeResource {
  const { delivered_wh: deliveredWh, energy_wh: energyWh, side, outcome } = row
  return {
    seat: seatIdIn(settings, row.seat),
    arrival: row.arrival,
    side,
    zone: row.zone,
    start: isoTime(row.start),
    end: isoTime(row.start + settings.rules.intervalSeconds),
    number: row.number,
    pricePerKwh: decimalPrice(settings, row.price_ticks),
    energyWh,
    madeAt: row.made_at.toISOString(),
    status: deliveredWh === null ? 'agreed' : (row.status ?? 'provisional'),
    deliveredWh,
    deviationWh: deliveredWh === null ? null : energyWh - deliveredWh,
    amount: deliveredWh === null ? null : moneyIn(settings, BigInt(row.price_ticks) * BigInt(deliveredWh)),
    code: outcome?.code ?? null,
    because: outcome === null ? null : becauseOf(outcome),
    message: tradeSentence(languages.en, { side, energyWh, deliveredWh, outcome }, settings),
  }
}

export function presentForwardTrade(settings: AreaSettings, row: ForwardTradeRow): ForwardTradeResource {
  return {
    area: settings.area,
    zone: row.zone,
    start: isoTime(row.start),
    number: row.number,
    pricePerKwh: decimalPrice(settings, row.price_ticks),
    energyWh: row.energy_wh,
    madeAt: row.made_at.toISOString(),
  }
}

/** The levels of one side in the order they come. */
export function presentLevels(
  settings: AreaSettings,
  rows: readonly ForwardLevelRow[],
  side: 'buy' | 'sell',
): ForwardLevel[] {
  return rows
    .filter((row) => row.side === side)
    .map((row) => ({
      pricePerKwh: decimalPrice(settings, row.limit_ticks),
      energyWh: row.energy_wh,
      orders: row.orders,
    }))
}

/** `levels` best price first, `trades` newest first. */
export function presentForwardBook(
  settings: AreaSettings,
  book: { start: UtcSeconds; zone: string; levels: readonly ForwardLevelRow[]; trades: readonly ForwardTradeRow[] },
): ForwardBookResource {
  const { lowestTicks, highestTicks } = engineConfig(settings)
  return {
    area: settings.area,
    zone: book.zone,
    start: isoTime(book.start),
    end: isoTime(book.start + settings.rules.intervalSeconds),
    lowestPerKwh: decimalPrice(settings, lowestTicks),
    highestPerKwh: decimalPrice(settings, highestTicks),
    bids: presentLevels(settings, book.levels, 'buy'),
    asks: presentLevels(settings, book.levels, 'sell'),
    lastTrades: book.trades.map((trade) => presentForwardTrade(settings, trade)),
  }
}
