/**
 * The scripted street with quantities that hold for minutes: the same in every interval, and a south link that is full.
 */
import type { Street } from '../../server/demo/street.ts'
import { type Counted, scriptedStreet } from './scripted-street.ts'

/** Wh in every interval. */
const counted: Counted = { roofNorth: 40, roofSouth: 40, buyer: 45 }
const southLinkWh = 20

export function steadyStreet(folder: string, options: { startSeconds: number; intervals: number }): Street {
  const street = scriptedStreet(folder, {
    startSeconds: options.startSeconds,
    intervals: Array.from({ length: options.intervals }, () => counted),
  })
  const zones = street.area.zones as { zone: string; capacityWh?: number }[]
  zones.find(({ zone }) => zone === 'south')!.capacityWh = southLinkWh
  return street
}
