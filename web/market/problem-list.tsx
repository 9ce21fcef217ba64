/** The list of a home's problems above everything else; nothing where there are none. */
import type { SeatViewProps } from '../page/seat-view.ts'
import { duration, localDate, localMoment, useNow } from '../time/clock.ts'
import { type HomeProblem, problemsOf } from './problems.ts'
import { marketWords } from './words.ts'

export function ProblemList({ area, seat }: SeatViewProps) {
  const said = marketWords().problems
  const nowMs = useNow()
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
