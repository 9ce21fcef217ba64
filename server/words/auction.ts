/** Sentences for what the spot auction made of an order. */
import { formatPrice } from '../../contracts/protocol/units.ts'
import type { Side } from '../market/auction.ts'
import { quoted } from '../market/errors.ts'
import type { OrderOutcome } from '../market/explain.ts'

/** One sentence with the number that matters; prices have `decimals` decimals. */
export function explanationOf(side: Side, outcome: OrderOutcome, decimals: number): string {
  const price = (ticks: number) => formatPrice(ticks, decimals)
  const { code, filledWh, offeredWh, priceTicks, limitTicks, bestTicks, gapTicks, link } = outcome
  const limit = `your ${side === 'sell' ? 'floor' : 'ceiling'} ${price(limitTicks)}`
  const served = `${filledWh} of ${offeredWh} Wh`
  switch (code) {
    case 'filled':
      return `filled: ${offeredWh} Wh at ${price(priceTicks!)}`
    case 'partly-filled-at-margin':
    case 'not-filled-at-margin':
      return `${limit} is the ${priceTicks === null ? 'best price in reach' : 'clearing price'}: ${served}, shared pro rata with others at that price`
    case 'price-too-high':
    case 'price-too-low': {
      const against =
        priceTicks === null ? `best price in reach ${price(bestTicks)}` : `clearing price ${price(priceTicks)}`
      return `${against}, ${limit}: ${price(gapTicks!)} too ${code === 'price-too-high' ? 'high' : 'low'}`
    }
    case 'link-full':
      return `the link of zone ${quoted(link!)} is full: ${served}; beyond it ${price(bestTicks)} after fees would suit ${limit}`
    case 'no-counterparty':
      return `nobody ${side === 'sell' ? 'buys' : 'sells'} in any zone in reach`
  }
}
