/** The zones of a run as rows. */
import type { IntervalRun, ZoneRun } from '../market/area/area.ts'

/** A zone of a run, with the flow over its link. */
export interface ZoneRow extends ZoneRun {
  start: number
  run: number
  /** Among the area's zones. */
  place: number
  /** Null of the root, which has no link. */
  flow: IntervalRun['flows'][number] | null
}

/** How many meters were read in each zone, in the order of the zones. */
export function metersOfZones({ zones, seats }: Pick<IntervalRun, 'zones' | 'seats'>): number[] {
  const meters = zones.map(() => 0)
  for (const { zone, quality } of seats) if (quality !== 'missing') meters[zone]! += 1
  return meters
}

/** In the order of the area's zones. */
export function zoneRows({
  start,
  run,
  zones,
  flows,
}: Pick<IntervalRun, 'start' | 'run' | 'zones' | 'flows'>): ZoneRow[] {
  const flowOf = new Map(flows.map((flow) => [flow.zone, flow]))
  return zones.map((zone, place) => ({ ...zone, start, run, place, flow: flowOf.get(zone.zone) ?? null }))
}
