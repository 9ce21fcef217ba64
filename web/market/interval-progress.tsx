/** How far the running interval is, and when the next result is due. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { demoDayQuery } from '../api/queries.ts'
import { duration, nextBoundary, simulatedTime, useNow } from '../time/clock.ts'
import { marketWords } from './words.ts'

export function IntervalProgress({ area }: { area: AreaResource }) {
  const said = marketWords()
  const nowMs = useNow()
  const day = useQuery(demoDayQuery).data
  const remaining = nextBoundary(nowMs, area.intervalSeconds) - nowMs / 1000
  const share = 1 - remaining / area.intervalSeconds
  return (
    <div className="progress">
      <span className="progress-track" aria-hidden="true">
        <span className="progress-fill" style={{ transform: `scaleX(${share.toFixed(3)})` }} />
      </span>
      <span className="progress-text">
        {said.endsIn(said.period(area.intervalSeconds), duration(Math.ceil(remaining)))}
      </span>
      {day && (
        <span className="progress-text">
          {said.simulated(simulatedTime(day, nowMs), duration(day.dayLengthSeconds))}
        </span>
      )}
    </div>
  )
}
