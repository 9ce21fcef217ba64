/** What the dearest way through an area costs. */
import type { Ticks } from '../../contracts/protocol/units.ts'

/**
 * The grid fees of the longest path between two zones of a tree, in ticks per kWh. `zones` in any order; a zone whose
 * parent is missing counts as a root.
 */
export function longestPathTicks(
  zones: readonly { zone: string; parent: string | null; feeTicksPerKwh: Ticks }[],
): Ticks {
  const children = new Map<string | null, typeof zones>()
  for (const zone of zones) children.set(zone.parent, [...(children.get(zone.parent) ?? []), zone])
  let longest = 0
  const deepest = (zone: string): Ticks => {
    let [first, second] = [0, 0]
    for (const child of children.get(zone) ?? []) {
      const depth = child.feeTicksPerKwh + deepest(child.zone)
      if (depth > first) [first, second] = [depth, first]
      else if (depth > second) second = depth
    }
    longest = Math.max(longest, first + second)
    return first
  }
  for (const root of children.get(null) ?? []) deepest(root.zone)
  return longest
}
