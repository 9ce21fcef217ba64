/** What a home's surplus of the last weeks would have earned at other prices: computed from what really happened, when somebody asks. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { OtherPricesResource } from '../../server/api/totals-resources.ts'
import { getJson } from '../api/client.ts'
import { difference, energy, exceeds, moneyScale, pricesBetween, priceWords, sum } from '../money/format.ts'
import { Trouble, Waiting } from '../page/card.tsx'
import { Scrolls } from '../page/scrolls.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { activeOrder } from './order.ts'
import { otherPricesWords } from './other-prices-words.ts'

const weeks = 3
const hourMs = 3_600_000
/** So many prices are tried beside the own one. */
const tried = 8

export default function OtherPrices({ area, seat }: SeatViewProps) {
  const said = otherPricesWords()
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{said.title}</summary>
      {open && <Tried area={area} seat={seat} />}
    </details>
  )
}

function Tried({ area, seat }: SeatViewProps) {
  const session = useSession()
  const mine = activeOrder(seat, 'sell')?.limitPerKwh
  const { sellFloorPerKwh: floor } = seat.mandate
  const low = exceeds(floor, area.feedInPerKwh) ? floor : area.feedInPerKwh
  const limits = pricesBetween(low, area.retailPerKwh, tried, area.priceDecimals)
  const prices = [...new Set([...limits, ...(mine === undefined ? [] : [mine])])].sort((a, b) =>
    exceeds(a, b) ? 1 : -1,
  )
  const to = new Date(Math.floor(Date.now() / hourMs) * hourMs + hourMs)
  const from = new Date(to.getTime() - weeks * 7 * 24 * hourMs)
  const answer = useQuery({
    queryKey: ['other-prices', session.account, seat.seat, prices.join()],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        ...{ seat: seat.seat, from: from.toISOString(), to: to.toISOString(), limits: prices.join() },
      })
      return getJson<OtherPricesResource>(`/accounts/${session.account}/other-prices?${query}`, {
        account: session.account,
        signal,
      })
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
  const said = otherPricesWords()
  const { at, intervals, leftOut, offeredWh } = found
  const periods = said.periods(area.intervalSeconds)
  const rows = at.map((each) => ({ ...each, together: sum([each.received, each.fromSupplier]) }))
  const scale = moneyScale(
    rows.flatMap(({ together, received }) => [together, received]),
    area.currency,
  )
  const best = rows.reduce((most, row) => (exceeds(row.together, most.together) ? row : most), rows[0]!)
  const own = rows.find(({ limitPerKwh }) => limitPerKwh === mine)
  if (found.from === null) return <p className="empty">{said.nothing}</p>
  return (
    <div className="card">
      <p className="takeaway">
        {own === undefined
          ? said.best(priceWords(best.limitPerKwh), scale.words(best.together))
          : exceeds(difference(best.together, own.together), '0')
            ? said.better(
                priceWords(own.limitPerKwh),
                scale.words(own.together),
                priceWords(best.limitPerKwh),
                scale.difference(best.together, own.together),
              )
            : said.fine(priceWords(own.limitPerKwh), scale.words(own.together))}
      </p>
      <Scrolls label={said.title}>
        <thead>
          <tr>
            <th scope="col">{said.price}</th>
            <th scope="col">{said.sold}</th>
            <th scope="col">{said.fromNeighbours(scale.unit)}</th>
            <th scope="col">{said.together(scale.unit)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ limitPerKwh, soldWh, received, together }) => (
            <tr key={limitPerKwh} className={limitPerKwh === mine ? 'total' : undefined}>
              <th scope="row">
                {priceWords(limitPerKwh)}
                {limitPerKwh === mine && ` (${said.mine})`}
              </th>
              <td>{energy(soldWh)}</td>
              <td>{scale.number(received)}</td>
              <td>{scale.number(together)}</td>
            </tr>
          ))}
        </tbody>
      </Scrolls>
      <p className="explain">{said.how(intervals, periods, energy(offeredWh), localMoment(found.from))}</p>
      {leftOut > 0 && <p className="explain">{said.leftOut(leftOut, periods)}</p>}
    </div>
  )
}
