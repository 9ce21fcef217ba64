/** One spot auction of an area: cleared over what the links still carry, and each order's money with its share of what the grid may not keep. */
import { amountOf, type LedgerUnits, type Wh } from '../../../../contracts/protocol/units.ts'
import { capGridTake, type OrderFill } from '../../../settlement/grid-take.ts'
import type { AreaConfig } from '../../area/area.ts'
import { type AuctionOrder, type AuctionResult, clearAuction, type Zone } from '../../auction.ts'
import { explainAuction, type OrderOutcome } from '../../explain.ts'

export interface SpotResult {
  auction: AuctionResult
  /** What became of each order, in the order in which they were given. */
  explained: OrderOutcome[]
  /** What each order pays (buy) or receives (sell); 0 where nothing was filled. */
  amounts: LedgerUnits[]
  gridTake: LedgerUnits
}

/** `roomWh` says what the link of a zone carries yet, infinite where it is unlimited; orders stand in order of arrival. */
export function spotAuction(
  config: AreaConfig,
  roomWh: (zone: number) => Wh,
  orders: readonly AuctionOrder[],
): SpotResult {
  const input = { zones: zonesWith(config, roomWh), orders }
  const auction = clearAuction(input)
  const explained = explainAuction(input, auction)
  const { matchedWh, gridFees, congestionRent } = auction
  const gross = explained.map(({ priceTicks, filledWh }) => (filledWh === 0 ? 0n : amountOf(priceTicks!, filledWh)))
  const { gridTake, refunds } = capGridTake({
    ...{ maxGridPerKwh: config.rules.maxGridPerKwh, matchedWh, gridFees, congestionRent },
    fills: explained.flatMap(({ order, filledWh: energyWh }, index): OrderFill[] =>
      energyWh === 0 ? [] : [{ order, side: orders[index]!.side, energyWh, amount: gross[index]! }],
    ),
  })
  const amounts = explained.map(({ order }, index) => {
    const refund = refunds.get(order) ?? 0n
    return orders[index]!.side === 'buy' ? gross[index]! - refund : gross[index]! + refund
  })
  return { auction, explained, amounts, gridTake }
}

export function zonesWith({ zones }: AreaConfig, roomWh: (zone: number) => Wh): Zone[] {
  return zones.map(({ id, parent, feeTicksPerKwh }, zone) => {
    const most = roomWh(zone)
    return { id, feeTicksPerKwh, capacityWh: Number.isFinite(most) ? most : null, ...(parent !== null && { parent }) }
  })
}
