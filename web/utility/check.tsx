/** Redoes the sums of the intervals shown, here in the browser. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { checkInterval } from '../market/market.ts'
import { Badge } from '../page/card.tsx'
import { localTime } from '../time/clock.ts'
import { utilityWords } from './words.ts'

export function Check({ area, intervals }: { area: AreaResource; intervals: readonly IntervalResource[] }) {
  const said = utilityWords()
  if (intervals.length === 0) return null
  const faults = intervals.flatMap((interval) =>
    checkInterval(interval).map((fault) => `${localTime(interval.start)}: ${fault}`),
  )
  return (
    <p className="check" role="status">
      {faults.length === 0 ? (
        <>
          <Badge tone="good">{said.addsUp}</Badge>
          {said.addsUpText(intervals.length, said.periods(area.intervalSeconds))}
        </>
      ) : (
        <>
          <Badge tone="bad">{said.doesNot}</Badge> {faults[0]}
          {faults.length > 1 && said.andMore(faults.length - 1)}
        </>
      )}
    </p>
  )
}
