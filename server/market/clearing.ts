/**
 * The spot auction's core, on columns of integers: no objects per order, no identifiers, nothing checked twice.
 * `auction.ts` is its checked face.
 *
 * Net supply curves are merged up the zone tree (`net-supply.ts`); where the root's curve crosses zero the prices are
 * read off down the tree, what is marginal is shared down the tree (`margins.ts`), and every zone's interval of clearing
 * prices follows from the fills and flows (`price-intervals.ts`).
 */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'
import type { AuctionColumns, PricedZones } from './columns.ts'
import { fillBeyondMargin, fillMargins, findMargins, type OwnBounds, shareMargins, unbounded } from './margins.ts'
import { findThresholds, type KeyRange, keyBelowAll, type LinkThresholds } from './net-supply.ts'
import { narrowIntervals } from './price-intervals.ts'
import type { Steps } from './step-merger.ts'
import { inStretches } from './stretches.ts'

/** The optimum: `filledWh` by order, everything else by zone. Prices are meaningless where nothing is traded or passes. */
export interface ClearedColumns {
  readonly filledWh: Float64Array
  /** By zone and side: what zone z sells at 2z, what it buys at 2z + 1. */
  readonly tradedWh: Float64Array
  /** Net flow to the parent; negative from it. */
  readonly flowWh: Float64Array
  /** The zone's closed interval of clearing prices. */
  readonly lowestTicks: Float64Array
  readonly highestTicks: Float64Array
  /** Accepted bids minus accepted asks, before grid fees. */
  readonly surplus: LedgerUnits
}

/** Clears the auction: the welfare optimum with the most energy, shared at the margin by the rules of the market. */
export function clearColumns(columns: AuctionColumns): ClearedColumns {
  const { tree, feeTicks, capacityWh } = columns
  const zoneCount = tree.parent.length
  const orderCount = columns.limitTicks.length
  const cleared: ClearedColumns = {
    filledWh: new Float64Array(orderCount),
    tradedWh: new Float64Array(2 * zoneCount),
    flowWh: new Float64Array(zoneCount),
    lowestTicks: new Float64Array(zoneCount),
    highestTicks: new Float64Array(zoneCount),
    surplus: 0n,
  }
  const keys = new Int32Array(orderCount)
  const range = orderKeys(columns, keys)
  if (range.lowest > range.highest) return cleared

  const thresholds = findThresholds({ tree, feeTicks, capacityWh, range, ...stepsByZone(columns, keys) })
  const priced = priceZones(columns, thresholds, range)
  const first = fillBeyondMargin(columns, keys, priced.keys, cleared)
  const margins = findMargins(columns, priced, first.marginalOrders, cleared.tradedWh)
  const ownFilledWh = shareMargins(columns, priced, margins, cleared.flowWh)
  const surplus = fillMargins(columns, priced, first, ownFilledWh, cleared)
  openBounds(first.bounds, cleared)
  const intervals = { lowest: cleared.lowestTicks, highest: cleared.highestTicks }
  narrowIntervals(tree, { feeTicks, capacityWh, flowWh: cleared.flowWh }, intervals)
  return { ...cleared, surplus }
}

/** Takes over the own orders' bounds, those that no order set as infinite. */
function openBounds({ lowest, highest }: OwnBounds, { lowestTicks, highestTicks }: ClearedColumns): void {
  for (let zone = 0; zone < lowest.length; zone++) {
    lowestTicks[zone] = lowest[zone] === -unbounded ? Number.NEGATIVE_INFINITY : lowest[zone]!
    highestTicks[zone] = highest[zone] === unbounded ? Number.POSITIVE_INFINITY : highest[zone]!
  }
}

/**
 * Writes every order's key and finds the range of keys in which trade is possible (empty if there is none): from the
 * lowest sell to the highest buy order.
 */
