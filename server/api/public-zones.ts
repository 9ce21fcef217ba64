/**
 * What anybody may see of the zones of an interval. The energies of one or two meters are a home's load curve, so figures are
 * shown from five meters up: the few of a smaller zone are told with those of the zone above it. Prices are everybody's.
 */

/** Meters whose energies may be told together and no further apart. */
const fewest = 5

export interface MeteredZone {
  zone: string
  parent: string | null
  /** Meters that were read in this interval. */
  meters: number
  soldWh: number
  boughtWh: number
  importWh: number
  exportWh: number
}

/** Energies of zones that are told with others are null. */
export type PublicZone<Zone extends MeteredZone> = Omit<Zone, 'meters' | Energy> & Record<Energy, number | null>

const energies = ['soldWh', 'boughtWh', 'importWh', 'exportWh'] as const
type Energy = (typeof energies)[number]

/**
 * Each zone with the energies of those that are told with it; together they are what the area's are. Zones with fewer than five
 * meters join the zone above, from the leaves up. Where too few are left over at the root, a zone just below it joins, too:
 * else they could be found as the difference. An area with fewer than five meters is one figure.
 */
export function publicZones<Zone extends MeteredZone>(zones: readonly Zone[]): PublicZone<Zone>[] {
  const parentOf = new Map(zones.map(({ zone, parent }) => [zone, parent]))
  const groups = new Map(zones.map((zone) => [zone.zone, totalOf(zone)]))
  const above = (zone: string): string => {
    let at = parentOf.get(zone)!
    while (!groups.has(at)) at = parentOf.get(at)!
    return at
  }
  const join = (zone: string) => {
    const into = groups.get(above(zone))!
    const from = groups.get(zone)!
    into.meters += from.meters
    for (const energy of energies) into[energy] += from[energy]
    groups.delete(zone)
  }
  for (const zone of leavesFirst(zones)) {
    if (parentOf.get(zone) !== null && groups.get(zone)!.meters < fewest) join(zone)
  }
  const root = zones.find(({ parent }) => parent === null)!.zone
  while (groups.get(root)!.meters > 0 && groups.get(root)!.meters < fewest && groups.size > 1) {
    const below = [...groups.keys()].filter((zone) => zone !== root && above(zone) === root)
    join(below.reduce((least, zone) => (groups.get(zone)!.meters < groups.get(least)!.meters ? zone : least)))
  }
  return zones.map(({ meters: _, ...zone }) => {
    const group = groups.get(zone.zone)
    return {
      ...zone,
      ...Object.fromEntries(energies.map((energy) => [energy, group?.[energy] ?? null])),
    } as PublicZone<Zone>
  })
}

function totalOf({ meters, soldWh, boughtWh, importWh, exportWh }: MeteredZone) {
  return { meters, soldWh, boughtWh, importWh, exportWh }
}

function leavesFirst(zones: readonly MeteredZone[]): string[] {
  const parentOf = new Map(zones.map(({ zone, parent }) => [zone, parent]))
  const depthOf = (zone: string): number => {
    const parent = parentOf.get(zone)
    return parent == null ? 0 : 1 + depthOf(parent)
  }
  const depths = new Map(zones.map(({ zone }) => [zone, depthOf(zone)]))
  return zones.map(({ zone }) => zone).sort((a, b) => depths.get(b)! - depths.get(a)!)
}
