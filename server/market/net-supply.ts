/**
 * The first half of the spot auction: every zone's net supply as a step function of its price, merged from the leaves to
 * the root.
 *
 * Going up a link, a zone's net supply is clamped to ± capacity and shifted by + fee where it exports and − fee where it
 * imports, so a dead band of twice the fee lies around zero. Of each zone's curve only four keys are kept, those that
 * say in which state its link is at a given price of the parent; the curve itself lives until its parent has taken it,
 * so memory grows with the orders and the widest level, not with the depth.
 */
import { grownSteps, type StepMerger, type Steps, stepMergerFor } from './step-merger.ts'
import { inStretches } from './stretches.ts'
import type { ZoneTree } from './zone-tree.ts'

/** Prices in this file are keys: doubled ticks (see `step-merger.ts`). */
export interface KeyRange {
  /** The lowest sell order's key: nothing is sold below it. */
  readonly lowest: number
  /** The highest buy order's key: nothing is bought above it. */
  readonly highest: number
}

/** Keys where each zone's net supply, by itself, passes the levels that decide its link's state. */
export interface LinkThresholds {
  /** The lowest key at which net supply can reach 0. */
  readonly reachesZero: Float64Array
  /** The lowest key at which net supply can exceed 0; ∞ if never. */
  readonly exceedsZero: Float64Array
  /** The lowest key at which net supply can reach the capacity; ∞ if never. */
  readonly reachesCapacity: Float64Array
  /** The lowest key at which net supply can exceed −capacity; −∞ if it always does. */
  readonly exceedsNegativeCapacity: Float64Array
}

/** A key below every order's that can trade and equal to none: nothing is at the margin there. */
export function keyBelowAll(range: KeyRange): number {
  return range.lowest - 0.5
}

export interface NetSupplyInput {
  readonly tree: ZoneTree
  readonly feeTicks: Float64Array
  readonly capacityWh: Float64Array
  /** All orders' steps grouped by zone: those of zone z at `starts[z]…starts[z + 1]`. */
  readonly steps: Steps
  readonly starts: Int32Array
  readonly range: KeyRange
}

/** Merges the curves from the leaves up and returns the thresholds of every zone. */
export function findThresholds(input: NetSupplyInput): LinkThresholds {
  const { tree, steps, starts, range } = input
  const zoneCount = tree.parent.length
  const merger = stepMergerFor(range.lowest, range.highest, steps.keys.length)
  const exports = new ExportStack(zoneCount)
  const thresholds: LinkThresholds = {
    reachesZero: new Float64Array(zoneCount),
    exceedsZero: new Float64Array(zoneCount),
    reachesCapacity: new Float64Array(zoneCount),
    exceedsNegativeCapacity: new Float64Array(zoneCount),
  }
  for (let i = zoneCount - 1; i >= 0; i--) {
    const zone = tree.preorder[i]!
    let netWh = exports.popChildren(tree, zone, merger)
    const start = starts[zone]!
    inStretches(starts[zone + 1]! - start, (from, to) => {
      netWh -= merger.add(steps, start + from, start + to)
    })
    const stepCount = merger.drain()
    const link: Link = { feeKeys: 2 * input.feeTicks[zone]!, capacityWh: input.capacityWh[zone]! }
    exports.push({ zone, netWh, stepCount, merged: merger.merged, link, range, thresholds })
  }
  return thresholds
}

interface Link {
  feeKeys: number
  capacityWh: number
}

interface ZoneCurve {
  zone: number
  /** Net supply below the lowest step. */
  netWh: number
  stepCount: number
  merged: Steps
  link: Link
  range: KeyRange
  thresholds: LinkThresholds
}

/** What zones offer their parents, stacked in the order of the walk: a zone's children lie on top when it is reached. */
class ExportStack {
  private steps: Steps = { keys: new Int32Array(0), energiesWh: new Float64Array(0) }
  private top = 0
  private readonly stepCounts: Int32Array
  private readonly basesWh: Float64Array

  constructor(zoneCount: number) {
    this.stepCounts = new Int32Array(zoneCount)
    this.basesWh = new Float64Array(zoneCount)
  }

  /** Hands the children's steps to the merger, removes them and returns their net supply below the lowest step. */
  popChildren(tree: ZoneTree, zone: number, merger: StepMerger): number {
    const end = this.top
    let baseWh = 0
    for (let child = tree.firstChild[zone]!; child !== -1; child = tree.nextSibling[child]!) {
      this.top -= this.stepCounts[child]!
      baseWh += this.basesWh[child]!
    }
    merger.add(this.steps, this.top, end)
    return baseWh
  }

  /** Clamps and shifts one zone's curve into what its parent sees, and notes the thresholds passed on the way. */
  push({ zone, netWh, stepCount, merged, link, range, thresholds }: ZoneCurve): void {
    const { capacityWh, feeKeys } = link
    this.steps = grownSteps(this.steps, this.top + 2 * stepCount)
    const { keys, energiesWh } = this.steps
    const start = this.top
    let top = start
    let baseWh = clamp(netWh, -capacityWh, 0)
    let reachesZero = netWh >= 0 ? keyBelowAll(range) : Number.POSITIVE_INFINITY
    let exceedsZero = Number.POSITIVE_INFINITY
    let reachesCapacity = Number.POSITIVE_INFINITY
    let exceedsNegativeCapacity = netWh > -capacityWh ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    let below = netWh
    for (let i = 0; i < stepCount; i++) {
      const key = merged.keys[i]!
      const above = below + merged.energiesWh[i]!
      if (below < 0) {
        if (above >= 0) reachesZero = key
        if (below <= -capacityWh && above > -capacityWh) exceedsNegativeCapacity = key
        const importedWh = Math.min(above, 0) - Math.max(below, -capacityWh)
        if (importedWh > 0) {
          if (key - feeKeys < range.lowest) {
            baseWh += importedWh
          } else {
            keys[top] = key - feeKeys
            energiesWh[top++] = importedWh
          }
        }
      }
      if (above > 0) {
        if (below <= 0) exceedsZero = key
        if (below < capacityWh && above >= capacityWh) reachesCapacity = key
        const exportedWh = Math.min(above, capacityWh) - Math.max(below, 0)
        if (exportedWh > 0 && key + feeKeys <= range.highest) {
          keys[top] = key + feeKeys
          energiesWh[top++] = exportedWh
        }
      }
      below = above
    }
    this.top = top
    this.stepCounts[zone] = top - start
    this.basesWh[zone] = baseWh
    thresholds.reachesZero[zone] = reachesZero
    thresholds.exceedsZero[zone] = exceedsZero
    thresholds.reachesCapacity[zone] = reachesCapacity
    thresholds.exceedsNegativeCapacity[zone] = exceedsNegativeCapacity
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
