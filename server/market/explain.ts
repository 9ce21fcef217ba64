/** Why every order got what it got, and what another limit would have got. */
import type { Ticks, Wh } from '../../contracts/protocol/units.ts'
import { type AuctionInput, type AuctionOrder, type AuctionResult, auctionColumns, clearAuction } from './auction.ts'
import { clearColumns } from './clearing.ts'
import { MarketError, quoted } from './errors.ts'
import { reachOf } from './reach.ts'

/**
 * - `filled`: everything it offered.
 * - `partly-filled-at-margin`, `not-filled-at-margin`: its limit is the clearing price (or meets it after fees from a zone
 *   without one), and its share among equals was a part or rounded to nothing.
 * - `price-too-high` (sell), `price-too-low` (buy): worse than the clearing price by `gapTicks`; in a zone without one,
 *   than the best price in reach after fees.
 * - `link-full`: energy could have been traded at its limit beyond `link`, the zone whose link to its parent is full.
 * - `no-counterparty`: nobody is on the other side in any zone.
 */
export type OutcomeCode =
  | 'filled'
  | 'partly-filled-at-margin'
  | 'not-filled-at-margin'
  | 'price-too-high'
  | 'price-too-low'
  | 'link-full'
  | 'no-counterparty'

export interface OrderOutcome {
  order: string
  code: OutcomeCode
  offeredWh: Wh
  filledWh: Wh
  /** The zone's clearing price; `null` where it has none. */
  priceTicks: Ticks | null
  limitTicks: Ticks
  /** The best price in reach after fees; ±∞ where nobody is on the other side. */
  bestTicks: number
  /** By how much the limit missed, more than zero. */
  gapTicks?: Ticks
  /** The zone whose link to its parent is full. */
  link?: string
}

/** Explains every order, in input order. The `clear` command makes sentences of that with `server/words`. */
export function explainAuction(input: AuctionInput, result: AuctionResult): OrderOutcome[] {
  return input.orders.map(explaining(input, result))
}

/** What explains one order of an auction after the other. */
export function explaining(input: AuctionInput, result: AuctionResult): (order: AuctionOrder) => OrderOutcome {
  const reach = { buy: reachOf('buy', input, result), sell: reachOf('sell', input, result) }
  const indexOfZone = new Map(input.zones.map((zone, i) => [zone.id, i]))
  const filledOf = new Map(result.fills.map((fill) => [fill.order, fill.energyWh]))
  return (order) => {
    const zone = indexOfZone.get(order.zone)!
    const ofSide = reach[order.side]
    const outcome: OrderOutcome = {
      order: order.id,
      code: 'filled',
      offeredWh: order.energyWh,
      filledWh: filledOf.get(order.id) ?? 0,
      priceTicks: result.zones[zone]!.priceTicks,
      limitTicks: order.limitTicks,
      bestTicks: ofSide.ticks[zone]!,
    }
    if (outcome.filledWh < outcome.offeredWh) judge(outcome, order.side === 'sell', ofSide.fullLink[zone])
    return outcome
  }
}

/** Says why an order was not filled wholly; `link` is the full one on the way to the best price in reach. */
function judge(outcome: OrderOutcome, sells: boolean, link: string | undefined): void {
  const { filledWh, priceTicks, limitTicks, bestTicks } = outcome
  const gapTo = (price: number) => (sells ? limitTicks - price : price - limitTicks)
  const gapTicks = priceTicks === null ? gapTo(bestTicks) : gapTo(priceTicks)
  if (link !== undefined && gapTo(bestTicks) <= 0) {
    outcome.code = 'link-full'
    outcome.link = link
    if (priceTicks !== null && gapTicks > 0) outcome.gapTicks = gapTicks
  } else if (filledWh > 0) outcome.code = 'partly-filled-at-margin'
  else if (!Number.isFinite(bestTicks)) outcome.code = 'no-counterparty'
  else if (gapTicks <= 0) outcome.code = 'not-filled-at-margin'
  else {
    outcome.code = sells ? 'price-too-high' : 'price-too-low'
    outcome.gapTicks = gapTicks
  }
}

/** What one order would have got at one limit, all else equal. */
export interface Alternative {
  limitTicks: Ticks
  filledWh: Wh
  priceTicks: Ticks | null
}

/** Clears the auction again with another limit for one order. Throws `ORDER_UNKNOWN`, and as `clearAuction` does. */
export function whatIf(input: AuctionInput, orderId: string, limitTicks: Ticks): Alternative {
  return alternativeAt(input, positionOf(input, orderId), limitTicks)
}

/**
 * The smallest changes of an order's limit that would have got it more: the first that gets it anything beyond what it has,
 * and the first that fills it wholly. Empty for a filled order and for one that no limit helps.
 * Throws `ORDER_UNKNOWN`, and as `clearAuction` does.
 */
export function betterLimits(input: AuctionInput, orderId: string): Alternative[] {
  const position = positionOf(input, orderId)
  const { side, energyWh, limitTicks } = input.orders[position]!
  const columns = auctionColumns(input)
  const filledAt = (steps: number) => {
    columns.limitTicks[position] = side === 'sell' ? limitTicks - steps : limitTicks + steps
    return clearColumns(columns).filledWh[position]!
  }
  const mostSteps = (side === 'sell' ? limitTicks : -limitTicks) + 2 ** 30 - 1
  const now = filledAt(0)
  if (now === energyWh) return []
  const best = filledAt(mostSteps)
  const found = [...new Set([now + 1, energyWh])].flatMap((wantedWh) => {
    if (best < wantedWh) return []
    return [leastWhere((steps) => filledAt(steps) >= wantedWh, mostSteps)]
  })
  return [...new Set(found)].map((steps) =>
    alternativeAt(input, position, side === 'sell' ? limitTicks - steps : limitTicks + steps),
  )
}

/** The least whole number in 1…most that satisfies a condition that holds from some point on, `most` included. */
function leastWhere(holds: (steps: number) => boolean, most: number): number {
  let fails = 0
  let works = most
  while (works - fails > 1) {
    const middle = Math.floor((fails + works) / 2)
    if (holds(middle)) works = middle
    else fails = middle
  }
  return works
}

function alternativeAt(input: AuctionInput, position: number, limitTicks: Ticks): Alternative {
  const orders = input.orders.with(position, { ...input.orders[position]!, limitTicks })
  const { zone, id } = input.orders[position]!
  const result = clearAuction({ zones: input.zones, orders })
  return {
    limitTicks,
    filledWh: result.fills.find((fill) => fill.order === id)?.energyWh ?? 0,
    priceTicks: result.zones.find((each) => each.zone === zone)!.priceTicks,
  }
}

function positionOf(input: AuctionInput, orderId: string): number {
  const position = input.orders.findIndex((order) => order.id === orderId)
  if (position < 0)
    throw new MarketError('ORDER_UNKNOWN', `order ${quoted(orderId)}: the auction has none of that id`, {
      subject: orderId,
    })
  return position
}
