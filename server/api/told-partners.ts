/**
 * What a member may see of those it traded with. By name only who lets itself be seen; the others are told together by how far
 * away they are, from five homes up: fewer are told with those that are further away, as the figures of zones are.
 */
import type { Wh } from '../../contracts/protocol/units.ts'

/** Homes whose energies may be told together and no further apart. */
const fewest = 5

export interface ShownPartner {
  /** Who lets itself be seen: by its number, or by its own account. */
  neighbour: number | 'own'
  name: string | null
}

/** What was traded with a seat, and the nearest zone that holds both. */
export interface PartnerSum {
  seat: number
  zone: string
  energyWh: Wh
}

export interface ToldPartner {
  /** Null: homes that do not let themselves be seen, together. */
  shown: ShownPartner | null
  zone: string
  /** From the zone of the one who asks up to this one. */
  levels: number
  energyWh: Wh
}

/**
 * @param chain the zones of the one who asks, from its own to the root; none where it traded nothing.
 * @param around the zone of every home that traded at all in that time, next to whoever asks.
 * @param shownOf null of homes that do not let themselves be seen.
 * @returns the nearest first, of these the largest first; together they are the sums.
 */
export function toldPartners(
  sums: readonly PartnerSum[],
  {
    chain,
    around,
    shownOf,
  }: { chain: readonly string[]; around: ReadonlyMap<number, string>; shownOf: (seat: number) => ShownPartner | null },
): ToldPartner[] {
  if (chain.length === 0) return []
  const placeOf = (zone: string) => {
    const place = chain.indexOf(zone)
    // It lay elsewhere when it traded: nobody is further away than the root.
    return place < 0 ? chain.length - 1 : place
  }
  const groups = chain.map(() => ({ homes: 0, energyWh: 0 }))
  for (const [seat, zone] of around) if (shownOf(seat) === null) groups[placeOf(zone)]!.homes += 1
  const named = new Map<ShownPartner['neighbour'], ToldPartner>()
  for (const { seat, zone, energyWh } of sums) {
    const shown = shownOf(seat)
    const levels = placeOf(zone)
    if (shown === null) groups[levels]!.energyWh += energyWh
    else {
      const known = named.get(shown.neighbour) ?? { shown, zone: chain[levels]!, levels, energyWh: 0 }
      named.set(shown.neighbour, { ...known, energyWh: known.energyWh + energyWh })
    }
  }
  joinFew(groups)
  const nameless = groups.map(({ energyWh }, levels) => ({ shown: null, zone: chain[levels]!, levels, energyWh }))
  return [...named.values(), ...nameless]
    .filter(({ energyWh }) => energyWh > 0)
    .sort((a, b) => a.levels - b.levels || b.energyWh - a.energyWh)
}

/** Groups of few join the next one; where few are left over at the root, the one before joins it, too. */
function joinFew(groups: { homes: number; energyWh: Wh }[]): void {
  const join = (from: number, into: number) => {
    groups[into]!.homes += groups[from]!.homes
    groups[into]!.energyWh += groups[from]!.energyWh
    groups[from] = { homes: 0, energyWh: 0 }
  }
  const root = groups.length - 1
  for (let at = 0; at < root; at++) if (groups[at]!.homes < fewest) join(at, at + 1)
  const before = groups.slice(0, root).findLastIndex(({ homes }) => homes > 0)
  if (groups[root]!.homes > 0 && groups[root]!.homes < fewest && before >= 0) join(before, root)
}
