/** The page of somebody who buys: the price now, the most they pay, what came from neighbours, and the budget that pays for it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery, tariffOfDayQuery } from '../api/queries.ts'
import { drawnCents } from '../charts/drawn.ts'
import { Spark } from '../charts/spark.tsx'
import { toBuyWith } from '../escrow/purse.ts'
import { EnergyCard } from '../history/energy-card.tsx'
import { lastPrice, priceIn } from '../market/market.ts'
import { PriceHeadline } from '../market/price-headline.tsx'
import { PriceScale } from '../market/price-scale.tsx'
import { ProblemList } from '../market/problem-list.tsx'
import { NoResultYet, SeatResults } from '../market/seat-results.tsx'
import { cents, mass, moneyScale, priceWords, shareWords, signOf, sum, timesIn } from '../money/format.ts'
import { neighbourhoodWords } from '../neighbourhood/words.ts'
import { activeOrder, lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Figure, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { ThumbBar } from '../page/thumb-bar.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localSpan, localTime, useNow } from '../time/clock.ts'
import { dashed } from '../words/dashed.ts'
import { cheapSpans } from './cheap-hours.ts'
import { buyerWords } from './words.ts'

const TodayCard = later(() => import('./today.tsx'))
const BudgetCard = later(() => import('../budget/budget-card.tsx'))
const OtherPrices = later(() => import('../orders/other-prices.tsx'))
const MoneyCard = later(() => import('./money.tsx'))
const SeatActs = later(() => import('../page/seat-acts.tsx'))

export default function Buyer({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const [openedMs] = useState(Date.now)
  const today = useQuery(summaryQuery(session, seat.seat, localSpan('day', openedMs)))
  const month = useQuery(summaryQuery(session, seat.seat, localSpan('month', openedMs)))
  const tariff = useQuery(tariffOfDayQuery(area, seat.zone, localSpan('day', openedMs)))
  if (isComing(intervals, orders, market, today, month, tariff)) return <PageWaiting />
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
      <MoneyCard area={area} seat={seat} />
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
          <CheapHours area={area} seat={seat} />
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

/** How many cheap stretches of the day are named, the newest and those to come. */
const namedSpans = 3

/** When neighbours had something left over today for less than the supplier asks, and when they probably will. */
function CheapHours({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  const rates = useQuery(tariffOfDayQuery(area, seat.zone, localSpan('day', useNow()))).data
  if (rates === undefined) return null
  const words = cheapSpans(rates, area.retailPerKwh)
    .slice(-namedSpans)
    .map(({ start, end, low, high, isExpected }) => {
      const [from, to] = [start, end].map((each) => localTime(each, area.intervalSeconds))
      const price = low === high ? priceWords(low) : dashed(cents(low), priceWords(high))
      return (isExpected ? said.cheapAhead : said.cheapSpan)(dashed(from!, to!), price)
    })
  return <p className="lead">{words.length === 0 ? said.noCheap : said.cheap(words.join(', '))}</p>
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
        <Figure label={said.share}>{shareWords(month.boughtWh, month.importWh)}</Figure>
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
  if (signOf(spent) <= 0 || signOf(toBuyWith(seat)) === 0) return null
  const span = intervals.length * seconds
  return <p className="explain">{said.lasts(duration(timesIn(spent, toBuyWith(seat)) * span), duration(span))}</p>
}
