/** The last intervals of a seat, each with its outcome in plain words. */
import type { AreaResource, SeatIntervalResource } from '../../server/api/resources.ts'
import { averagePrice, energy, negated, priceWords } from '../money/format.ts'
import { Badge, Card, Empty, Money, Trouble, Waiting } from '../page/card.tsx'
import { localTime, nextBoundary, useNow } from '../time/clock.ts'
import { resultSentence } from './outcome-words.ts'
import { tellingOutcomes } from './telling.ts'
import { marketWords } from './words.ts'

interface SeatResultsProps {
  area: AreaResource
  intervals: readonly SeatIntervalResource[] | undefined
  error: Error | null
  /** How many are listed. */
  count?: number
}

export function SeatResults({ area, intervals, error, count = 8 }: SeatResultsProps) {
  const said = marketWords()
  return (
    <Card title={said.lastResults(said.periods(area.intervalSeconds))} className="results">
      <Trouble error={error} />
      {!intervals && !error && <Waiting lines={5} />}
      {intervals?.length === 0 && <NoResultYet area={area} />}
      {intervals && intervals.length > 0 && (
        <ol className="result-list">
          {intervals.slice(0, count).map((interval) => (
            <Result key={interval.start} area={area} interval={interval} />
          ))}
        </ol>
      )}
    </Card>
  )
}

export function NoResultYet({ area }: { area: AreaResource }) {
  const next = nextBoundary(useNow(), area.intervalSeconds)
  return <Empty>{marketWords().nothingYet(localTime(new Date(next * 1000).toISOString()))}</Empty>
}

function Result({ area, interval }: { area: AreaResource; interval: SeatIntervalResource }) {
  const said = marketWords()
  const traded = [
    { kind: 'sold', wh: interval.soldWh, amount: interval.received, gain: interval.received },
    { kind: 'bought', wh: interval.boughtWh, amount: interval.paid, gain: negated(interval.paid) },
  ] as const
  const sides = traded.filter((side) => side.wh > 0)
  // What was agreed ahead has a price of its own.
  const ahead = interval.outcomes.some(({ stage, filledWh }) => stage !== 'spot' && filledWh > 0)
  return (
    <li className="result">
      <span className="result-time">
        <time dateTime={interval.start}>{localTime(interval.start, area.intervalSeconds)}</time>
        {interval.status === 'provisional' && <Badge tone="calm">{said.notFinal}</Badge>}
        {interval.quality !== 'measured' && <Badge tone="warn">{said.quality[interval.quality]}</Badge>}
        {interval.run > 1 && interval.status === 'final' && (
          <span className="soft">{said.corrected(interval.run - 1)}</span>
        )}
      </span>
      <span className="result-trade">
        {sides.length === 0 && <span className="soft">{said.noTrade}</span>}
        {sides.map((side) => (
          <span key={side.kind}>
            {said.inZone(energy(side.wh), said[side.kind])} ·{' '}
            {priceWords(ahead ? averagePrice(side.amount, side.wh) : interval.pricePerKwh)}
          </span>
        ))}
      </span>
      <span className="result-amount">
        {sides.map((side) => (
          <span key={side.kind} className={side.kind}>
            <Money tokens={side.gain} currency={area.currency} signed />
          </span>
        ))}
      </span>
      <span className="result-reason">
        {tellingOutcomes(interval.outcomes).map((outcome) => (
          <span key={`${outcome.arrival} ${outcome.side}`}>{resultSentence(outcome)}</span>
        ))}
      </span>
    </li>
  )
}
