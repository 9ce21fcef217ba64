/** The page of a home with a roof: what it does now, what it sold and at which price, and the payout. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource, SeatIntervalResource } from '../../server/api/resources.ts'
import { intervalsQuery, ordersQuery, seatIntervalsQuery, summaryQuery } from '../api/queries.ts'
import { Spark } from '../charts/spark.tsx'
import { EnergyCard } from '../history/energy-card.tsx'
import { useTelemetry } from '../live/apply.ts'
import { knownUntilMs, quietSeconds } from '../live/connection.ts'
import { useConnection } from '../live/live.tsx'
import { priceIn } from '../market/market.ts'
import { ProblemList } from '../market/problem-list.tsx'
import { problemsOf } from '../market/problems.ts'
import { SeatResults } from '../market/seat-results.tsx'
import { marketWords } from '../market/words.ts'
import { energy, priceWords } from '../money/format.ts'
import { activeOrder, lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Badge, Card, Empty } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { ThumbBar } from '../page/thumb-bar.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment, localSpan, localTime, useNow } from '../time/clock.ts'
import { PowerFlow } from './power-flow.tsx'
import { SunSpace } from './sun-space.tsx'
import { householdWords } from './words.tsx'
import { YesterdayCard } from './yesterday.tsx'
import './household.css'

const OtherPrices = later(() => import('../orders/other-prices.tsx'))
const TodayCard = later(() => import('./today.tsx'))
const SunAhead = later(() => import('./sun-ahead.tsx'), SunSpace)
const MoneyCard = later(() => import('./money.tsx'))
const SeatActs = later(() => import('../page/seat-acts.tsx'))

export default function Household({ area, seat }: SeatViewProps) {
  const said = householdWords()
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat))
  const orders = useQuery(ordersQuery(session, seat.seat))
  const market = useQuery(intervalsQuery(area.area))
  const [openedMs] = useState(Date.now)
  const today = useQuery(summaryQuery(session, seat.seat, localSpan('day', openedMs)))
  const yesterday = useQuery(summaryQuery(session, seat.seat, localSpan('dayBefore', openedMs)))
  if (isComing(intervals, orders, market, today, yesterday)) return <PageWaiting />
  return (
    <div className="view">
      <ProblemList area={area} seat={seat} />
      <YesterdayCard area={area} seat={seat} />
      <NowCard area={area} seat={seat} intervals={intervals.data ?? []} />
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
      <TodayCard area={area} seat={seat} />
      <SeatResults area={area} seat={seat} intervals={intervals.data} error={intervals.error} />
      <MoneyCard area={area} seat={seat} />
      <OtherPrices area={area} seat={seat} side="sell" />
      <SeatActs area={area} seat={seat} usually="sell" />
      <ThumbBar seat={seat} side="sell" names={{ price: said.myPrice, money: said.payout }} currency={area.currency} />
    </div>
  )
}

interface NowCardProps extends SeatViewProps {
  /** The newest results, newest first. */
  intervals: readonly SeatIntervalResource[]
}

function NowCard({ area, seat, intervals }: NowCardProps) {
  const said = householdWords()
  const { account } = useSession()
  const connection = useConnection()
  const trace = useTelemetry(account, seat.seat)
  const nowMs = useNow()
  const newest = trace.at(-1)
  return (
    <Card title={said.roofNow} className="now">
      <Status area={area} seat={seat} intervals={intervals} />
      <SunAhead area={area} seat={seat} />
      {newest ? (
        <PowerFlow
          telemetry={newest}
          ageSeconds={Math.max(0, (nowMs - Date.parse(newest.time)) / 1000)}
          quietSeconds={quietSeconds(connection, Date.parse(newest.time), nowMs)}
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
      <WithWhom interval={intervals[0]} area={area} />
    </Card>
  )
}

/** Whether all is well with the home and its meter; what stops it from trading stands above the whole page. */
function Status({ area, seat, intervals }: NowCardProps) {
  const said = householdWords().status
  const periods = marketWords().periods(area.intervalSeconds)
  const gaps = intervals.filter(({ quality }) => quality !== 'measured').length
  const isWell = problemsOf(area, seat, knownUntilMs(useConnection(), useNow())).length === 0
  const price = activeOrder(seat, 'sell')?.limitPerKwh
  return (
    <p className="status">
      <Badge tone={isWell ? 'good' : 'warn'}>{isWell ? said.well : said.look}</Badge>{' '}
      {price === undefined ? said.paused : said.selling(priceWords(price))}
      {isWell && seat.lastReadingAt !== null && ` ${said.lastValue(localMoment(seat.lastReadingAt))}`}
      {intervals.length > 0 &&
        ` ${gaps === 0 ? said.noGaps(intervals.length, periods) : said.gaps(gaps, intervals.length, periods)}`}
      {gaps > 0 && seat.record.kind !== 'official' && ` ${said.gapsFix}`}
    </p>
  )
}

/** With whom the energy of the newest result was traded: the live values only know the grid. */
function WithWhom({ interval, area }: { interval: SeatIntervalResource | undefined; area: AreaResource }) {
  const said = householdWords()
  if (interval === undefined) return null
  const { start, soldWh, residualExportWh, boughtWh, residualImportWh } = interval
  const ways = [
    soldWh > 0 && said.ways.toNeighbours(energy(soldWh)),
    residualExportWh > 0 && said.ways.toSupplier(energy(residualExportWh)),
    boughtWh > 0 && said.ways.fromNeighbours(energy(boughtWh)),
    residualImportWh > 0 && said.ways.fromSupplier(energy(residualImportWh)),
  ].filter((way) => way !== false)
  if (ways.length === 0) return null
  return <p className="explain with-whom">{said.withWhom(localTime(start, area.intervalSeconds), ways.join(', '))}</p>
}
