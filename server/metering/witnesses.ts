/** Compares two witnesses of one interval, the metering operator's value and what the home's own agent read, and says when they disagree. */
import type { Wh } from '../../contracts/protocol/units.ts'

/** Clocks, rounding and losses between two meters make small differences. Where they differ by more than this, a person should look. */
export interface Tolerance {
  /** The difference that is allowed in one interval, whatever its energy. */
  wh: Wh
  /** The further difference that is allowed, as a part of the larger of the two energies. */
  percent: number
}

export interface WitnessPair {
  officialWh: Wh
  agentWh: Wh
}

/** Whether the two differ by more than both parts of the tolerance together. */
export function isBeyond({ officialWh, agentWh }: WitnessPair, { wh, percent }: Tolerance): boolean {
  return 100 * (Math.abs(officialWh - agentWh) - wh) > percent * Math.max(officialWh, agentWh)
}

export interface WitnessSums {
  compared: number
  beyond: number
  officialWh: Wh
  agentWh: Wh
  /** The official energy less the agent's, in the interval in which they differ most. */
  largestWh: Wh
}

/** The sums and differences of some intervals of one point. */
export function sumWitnesses(pairs: readonly WitnessPair[], tolerance: Tolerance): WitnessSums {
  const sums: WitnessSums = { compared: 0, beyond: 0, officialWh: 0, agentWh: 0, largestWh: 0 }
  for (const pair of pairs) {
    const differenceWh = pair.officialWh - pair.agentWh
    sums.compared += 1
    sums.beyond += Number(isBeyond(pair, tolerance))
    sums.officialWh += pair.officialWh
    sums.agentWh += pair.agentWh
    if (Math.abs(differenceWh) > Math.abs(sums.largestWh)) sums.largestWh = differenceWh
  }
  return sums
}
