/**
 * The energy traded with neighbours today, yesterday, this month and this year, and what it brought compared with the
 * supplier's tariff.
 */
import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import type { SummaryResource } from '../../server/api/resources.ts'
import { summaryQuery } from '../api/queries.ts'
import { energy, moneyScale } from '../money/format.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useStackedRows } from '../page/stacked-rows.ts'
import { useSession } from '../session/session.tsx'
import { type LocalSpan, localSpan, useNow } from '../time/clock.ts'
import { marketWords } from './words.ts'

const spans: readonly LocalSpan[] = ['day', 'dayBefore', 'month', 'year']

/** `side` chooses whether the sold or the bought energy is shown. */
export function Instead({ area, seat, side }: SeatViewProps & { side: 'sell' | 'buy' }) {
  const said = marketWords().instead
  const session = useSession()
  const nowMs = useNow()
  const table = useRef<HTMLTableElement>(null)
  useStackedRows(table)
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
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it.
    <section className="instead" aria-label={side === 'sell' ? said.sellCaption : said.buyCaption} tabIndex={0}>
      <table ref={table}>
        <thead>
          <tr>
            <td className="soft">{said.inUnit(unit)}</td>
            <th scope="col">{side === 'sell' ? said.sold : said.bought}</th>
            <th scope="col">{side === 'sell' ? said.earned : said.paid}</th>
            <th scope="col">{said.atSupplier}</th>
            <th scope="col">{said.better}</th>
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
      </table>
    </section>
  )
}

function rowOf(summary: SummaryResource, side: 'sell' | 'buy') {
  return side === 'sell'
    ? { wh: summary.soldWh, mine: summary.received, supplier: summary.soldAtFeedIn }
    : { wh: summary.boughtWh, mine: summary.paid, supplier: summary.boughtAtRetail }
}
