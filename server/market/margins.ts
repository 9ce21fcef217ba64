/**
 * The second half of the spot auction: the fills of everything better or worse than its zone's price, then who gets which
 * part of what lies exactly at it.
 *
 * At a price key a zone's net supply runs from a lower value (the marginal sellers idle, or the marginal buyers served)
 * to an upper one. From the root down, the zone's own marginal orders, as one party listed first, and each child with
 * its marginal energy, clipped by its link, share what the zone's required export leaves to the margin.
 */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'
import type { AuctionColumns, PricedZones } from './columns.ts'
import { MoneySum } from './money-sum.ts'
import { shareProRata } from './pro-rata.ts'
import { inStretches } from './stretches.ts'

/** Where the fills go: by order, and by zone and side (2 × zone, + 1 for what it buys). */
export interface AuctionFills {
  readonly filledWh: Float64Array
  readonly tradedWh: Float64Array
}

/** Prices at which a zone's own orders are content, in ticks: above the lowest and below the highest. */
export interface OwnBounds {
  readonly lowest: Int32Array
  readonly highest: Int32Array
}

/** A bound that no order has set: beyond every legal limit, and near enough for 32-bit differences. */
export const unbounded = 2 ** 30

/** No order has this key: limits are below 2³⁰ ticks in size. */
const noKey = -(2 ** 31)

export interface FirstFills {
  /** Accepted bids minus accepted asks so far. */
  readonly surplus: MoneySum
  readonly bounds: OwnBounds
  /** The orders at their zone's price, in order of arrival. */
  readonly marginalOrders: number[]
}

/** Fills every order that is better than its zone's price and lists those that are at it. */
export function fillBeyondMargin(
  columns: AuctionColumns,
  keys: Int32Array,
  priceKeys: Float64Array,
  fills: AuctionFills,
): FirstFills {
  const lowest = new Int32Array(priceKeys.length).fill(-unbounded)
  const highest = new Int32Array(priceKeys.length).fill(unbounded)
  const thresholds = thresholdsOf(priceKeys)
  const marginKeys = Int32Array.from(priceKeys, (key) => (Number.isInteger(key) ? key : noKey))
  const first: FirstFills = { surplus: new MoneySum(), bounds: { lowest, highest }, marginalOrders: [] }
  inStretches(keys.length, (from, to) => {
    fillStretch({ columns, keys, marginKeys, thresholds, fills, first }, from, to)
  })
  return first
}

interface FillPass {
  columns: AuctionColumns
  keys: Int32Array
  /** The key at which orders are marginal, by zone. */
  marginKeys: Int32Array
  thresholds: Int32Array
  fills: AuctionFills
  first: FirstFills
}

/** Free of branches that a random market would make unpredictable: `below` and `served` are 0 or 1. */
function fillStretch(
  { columns, keys, marginKeys, thresholds, fills, first }: FillPass,
  from: number,
  to: number,
): void {
  const { zoneOfOrder, energyWh } = columns
  const { filledWh, tradedWh } = fills
  const { lowest, highest } = first.bounds
  let units = 0
  for (let i = from; i < to; i++) {
    const zone = zoneOfOrder[i]!
    const key = keys[i]!
    if (key === marginKeys[zone]) {
      first.marginalOrders.push(i)
      continue
    }
    const buy = key & 1
    const ticks = key >> 1
    const below = (ticks - thresholds[2 * zone + buy]!) >>> 31
    const servedWh = energyWh[i]! * (below ^ buy)
    filledWh[i] = servedWh
    tradedWh[2 * zone + buy]! += servedWh
    const signedTicks = ticks * (2 * buy - 1)
    const gain = signedTicks * servedWh
    const sum = units + gain
    if (Math.abs(gain) <= Number.MAX_SAFE_INTEGER && Math.abs(sum) <= Number.MAX_SAFE_INTEGER) {
      units = sum
    } else {
      first.surplus.add(signedTicks, servedWh)
      first.surplus.addUnits(units)
      units = 0
    }
    if ((below & ((lowest[zone]! - ticks) >>> 31)) === 1) lowest[zone] = ticks
    if (((below ^ 1) & ((ticks - highest[zone]!) >>> 31)) === 1) highest[zone] = ticks
  }
  first.surplus.addUnits(units)
}

/** By zone and side, the limit from which on an order is no longer below its zone's price key. */
function thresholdsOf(priceKeys: Float64Array): Int32Array {
  const thresholds = new Int32Array(2 * priceKeys.length)
  for (let zone = 0; zone < priceKeys.length; zone++) {
    const key = Math.ceil(priceKeys[zone]!)
    thresholds[2 * zone] = Math.ceil(key / 2)
    thresholds[2 * zone + 1] = Math.floor(key / 2)
  }
  return thresholds
}

