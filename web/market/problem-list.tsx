/** The list of a home's problems above everything else; nothing where there are none. */
import { knownUntilMs } from '../live/connection.ts'
import { useConnection } from '../live/live.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { duration, localDate, localMoment, useNow } from '../time/clock.ts'
import { type HomeProblem, problemsOf } from './problems.ts'
import { marketWords } from './words.ts'

export function ProblemList({ area, seat }: SeatViewProps) {
  const said = marketWords().problems
  // A page without a connection hears of no reading, which says nothing about the meter.
  const nowMs = knownUntilMs(useConnection(), useNow())
  const problems = problemsOf(area, seat, nowMs)
  if (problems.length === 0) return null
  const words: Record<HomeProblem, () => string> = {
    closed: () => said.closed,
    suspended: () => said.suspended,
    unconfirmed: () => said.unconfirmed,
    firstReading: () => said.firstReading,
    noReading: () =>
      said.noReading(localMoment(seat.lastReadingAt!), duration((nowMs - Date.parse(seat.lastReadingAt!)) / 1000)),
    purseEmpty: () => said.purseEmpty,
    limitEnds: () => said.limitEnds(localDate(seat.mandate.validUntil)),
  }
  return (
    <ul className="problems">
      {problems.map((problem) => (
        <li key={problem}>{words[problem]()}</li>
      ))}
    </ul>
  )
}
