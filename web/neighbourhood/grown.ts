/** The growth of an area in parts of time, with the money that had stayed in the street by then. */
import type { GrowthResource } from '../../server/api/growth-resources.ts'
import { sum } from '../money/format.ts'

export interface GrownPart {
  start: string
  meters: number
  /** The share of the consumed energy that came from neighbours, from 0 to 1; null where nothing was consumed. */
  share: number | null
  /** The money since the first part, as a decimal string of tokens. */
  keptSoFar: string
}

/** The parts for which a result is known. */
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
