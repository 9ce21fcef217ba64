/**
 * The scripted street with quantities that hold for minutes: power that agrees with the counters (agents doubt a counter that
 * is at odds with its power for a minute) and fits a SunSpec meter's 16 bits, and a south link that is full.
 */
import type { Street } from '../../server/demo/street.ts'
import { type Counted, intervalSeconds, scriptedStreet } from './scripted-street.ts'

/** Wh in every interval. */
const counted: Counted = { roofNorth: 40, roofSouth: 40, buyer: 45 }
const southLinkWh = 20

export function steadyStreet(folder: string, options: { startSeconds: number; intervals: number }): Street {
  const street = scriptedStreet(folder, {
    startSeconds: options.startSeconds,
    intervals: Array.from({ length: options.intervals }, () => counted),
  })
  const watts = (wh: number) => (wh * 3600) / intervalSeconds
  const powerW: Record<string, number> = {
    'roof-north': -watts(counted.roofNorth),
    'roof-south': -watts(counted.roofSouth),
    buyer: watts(counted.buyer),
  }
  for (const { id, physics } of street.homes) {
    const { steps } = physics.script as { steps: { at: number; quantity: string; value: number }[] }
    steps.push({ at: 0, quantity: 'powerW', value: powerW[id]! })
  }
  const zones = street.area.zones as { zone: string; capacityWh?: number }[]
  zones.find(({ zone }) => zone === 'south')!.capacityWh = southLinkWh
  return street
}
