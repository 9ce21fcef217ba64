/** Somebody who buys: the price now, the most they pay, what came from neighbours, and the budget it is paid from. */
import { useQuery } from '@tanstack/react-query'
import { Agreements } from '../agreements/agreements.tsx'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery } from '../api/queries.ts'
import { drawnCents } from '../charts/axes.ts'
import { SeatChart } from '../charts/seat-chart.tsx'
import { Spark } from '../charts/spark.tsx'
import { ClosingCard } from '../escrow/closing.tsx'
import { Deposit } from '../escrow/deposit.tsx'
import { MeterKeyCard } from '../escrow/meter-key.tsx'
import { Settlements } from '../escrow/settlements.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { AgreedAhead } from '../forward/agreed-ahead.tsx'
import { Grants } from '../grants/grants.tsx'
import { InviteCard } from '../joining/invite.tsx'
import { AmountBars } from '../market/comparison.tsx'
import { priceIn } from '../market/market.ts'
import { PriceScale } from '../market/price-scale.tsx'
import { NoResultYet, SeatResults } from '../market/seat-results.tsx'
import { averagePrice, cents, difference, energy, moneyWords, priceWords } from '../money/format.ts'
import { activeOrder, lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Empty, Energy, Figure, Money, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localDay, localTime, useNow } from '../time/clock.ts'

export default function Buyer({ area, seat }: SeatViewProps) {
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const priceNow = priceIn(market.data?.[0], seat.zone)
  const limit = lastLimit(orders.data ?? [], 'buy')
  return (
    <div className="view">
      <PriceNowCard area={area} seat={seat} />
      <TodayCard area={area} seat={seat} />
      <PriceControl
        area={area}
        seat={seat}
        side="buy"
        title="My price"
        intervals={intervals.data ?? []}
        lastLimit={limit}
        priceNow={priceNow}
      />
      <Card title="My energy, interval by interval" className="wide">
        <Trouble error={intervals.error} />
        {intervals.isPending && <Waiting lines={5} />}
        {intervals.data?.length === 0 && <NoResultYet area={area} />}
        {intervals.data && intervals.data.length > 0 && (
          <SeatChart intervals={intervals.data} exports={false} imports />
        )}
      </Card>
      <SeatResults area={area} intervals={intervals.data} error={intervals.error} />
      <Card title="My budget" className="payout">
        <div className="figures">
          <Figure label="in the escrow">
            <Money tokens={seat.balance} currency={area.currency} />
          </Figure>
          <Figure label="available now">
            <Money tokens={seat.available} currency={area.currency} />
          </Figure>
        </div>
        <Deposit area={area} seat={seat} />
        <details className="inner-more">
          <summary>Take money back</summary>
          <WithdrawalCard area={area} seat={seat} word="withdrawal" />
        </details>
        <Settlements area={area} seat={seat} />
      </Card>
      <AgreedAhead area={area} seat={seat} side="buy" />
      <Agreements area={area} seat={seat} />
      <Grants area={area} seat={seat} />
      <MeterKeyCard area={area} seat={seat} />
      <InviteCard area={area} seat={seat} />
      <ClosingCard area={area} seat={seat} />
    </div>
  )
}

function PriceNowCard({ area, seat }: SeatViewProps) {
  const market = useQuery(intervalsQuery(area.area))
  const cleared = market.data ?? []
  const newest = cleared[0]
  const now = priceIn(newest, seat.zone)
  const mine = activeOrder(seat, 'buy')?.limitPerKwh
  return (
    <Card title="Price now" className="now">
      <Trouble error={market.error} retry={() => void market.refetch()} />
      {market.isPending && <Waiting />}
      {market.data && !newest && <NoResultYet area={area} />}
      {newest && (
        <>
          <p className="huge">
            {now === null ? <span className="soft">no trade</span> : cents(now)} <span className="unit">ct/kWh</span>
          </p>
          <p className="lead">
            {now === null
              ? 'Nobody in your zone traded in the last interval.'
              : `in your zone, ${localTime(newest.start)} to ${localTime(newest.end)}`}
          </p>
          <PriceScale
            area={area}
            marks={[
              ...(now === null ? [] : [{ name: 'price now', pricePerKwh: now, kind: 'now' as const }]),
              ...(mine === undefined ? [] : [{ name: 'the most I pay', pricePerKwh: mine, kind: 'mine' as const }]),
            ]}
          />
          <Spark
            values={cleared.map((each) => drawnCents(priceIn(each, seat.zone))).reverse()}
            label="How the price moved over the last intervals"
            color="sun"
          />
        </>
      )}
    </Card>
  )
}

function TodayCard({ area, seat }: SeatViewProps) {
  const session = useSession()
  const summary = useQuery(summaryQuery(session, seat.seat, localDay(useNow())))
  const today = summary.data
  return (
    <Card title="Bought from neighbours today" className="today">
      <Trouble error={summary.error} retry={() => void summary.refetch()} />
      {summary.isPending && <Waiting />}
      {today && (
        <>
          <p className="huge">
            <Energy wh={today.boughtWh} />
          </p>
          {today.boughtWh === 0 ? (
            <Empty>Nothing bought yet today.</Empty>
          ) : (
            <>
              <p className="lead">
                for {moneyWords(today.paid, area.currency)} at {priceWords(averagePrice(today.paid, today.boughtWh))} on
                average
              </p>
              <AmountBars
                mine={{ label: 'from neighbours', tokens: today.paid }}
                supplier={{ label: 'at the retail tariff', tokens: today.boughtAtRetail }}
                currency={area.currency}
              />
              <p className="verdict">
                <strong>{moneyWords(difference(today.boughtAtRetail, today.paid), area.currency)}</strong> saved.
              </p>
            </>
          )}
          <dl className="facts">
            <div>
              <dt>from my supplier</dt>
              <dd>{energy(today.importWh - today.ownUseWh - today.boughtWh)}</dd>
            </div>
            {today.ownUseWh > 0 && (
              <div>
                <dt>used by myself</dt>
                <dd>{energy(today.ownUseWh)}</dd>
              </div>
            )}
            <div>
              <dt>from neighbours</dt>
              <dd>{today.importWh === 0 ? '–' : `${Math.round((today.boughtWh / today.importWh) * 100)} %`}</dd>
            </div>
          </dl>
        </>
      )}
    </Card>
  )
}
