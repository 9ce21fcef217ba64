/** The limits that are proposed to a home that joins: with them the home never does worse than with its supplier. */
import type { AreaResource } from '../../server/api/resources.ts'
import { exceeds, typedCents } from '../money/format.ts'
import type { TypedLimits } from './limits-fields.tsx'

type Prices = Pick<AreaResource, 'feedInPerKwh' | 'retailPerKwh' | 'lowestPerKwh' | 'highestPerKwh'>

/**
 * A usual power for the connection of a home in Europe, in kW: three phases of 63 A carry 43 kW, and most homes have less than
 * 25 kW.
 */
const usualConnectionKw = 25

/**
 * Proposes the feed-in tariff as the floor and the retail price as the ceiling. Where the area does not allow that price, it
 * proposes the nearest price that is no worse than the supplier's. Where every price of the area is worse, the side is left
 * empty.
 */
export function proposedLimits(area: Prices, sells: boolean): TypedLimits {
  const { feedInPerKwh, retailPerKwh, lowestPerKwh, highestPerKwh } = area
  const floor = exceeds(lowestPerKwh, feedInPerKwh) ? lowestPerKwh : feedInPerKwh
  const ceiling = exceeds(retailPerKwh, highestPerKwh) ? highestPerKwh : retailPerKwh
  return {
    floor: !sells || exceeds(floor, highestPerKwh) ? '' : typedCents(floor),
    ceiling: exceeds(lowestPerKwh, ceiling) ? '' : typedCents(ceiling),
    connection: String(usualConnectionKw),
  }
}
