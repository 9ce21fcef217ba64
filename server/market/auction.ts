/**
 * The spot auction: a uniform-price call auction per zone over a tree of zones. Its result is the optimum of the linear
 * program (bids accepted minus asks accepted minus grid fees on flows, under link capacities), among equals the one with
 * the most energy, in whole Wh, and the same bytes for the same input.
 */
import { amountOf, type LedgerUnits, priceBoundTicks, type Ticks, type Wh } from '../../contracts/protocol/units.ts'
import { type ClearedColumns, clearColumns } from './clearing.ts'
import type { AuctionColumns } from './columns.ts'
import { MarketError, quoted } from './errors.ts'
import { plantZoneTree, type ZoneTree } from './zone-tree.ts'

export type Side = 'buy' | 'sell'

/** A node of the grid; its link to the parent has a fee in ticks per kWh and a capacity in Wh (`null`: unlimited). */
export interface Zone {
  id: string
  parent?: string
  feeTicksPerKwh: number
  capacityWh: number | null
}

/** `limitTicks` is the worst price the order accepts, in its own zone. */
export interface AuctionOrder {
  id: string
  side: Side
  zone: string
  energyWh: Wh
  limitTicks: Ticks
}

/** Orders stand in order of arrival. */
export interface AuctionInput {
  zones: readonly Zone[]
  orders: readonly AuctionOrder[]
}

/**
 * `lowestTicks` and `highestTicks` are the closed interval of clearing prices, `priceTicks` its midpoint rounded towards
 * minus infinity; all three are `null` where no energy is bought, sold or passes.
 */
export interface ZoneResult {
  zone: string
  priceTicks: Ticks | null
  lowestTicks: Ticks | null
  highestTicks: Ticks | null
  soldWh: Wh
  boughtWh: Wh
}

/** Net flow from `zone` to its parent (negative: from it), and the price difference beyond the fee. */
export interface LinkFlow {
  zone: string
  exportWh: number
  congestionTicks: Ticks
}

export interface AuctionFill {
  order: string
  energyWh: Wh
  priceTicks: Ticks
}

/** Zones and links in input order, every one listed; fills in input order, none of zero energy. */
export interface AuctionResult {
  matchedWh: Wh
  welfare: LedgerUnits
  zones: ZoneResult[]
  flows: LinkFlow[]
  fills: AuctionFill[]
  gridFees: LedgerUnits
  congestionRent: LedgerUnits
}

/**
 * Clears one auction.
 *
 * Throws `MarketError` naming the order or zone: `ZONE_DUPLICATE`, `ZONE_PARENT` (unknown parent), `ZONE_ROOT_MISSING`,
 * `ZONE_SECOND_ROOT`, `ZONE_CYCLE`, `ZONE_FEE`, `ZONE_CAPACITY`, `ORDER_DUPLICATE`, `ORDER_ZONE` (unknown zone),
 * `ORDER_SIDE`, `ORDER_ENERGY`, `ORDER_PRICE`, `AUCTION_ENERGY` (2⁵³ Wh or more in all).
 */
export function clearAuction(input: AuctionInput): AuctionResult {
  const columns = auctionColumns(input)
  return describe(input, columns, clearColumns(columns))
}

/** Checks an auction and puts it into columns. Throws as `clearAuction` does. */
export function auctionColumns({ zones, orders }: AuctionInput): AuctionColumns {
  const indexOfZone = numberZones(zones)
  const columns = {
    tree: treeOf(zones, indexOfZone),
    feeTicks: Float64Array.from(zones, (zone) => checkedFee(zone)),
    capacityWh: Float64Array.from(zones, (zone) => checkedCapacity(zone)),
    zoneOfOrder: new Int32Array(orders.length),
    buys: new Uint8Array(orders.length),
    limitTicks: new Int32Array(orders.length),
    energyWh: new Float64Array(orders.length),
  }
  const seen = new Set<string>()
  let totalWh = 0
  for (const [i, order] of orders.entries()) {
    const { id, side, energyWh, limitTicks } = order
    if (seen.has(id)) refuseOrder('ORDER_DUPLICATE', order, 'its id is used twice')
    seen.add(id)
    const zone = indexOfZone.get(order.zone)
    if (zone === undefined) refuseOrder('ORDER_ZONE', order, `unknown zone ${quoted(String(order.zone))}`)
    if (side !== 'buy' && side !== 'sell') refuseOrder('ORDER_SIDE', order, `side is neither "buy" nor "sell"`)
    if (!Number.isSafeInteger(energyWh) || energyWh <= 0) {
      refuseOrder('ORDER_ENERGY', order, `energy ${energyWh} Wh is not a whole number between 1 and 2^53 - 1`)
    }
    if (!Number.isInteger(limitTicks) || Math.abs(limitTicks) >= priceBoundTicks) {
      refuseOrder(
        'ORDER_PRICE',
        order,
        `limit ${limitTicks} ticks is not a whole number strictly between -2^30 and 2^30`,
      )
    }
    totalWh += energyWh
    if (!Number.isSafeInteger(totalWh)) {
      refuseOrder('AUCTION_ENERGY', order, 'with it the energy of the auction reaches 2^53 Wh')
    }
    columns.zoneOfOrder[i] = zone
    columns.buys[i] = side === 'buy' ? 1 : 0
    columns.limitTicks[i] = limitTicks
    columns.energyWh[i] = energyWh
  }
  return columns
}

function refuseOrder(code: MarketError['code'], order: AuctionOrder, reason: string): never {
  throw new MarketError(code, `order ${quoted(order.id)}: ${reason}`, { subject: order.id })
}

