/** The seat's open orders in the books of coming intervals, and the outcome of everything that it agreed ahead. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { AreaResource, ForwardOrderResource, OwnForwardTradeResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { energy, negated, priceWords } from '../money/format.ts'
import { Badge, Card, Empty, Money, Trouble, Waiting } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { localTime, useNow } from '../time/clock.ts'
import { type AheadProps, tradeWords } from './forward.ts'
import { applyForwardOrder, forwardOrdersQuery, forwardTradesQuery } from './queries.ts'
import { forwardWords } from './words.ts'

export function OwnAhead({ area, seat }: AheadProps) {
  const said = forwardWords()
  const session = useSession()
  const orders = useQuery(forwardOrdersQuery(session, seat.seat))
  const trades = useQuery(forwardTradesQuery(session, seat.seat))
  const cancel = useCancelling(area)
  return (
    <Card title={said.own} className="ahead-own">
      <Trouble error={orders.error ?? trades.error} />
      <Trouble error={cancel.error} />
      {(orders.isPending || trades.isPending) && <Waiting />}
      {orders.data && orders.data.length > 0 && (
        <ul className="result-list" aria-label={said.openOrders}>
          {orders.data.map((order) => (
            <OpenOrder
              key={order.order}
              area={area}
              order={order}
              cancel={cancel.isPending ? null : () => cancel.mutate(order)}
            />
          ))}
        </ul>
      )}
      {trades.data && trades.data.length > 0 && (
        <ol className="result-list" aria-label={said.agreedTrades}>
          {trades.data.map((trade) => (
            <Agreed key={`${trade.start} ${trade.number}`} area={area} trade={trade} />
          ))}
        </ol>
      )}
      {orders.data?.length === 0 && trades.data?.length === 0 && <Empty>{said.nothingYet}</Empty>}
    </Card>
  )
}

function useCancelling(area: AreaResource) {
  const session = useSession()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (order: ForwardOrderResource) =>
      (await part(() => import('../orders/submit.ts'))).submitCancel(session, area.chain, order),
    onSuccess: (order) => applyForwardOrder(queries, session.account, order),
    onError: (_error, order) =>
      void queries.invalidateQueries({ queryKey: ['forward-orders', session.account, order.seat] }),
  })
}

interface OpenOrderProps {
  area: AreaResource
  order: ForwardOrderResource
  /** Cancels the order; null while another order is being cancelled. */
  cancel: (() => void) | null
}

function OpenOrder({ area, order, cancel }: OpenOrderProps) {
  const said = forwardWords()
  const time = localTime(order.start, area.intervalSeconds)
  const what = (order.side === 'sell' ? said.offeredAt : said.askedAt)(
    energy(order.openWh),
    priceWords(order.limitPerKwh),
  )
  return (
    <li className="result">
      <span className="result-time">
        <time dateTime={order.start}>{time}</time>
        <Badge tone="calm">{said.open}</Badge>
      </span>
      <span className="result-trade">{what}</span>
      <span className="result-amount">
        <button
          type="button"
          className="quiet"
          disabled={cancel === null}
          onClick={() => cancel?.()}
          aria-label={said.takeBackLabel(what, time)}
        >
          {said.takeBack}
        </button>
      </span>
    </li>
  )
}

function Agreed({ area, trade }: { area: AreaResource; trade: OwnForwardTradeResource }) {
  const said = forwardWords()
  const sells = trade.side === 'sell'
  const missed = trade.deviationWh !== null && trade.deviationWh > 0
  return (
    <li className="result">
      <span className="result-time">
        <time dateTime={trade.start}>{localTime(trade.start, area.intervalSeconds)}</time>
        {missed && <Badge tone="warn">{trade.deliveredWh === 0 ? said.void : said.short}</Badge>}
      </span>
      <span className="result-trade">
        {(sells ? said.sold : said.bought)(energy(trade.energyWh), priceWords(trade.pricePerKwh))}
      </span>
      <span className="result-amount">
        {trade.amount !== null && trade.deliveredWh !== 0 && (
          <span className={sells ? 'sold' : 'bought'}>
            <Money tokens={sells ? trade.amount : negated(trade.amount)} currency={area.currency} signed />
          </span>
        )}
      </span>
      <Words trade={trade} />
    </li>
  )
}

function Words({ trade }: { trade: OwnForwardTradeResource }) {
  return <span className="result-reason">{tradeWords(trade, useNow())}</span>
}
