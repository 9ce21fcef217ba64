/** The public view of a market area: the price now, how much is traded, and where it flows. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { intervalsQuery } from '../api/queries.ts'
import { IntervalProgress } from '../market/interval-progress.tsx'
import { keptInStreet, lastPrice, priceIn, pricesIn } from '../market/market.ts'
import { PriceHeadline } from '../market/price-headline.tsx'
import { PriceScale } from '../market/price-scale.tsx'
import { NoResultYet } from '../market/seat-results.tsx'
import { ZoneMap } from '../market/zone-map.tsx'
import { energy, moneyWords, percentWords, priceWords } from '../money/format.ts'
import { PageLink, usePathHere } from '../page/address.tsx'
import { Card, Energy, Figure, Trouble, Waiting } from '../page/card.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import { Avatar, peopleByRole, usePeopleHere } from '../page/person-switch.tsx'
import { pageWords } from '../page/words.ts'
import { duration, localTime } from '../time/clock.ts'
import { neighbourhoodWords } from './words.ts'
import './neighbourhood.css'
import { MarketChart } from '../charts/later-chart.tsx'
import { inPageLanguage } from '../words/language.ts'

export function Neighbourhood({ area }: { area: AreaResource }) {
  const said = neighbourhoodWords()
  const intervals = useQuery(intervalsQuery(area.area))
  if (isComing(intervals)) return <PageWaiting />
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
          <StreetNow area={area} intervals={intervals.data ?? []} />
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
      </div>
      <People />
      <Help area={area} />
    </>
  )
}

/** One sentence with this street's own numbers. */
function StreetNow({ area, intervals }: { area: AreaResource; intervals: readonly IntervalResource[] }) {
  const said = neighbourhoodWords()
  const total = (pick: (interval: IntervalResource) => number) => intervals.reduce((all, each) => all + pick(each), 0)
  const [matchedWh, importWh] = [total((each) => each.matchedWh), total((each) => each.importWh)]
  if (matchedWh === 0) return null
  return (
    <p className="hero-now">
      {said.now(
        percentWords(Math.round((matchedWh / importWh) * 100) * 100),
        energy(matchedWh),
        moneyWords(keptInStreet(area, intervals), area.currency),
        duration(intervals.length * area.intervalSeconds),
      )}
    </p>
  )
}

/** What to do next: join, or see how it looks for somebody with a roof or without. */
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

function People() {
  const said = neighbourhoodWords()
  const pathHere = usePathHere()
  const { people, pathOf } = usePeopleHere()
  if (!people) {
    return people === null ? (
      <p className="own-account">
        <PageLink to={pathHere('/account')} className="button primary">
          {said.signIn}
        </PageLink>
      </p>
    ) : null
  }
  return (
    <section className="people" aria-labelledby="people-title">
      <h2 id="people-title">{said.seeItAs}</h2>
      {peopleByRole(people).map(([role, group]) => (
        <div key={role}>
          <h3>{pageWords().groups[role]}</h3>
          <ul>
            {group.map((person) => (
              <li key={person.account}>
                <PageLink to={pathOf(person)}>
                  <Avatar name={person.name} role={person.role} />
                  <span>
                    <span className="person-name">{person.name}</span>
                    <small>{inPageLanguage(person.description)}</small>
                  </span>
                </PageLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

function Help({ area }: { area: AreaResource }) {
  const said = neighbourhoodWords()
  const answers = [
    [
      said.howPrice,
      said.howPriceText(duration(area.intervalSeconds), priceWords(area.feedInPerKwh), priceWords(area.retailPerKwh)),
    ],
    [said.howPaid, said.howPaidText(duration(area.batchSeconds), duration(area.chain.withdrawalDelaySeconds))],
    [said.whatUtility, said.whatUtilityText],
    [said.whatSigned, said.whatSignedText],
  ] as const
  return (
    <section className="help" aria-labelledby="help-title">
      <h2 id="help-title">{said.help}</h2>
      {answers.map(([question, answer]) => (
        <details key={question}>
          <summary>{question}</summary>
          <p>{answer}</p>
        </details>
      ))}
    </section>
  )
}
