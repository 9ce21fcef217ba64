/** The part of the checker that is about prices: that some support the result, and that the result names the right ones. */
import { type Breach, breach, type ClaimedResult } from './claimed-result.ts'
import { quoted } from './errors.ts'

/** By zone: the lowest and highest price that suits the fills and flows of the whole area. */
export interface SupportingPrices {
  readonly lowest: readonly number[]
  readonly highest: readonly number[]
}

/**
 * A result has most welfare exactly when prices support it, and most energy besides exactly when prices support it after
 * all limits and fees are doubled and every buyer bids one more: a zero-gain trade then gains, and nothing else changes.
 */
export function checkSupport(claim: ClaimedResult): Breach | null {
  const inTicks = contradiction(claim, supportingPrices(claim, plainTicks))
  if (inTicks !== null) {
    const id = claim.zones[inTicks]!.id
    return breach(
      'WELFARE_OPTIMUM',
      id,
      `no price of zone ${quoted(id)} suits all fills and flows: a trade that gains more was left out`,
    )
  }
  const doubled = contradiction(claim, supportingPrices(claim, energyFirst))
  if (doubled === null) return null
  const id = claim.zones[doubled]!.id
  return breach('MOST_ENERGY', id, `more energy could be matched at the same welfare, at zone ${quoted(id)}`)
}

function contradiction(claim: ClaimedResult, prices: SupportingPrices): number | null {
  const zone = claim.zones.findIndex((_, i) => prices.lowest[i]! > prices.highest[i]!)
  return zone < 0 ? null : zone
}

/** How limits and fees are scaled before prices are sought. */
export interface Scale {
  readonly factor: number
  /** Added to a buyer's scaled limit. */
  readonly buyerBonus: number
}

const plainTicks: Scale = { factor: 1, buyerBonus: 0 }
export const energyFirst: Scale = { factor: 2, buyerBonus: 1 }

/** Narrows every zone's price by its own orders and then link by link until nothing moves any more. */
export function supportingPrices(claim: ClaimedResult, scale: Scale): SupportingPrices {
  const lowest = claim.zones.map(() => Number.NEGATIVE_INFINITY)
  const highest = claim.zones.map(() => Number.POSITIVE_INFINITY)
  for (const [i, order] of claim.orders.entries()) {
    const zone = claim.zoneOfOrder[i]!
    const buys = order.side === 'buy'
    const limit = order.limitTicks * scale.factor + (buys ? scale.buyerBonus : 0)
    const served = claim.filledWh[i]! > 0
    const short = claim.filledWh[i]! < order.energyWh
    if (buys ? short : served) lowest[zone] = Math.max(lowest[zone]!, limit)
    if (buys ? served : short) highest[zone] = Math.min(highest[zone]!, limit)
  }
  const upAndDown = [...claim.leavesFirst, ...claim.leavesFirst.toReversed()]
  let moved = true
  while (moved) {
    moved = false
    for (const zone of upAndDown) {
      const parent = claim.parentOf[zone]!
      if (parent < 0) continue
      const { least, most } = allowedRise(claim, zone, scale.factor)
      const before = [lowest[zone], lowest[parent], highest[zone], highest[parent]]
      lowest[parent] = Math.max(lowest[parent]!, lowest[zone]! + least)
      lowest[zone] = Math.max(lowest[zone]!, lowest[parent]! - most)
      highest[parent] = Math.min(highest[parent]!, highest[zone]! + most)
      highest[zone] = Math.min(highest[zone]!, highest[parent]! - least)
      const after = [lowest[zone], lowest[parent], highest[zone], highest[parent]]
      moved ||= before.some((price, k) => price !== after[k])
    }
  }
  return { lowest, highest }
}

/** By how much the parent's price may exceed the zone's, given what their link carries. */
function allowedRise({ zones, flowWh }: ClaimedResult, zone: number, factor: number): { least: number; most: number } {
  const fee = zones[zone]!.feeTicksPerKwh * factor
  const capacity = zones[zone]!.capacityWh ?? Number.POSITIVE_INFINITY
  const flow = flowWh[zone]!
  const least = flow > 0 ? fee : -fee
  const most = flow < 0 ? -fee : fee
  return {
    least: flow === -capacity ? Number.NEGATIVE_INFINITY : least,
    most: flow === capacity ? Number.POSITIVE_INFINITY : most,
  }
}

/** Intervals and midpoints where energy is traded or passes, nothing elsewhere; fills at their zone's price; congestion. */
export function checkPrices(claim: ClaimedResult): Breach | null {
  const { zones, orders, zoneOfOrder, flowWh, childrenOf, parentOf, result } = claim
  const { lowest, highest } = supportingPrices(claim, plainTicks)
  for (const [i, zone] of result.zones.entries()) {
    const name = `zone ${quoted(zone.zone)}`
    const passes = [i, ...childrenOf[i]!].some((link) => flowWh[link] !== 0)
    const active = zone.soldWh > 0 || zone.boughtWh > 0 || passes
    const given = [zone.priceTicks, zone.lowestTicks, zone.highestTicks]
    if (given.some((price) => (price !== null) !== active)) {
      const text = active
        ? 'energy is traded or passes, so it needs a price'
        : 'nothing is traded or passes, so it has no price'
      return breach('PRICE_PRESENCE', zone.zone, `${name}: ${text}`)
    }
    if (!active) continue
    if (zone.lowestTicks !== lowest[i] || zone.highestTicks !== highest[i]) {
      const text = `clearing prices run from ${lowest[i]} to ${highest[i]} ticks, not ${zone.lowestTicks} to ${zone.highestTicks}`
      return breach('PRICE_INTERVAL', zone.zone, `${name}: ${text}`)
    }
    const midpoint = Math.floor((lowest[i]! + highest[i]!) / 2)
    if (zone.priceTicks !== midpoint) {
      return breach(
        'PRICE_MIDPOINT',
        zone.zone,
        `${name}: the midpoint rounded down is ${midpoint} ticks, not ${zone.priceTicks}`,
      )
    }
  }
  const zoneOf = new Map(orders.map((order, i) => [order.id, zoneOfOrder[i]!]))
  for (const fill of result.fills) {
    const price = result.zones[zoneOf.get(fill.order)!]!.priceTicks
    if (fill.priceTicks !== price) {
      const text = `filled at ${fill.priceTicks} ticks where its zone’s price is ${price}`
      return breach('FILL_PRICE', fill.order, `order ${quoted(fill.order)}: ${text}`)
    }
  }
  const links = zones.flatMap((_, i) => (parentOf[i]! < 0 ? [] : [i]))
  for (const [k, zone] of links.entries()) {
    const flow = flowWh[zone]!
    const rise = flow === 0 ? 0 : result.zones[parentOf[zone]!]!.priceTicks! - result.zones[zone]!.priceTicks!
    const congestion = flow === 0 ? 0 : Math.abs(rise) - zones[zone]!.feeTicksPerKwh
    const found = result.flows[k]!.congestionTicks
    if (found !== congestion) {
      const { id } = zones[zone]!
      return breach('CONGESTION', id, `zone ${quoted(id)}: congestion on its link is ${congestion} ticks, not ${found}`)
    }
  }
  return null
}
