/** An area's growth, part by part, with what had stayed in the street until then. */
import type { GrowthResource } from '../../server/api/growth-resources.ts'
import { sum } from '../money/format.ts'

export interface GrownPart {
  start: string
  meters: number
  /** Of what was taken, how much came from neighbours: 0 to 1, null where nothing was taken. */
  share: number | null
  /** Tokens, decimal, from the first part on. */
  keptSoFar: string
}

/** Without the parts of which no result is known. */
export function grownParts({
  starts,
  meters,
  intervals,
  matchedWh,
  importWh,
  keptInStreet,
}: GrowthResource): GrownPart[] {
  let keptSoFar = '0'
  return starts.flatMap((start, place) => {
    if (intervals[place] === 0) return []
    keptSoFar = sum([keptSoFar, keptInStreet[place]!])
    const share = importWh[place] === 0 ? null : matchedWh[place]! / importWh[place]!
    return [{ start, meters: meters[place]!, share, keptSoFar }]
  })
}
