/** Which zones' energy goes to which zones: as near as it can, so that no fee is paid for a way that nothing had to take. */
import type { Wh } from '../../../../contracts/protocol/units.ts'
import { shareWhole } from '../../../exchange/allocation/largest-remainder.ts'
import { pairUp } from '../../../exchange/allocation/pairs.ts'
import type { Grid } from '../grid.ts'

/** Two zones by their places. */
export interface ZonePair {
  from: number
  to: number
  energyWh: Wh
}

interface Open {
  zone: number
  energyWh: Wh
}

/**
 * Pairs what zones give with what they get; both lists are by zone and have the same sum. Every zone, from the deepest to the
 * root, joins what is open below it and in itself: the smaller of both sides is shared pro rata among the zones of the larger,
 * in whole Wh by largest remainder, and the rest waits for the parent.
 */
export function pairZones(
  { parent, depth }: Pick<Grid, 'parent' | 'depth'>,
  givenWh: readonly Wh[],
  gotWh: readonly Wh[],
): ZonePair[] {
  const opened = (energies: readonly Wh[]): Open[][] =>
    energies.map((energyWh, zone) => (energyWh > 0 ? [{ zone, energyWh }] : []))
  const [giving, getting] = [opened(givenWh), opened(gotWh)]
  const pairs: ZonePair[] = []
  for (const zone of [...parent.keys()].sort((a, b) => depth[b]! - depth[a]! || a - b)) {
    const [gives, gets] = [giving[zone]!, getting[zone]!]
    const sharedWh = Math.min(sumOf(gives), sumOf(gets))
    const [from, to] = [take(gives, sharedWh), take(gets, sharedWh)]
    for (const { producer, consumer, energyWh } of pairUp(from, to)) {
      pairs.push({ from: gives[producer]!.zone, to: gets[consumer]!.zone, energyWh })
    }
    const above = parent[zone]!
    if (above < 0) continue
    giving[above]!.push(...gives.filter(({ energyWh }) => energyWh > 0))
    getting[above]!.push(...gets.filter(({ energyWh }) => energyWh > 0))
  }
  return pairs
}

/** Takes so much off what is open, and says from where. */
function take(open: readonly Open[], energyWh: Wh): Wh[] {
  const parts = shareWhole(
    energyWh,
    open.map((own) => own.energyWh),
  )
  for (const [index, own] of open.entries()) own.energyWh -= parts[index]!
  return parts
}

function sumOf(open: readonly Open[]): Wh {
  return open.reduce((sum, { energyWh }) => sum + energyWh, 0)
}
