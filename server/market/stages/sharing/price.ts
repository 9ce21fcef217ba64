/** At which price energy is shared out: the area's rule, in one interval. */
import type { Ticks, UtcSeconds, Wh } from '../../../../contracts/protocol/units.ts'
import type { AreaConfig } from '../../area/area.ts'
import { offsetAt } from '../../area/clock.ts'
import { declaredPrice } from '../../area/declarations.ts'
import type { PriceRule } from '../../area/sharing.ts'
import type { AreaState } from '../../area/state.ts'
import { clearAuction, type Side } from '../../auction.ts'

/** What somebody gives or gets, and the worst price for it. */
export interface Bid {
  side: Side
  energyWh: Wh
  limitTicks: Ticks
}

/** What whoever gives energy receives; null where the exchange's price is not known, or the auction of `bids` gives none. */
export function priceOf(
  { prices }: Pick<AreaState, 'prices'>,
  { sharing }: AreaConfig,
  start: UtcSeconds,
  bids: readonly Bid[],
): Ticks | null {
  const { price } = sharing!
  switch (price.type) {
    case 'fixed':
      return price.ticks
    case 'by-time':
      return priceByTime(price, start)
    case 'exchange': {
      const ticks = declaredPrice(prices, start)
      return ticks === null ? null : Math.max(price.floorTicks, Math.min(price.ceilingTicks, ticks))
    }
    case 'auction':
      return auctionPrice(bids)
  }
}

/** The lowest and the highest price that the rule can give in an interval, as far as is known before it starts. */
export function priceBounds(config: AreaConfig, start: UtcSeconds): { lowest: Ticks; highest: Ticks } {
  const { price } = config.sharing!
  switch (price.type) {
    case 'fixed':
      return { lowest: price.ticks, highest: price.ticks }
    case 'by-time': {
      const ticks = priceByTime(price, start)
      return { lowest: ticks, highest: ticks }
    }
    case 'exchange':
      return { lowest: price.floorTicks, highest: price.ceilingTicks }
    case 'auction':
      return { lowest: config.lowestTicks, highest: config.highestTicks }
  }
}

function priceByTime(rule: Extract<PriceRule, { type: 'by-time' }>, start: UtcSeconds): Ticks {
  const minute = Math.floor((start + offsetAt(rule.clock, start)) / 60)
  const day = Math.floor(minute / 1_440)
  // 1970-01-01 was a Thursday, the fourth day of the week.
  const bit = 1 << ((day + 3) % 7)
  const ofDay = minute - day * 1_440
  const period = rule.periods.find(
    ({ days, fromMinute, toMinute }) => (days & bit) !== 0 && fromMinute <= ofDay && ofDay < toMinute,
  )
  return period?.ticks ?? rule.otherwiseTicks
}

/** One zone and no fees: the price of those who give and get, wherever they are. */
function auctionPrice(bids: readonly Bid[]): Ticks | null {
  const zone = 'all'
  const { zones } = clearAuction({
    zones: [{ id: zone, feeTicksPerKwh: 0, capacityWh: null }],
    orders: bids.map((bid, place) => ({ id: String(place), zone, ...bid })),
  })
  return zones[0]!.priceTicks
}
