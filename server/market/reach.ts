/** What each zone could have bought or sold elsewhere, for explanations. */
import type { AuctionInput, AuctionResult, Side } from './auction.ts'

/** By zone, what the rest of the area would offer one side if every link had room, and which full link stands between. */
export interface Reach {
  /** For sellers the best price in reach minus fees, for buyers plus fees; −∞ or ∞ where nobody is on the other side. */
  readonly ticks: number[]
  /** The zone whose link to its parent is the first full one on the way to that price. */
  readonly fullLink: (string | undefined)[]
}

/**
 * Finds each zone's best price in reach by one walk up the tree and one down. A zone offers its clearing price or, where
 * nothing was traded, the best limit on the other side.
 */
export function reachOf(side: Side, { zones, orders }: AuctionInput, result: AuctionResult): Reach {
  // Sellers seek the highest price and lose fees; with prices negated buyers do the same.
  const sign = side === 'sell' ? 1 : -1
  const indexOfZone = new Map(zones.map((zone, i) => [zone.id, i]))
  const worth = result.zones.map(({ priceTicks }) =>
    priceTicks === null ? Number.NEGATIVE_INFINITY : sign * priceTicks,
  )
  for (const order of orders) {
    const zone = indexOfZone.get(order.zone)!
    if (order.side === side || result.zones[zone]!.priceTicks !== null) continue
    worth[zone] = Math.max(worth[zone]!, sign * order.limitTicks)
  }
  const flowOf = new Map(result.flows.map((flow) => [flow.zone, flow.exportWh]))
  const fullLink: (string | undefined)[] = zones.map(() => undefined)
  const improve = (zone: number, from: number, link: number, outward: number) => {
    const { id, feeTicksPerKwh, capacityWh } = zones[link]!
    const offered = worth[from]! - feeTicksPerKwh
    if (offered <= worth[zone]!) return
    worth[zone] = offered
    fullLink[zone] = flowOf.get(id)! * outward === capacityWh ? id : fullLink[from]
  }
  const parentOf = zones.map((zone) => (zone.parent === undefined ? -1 : indexOfZone.get(zone.parent)!))
  const linked = zonesRootFirst(parentOf).slice(1)
  for (const zone of linked.toReversed()) improve(parentOf[zone]!, zone, zone, -sign)
  for (const zone of linked) improve(zone, parentOf[zone]!, zone, sign)
  return { ticks: worth.map((price) => sign * price), fullLink }
}

function zonesRootFirst(parentOf: number[]): number[] {
  const childrenOf: number[][] = parentOf.map(() => [])
  for (const [zone, parent] of parentOf.entries()) if (parent >= 0) childrenOf[parent]!.push(zone)
  const ordered = [parentOf.indexOf(-1)]
  for (const zone of ordered) for (const child of childrenOf[zone]!) ordered.push(child)
  return ordered
}
