/**
 * The second half of the spot auction: what lies exactly at each zone's price, who gets which part of it, and the fills.
 *
 * At a price key k a zone's net supply runs from a lower value (the marginal sellers idle, or the marginal buyers served)
 * to an upper one. From the root down, the zone's own marginal orders, as one party listed first, and each child with
 * its marginal energy, clipped by its link, share what the zone's required export leaves to the margin.
 */
import type { LedgerUnits } from '../../contracts/units.ts'
import type { AuctionColumns, PricedZones } from './clearing.ts'
import { MoneySum } from './money-sum.ts'
import { shareProRata } from './pro-rata.ts'

/** The margin of every zone at its price, in Wh. */
export interface Margins {
  /** Energy of the zone's own orders at the price. */
  readonly ownWh: Float64Array
  /** The number of those orders. */
  readonly ownOrders: Int32Array
  /** Of `ownWh`, the part that is filled; written by `shareMargins`. */
  readonly ownFilledWh: Float64Array
  /** Net supply just below the price, children included. */
  readonly netBelowWh: Float64Array
  /** Export to the parent just below and just above the parent's price. */
  readonly exportBelowWh: Float64Array
  readonly exportAboveWh: Float64Array
}

/** Sums what lies below and at every zone's price, from the leaves up. */
export function findMargins(columns: AuctionColumns, keys: Int32Array, priced: PricedZones): Margins {
  const { tree, zoneOfOrder, energyWh } = columns
  const zoneCount = tree.parent.length
  const margins: Margins = {
    ownWh: new Float64Array(zoneCount),
    ownOrders: new Int32Array(zoneCount),
    ownFilledWh: new Float64Array(zoneCount),
    netBelowWh: new Float64Array(zoneCount),
    exportBelowWh: new Float64Array(zoneCount),
    exportAboveWh: new Float64Array(zoneCount),
  }
  const { netBelowWh, ownWh, ownOrders } = margins
  const priceKeys = priced.keys
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const zone = zoneOfOrder[i]!
    const priceKey = priceKeys[zone]!
    const energy = energyWh[i]!
    const buy = key & 1
    // A sell order supplies above its key, a buy order consumes below it.
    netBelowWh[zone]! += energy * (+(key < priceKey) - buy)
    if (key === priceKey) {
      ownWh[zone]! += energy
      ownOrders[zone]!++
    }
  }
  for (let i = zoneCount - 1; i >= 0; i--) sumExport(columns, priced, margins, tree.preorder[i]!)
  return margins
}

/** Adds the children's exports to a zone's net supply and finds what its own link makes of that. */
function sumExport(
  { tree, feeTicks, capacityWh }: AuctionColumns,
  priced: PricedZones,
  margins: Margins,
  zone: number,
) {
  const { netBelowWh, exportBelowWh, exportAboveWh, ownWh } = margins
  let netAbove = netBelowWh[zone]! + ownWh[zone]!
  for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
    netBelowWh[zone]! += exportBelowWh[child]!
    netAbove += exportAboveWh[child]!
  }
  const capacity = capacityWh[zone]!
  const netBelow = netBelowWh[zone]!
  const link = priced.links[zone]!
  if (link === 0) {
    exportBelowWh[zone] = priced.fixedWh[zone]!
    exportAboveWh[zone] = priced.fixedWh[zone]!
  } else if (link > 0) {
    // Without a fee one price both ends the import and starts the export.
    exportBelowWh[zone] = Math.max(netBelow, feeTicks[zone] === 0 ? -capacity : 0)
    exportAboveWh[zone] = Math.min(netAbove, capacity)
  } else {
    exportBelowWh[zone] = Math.max(netBelow, -capacity)
    exportAboveWh[zone] = Math.min(netAbove, 0)
  }
}

/** Shares every zone's margin among its parties, from the root down; writes flows and the own orders' filled energy. */
export function shareMargins(
  { tree }: AuctionColumns,
  priced: PricedZones,
  { netBelowWh, ownWh, ownFilledWh, exportBelowWh, exportAboveWh }: Margins,
  flowWh: Float64Array,
): void {
  for (const zone of tree.preorder) {
    const weights = [ownWh[zone]!]
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      weights.push(exportAboveWh[child]! - exportBelowWh[child]!)
    }
    const marginWh = weights.reduce((sum, weight) => sum + weight, 0)
    const suppliedWh = flowWh[zone]! - netBelowWh[zone]!
    // Sellers share what they supply, buyers what they take: a marginal buyer that is not served counts as supply.
    const buyersShare = (priced.keys[zone]! & 1) === 1
    const shares = new Float64Array(weights.length)
    if (marginWh > 0) shareProRata(buyersShare ? marginWh - suppliedWh : suppliedWh, Float64Array.from(weights), shares)
    ownFilledWh[zone] = shares[0]!
    let party = 1
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      const share = shares[party++]!
      flowWh[child] = buyersShare ? exportAboveWh[child]! - share : exportBelowWh[child]! + share
    }
  }
}

