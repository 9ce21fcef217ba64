/** A price that somebody types into "My price", checked in cents before anything is signed. */
import type { Ticks } from '../../contracts/protocol/units.ts'
import { formatPrice } from '../../contracts/protocol/units.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { readCents } from '../forward/forward.ts'
import { priceWords } from '../money/format.ts'
import type { OrderSide, PriceRange } from './order.ts'
import { priceWordsOf } from './words.ts'

/** The most decimals that a price in cents may have. */
function centDecimals({ priceDecimals }: Pick<AreaResource, 'priceDecimals'>): number {
  return Math.max(0, priceDecimals - 2)
}

/** The typed price, or a sentence that says what is wrong with it. */
export function checkPrice(
  text: string,
  { area, side, range }: { area: AreaResource; side: OrderSide; range: PriceRange },
): { ticks: Ticks; problem: null } | { ticks: null; problem: string } {
  const said = priceWordsOf()
  const ticks = readCents(text, area.priceDecimals)
  const price = (each: Ticks) => priceWords(formatPrice(each, area.priceDecimals))
  if (ticks === null) return { ticks, problem: said.notANumber(centDecimals(area)) }
  // A seller's range begins at the signed limit and a buyer's ends there; the other end is one of the supplier's tariffs.
  if (ticks < range.lowTicks) {
    return { ticks: null, problem: (side === 'sell' ? said.belowRange : said.belowUse)(price(range.lowTicks)) }
  }
  if (ticks > range.highTicks) {
    return { ticks: null, problem: (side === 'buy' ? said.aboveLimit : said.aboveUse)(price(range.highTicks)) }
  }
  return { ticks, problem: null }
}
