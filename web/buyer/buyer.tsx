/** The page of somebody who buys: the price now, the most they pay, what came from neighbours, and the budget that pays for it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery } from '../api/queries.ts'
import { drawnCents } from '../charts/drawn.ts'
import { Spark } from '../charts/spark.tsx'
import { Deposit } from '../escrow/deposit.tsx'
import { PurseLedger } from '../escrow/purse-card.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { EnergyCard } from '../history/energy-card.tsx'
import { AmountBars } from '../market/comparison.tsx'
import { Instead } from '../market/instead.tsx'
import { cheapestToday, lastPrice, priceIn } from '../market/market.ts'
import { PriceHeadline } from '../market/price-headline.tsx'
import { PriceScale } from '../market/price-scale.tsx'
import { ProblemList } from '../market/problem-list.tsx'
import { NoResultYet, SeatResults } from '../market/seat-results.tsx'
import {
  averagePrice,
  energy,
  mass,
  moneyScale,
  moneyWords,
  priceWords,
  signOf,
  sum,
  timesIn,
} from '../money/format.ts'
import { neighbourhoodWords } from '../neighbourhood/words.ts'
import { activeOrder, lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Empty, Energy, Figure, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { ThumbBar } from '../page/thumb-bar.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localSpan, localTime, useNow } from '../time/clock.ts'
import { buyerWords } from './words.ts'

const BudgetCard = later(() => import('../budget/budget-card.tsx'))
const OtherPrices = later(() => import('../orders/other-prices.tsx'))
const Settlements = later(() => import('../escrow/settlements.tsx'))
const SeatActs = later(() => import('../page/seat-acts.tsx'))

export default function Buyer({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  const session = useSession()
  // A withdrawal that waits to be collected is not hidden, and its outcome stays in sight afterwards.
  const [isAsked, setIsAsked] = useState(seat.withdrawal !== null)
  if (seat.withdrawal !== null && !isAsked) setIsAsked(true)
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const [openedMs] = useState(Date.now)
  const today = useQuery(summaryQuery(session, seat.seat, localSpan('day', openedMs)))
  const month = useQuery(summaryQuery(session, seat.seat, localSpan('month', openedMs)))
  if (isComing(intervals, orders, market, today, month)) return <PageWaiting />
  const priceNow = priceIn(market.data?.[0], seat.zone)
  const limit = lastLimit(orders.data ?? [], 'buy')
  return (
    <div className="view">
      <ProblemList area={area} seat={seat} />
      <PriceNowCard area={area} seat={seat} />
      <MonthCard area={area} seat={seat} intervals={intervals.data ?? []} />
      <PriceControl
        area={area}
        seat={seat}
        side="buy"
        anchor="price"
        title={said.myPrice}
        intervals={intervals.data ?? []}
        lastLimit={limit}
        priceNow={priceNow}
      />
      <EnergyCard area={area} seat={seat} intervals={intervals} exports={false} />
      <BudgetCard area={area} seat={seat} newest={intervals.data?.[0]} />
      <TodayCard area={area} seat={seat} />
      <SeatResults area={area} seat={seat} intervals={intervals.data} error={intervals.error} />
      <Card title={said.myBudget} anchor="money">
        <PurseLedger area={area} seat={seat} />
        <Deposit area={area} seat={seat} />
        <details className="inner-more" open={isAsked}>
          <summary>{said.takeBack}</summary>
          <WithdrawalCard area={area} seat={seat} word="withdrawal" />
        </details>
        <Settlements area={area} seat={seat} />
      </Card>
      <OtherPrices area={area} seat={seat} side="buy" />
      <SeatActs area={area} seat={seat} usually="buy" />
      <ThumbBar seat={seat} side="buy" names={{ price: said.myPrice, money: said.myBudget }} currency={area.currency} />
    </div>
  )
}

function PriceNowCard({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  const market = useQuery(intervalsQuery(area.area))
  const zone = area.zones.find((each) => each.zone === seat.zone)?.name ?? seat.zone
  const cleared = market.data ?? []
  const newest = cleared[0]
  const now = priceIn(newest, seat.zone)
  const cheapest = cheapestToday(cleared, seat.zone)
  const mine = activeOrder(seat, 'buy')?.limitPerKwh
  return (
    <Card title={said.priceNow} className="now">
      <Trouble error={market.error} retry={() => void market.refetch()} />
      {market.isPending && <Waiting />}
      {market.data && !newest && <NoResultYet area={area} />}
      {newest && (
        <>
          <PriceHeadline
            area={area}
            prices={now === null ? null : { low: now, high: now }}
            where={said.nearYou(
              zone,
              localTime(newest.start, area.intervalSeconds),
              localTime(newest.end, area.intervalSeconds),
            )}
            last={lastPrice(cleared, seat.zone)}
          />
          {cheapest && (
            <p className="lead">
              {said.cheapest(priceWords(cheapest.pricePerKwh), localTime(cheapest.start, area.intervalSeconds))}
            </p>
          )}
          <PriceScale
            area={area}
            marks={[
              ...(now === null
                ? []
                : [{ name: neighbourhoodWords().priceNow, pricePerKwh: now, kind: 'now' as const }]),
              ...(mine === undefined ? [] : [{ name: said.mostIPay, pricePerKwh: mine, kind: 'mine' as const }]),
            ]}
          />
          <Spark
            values={cleared.map((each) => drawnCents(priceIn(each, seat.zone))).reverse()}
            label={said.priceMoved}
            color="sun"
          />
        </>
      )}
    </Card>
  )
}

function TodayCard({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  const session = useSession()
  const summary = useQuery(summaryQuery(session, seat.seat, localSpan('day', useNow())))
  const today = summary.data
  const saving = moneyScale(today ? [today.paid, today.boughtAtRetail] : [], area.currency)
  return (
    <Card title={said.boughtToday} className="today">
      <Trouble error={summary.error} retry={() => void summary.refetch()} />
      {summary.isPending && <Waiting />}
      {today && (
        <>
          <p className="huge">
            <Energy wh={today.boughtWh} />
          </p>
          {today.boughtWh === 0 ? (
            <Empty>{said.nothingYet}</Empty>
          ) : (
            <>
              <p className="lead">
                {said.forMoney(
                  moneyWords(today.paid, area.currency),
                  priceWords(averagePrice(today.paid, today.boughtWh)),
                )}
              </p>
              <AmountBars
                mine={{ label: said.fromNeighbours, tokens: today.paid }}
                supplier={{ label: said.atRetail, tokens: today.boughtAtRetail }}
                currency={area.currency}
              />
              <p className={saving.sign(today.boughtAtRetail, today.paid) >= 0 ? 'verdict' : 'verdict less'}>
                <strong>{saving.difference(today.boughtAtRetail, today.paid)}</strong>{' '}
                {saving.sign(today.boughtAtRetail, today.paid) >= 0 ? said.saved : said.moreThanSupplier}
              </p>
            </>
          )}
          <Instead area={area} seat={seat} side="buy" />
          <dl className="facts">
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
            <div>
              <dt>{said.shareFromNeighbours}</dt>
              <dd>{today.importWh === 0 ? '–' : `${Math.round((today.boughtWh / today.importWh) * 100)} %`}</dd>
            </div>
          </dl>
        </>
      )}
    </Card>
  )
}

interface MonthCardProps extends SeatViewProps {
  /** The intervals whose spending tells how long the purse lasts. */
  intervals: readonly SeatIntervalResource[]
}