function refuseZone(code: MarketError['code'], zone: Zone, reason: string): never {
  throw new MarketError(code, `zone ${quoted(zone.id)}: ${reason}`, { subject: zone.id })
}

function numberZones(zones: readonly Zone[]): Map<string, number> {
  const indexOfZone = new Map<string, number>()
  for (const [i, zone] of zones.entries()) {
    if (indexOfZone.has(zone.id)) refuseZone('ZONE_DUPLICATE', zone, 'its id is used twice')
    indexOfZone.set(zone.id, i)
  }
  return indexOfZone
}

function treeOf(zones: readonly Zone[], indexOfZone: Map<string, number>): ZoneTree {
  const parent = new Int32Array(zones.length).fill(-1)
  let root: Zone | undefined
  for (const [i, zone] of zones.entries()) {
    if (zone.parent === undefined) {
      if (root)
        refuseZone('ZONE_SECOND_ROOT', zone, `is a second root beside ${quoted(root.id)}; only one zone has no parent`)
      root = zone
      continue
    }
    const above = indexOfZone.get(zone.parent)
    if (above === undefined) refuseZone('ZONE_PARENT', zone, `unknown parent ${quoted(zone.parent)}`)
    parent[i] = above
  }
  if (zones.length === 0)
    throw new MarketError('ZONE_ROOT_MISSING', 'an auction needs a root zone, and there is no zone')
  const tree = plantZoneTree(parent)
  if (tree.preorder.length < zones.length)
    refuseZone('ZONE_CYCLE', zoneOnCycle(zones, tree), 'its parents form a cycle')
  return tree
}

/** Some zone that is its own ancestor, in a forest that has one. */
function zoneOnCycle(zones: readonly Zone[], { parent, preorder }: ZoneTree): Zone {
  const reached = new Set(preorder)
  let zone = parent.findIndex((_, i) => !reached.has(i))
  for (let steps = 0; steps < zones.length; steps++) zone = parent[zone]!
  return zones[zone]!
}

function checkedFee(zone: Zone): number {
  const fee = zone.feeTicksPerKwh
  if (!Number.isInteger(fee) || fee < 0 || fee >= priceBoundTicks) {
    refuseZone('ZONE_FEE', zone, `fee ${fee} ticks is not a whole number from 0 to below 2^30`)
  }
  return fee
}

function checkedCapacity(zone: Zone): number {
  const capacity = zone.capacityWh
  if (capacity === null) return Number.POSITIVE_INFINITY
  if (!Number.isSafeInteger(capacity) || capacity < 0) {
    refuseZone('ZONE_CAPACITY', zone, `capacity ${capacity} Wh is not a whole number from 0 to below 2^53`)
  }
  return capacity
}

/** Gives the columns their identifiers and prices back. */
function describe({ zones, orders }: AuctionInput, columns: AuctionColumns, cleared: ClearedColumns): AuctionResult {
  const { tree, zoneOfOrder } = columns
  const priceTicks = zonePrices(tree, cleared)
  let matchedWh = 0
  const zoneResults = zones.map((zone, i): ZoneResult => {
    const price = priceTicks[i]!
    matchedWh += cleared.tradedWh[2 * i + 1]!
    return {
      zone: zone.id,
      priceTicks: price,
      lowestTicks: price === null ? null : cleared.lowestTicks[i]! + 0,
      highestTicks: price === null ? null : cleared.highestTicks[i]! + 0,
      soldWh: cleared.tradedWh[2 * i]!,
      boughtWh: cleared.tradedWh[2 * i + 1]!,
    }
  })
  let gridFees = 0n
  let congestionRent = 0n
  const flows: LinkFlow[] = []
  for (const [i, zone] of zones.entries()) {
    if (zone.parent === undefined) continue
    const exportWh = cleared.flowWh[i]! + 0
    const riseTicks = exportWh === 0 ? 0 : priceTicks[tree.parent[i]!]! - priceTicks[i]!
    const congestionTicks = exportWh === 0 ? 0 : Math.sign(exportWh) * riseTicks - zone.feeTicksPerKwh
    gridFees += amountOf(zone.feeTicksPerKwh, Math.abs(exportWh))
    congestionRent += amountOf(congestionTicks, Math.abs(exportWh))
    flows.push({ zone: zone.id, exportWh, congestionTicks })
  }
  const fills: AuctionFill[] = []
  for (const [i, order] of orders.entries()) {
    const energyWh = cleared.filledWh[i]!
    if (energyWh > 0) fills.push({ order: order.id, energyWh, priceTicks: priceTicks[zoneOfOrder[i]!]! })
  }
  const welfare = cleared.surplus - gridFees
  return { matchedWh, welfare, zones: zoneResults, flows, fills, gridFees, congestionRent }
}

/** Each zone's price: the midpoint of its interval, rounded down; `null` where no energy is bought, sold or passes. */
function zonePrices({ parent }: ZoneTree, cleared: ClearedColumns): (Ticks | null)[] {
  const passes = new Uint8Array(parent.length)
  for (let zone = 0; zone < parent.length; zone++) {
    if (cleared.tradedWh[2 * zone]! > 0 || cleared.tradedWh[2 * zone + 1]! > 0) passes[zone] = 1
    if (cleared.flowWh[zone] !== 0) {
      passes[zone] = 1
      passes[parent[zone]!] = 1
    }
  }
  return Array.from(passes, (active, zone) =>
    active === 0 ? null : Math.floor((cleared.lowestTicks[zone]! + cleared.highestTicks[zone]!) / 2) + 0,
  )
}
