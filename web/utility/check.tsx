/** Redoes the sums of the intervals shown, here in the browser. */
import type { IntervalResource } from '../../server/api/resources.ts'
import { checkInterval } from '../market/market.ts'
import { Badge } from '../page/card.tsx'
import { localTime } from '../time/clock.ts'

export function Check({ intervals }: { intervals: readonly IntervalResource[] }) {
  if (intervals.length === 0) return null
  const faults = intervals.flatMap((interval) =>
    checkInterval(interval).map((fault) => `${localTime(interval.start)}: ${fault}`),
  )
  return (
    <p className="check" role="status">
      {faults.length === 0 ? (
        <>
          <Badge tone="good">adds up</Badge> zones, links and trades of {intervals.length} intervals, recomputed here
        </>
      ) : (
        <>
          <Badge tone="bad">does not add up</Badge> {faults[0]}
          {faults.length > 1 && `, and ${faults.length - 1} more`}
        </>
      )}
    </p>
  )
}