interface Accepted {
  readonly filledWh: Float64Array
  readonly soldWh: Float64Array
  readonly boughtWh: Float64Array
  readonly lowestTicks: Float64Array
  readonly highestTicks: Float64Array
}

interface Priced {
  readonly keys: Int32Array
  readonly priceKeys: Float64Array
  readonly margins: Margins
}

/**
 * Fills the orders, and narrows each zone's price interval to what they allow: no filled order worse than the price, no
 * order better than the price left short. Returns accepted bids minus accepted asks.
 */
export function fillOrders(
  columns: AuctionColumns,
  { keys, priceKeys, margins }: Priced,
  accepted: Accepted,
): LedgerUnits {
  const { zoneOfOrder, energyWh } = columns
  const { filledWh, soldWh, boughtWh, lowestTicks, highestTicks } = accepted
  const marginal = new MarginalOrders(margins)
  const surplus = new MoneySum()
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const zone = zoneOfOrder[i]!
    const priceKey = priceKeys[zone]!
    const ticks = key >> 1
    const buy = key & 1
    if (key === priceKey) {
      marginal.add(zone, i)
    } else if (key < priceKey) {
      if (ticks > lowestTicks[zone]!) lowestTicks[zone] = ticks
      if (buy === 1) continue
      const energy = energyWh[i]!
      filledWh[i] = energy
      soldWh[zone]! += energy
      surplus.add(-ticks, energy)
    } else {
      if (ticks < highestTicks[zone]!) highestTicks[zone] = ticks
      if (buy === 0) continue
      const energy = energyWh[i]!
      filledWh[i] = energy
      boughtWh[zone]! += energy
      surplus.add(ticks, energy)
    }
  }
  for (let zone = 0; zone < priceKeys.length; zone++) {
    if (margins.ownOrders[zone] === 0) continue
    const priceKey = priceKeys[zone]!
    const ticks = Math.floor(priceKey / 2)
    const filled = margins.ownFilledWh[zone]!
    const buysAreMarginal = (priceKey & 1) === 1
    marginal.fill(zone, filled, energyWh, filledWh)
    if (buysAreMarginal) boughtWh[zone]! += filled
    else soldWh[zone]! += filled
    surplus.add(buysAreMarginal ? ticks : -ticks, filled)
    const someServed = filled > 0
    const someShort = filled < margins.ownWh[zone]!
    if (buysAreMarginal ? someShort : someServed) lowestTicks[zone] = Math.max(lowestTicks[zone]!, ticks)
    if (buysAreMarginal ? someServed : someShort) highestTicks[zone] = Math.min(highestTicks[zone]!, ticks)
  }
  return surplus.total()
}

/** The orders at their zone's price, by zone and within it in order of arrival. */
class MarginalOrders {
  private readonly starts: Int32Array
  private readonly ends: Int32Array
  private readonly orders: Int32Array

  constructor({ ownOrders }: Margins) {
    this.starts = new Int32Array(ownOrders.length)
    let count = 0
    for (let zone = 0; zone < ownOrders.length; zone++) {
      this.starts[zone] = count
      count += ownOrders[zone]!
    }
    this.ends = this.starts.slice()
    this.orders = new Int32Array(count)
  }

  add(zone: number, order: number): void {
    this.orders[this.ends[zone]!++] = order
  }

  /** Shares `totalWh` among one zone's marginal orders. */
  fill(zone: number, totalWh: number, energyWh: Float64Array, filledWh: Float64Array): void {
    const orders = this.orders.subarray(this.starts[zone]!, this.ends[zone]!)
    const weights = Float64Array.from(orders, (order) => energyWh[order]!)
    const shares = new Float64Array(orders.length)
    shareProRata(totalWh, weights, shares)
    for (let i = 0; i < orders.length; i++) filledWh[orders[i]!] = shares[i]!
  }
}