function orderKeys({ buys, limitTicks }: AuctionColumns, keys: Int32Array): KeyRange {
  const range = { lowest: beyondKeys, highest: -beyondKeys }
  inStretches(keys.length, (from, to) => writeKeys(keys, buys, limitTicks, range, from, to))
  return range
}

/** `mask` is all ones for a buy order, so that no unpredictable branch is needed. */
function writeKeys(
  keys: Int32Array,
  buys: Uint8Array,
  limitTicks: Int32Array,
  range: { lowest: number; highest: number },
  from: number,
  to: number,
): void {
  let { lowest, highest } = range
  for (let i = from; i < to; i++) {
    const buy = buys[i]!
    const key = (2 * limitTicks[i]! + buy) | 0
    keys[i] = key
    const mask = -buy
    lowest = Math.min(lowest, (key & ~mask) | (beyondKeys & mask))
    highest = Math.max(highest, (key & mask) | (-beyondKeys & ~mask))
  }
  range.lowest = lowest
  range.highest = highest
}

/** Beyond every key: limits are below 2³⁰ ticks in size. */
const beyondKeys = 2 ** 31 - 1

/** The orders' steps grouped by zone; the one zone of a market without a tree takes them as they stand. */
function stepsByZone({ tree, zoneOfOrder, energyWh }: AuctionColumns, keys: Int32Array) {
  const zoneCount = tree.parent.length
  const starts = new Int32Array(zoneCount + 1)
  if (zoneCount === 1) {
    starts[1] = keys.length
    return { steps: { keys, energiesWh: energyWh }, starts }
  }
  inStretches(keys.length, (from, to) => {
    for (let i = from; i < to; i++) starts[zoneOfOrder[i]! + 1]!++
  })
  for (let zone = 0; zone < zoneCount; zone++) starts[zone + 1]! += starts[zone]!
  const next = starts.slice()
  const steps: Steps = { keys: new Int32Array(keys.length), energiesWh: new Float64Array(keys.length) }
  inStretches(keys.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const at = next[zoneOfOrder[i]!]!++
      steps.keys[at] = keys[i]!
      steps.energiesWh[at] = energyWh[i]!
    }
  })
  return { steps, starts }
}

/** Walks down from the root's crossing with zero and finds every zone's price and link state. */
function priceZones(columns: AuctionColumns, thresholds: LinkThresholds, range: KeyRange): PricedZones {
  const { tree, feeTicks, capacityWh } = columns
  const zoneCount = tree.parent.length
  const priced = {
    keys: new Float64Array(zoneCount).fill(keyBelowAll(range)),
    links: new Int8Array(zoneCount),
    fixedWh: new Float64Array(zoneCount),
  }
  const root = tree.preorder[0]!
  priced.keys[root] = thresholds.reachesZero[root]!
  for (let i = 1; i < zoneCount; i++) {
    const zone = tree.preorder[i]!
    const parentKey = priced.keys[tree.parent[zone]!]!
    const capacity = capacityWh[zone]!
    const exportKey = parentKey - 2 * feeTicks[zone]!
    const importKey = parentKey + 2 * feeTicks[zone]!
    if (capacity > 0 && exportKey >= thresholds.exceedsZero[zone]!) {
      const full = exportKey > thresholds.reachesCapacity[zone]!
      priced.keys[zone] = full ? thresholds.reachesCapacity[zone]! : exportKey
      priced.links[zone] = full ? 0 : 1
      priced.fixedWh[zone] = full ? capacity : 0
    } else if (capacity > 0 && importKey <= thresholds.reachesZero[zone]!) {
      const full = importKey < thresholds.exceedsNegativeCapacity[zone]!
      priced.keys[zone] = full ? thresholds.exceedsNegativeCapacity[zone]! : importKey
      priced.links[zone] = full ? 0 : -1
      priced.fixedWh[zone] = full ? -capacity : 0
    } else {
      priced.keys[zone] = thresholds.reachesZero[zone]!
    }
  }
  return priced
}
