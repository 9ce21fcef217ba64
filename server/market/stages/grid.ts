/** The tree of an area's zones as the stages walk it: who is whose parent, and the links between two zones. */
import type { Ticks } from '../../../contracts/protocol/units.ts'
import type { AreaConfig } from '../area/area.ts'

/** A link on the way from one zone to another; `up` is 1 from the zone to its parent and −1 the other way. */
export interface Step {
  /** The zone whose link to its parent it is. */
  zone: number
  up: 1 | -1
}

export interface Grid {
  root: number
  indexOf: ReadonlyMap<string, number>
  /** Where a seat of this zone trades: in the root where it has none, or one that the area does not know. */
  placeOf(zone: string | null): number
  /** The place of each zone's parent, −1 for the root. */
  parent: readonly number[]
  depth: readonly number[]
  feeTicks: readonly Ticks[]
  /** The most that each link carries, infinite where it is unlimited. */
  capacityWh: readonly number[]
}

const grids = new WeakMap<AreaConfig, Grid>()

/** The tree of an area's settings, made once. */
export function gridOf(config: AreaConfig): Grid {
  let grid = grids.get(config)
  if (grid === undefined) {
    const { zones } = config
    const indexOf = new Map(zones.map(({ id }, index) => [id, index]))
    const parent = zones.map((zone) => (zone.parent === null ? -1 : indexOf.get(zone.parent)!))
    const depthOf = (zone: number): number => (parent[zone] === -1 ? 0 : 1 + depthOf(parent[zone]!))
    const root = parent.indexOf(-1)
    grid = {
      ...{ root, indexOf, placeOf: (zone) => (zone === null ? root : (indexOf.get(zone) ?? root)) },
      ...{ parent, depth: zones.map((_, zone) => depthOf(zone)) },
      feeTicks: zones.map(({ feeTicksPerKwh }) => feeTicksPerKwh),
      capacityWh: zones.map(({ capacityWh }) => capacityWh ?? Number.POSITIVE_INFINITY),
    }
    grids.set(config, grid)
  }
  return grid
}

/** The links from one zone to another, up to their common ancestor and down again. */
export function wayBetween({ parent, depth }: Grid, from: number, to: number): Step[] {
  const up: Step[] = []
  const down: Step[] = []
  let [a, b] = [from, to]
  while (a !== b) {
    if (depth[a]! >= depth[b]!) {
      up.push({ zone: a, up: 1 })
      a = parent[a]!
    } else {
      down.push({ zone: b, up: -1 })
      b = parent[b]!
    }
  }
  return [...up, ...down.reverse()]
}

/** What carrying a kWh along a way costs. */
export function feeOf({ feeTicks }: Grid, way: readonly Step[]): Ticks {
  return way.reduce((sum, { zone }) => sum + feeTicks[zone]!, 0)
}
