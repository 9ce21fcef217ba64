/**
 * What other prices would have earned or saved over the last weeks. The server computes it from real results when somebody
 * asks.
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { OtherPricesResource } from '../../server/api/totals-resources.ts'
import { getJson } from '../api/client.ts'
import { difference, energy, exceeds, moneyScale, pricesBetween, priceWords, sum } from '../money/format.ts'
import { Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { activeOrder, type OrderSide } from './order.ts'
import { otherPricesWords } from './other-prices-words.ts'

const weeks = 3
const hourMs = 3_600_000
/** How many prices are tried besides the person's own. */
const tried = 8

type OtherPricesProps = SeatViewProps & { side: OrderSide }

export default function OtherPrices({ area, seat, side }: OtherPricesProps) {
  const said = otherPricesWords()[side]
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{said.title}</summary>
      {open && <Tried area={area} seat={seat} side={side} />}
    </details>
  )
}

function Tried({ area, seat, side }: OtherPricesProps) {
  const session = useSession()
  const mine = activeOrder(seat, side)?.limitPerKwh
  const { sellFloorPerKwh: floor, buyCeilingPerKwh: ceiling } = seat.mandate
  const low = side === 'sell' && exceeds(floor, area.feedInPerKwh) ? floor : area.feedInPerKwh
  const high = side === 'buy' && exceeds(area.retailPerKwh, ceiling) ? ceiling : area.retailPerKwh
  const limits = pricesBetween(low, high, tried, area.priceDecimals)
  const prices = [...new Set([...limits, ...(mine === undefined ? [] : [mine])])].sort((a, b) =>
    exceeds(a, b) ? 1 : -1,
  )
  const to = new Date(Math.floor(Date.now() / hourMs) * hourMs + hourMs)
  const from = new Date(to.getTime() - weeks * 7 * 24 * hourMs)
  const answer = useQuery({
    queryKey: ['other-prices', session.account, seat.seat, side, prices.join()],
    queryFn: ({ signal }) => {
      const { account } = session
      const range = { from: from.toISOString(), to: to.toISOString() }
      const asks = { account, seat: seat.seat, side, ...range, limits: prices.join() }
      return getJson('/accounts/{account}/other-prices', asks, { account, signal })
    },
    staleTime: hourMs,
  })
  if (answer.isPending) return <Waiting lines={4} />
  if (!answer.data) return <Trouble error={answer.error} retry={() => void answer.refetch()} />
  return <Answer area={area} found={answer.data} mine={mine} />
}

interface AnswerProps {
  area: SeatViewProps['area']
  found: OtherPricesResource
  mine: string | undefined
}

function Answer({ area, found, mine }: AnswerProps) {
  const { [found.side]: said, periods: periodsOf, leftOut: leftOutWords, together: togetherWords } = otherPricesWords()
  const { side, at, intervals, leftOut, offeredWh } = found
  const periods = periodsOf(area.intervalSeconds)
  const rows = at.map((each) => ({ ...each, together: sum([each.amount, each.withSupplier]) }))
  const scale = moneyScale(
    rows.flatMap(({ together, amount }) => [together, amount]),
    area.currency,
  )
  const gain = (from: string, to: string) => (side === 'sell' ? difference(to, from) : difference(from, to))
  const best = rows.reduce((most, row) => (exceeds(gain(most.together, row.together), '0') ? row : most), rows[0]!)
  const own = rows.find(({ limitPerKwh }) => limitPerKwh === mine)
  if (found.from === null) return <p className="empty">{said.nothing}</p>
  return (
    <div className="card">
      <p className="takeaway">
        {own === undefined
          ? said.best(priceWords(best.limitPerKwh), scale.words(best.together))
          : exceeds(gain(own.together, best.together), '0')
            ? said.better(
                priceWords(own.limitPerKwh),
                scale.words(own.together),
                priceWords(best.limitPerKwh),
                side === 'sell'
                  ? scale.difference(best.together, own.together)
                  : scale.difference(own.together, best.together),
              )
            : said.fine(priceWords(own.limitPerKwh), scale.words(own.together))}
      </p>
      <TableFrame label={said.title} look="sums">
        <thead>
          <tr>
            <th scope="col">{said.price}</th>
            <th scope="col">{said.traded}</th>
            <th scope="col">{said.amount(scale.unit)}</th>
            <th scope="col">{togetherWords(scale.unit)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ limitPerKwh, tradedWh, amount, together }) => (
            <tr key={limitPerKwh} className={limitPerKwh === mine ? 'total' : undefined}>
              <th scope="row">
                {priceWords(limitPerKwh)}
                {limitPerKwh === mine && ` (${otherPricesWords().mine})`}
              </th>
              <td>{energy(tradedWh)}</td>
              <td>{scale.number(amount)}</td>
              <td>{scale.number(together)}</td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
      <p className="explain">{said.how(intervals, periods, energy(offeredWh), localMoment(found.from))}</p>
      {leftOut > 0 && <p className="explain">{leftOutWords(leftOut, periods)}</p>}
    </div>
  )
}
