/** Rows of forward trading as the resources that people read. */
import { formatMoney, type UtcSeconds } from '../../contracts/protocol/units.ts'
import { type AreaSettings, engineConfig } from '../areas/settings.ts'
import type { ForwardLevelRow, ForwardOrderRow, ForwardTradeRow, OwnForwardTradeRow } from '../store/queries-forward.ts'
import { isoTime, price, seatOf } from './present.ts'
import type {
  ForwardBookResource,
  ForwardLevel,
  ForwardOrderResource,
  ForwardTradeResource,
  OwnForwardTradeResource,
} from './resources.ts'

export function presentForwardOrder(settings: AreaSettings, row: ForwardOrderRow): ForwardOrderResource {
  return {
    order: row.order_id,
    seat: seatOf(row),
    account: row.account,
    meter: row.meter,
    zone: row.zone,
    side: row.side,
    limitPerKwh: price(settings, row.limit_ticks),
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
  }
}

export function presentOwnForwardTrade(settings: AreaSettings, row: OwnForwardTradeRow): OwnForwardTradeResource {
  const { delivered_wh: deliveredWh } = row
  return {
    seat: seatOf(row),
    order: row.order_id,
    side: row.side,
    zone: row.zone,
    start: isoTime(row.start),
    end: isoTime(row.start + settings.rules.intervalSeconds),
    number: row.number,
    pricePerKwh: price(settings, row.price_ticks),
    energyWh: row.energy_wh,
    madeAt: row.made_at.toISOString(),
    status: deliveredWh === null ? 'agreed' : (row.status ?? 'provisional'),
    deliveredWh,
    deviationWh: deliveredWh === null ? null : row.energy_wh - deliveredWh,
    amount:
      deliveredWh === null ? null : formatMoney(BigInt(row.price_ticks) * BigInt(deliveredWh), settings.priceDecimals),
    message: row.message,
  }
}

export function presentForwardTrade(settings: AreaSettings, row: ForwardTradeRow): ForwardTradeResource {
  return {
    area: row.area_id,
    zone: row.zone,
    start: isoTime(row.start),
    number: row.number,
    pricePerKwh: price(settings, row.price_ticks),
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
      pricePerKwh: price(settings, row.limit_ticks),
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
    lowestPerKwh: price(settings, lowestTicks),
    highestPerKwh: price(settings, highestTicks),
    bids: presentLevels(settings, book.levels, 'buy'),
    asks: presentLevels(settings, book.levels, 'sell'),
    lastTrades: book.trades.map((trade) => presentForwardTrade(settings, trade)),
  }
}
