/** What the two halves of the spot auction pass to each other, as columns of integers. */
import type { ZoneTree } from './zone-tree.ts'

/**
 * One auction: zones by index and orders by order of arrival.
 * Limits and fees are below 2³⁰ ticks in size, energies positive integers whose sum is below 2⁵³ Wh.
 */
export interface AuctionColumns {
  readonly tree: ZoneTree
  /** Ticks per kWh on the link to the parent, 0 or more; meaningless for the root. */
  readonly feeTicks: Float64Array
  /** Wh on the link to the parent, 0 or more, ∞ for unlimited; meaningless for the root. */
  readonly capacityWh: Float64Array
  readonly zoneOfOrder: Int32Array
  /** 1 for a buy order, 0 for a sell order. */
  readonly buys: Uint8Array
  readonly limitTicks: Int32Array
  readonly energyWh: Float64Array
}

/** A price per zone at which the optimum lies, as a key, and how each zone's link answers to its parent's price. */
export interface PricedZones {
  readonly keys: Float64Array
  /** 1: open to export at the parent's price − fee; −1: open to import at the parent's price + fee; 0: its flow is fixed. */
  readonly links: Int8Array
  /** The flow towards the parent where it is fixed. */
  readonly fixedWh: Float64Array
}