/** The margin of every zone at its price, in Wh. */
export interface Margins {
  /** Energy of the zone's own orders at the price. */
  readonly ownWh: Float64Array
  /** Net supply just below the price, children included. */
  readonly netBelowWh: Float64Array
  /** Export to the parent just below and just above the parent's price. */
  readonly exportBelowWh: Float64Array
  readonly exportAboveWh: Float64Array
}

/** Sums what lies below and at every zone's price, from the leaves up. */
export function findMargins(
  columns: AuctionColumns,
  priced: PricedZones,
  marginalOrders: number[],
  tradedWh: Float64Array,
): Margins {
  const { tree, zoneOfOrder, energyWh } = columns
  const zoneCount = tree.parent.length
  const margins: Margins = {
    ownWh: new Float64Array(zoneCount),
    netBelowWh: new Float64Array(zoneCount),
    exportBelowWh: new Float64Array(zoneCount),
    exportAboveWh: new Float64Array(zoneCount),
  }
  for (const order of marginalOrders) margins.ownWh[zoneOfOrder[order]!]! += energyWh[order]!
  for (let i = zoneCount - 1; i >= 0; i--) {
    const zone = tree.preorder[i]!
    const servedBelow = buyersAreMarginal(priced, zone) ? margins.ownWh[zone]! : 0
    margins.netBelowWh[zone] = tradedWh[2 * zone]! - tradedWh[2 * zone + 1]! - servedBelow
    sumExport(columns, priced, margins, zone)
  }
  return margins
}

/** An odd price key is a buyers' step: sellers at the same tick are already in. */
function buyersAreMarginal(priced: PricedZones, zone: number): boolean {
  return (priced.keys[zone]! & 1) === 1
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

/** Shares every zone's margin among its parties from the root down: writes flows, returns the own orders' filled energy. */
export function shareMargins(
  { tree }: AuctionColumns,
  priced: PricedZones,
  { netBelowWh, ownWh, exportBelowWh, exportAboveWh }: Margins,
  flowWh: Float64Array,
): Float64Array {
  const ownFilledWh = new Float64Array(ownWh.length)
  for (const zone of tree.preorder) {
    let marginWh = ownWh[zone]!
    let parties = 1
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      marginWh += exportAboveWh[child]! - exportBelowWh[child]!
      flowWh[child] = exportBelowWh[child]!
      parties++
    }
    if (marginWh === 0) continue
    const weights = new Float64Array(parties)
    weights[0] = ownWh[zone]!
    let party = 1
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      weights[party++] = exportAboveWh[child]! - exportBelowWh[child]!
    }
    const suppliedWh = flowWh[zone]! - netBelowWh[zone]!
    // Sellers share what they supply, buyers what they take: a marginal buyer that is not served counts as supply.
    const buyersShare = buyersAreMarginal(priced, zone)
    const shares = shareProRata(buyersShare ? marginWh - suppliedWh : suppliedWh, weights)
    ownFilledWh[zone] = shares[0]!
    party = 1
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      const share = shares[party++]!
      flowWh[child] = buyersShare ? exportAboveWh[child]! - share : exportBelowWh[child]! + share
    }
  }
  return ownFilledWh
}

/** Shares each zone's filled margin among its marginal orders and lets them bound its price; returns the whole surplus. */
export function fillMargins(
  { zoneOfOrder, energyWh }: AuctionColumns,
  priced: PricedZones,
  { surplus, bounds, marginalOrders }: FirstFills,
  ownFilledWh: Float64Array,
  { filledWh, tradedWh }: AuctionFills,
): LedgerUnits {
  const ordersOfZone = new Map<number, number[]>()
  for (const order of marginalOrders) {
    const zone = zoneOfOrder[order]!
    const orders = ordersOfZone.get(zone)
    if (orders) orders.push(order)
    else ordersOfZone.set(zone, [order])
  }
  for (const [zone, orders] of ordersOfZone) {
    const totalWh = ownFilledWh[zone]!
    const weights = Float64Array.from(orders, (order) => energyWh[order]!)
    const shares = shareProRata(totalWh, weights)
    for (const [i, order] of orders.entries()) filledWh[order] = shares[i]!

    const buy = buyersAreMarginal(priced, zone) ? 1 : 0
    const ticks = priced.keys[zone]! >> 1
    tradedWh[2 * zone + buy]! += totalWh
    surplus.add(ticks * (2 * buy - 1), totalWh)
    const served = totalWh > 0
    const short = orders.some((order) => filledWh[order]! < energyWh[order]!)
    if (buy === 1 ? short : served) bounds.lowest[zone] = Math.max(bounds.lowest[zone]!, ticks)
    if (buy === 1 ? served : short) bounds.highest[zone] = Math.min(bounds.highest[zone]!, ticks)
  }
  return surplus.total()
}
