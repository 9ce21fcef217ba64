/** The last results of a seat, each with the price that was really paid and the reason. */
import type { AreaResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import {
  averagePrice,
  difference,
  energy,
  type MoneyScale,
  moneyScale,
  negated,
  priceWords,
  signOf,
} from '../money/format.ts'
import { Badge, Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { localTime, nextBoundary, useNow } from '../time/clock.ts'
import { dashed } from '../words/dashed.ts'
import { type ResultRow, resultRows, wantingSides } from './telling.ts'
import { marketWords } from './words.ts'

interface SeatResultsProps {
  area: AreaResource
  seat: SeatResource
  intervals: readonly SeatIntervalResource[] | undefined
  error: Error | null
}

const WhyNotMore = later(() => import('../orders/why-not-more.tsx'))

/** How many rows are shown. */
const shownRows = 8

export function SeatResults({ area, seat, intervals, error }: SeatResultsProps) {
  const said = marketWords()
  const sides = { sells: seat.mandate.maxSellWh > 0, buys: seat.mandate.maxBuyWh > 0 }
  const rows = resultRows(intervals ?? [], sides, area.currency).slice(0, shownRows)
  const amounts = rows.flatMap((row) => row.intervals.flatMap(({ received, paid }) => [received, paid]))
  const scale = moneyScale(amounts, area.currency)
  return (
    <Card title={said.lastResults(said.periods(area.intervalSeconds))} className="results">
      <Trouble error={error} />
      {!intervals && !error && <Waiting lines={5} />}
      {intervals?.length === 0 && <NoResultYet area={area} />}
      {rows.length > 0 && (
        <ol className="result-list">
          {rows.map((row) => (
            <Result key={row.intervals.at(-1)!.start} area={area} seat={seat.seat} row={row} scale={scale} />
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

/**
 * The price that a side really received or paid, and its parts: the neighbours' price, and what came back because a line was
 * full. Energy that was agreed ahead has a price of its own, which is named with its reason.
 */
function priceTold(side: { wh: number; amount: string; isSale: boolean }, interval: SeatIntervalResource): string {
  const got = averagePrice(side.amount, side.wh)!
  const isAhead = interval.outcomes.some(({ stage, filledWh }) => stage !== 'spot' && filledWh > 0)
  const theirs = interval.pricePerKwh
  if (isAhead || theirs === null) return priceWords(got)
  const back = side.isSale ? difference(got, theirs) : difference(theirs, got)
  return signOf(back) <= 0
    ? priceWords(theirs)
    : `${priceWords(got)} ${marketWords().withBack(priceWords(theirs), priceWords(back))}`
}

interface ResultProps {
  area: AreaResource
  seat: string
  row: ResultRow
  scale: MoneyScale
}

function Result({ area, seat, row, scale }: ResultProps) {
  const said = marketWords()
  const interval = row.intervals[0]!
  const oldest = row.intervals.at(-1)!
  const traded = [
    { kind: 'sold', wh: interval.soldWh, amount: interval.received, gain: interval.received, isSale: true },
    { kind: 'bought', wh: interval.boughtWh, amount: interval.paid, gain: negated(interval.paid), isSale: false },
  ] as const
  const sides = traded.filter((side) => side.wh > 0)
  const time = (iso: string) => localTime(iso, area.intervalSeconds)
  return (
    <li className="result">
      <span className="result-time">
        <time dateTime={oldest.start}>
          {row.intervals.length === 1 ? time(interval.start) : dashed(time(oldest.start), time(interval.end))}
        </time>
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
            {said.inZone(energy(side.wh), said[side.kind])} · {priceTold(side, interval)}
          </span>
        ))}
      </span>
      <span className="result-amount">
        {sides.map((side) => (
          <span key={side.kind} className={side.kind}>
            {signOf(side.gain) > 0 && '+'}
            {scale.words(side.gain)}
          </span>
        ))}
      </span>
      <span className="result-reason">
        {row.reasons.map((reason) => (
          <span key={reason}>{reason}</span>
        ))}
        {wantingSides(interval).map((side) => (
          <WhyNotMore
            key={side}
            {...{ area, seat, side, start: interval.start }}
            of={row.intervals.length === 1 ? null : time(interval.start)}
          />
        ))}
      </span>
    </li>
  )
}