/** What buying from neighbours has come to this month, and how long it can go on. */
function MonthCard({ area, seat, intervals }: MonthCardProps) {
  const said = buyerWords()
  const session = useSession()
  const month = useQuery(summaryQuery(session, seat.seat, localSpan('month', useNow()))).data
  if (month === undefined || month.importWh === 0) return null
  const { supplierMix } = area
  const { difference, sign } = moneyScale([month.paid, month.boughtAtRetail], area.currency)
  const isLess = sign(month.boughtAtRetail, month.paid) < 0
  return (
    <Card title={said.thisMonth} className="month">
      <div className="figures">
        <Figure label={said.share}>{Math.round((month.boughtWh / month.importWh) * 100)} %</Figure>
        <Figure label={said.savedInstead}>
          {isLess && '−'}
          {difference(month.boughtAtRetail, month.paid)}
        </Figure>
        {supplierMix !== null && <Figure label={said.avoided}>{mass(month.boughtWh, supplierMix.gramsPerKwh)}</Figure>}
      </div>
      <Lasts seat={seat} intervals={intervals} seconds={area.intervalSeconds} />
      {supplierMix !== null && (
        <p className="explain">{said.avoidedHow(supplierMix.gramsPerKwh, supplierMix.source)}</p>
      )}
    </Card>
  )
}

/** How long the purse lasts if spending goes on as in the given intervals. */
function Lasts({
  seat,
  intervals,
  seconds,
}: {
  seat: SeatResource
  intervals: readonly SeatIntervalResource[]
  seconds: number
}) {
  const said = buyerWords()
  const spent = sum(intervals.map(({ paid }) => paid))
  if (signOf(spent) <= 0 || signOf(seat.available) <= 0) return null
  const span = intervals.length * seconds
  return <p className="explain">{said.lasts(duration(timesIn(spent, seat.available) * span), duration(span))}</p>
}
