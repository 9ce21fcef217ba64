/** A home with a roof: what it does now, what it sold, at which price, and the payout. */
import { useQuery } from '@tanstack/react-query'
import { Agreements } from '../agreements/agreements.tsx'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery } from '../api/queries.ts'
import { SeatChart } from '../charts/seat-chart.tsx'
import { Spark } from '../charts/spark.tsx'
import { ClosingCard } from '../escrow/closing.tsx'
import { MeterKeyCard } from '../escrow/meter-key.tsx'
import { Settlements } from '../escrow/settlements.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { AgreedAhead } from '../forward/agreed-ahead.tsx'
import { Grants } from '../grants/grants.tsx'
import { InviteCard } from '../joining/invite.tsx'
import { useTelemetry } from '../live/apply.ts'
import { AmountBars } from '../market/comparison.tsx'
import { priceIn } from '../market/market.ts'
import { NoResultYet, SeatResults } from '../market/seat-results.tsx'
import { averagePrice, difference, energy, moneyWords, priceWords } from '../money/format.ts'
import { lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Empty, Energy, Figure, Money, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localDay, localMoment, useNow } from '../time/clock.ts'
import { PowerFlow } from './power-flow.tsx'
import './household.css'

export default function Household({ area, seat }: SeatViewProps) {
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const priceNow = priceIn(market.data?.[0], seat.zone)
  const controls = { area, seat, intervals: intervals.data ?? [], priceNow }
  return (
    <div className="view">
      <NowCard area={area} seat={seat} />
      <TodayCard area={area} seat={seat} />
      <PriceControl {...controls} side="sell" title="My price" lastLimit={lastLimit(orders.data ?? [], 'sell')} />
      <Card title="My energy, interval by interval" className="wide">
        <Trouble error={intervals.error} />
        {intervals.isPending && <Waiting lines={5} />}
        {intervals.data?.length === 0 && <NoResultYet area={area} />}
        {intervals.data && intervals.data.length > 0 && <SeatChart intervals={intervals.data} exports imports />}
      </Card>
      <SeatResults area={area} intervals={intervals.data} error={intervals.error} />
      <Card title="Payout" className="payout">
        <div className="figures">
          <Figure label="my balance">
            <Money tokens={seat.balance} currency={area.currency} />
          </Figure>
          <Figure label="available now">
            <Money tokens={seat.available} currency={area.currency} />
          </Figure>
        </div>
        <WithdrawalCard area={area} seat={seat} word="payout" />
        <Settlements area={area} seat={seat} />
      </Card>
      <AgreedAhead area={area} seat={seat} side="sell" />
      <Agreements area={area} seat={seat} />
      {seat.mandate.maxBuyWh > 0 && (
        <details className="more">
          <summary>What I pay when I need energy</summary>
          <PriceControl
            {...controls}
            side="buy"
            title="My price for buying"
            lastLimit={lastLimit(orders.data ?? [], 'buy')}
          />
        </details>
      )}
      <Grants area={area} seat={seat} />
      <MeterKeyCard area={area} seat={seat} />
      <InviteCard area={area} seat={seat} />
      <ClosingCard area={area} seat={seat} />
    </div>
  )
}

function NowCard({ seat }: SeatViewProps) {
  const { account } = useSession()
  const trace = useTelemetry(account, seat.seat)
  const nowMs = useNow()
  const newest = trace.at(-1)
  return (
    <Card title="My roof now" className="now">
      {newest ? (
        <PowerFlow telemetry={newest} ageSeconds={Math.max(0, (nowMs - Date.parse(newest.time)) / 1000)} />
      ) : (
        <Empty>
          No live value from this home yet.{' '}
          {seat.lastReadingAt && <>Its last reading is from {localMoment(seat.lastReadingAt)}.</>}
        </Empty>
      )}
      {trace.length > 5 && newest?.productionW != null && (
        <Spark
          values={trace.map((each) => each.productionW)}
          label="Power of the roof over the last minutes"
          color="sun"
          from={0}
        />
      )}
    </Card>
  )
}

function TodayCard({ area, seat }: SeatViewProps) {
  const session = useSession()
  const summary = useQuery(summaryQuery(session, seat.seat, localDay(useNow())))
  const today = summary.data
  return (
    <Card title="Sold to neighbours today" className="today">
      <Trouble error={summary.error} retry={() => void summary.refetch()} />
      {summary.isPending && <Waiting />}
      {today && (
        <>
          <p className="huge">
            <Money tokens={today.received} currency={area.currency} />
          </p>
          <p className="lead">
            for <Energy wh={today.soldWh} />
            {today.soldWh > 0 && <> at {priceWords(averagePrice(today.received, today.soldWh))} on average</>}
          </p>
          <AmountBars
            mine={{ label: 'from neighbours', tokens: today.received }}
            supplier={{ label: 'at the feed-in tariff', tokens: today.soldAtFeedIn }}
            currency={area.currency}
          />
          {today.soldWh > 0 && (
            <p className="verdict">
              <strong>{moneyWords(difference(today.received, today.soldAtFeedIn), area.currency)}</strong> more than the
              supplier would have paid.
            </p>
          )}
          <dl className="facts">
            <div>
              <dt>to my supplier</dt>
              <dd>{energy(today.exportWh - today.ownUseWh - today.soldWh)}</dd>
            </div>
            <div>
              <dt>from neighbours</dt>
              <dd>{energy(today.boughtWh)}</dd>
            </div>
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
          </dl>
        </>
      )}
    </Card>
  )
}
