/** The public view of a market area: the price now, how much is traded, and where it flows. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { intervalsQuery, peopleQuery } from '../api/queries.ts'
import { IntervalProgress } from '../market/interval-progress.tsx'
import { priceIn } from '../market/market.ts'
import { PriceScale } from '../market/price-scale.tsx'
import { NoResultYet } from '../market/seat-results.tsx'
import { ZoneMap } from '../market/zone-map.tsx'
import { cents, priceWords } from '../money/format.ts'
import { PageLink } from '../page/address.tsx'
import { Card, Energy, Figure, Trouble, Waiting } from '../page/card.tsx'
import { Avatar, peopleByRole } from '../page/person-switch.tsx'
import { pageWords } from '../page/words.ts'
import { slugOf } from '../session/identity.ts'
import { duration, localTime } from '../time/clock.ts'
import { neighbourhoodWords } from './words.ts'
import './neighbourhood.css'
import { LaterChart, MarketChart } from '../charts/later-chart.tsx'

export function Neighbourhood({ area }: { area: AreaResource }) {
  const said = neighbourhoodWords()
  const intervals = useQuery(intervalsQuery(area.area))
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
          <p className="hero-join">
            <PageLink to="/join" className="button primary">
              {said.join}
            </PageLink>
          </p>
          <IntervalProgress area={area} />
        </div>
        <div className="hero-price card">
          <h2>{said.price}</h2>
          <Trouble error={intervals.error} retry={() => void intervals.refetch()} />
          {intervals.isPending && <Waiting lines={4} />}
          {intervals.data && !newest && <NoResultYet area={area} />}
          {newest && (
            <>
              <p className="huge">
                {now === null ? <span className="soft">{said.noTrade}</span> : cents(now)}{' '}
                <span className="unit">ct/kWh</span>
              </p>
              <p className="lead">
                {said.span(localTime(newest.start, area.intervalSeconds), localTime(newest.end, area.intervalSeconds))}
                {now === null && said.nothingToSell}
              </p>
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
          {intervals.data && newest ? (
            <LaterChart>
              <MarketChart intervals={intervals.data} />
            </LaterChart>
          ) : (
            <Waiting lines={5} />
          )}
        </Card>
      </div>
      <People />
      <Help area={area} />
    </>
  )
}

function People() {
  const said = neighbourhoodWords()
  const people = useQuery(peopleQuery).data
  if (!people) {
    return people === null ? (
      <p className="own-account">
        <PageLink to="/account" className="button primary">
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
                <PageLink to={`/people/${slugOf(person.name)}`}>
                  <Avatar name={person.name} role={person.role} />
                  <span>
                    <span className="person-name">{person.name}</span>
                    <small>{person.description}</small>
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
