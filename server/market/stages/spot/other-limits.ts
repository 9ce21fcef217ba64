/**
 * What a seat would have traded in an interval of the past at other limits, everything else being as it was: the interval's auction is
 * cleared again from what its orders offered. What was agreed on before it stays as it was, since it comes before the auction.
 */
import type { LedgerUnits, Ticks, Wh } from '../../../../contracts/protocol/units.ts'
import type { AreaConfig, Outcome } from '../../area/area.ts'
import type { AuctionOrder, Side } from '../../auction.ts'
import { betterLimits } from '../../explain.ts'
import { gridOf } from '../grid.ts'
import { spotAuction, zonesWith } from './spot-auction.ts'

/** A seat's row of the interval. */
export interface PastSeat {
  seat: number
  /** Place of its zone in the configuration. */
  zone: number
  outcomes: readonly Outcome[]
}

/** Whose order it is whose limit is another one. */
export interface PastOrder {
  seat: number
  side: Side
}

export interface TradedAt {
  offeredWh: Wh
  tradedWh: Wh
  /** Paid (buy) or received (sell). */
  amount: LedgerUnits
}

/** How it was, and the limits that would have traded more. */
export interface BetterLimits {
  limitTicks: Ticks
  offeredWh: Wh
  tradedWh: Wh
  /** The first that trades more, and the first that trades all; empty where no limit does. */
  better: { limitTicks: Ticks; tradedWh: Wh }[]
}

/**
 * By limit, in their order. Null where the seat offered nothing in the auction, where its purse or its budget decided how much, or where clearing it
 * again as it was does not give what was paid: then more than limits decided, for example seats that could not pay and were left out.
 *
 * @param config the settings of the interval's time.
 * @param rows of every seat of the area, in any order.
 */
export function tradedAtLimits(
  config: AreaConfig,
  rows: readonly PastSeat[],
  order: PastOrder,
  limits: readonly Ticks[],
): TradedAt[] | null {
  const past = pastAuction(config, rows, order)
  if (past === null) return null
  return limits.map((limitTicks) => {
    const { explained, amounts } = past.clear(limitTicks)
    return {
      offeredWh: past.own.offeredWh,
      tradedWh: explained[past.place]!.filledWh,
      amount: amounts[past.place]!,
    }
  })
}

/** Which limit would have traded more in the interval: null as for `tradedAtLimits`. */
export function betterInPast(config: AreaConfig, rows: readonly PastSeat[], order: PastOrder): BetterLimits | null {
  const past = pastAuction(config, rows, order)
  if (past === null) return null
  const { limitTicks, offeredWh, filledWh, arrival } = past.own
  const input = { zones: zonesWith(config, past.roomWh), orders: past.ordersAt(limitTicks) }
  const better = betterLimits(input, String(arrival))
  return {
    ...{ limitTicks, offeredWh, tradedWh: filledWh },
    better: better.map(({ limitTicks: limit, filledWh: tradedWh }) => ({ limitTicks: limit, tradedWh })),
  }
}

/** The auction as it was, ready to be cleared with another limit for one order. */
function pastAuction(config: AreaConfig, rows: readonly PastSeat[], { seat, side }: PastOrder) {
  const offers = rows
    .flatMap(({ seat: whose, zone, outcomes }) =>
      outcomes
        .filter(({ stage, offeredWh }) => stage === 'spot' && offeredWh > 0)
        .map((outcome) => ({ whose, zone, outcome })),
    )
    .sort((a, b) => a.outcome.arrival - b.outcome.arrival)
  const place = offers.findIndex(({ whose, outcome }) => whose === seat && outcome.side === side)
  const own = offers[place]?.outcome
  if (own === undefined || own.code === 'escrow-low' || own.code === 'budget-reached') return null
  const flowWh = agreedFlows(config, rows)
  const { capacityWh } = gridOf(config)
  const roomWh = (zone: number) => capacityWh[zone]! - Math.abs(flowWh[zone]!)
  const ordersAt = (limitTicks: Ticks) =>
    offers.map(({ zone, outcome }, index): AuctionOrder => {
      const limit = index === place ? limitTicks : outcome.limitTicks
      const { arrival, offeredWh: energyWh } = outcome
      return { id: String(arrival), side: outcome.side, zone: config.zones[zone]!.id, energyWh, limitTicks: limit }
    })
  const clear = (limitTicks: Ticks) => spotAuction(config, roomWh, ordersAt(limitTicks))
  const asItWas = clear(own.limitTicks)
  const isSame = offers.every(({ outcome }, index) => {
    const { filledWh } = asItWas.explained[index]!
    return filledWh === outcome.filledWh && asItWas.amounts[index] === outcome.amount
  })
  return isSame ? { place, own, roomWh, ordersAt, clear } : null
}

/** What agreements carry over the link of each zone to its parent, by what the zones below it sold beyond what they bought. */
function agreedFlows(config: AreaConfig, rows: readonly PastSeat[]): Wh[] {
  const { parent } = gridOf(config)
  const flowWh = config.zones.map(() => 0)
  for (const { zone, outcomes } of rows) {
    for (const { stage, side, filledWh } of outcomes) {
      if (stage !== 'agreements') continue
      for (let at = zone; at !== -1; at = parent[at]!) flowWh[at]! += side === 'sell' ? filledWh : -filledWh
    }
  }
  return flowWh
}
