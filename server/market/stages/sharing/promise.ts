/** What members set aside for energy that is shared out to them, before anybody knows how much it will be. */
import type { Ticks, Wh } from '../../../../contracts/protocol/units.ts'
import type { AreaConfig } from '../../area/area.ts'
import { sideNumber } from '../../area/declarations.ts'
import type { Purse } from '../../area/funds.ts'
import type { Interval } from '../../area/interval.ts'
import { countingOrder, isSuspended, termsAt, tradableWh } from '../../area/state.ts'
import type { Side } from '../../auction.ts'
import { type Grid, gridOf } from '../grid.ts'
import type { PromiseState } from '../stage.ts'
import { priceBounds } from './price.ts'

/**
 * Sets the worst case of each member's side aside: all the energy that its mandate allows, at the worst price that the rule can
 * give inside the mandate. An order counts only where an auction makes the price: it is a bid, and it limits price and energy.
 */
export function promiseSides(
  state: PromiseState,
  interval: Interval,
  { config, purse, sidesOf }: { config: AreaConfig; purse: Purse; sidesOf(seat: number): readonly Side[] },
): void {
  const bounds = priceBounds(config, interval.start)
  const grid = gridOf(config)
  const feesTo = feesToRoot(grid)
  const dearest = Math.max(...feesTo)
  const takesOrders = config.sharing!.price.type === 'auction'
  for (const [number, seat] of state.seats) {
    const terms = termsAt(seat, interval.start)
    if (terms === null || terms.closed || isSuspended(state, seat)) continue
    for (const side of sidesOf(number)) {
      const order = takesOrders ? countingOrder(seat.orders, side, interval.start) : null
      const feeTicks = feesTo[grid.placeOf(terms.zone)]! + dearest
      const limitTicks: Ticks =
        side === 'buy'
          ? Math.min(terms.buyCeiling, config.highestTicks, bounds.highest + feeTicks, order?.limitTicks ?? Infinity)
          : Math.max(terms.sellFloor, config.lowestTicks, bounds.lowest, order?.limitTicks ?? -Infinity)
      const wantedWh: Wh = Math.min(tradableWh(side, terms, config), order?.maxWh ?? Infinity)
      const arrival = sideNumber(number, side)
      const reservedWh = purse.cover(arrival, wantedWh, [{ seat: number, side, priceTicks: limitTicks }])
      interval.reserve(seat.slot, side, { arrival, limitTicks, reservedWh, isCut: reservedWh < wantedWh })
    }
  }
}

/** What a kWh pays from each zone up to the root: no way costs more than two of them. */
function feesToRoot({ parent, feeTicks }: Grid): Ticks[] {
  const fees: (Ticks | undefined)[] = parent.map(() => undefined)
  const feeFrom = (zone: number): Ticks => {
    fees[zone] ??= parent[zone] === -1 ? 0 : feeTicks[zone]! + feeFrom(parent[zone]!)
    return fees[zone]!
  }
  return parent.map((_, zone) => feeFrom(zone))
}
