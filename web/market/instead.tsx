/**
 * The energy traded with neighbours today, yesterday, this month and this year, and what it brought compared with the
 * supplier's tariff.
 */
import { useQuery } from '@tanstack/react-query'
import type { SummaryResource } from '../../server/api/resources.ts'
import { summaryQuery } from '../api/queries.ts'
import { energy, moneyScale } from '../money/format.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { type LocalSpan, localSpan, useNow } from '../time/clock.ts'
import { marketWords } from './words.ts'

const spans: readonly LocalSpan[] = ['day', 'dayBefore', 'month', 'year']

/** `side` chooses whether the sold or the bought energy is shown. */
export function Instead({ area, seat, side }: SeatViewProps & { side: 'sell' | 'buy' }) {
  const said = marketWords().instead
  const session = useSession()
  const nowMs = useNow()
  const summaries = {
    day: useQuery(summaryQuery(session, seat.seat, localSpan('day', nowMs))).data,
    dayBefore: useQuery(summaryQuery(session, seat.seat, localSpan('dayBefore', nowMs))).data,
    month: useQuery(summaryQuery(session, seat.seat, localSpan('month', nowMs))).data,
    year: useQuery(summaryQuery(session, seat.seat, localSpan('year', nowMs))).data,
  }
  const told = spans.flatMap((span) => {
    const summary = summaries[span]
    return summary === undefined ? [] : [{ span, ...rowOf(summary, side) }]
  })
  const scale = moneyScale(
    told.flatMap(({ mine, supplier }) => [mine, supplier]),
    area.currency,
  )
  const { number, unit } = scale
  const better = scale.signedDifference
  return (
    <TableFrame label={side === 'sell' ? said.sellCaption : said.buyCaption} look="sums">
      <thead>
        <tr>
          <td />
          <th scope="col">{side === 'sell' ? said.sold : said.bought}</th>
          <th scope="col">{said.inUnit(side === 'sell' ? said.earned : said.paid, unit)}</th>
          <th scope="col">{said.inUnit(said.atSupplier, unit)}</th>
          <th scope="col">{said.inUnit(said.better, unit)}</th>
        </tr>
      </thead>
      <tbody>
        {told.map(({ span, wh, mine, supplier }) => (
          <tr key={span}>
            <th scope="row">{said.spans[span]}</th>
            <td>{energy(wh)}</td>
            <td>{number(mine)}</td>
            <td>{number(supplier)}</td>
            <td>{side === 'sell' ? better(mine, supplier) : better(supplier, mine)}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}

function rowOf(summary: SummaryResource, side: 'sell' | 'buy') {
  return side === 'sell'
    ? { wh: summary.soldWh, mine: summary.received, supplier: summary.soldAtFeedIn }
    : { wh: summary.boughtWh, mine: summary.paid, supplier: summary.boughtAtRetail }
}
