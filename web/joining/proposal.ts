/** The limits that a home which joins is shown first: those with which it never does worse than with its supplier. */
import type { AreaResource } from '../../server/api/resources.ts'
import { exceeds, typedCents } from '../money/format.ts'
import type { TypedLimits } from './limits-fields.tsx'

type Prices = Pick<AreaResource, 'feedInPerKwh' | 'retailPerKwh' | 'lowestPerKwh' | 'highestPerKwh'>

/** What a connection of a home in Europe carries: three phases of 63 A hold 43 kW, most homes less than 25. */
const usualConnectionKw = 25

/**
 * The feed-in tariff as the floor and the retail price as the ceiling. Where the area has no such price, the nearest that is
 * still no worse than the supplier; a side for which every price of the area is worse is left empty.
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
