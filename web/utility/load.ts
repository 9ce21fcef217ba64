/** The load of a line between two zones in one result. */
import type { IntervalResource } from '../../server/api/resources.ts'

/** The energy over a zone's line to its parent, in either direction; null where nothing is published. */
export function loadOf(interval: IntervalResource, zone: string): number | null {
  const flowWh = interval.flows.find((each) => each.zone === zone)?.exportWh
  return flowWh == null ? null : Math.abs(flowWh)
}
