/** The public view of a market area: the price now, how much is traded, and where it flows. */
import { useQuery } from '@tanstack/react-query'
import type { GrowthResource } from '../../server/api/growth-resources.ts'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { growthQuery, intervalsQuery } from '../api/queries.ts'
import { IntervalProgress } from '../market/interval-progress.tsx'
import { keptInStreet, lastPrice, priceIn, pricesIn } from '../market/market.ts'
import { PriceHeadline } from '../market/price-headline.tsx'
import { PriceScale } from '../market/price-scale.tsx'
import { NoResultYet } from '../market/seat-results.tsx'
import { ZoneMap } from '../market/zone-map.tsx'
import { energy, moneyWords, shareWords } from '../money/format.ts'
import { PageLink, usePathHere } from '../page/address.tsx'
import { Card, Energy, Figure, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import { usePeopleHere } from '../page/person-switch.tsx'
import { duration, localTime } from '../time/clock.ts'
import { neighbourhoodWords } from './words.ts'
import './neighbourhood.css'
import { MarketChart } from '../charts/later-chart.tsx'

const Growth = later(() => import('./growth.tsx'))
const Beneath = later(() => import('./beneath.tsx'))

export function Neighbourhood({ area }: { area: AreaResource }) {
  const said = neighbourhoodWords()
  const intervals = useQuery(intervalsQuery(area.area))
  const growth = useQuery(growthQuery(area.area))
  if (isComing(intervals, growth)) return <PageWaiting />
  const newest = intervals.data?.[0]
  const now = priceIn(newest)
  const span = (intervals.data?.length ?? 0) * area.intervalSeconds
  const traded = (intervals.data ?? []).reduce((sum, each) => sum + each.matchedWh, 0)
  return (
    <>
      <section className="hero" aria-labelledby="hero-title">
        <div className="hero-words">
          <h1 id="hero-title">{said.title}</h1>
          <p className="hero-lead">{said.lead(area.name)}</p>
          <StreetNow area={area} intervals={intervals.data ?? []} today={growth.data?.today} />
          <Ways />
          <IntervalProgress area={area} />
        </div>
        <div className="hero-price card">
          <h2>{said.price}</h2>
          <Trouble error={intervals.error} retry={() => void intervals.refetch()} />
          {intervals.isPending && <Waiting lines={4} />}
          {intervals.data && !newest && <NoResultYet area={area} />}
          {newest && (
            <>
              <PriceHeadline
                area={area}
                prices={pricesIn(newest)}
                where={said.span(
                  localTime(newest.start, area.intervalSeconds),
                  localTime(newest.end, area.intervalSeconds),
                )}
                last={lastPrice(intervals.data ?? [])}
              />
              <PriceScale
                area={area}
                marks={now === null ? [] : [{ name: said.priceNow, pricePerKwh: now, kind: 'now' }]}
              />
              <div className="figures">
                <Figure label={said.tradedIn}>
                  <Energy wh={newest.matchedWh} />
                </Figure>
                <Figure label={said.tradedLast(duration(span))}>
                  <Energy wh={traded} />
                </Figure>
              </div>
            </>
          )}
        </div>
      </section>
      <div className="view">
        <Card title={said.whereItFlows} className="now">
          <ZoneMap area={area} interval={newest} />
        </Card>
        <Card title={said.betweenAndSupplier} className="today">
          {intervals.data && newest ? <MarketChart intervals={intervals.data} /> : <Waiting lines={5} />}
        </Card>
        <Growth area={area} />
      </div>
      <Beneath area={area} />
    </>
  )
}

interface StreetNowProps {
  area: AreaResource
  intervals: readonly IntervalResource[]
  today: GrowthResource['today'] | undefined
}

/** One sentence with the numbers of this street, and what it has saved today. */
function StreetNow({ area, intervals, today }: StreetNowProps) {
  const said = neighbourhoodWords()
  const total = (pick: (interval: IntervalResource) => number) => intervals.reduce((all, each) => all + pick(each), 0)
  const [matchedWh, importWh] = [total((each) => each.matchedWh), total((each) => each.importWh)]
  if (matchedWh === 0) return null
  const span = duration(intervals.length * area.intervalSeconds)
  return (
    <p className="hero-now">
      {said.now(shareWords(matchedWh, importWh), energy(matchedWh), span)}{' '}
      {today !== undefined && today.matchedWh > 0
        ? said.savedToday(moneyWords(today.keptInStreet, area.currency))
        : said.saved(moneyWords(keptInStreet(area, intervals), area.currency), span)}
    </p>
  )
}

/** The next steps: join, or see the page of somebody with a roof or without one. */
function Ways() {
  const said = neighbourhoodWords()
  const pathHere = usePathHere()
  const { people, pathOf } = usePeopleHere()
  const home = people?.find(({ role }) => role === 'household')
  const flat = people?.findLast(({ role }) => role === 'buyer')
  return (
    <p className="hero-join">
      <PageLink to={pathHere('/join')} className="button primary">
        {said.join}
      </PageLink>{' '}
      {home && (
        <PageLink to={pathOf(home)} className="button">
          {said.seeHome}
        </PageLink>
      )}{' '}
      {flat && (
        <PageLink to={pathOf(flat)} className="button">
          {said.seeFlat}
        </PageLink>
      )}
    </p>
  )
}
