/**
 * What a seat would have sold in an interval of the past at other limits, everything else being as it was: the interval's auction is
 * cleared again from what its orders offered. What was agreed on before it stays as it was, since it comes before the auction.
 */
import type { LedgerUnits, Ticks, Wh } from '../../../../contracts/protocol/units.ts'
import type { AreaConfig, Outcome } from '../../area/area.ts'
import type { AuctionOrder } from '../../auction.ts'
import { gridOf } from '../grid.ts'
import { spotAuction } from './spot-auction.ts'

/** A seat's row of the interval. */
export interface PastSeat {
  seat: number
  /** Place of its zone in the configuration. */
  zone: number
  outcomes: readonly Outcome[]
}

export interface SoldAt {
  offeredWh: Wh
  soldWh: Wh
  received: LedgerUnits
}

/**
 * By limit, in their order. Null where the seat offered nothing in the auction, or where clearing it again as it was does not give what
 * was paid: then more than limits decided, for example seats that could not pay and were left out.
 *
 * @param config the settings of the interval's time.
 * @param rows of every seat of the area, in any order.
 * @param seat whose limit for selling is another one.
 */
export function soldAtLimits(
  config: AreaConfig,
  rows: readonly PastSeat[],
  seat: number,
  limits: readonly Ticks[],
): SoldAt[] | null {
  const offers = rows
    .flatMap(({ seat: whose, zone, outcomes }) =>
      outcomes
        .filter(({ stage, offeredWh }) => stage === 'spot' && offeredWh > 0)
        .map((outcome) => ({ whose, zone, outcome })),
    )
    .sort((a, b) => a.outcome.arrival - b.outcome.arrival)
  const own = offers.findIndex(({ whose, outcome }) => whose === seat && outcome.side === 'sell')
  if (own === -1) return null
  const flowWh = agreedFlows(config, rows)
  const { capacityWh } = gridOf(config)
  const clear = (limitTicks: Ticks) => {
    const orders = offers.map(({ zone, outcome }, index): AuctionOrder => {
      const limit = index === own ? limitTicks : outcome.limitTicks
      const { arrival, side, offeredWh: energyWh } = outcome
      return { id: String(arrival), side, zone: config.zones[zone]!.id, energyWh, limitTicks: limit }
    })
    return spotAuction(config, (zone) => capacityWh[zone]! - Math.abs(flowWh[zone]!), orders)
  }
  const asItWas = clear(offers[own]!.outcome.limitTicks)
  const isSame = offers.every(({ outcome }, index) => {
    const { filledWh } = asItWas.explained[index]!
    return filledWh === outcome.filledWh && asItWas.amounts[index] === outcome.amount
  })
  if (!isSame) return null
  return limits.map((limitTicks) => {
    const { explained, amounts } = clear(limitTicks)
    return { offeredWh: offers[own]!.outcome.offeredWh, soldWh: explained[own]!.filledWh, received: amounts[own]! }
  })
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
