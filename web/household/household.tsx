/** The page of a home with a roof: what it does now, what it sold and at which price, and the payout. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery } from '../api/queries.ts'
import { Spark } from '../charts/spark.tsx'
import { PurseLedger } from '../escrow/purse-card.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { EnergyCard } from '../history/energy-card.tsx'
import { useTelemetry } from '../live/apply.ts'
import { useConnection } from '../live/live.tsx'
import { AmountBars } from '../market/comparison.tsx'
import { Instead } from '../market/instead.tsx'
import { priceIn } from '../market/market.ts'
import { ProblemList } from '../market/problem-list.tsx'
import { SeatResults } from '../market/seat-results.tsx'
import { averagePrice, energy, moneyScale, priceWords } from '../money/format.ts'
import { lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Empty, Energy, Money, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { ThumbBar } from '../page/thumb-bar.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment, localSpan, useNow } from '../time/clock.ts'
import { PowerFlow } from './power-flow.tsx'
import { householdWords } from './words.tsx'
import './household.css'

const OtherPrices = later(() => import('../orders/other-prices.tsx'))
const SunAhead = later(() => import('./sun-ahead.tsx'))
const Settlements = later(() => import('../escrow/settlements.tsx'))
const SeatActs = later(() => import('../page/seat-acts.tsx'))

export default function Household({ area, seat }: SeatViewProps) {
  const said = householdWords()
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const [openedMs] = useState(Date.now)
  const today = useQuery(summaryQuery(session, seat.seat, localSpan('day', openedMs)))
  if (isComing(intervals, orders, market, today)) return <PageWaiting />
  return (
    <div className="view">
      <ProblemList area={area} seat={seat} />
      <TodayCard area={area} seat={seat} />
      <NowCard area={area} seat={seat} />
      <PriceControl
        area={area}
        seat={seat}
        side="sell"
        anchor="price"
        title={said.myPrice}
        intervals={intervals.data ?? []}
        priceNow={priceIn(market.data?.[0], seat.zone)}
        lastLimit={lastLimit(orders.data ?? [], 'sell')}
      />
      <EnergyCard area={area} seat={seat} intervals={intervals} exports />
      <SeatResults area={area} seat={seat} intervals={intervals.data} error={intervals.error} />
      <Card title={said.payout} className="payout" anchor="money">
        <PurseLedger area={area} seat={seat} />
        <WithdrawalCard area={area} seat={seat} word="payout" />
        <Settlements area={area} seat={seat} />
      </Card>
      <OtherPrices area={area} seat={seat} side="sell" />
      <SeatActs area={area} seat={seat} usually="sell" />
      <ThumbBar seat={seat} side="sell" names={{ price: said.myPrice, money: said.payout }} currency={area.currency} />
    </div>
  )
}

function NowCard({ area, seat }: SeatViewProps) {
  const said = householdWords()
  const { account } = useSession()
  const connection = useConnection()
  const trace = useTelemetry(account, seat.seat)
  const nowMs = useNow()
  const newest = trace.at(-1)
  return (
    <Card title={said.roofNow} className="now">
      {newest ? (
        <PowerFlow
          telemetry={newest}
          ageSeconds={Math.max(0, (nowMs - Date.parse(newest.time)) / 1000)}
          isCutOff={connection.state === 'lost'}
        />
      ) : (
        <Empty>
          {said.noLive} {seat.lastReadingAt && said.lastReading(localMoment(seat.lastReadingAt))}
        </Empty>
      )}
      {trace.length > 5 && newest?.productionW != null && (
        <Spark values={trace.map((each) => each.productionW)} label={said.roofPower} color="sun" from={0} />
      )}
      <SunAhead area={area} seat={seat} />
    </Card>
  )
}

function TodayCard({ area, seat }: SeatViewProps) {
  const said = householdWords()
  const session = useSession()
  const summary = useQuery(summaryQuery(session, seat.seat, localSpan('day', useNow())))
  const today = summary.data
  return (
    <Card title={said.soldToday} className="today">
      <Trouble error={summary.error} retry={() => void summary.refetch()} />
      {summary.isPending && <Waiting />}
      {today && (
        <>
          <p className="huge">
            <Money tokens={today.received} currency={area.currency} />
          </p>
          <p className="lead">
            {said.forEnergy(<Energy wh={today.soldWh} />)}
            {today.soldWh > 0 && said.onAverage(priceWords(averagePrice(today.received, today.soldWh)))}
          </p>
          <AmountBars
            mine={{ label: said.fromNeighbours, tokens: today.received }}
            supplier={{ label: said.atFeedIn, tokens: today.soldAtFeedIn }}
            currency={area.currency}
          />
          {today.soldWh > 0 && <Verdict mine={today.received} supplier={today.soldAtFeedIn} currency={area.currency} />}
          <Instead area={area} seat={seat} side="sell" />
          <dl className="facts">
            <div>
              <dt>{said.toSupplier}</dt>
              <dd>{energy(today.exportWh - today.ownUseWh - today.soldWh)}</dd>
            </div>
            <div>
              <dt>{said.fromNeighbours}</dt>
              <dd>{energy(today.boughtWh)}</dd>
            </div>
            <div>
              <dt>{said.fromSupplier}</dt>
              <dd>{energy(today.importWh - today.ownUseWh - today.boughtWh)}</dd>
            </div>
            {today.ownUseWh > 0 && (
              <div>
                <dt>{said.usedByMyself}</dt>
                <dd>{energy(today.ownUseWh)}</dd>
              </div>
            )}
          </dl>
        </>
      )}
    </Card>
  )
}

/** What selling to neighbours brought compared with the supplier's tariff: the difference of the two amounts as they are shown. */
function Verdict({ mine, supplier, currency }: { mine: string; supplier: string; currency: string }) {
  const said = householdWords()
  const { difference, sign } = moneyScale([mine, supplier], currency)
  const amount = <strong>{difference(mine, supplier)}</strong>
  const isMore = sign(mine, supplier) >= 0
  return <p className={isMore ? 'verdict' : 'verdict less'}>{isMore ? said.moreThan(amount) : said.lessThan(amount)}</p>
}
