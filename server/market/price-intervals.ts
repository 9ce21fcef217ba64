/** Each zone's interval of clearing prices, in ticks; −∞ and ∞ where nothing bounds it. */
export interface PriceIntervals {
  readonly lowest: Float64Array
  readonly highest: Float64Array
}

/** What the tree walk needs of each zone's link to its parent; net flow towards the parent, fee and capacity. */
export interface LinkColumns {
  readonly feeTicks: Float64Array
  readonly capacityWh: Float64Array
  readonly flowWh: Float64Array
}

/**
 * Narrows every zone's interval, given what its own orders allow, to the prices that also suit all other zones.
 *
 * Along a link the parent's price minus the zone's is the fee where it exports and the link is not full, minus the fee
 * where it imports, within ± fee where nothing flows, and bounded on one side only where the link is full; a closed link
 * says nothing. On a tree one walk up and one walk down reach the tightest bounds, so all lower ends together and all
 * upper ends together are clearing prices. The scale of fees and bounds is the caller's (ticks or doubled ticks).
 */
export function narrowIntervals(
  tree: { readonly parent: Int32Array; readonly preorder: Int32Array },
  links: LinkColumns,
  { lowest, highest }: PriceIntervals,
): void {
  const { parent, preorder } = tree
  for (let i = preorder.length - 1; i > 0; i--) {
    const zone = preorder[i]!
    const above = parent[zone]!
    lowest[above] = Math.max(lowest[above]!, lowest[zone]! + leastRise(links, zone))
    highest[above] = Math.min(highest[above]!, highest[zone]! + mostRise(links, zone))
  }
  for (let i = 1; i < preorder.length; i++) {
    const zone = preorder[i]!
    const above = parent[zone]!
    lowest[zone] = Math.max(lowest[zone]!, lowest[above]! - mostRise(links, zone))
    highest[zone] = Math.min(highest[zone]!, highest[above]! - leastRise(links, zone))
  }
}

/** The least by which the parent's price may exceed the zone's. */
function leastRise({ feeTicks, capacityWh, flowWh }: LinkColumns, zone: number): number {
  const flow = flowWh[zone]!
  if (flow > 0) return feeTicks[zone]!
  return flow === -capacityWh[zone]! ? Number.NEGATIVE_INFINITY : -feeTicks[zone]!
}

/** The most by which the parent's price may exceed the zone's. */
function mostRise({ feeTicks, capacityWh, flowWh }: LinkColumns, zone: number): number {
  const flow = flowWh[zone]!
  if (flow < 0) return -feeTicks[zone]!
  return flow === capacityWh[zone]! ? Number.POSITIVE_INFINITY : feeTicks[zone]!
}
