/** The public view of a market area: the price now, how much is traded, and where it flows. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { AreaResource } from '../../server/api/resources.ts'
import { intervalsQuery, peopleQuery } from '../api/queries.ts'
import { MarketChart } from '../charts/market-chart.tsx'
import { IntervalProgress } from '../market/interval-progress.tsx'
import { priceIn } from '../market/market.ts'
import { PriceScale } from '../market/price-scale.tsx'
import { NoResultYet } from '../market/seat-results.tsx'
import { ZoneMap } from '../market/zone-map.tsx'
import { cents, priceWords } from '../money/format.ts'
import { Card, Energy, Figure, Trouble, Waiting } from '../page/card.tsx'
import { Avatar, peopleByRole, roleWords } from '../page/person-switch.tsx'
import { slugOf } from '../session/identity.ts'
import { duration, localTime } from '../time/clock.ts'
import './neighbourhood.css'

export function Neighbourhood({ area }: { area: AreaResource }) {
  const intervals = useQuery(intervalsQuery(area.area))
  const newest = intervals.data?.[0]
  const now = priceIn(newest)
  const span = (intervals.data?.length ?? 0) * area.intervalSeconds
  const traded = (intervals.data ?? []).reduce((sum, each) => sum + each.matchedWh, 0)
  return (
    <>
      <section className="hero" aria-labelledby="hero-title">
        <div className="hero-words">
          <h1 id="hero-title">Sunshine from next door.</h1>
          <p className="hero-lead">
            In {area.name}, roofs sell what they do not use to the homes around them. Everybody does better than with
            the supplier, and nobody pays or earns anything they did not sign for.
          </p>
          <p className="hero-join">
            <Link to="/join" className="button primary">
              Join with my home
            </Link>
          </p>
          <IntervalProgress area={area} />
        </div>
        <div className="hero-price card">
          <h2>Price between neighbours</h2>
          <Trouble error={intervals.error} retry={() => void intervals.refetch()} />
          {intervals.isPending && <Waiting lines={4} />}
          {intervals.data && !newest && <NoResultYet area={area} />}
          {newest && (
            <>
              <p className="huge">
                {now === null ? <span className="soft">no trade</span> : cents(now)}{' '}
                <span className="unit">ct/kWh</span>
              </p>
              <p className="lead">
                {localTime(newest.start, area.intervalSeconds)} to {localTime(newest.end, area.intervalSeconds)}
                {now === null && ': no neighbour had anything to sell'}
              </p>
              <PriceScale
                area={area}
                marks={now === null ? [] : [{ name: 'price now', pricePerKwh: now, kind: 'now' }]}
              />
              <div className="figures">
                <Figure label="traded in it">
                  <Energy wh={newest.matchedWh} />
                </Figure>
                <Figure label={`in the last ${duration(span)}`}>
                  <Energy wh={traded} />
                </Figure>
              </div>
            </>
          )}
        </div>
      </section>
      <div className="view">
        <Card title="Where it flows" className="now">
          <ZoneMap area={area} interval={newest} />
        </Card>
        <Card title="Between neighbours and with the supplier" className="today">
          {intervals.data && newest ? <MarketChart intervals={intervals.data} /> : <Waiting lines={5} />}
        </Card>
      </div>
      <People />
      <Help area={area} />
    </>
  )
}

function People() {
  const people = useQuery(peopleQuery).data
  if (!people) {
    return people === null ? (
      <p className="own-account">
        <Link to="/account" className="button primary">
          Sign in with my account
        </Link>
      </p>
    ) : null
  }
  return (
    <section className="people" aria-labelledby="people-title">
      <h2 id="people-title">See it as one of them</h2>
      {peopleByRole(people).map(([role, group]) => (
        <div key={role}>
          <h3>{roleWords[role].many}</h3>
          <ul>
            {group.map((person) => (
              <li key={person.account}>
                <Link to="/people/$person" params={{ person: slugOf(person.name) }}>
                  <Avatar name={person.name} role={person.role} />
                  <span>
                    <span className="person-name">{person.name}</span>
                    <small>{person.description}</small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

function Help({ area }: { area: AreaResource }) {
  return (
    <section className="help" aria-labelledby="help-title">
      <h2 id="help-title">How it works</h2>
      <details>
        <summary>How does the price come about?</summary>
        <p>
          Every {duration(area.intervalSeconds)} the meters report what was fed in and taken. Sellers have said how
          little they accept, buyers how much they pay. One price per zone is found at which the most worth changes
          hands; whoever sells above it or buys below it does not trade. It lies between the feed-in tariff of{' '}
          {priceWords(area.feedInPerKwh)} and the retail tariff of {priceWords(area.retailPerKwh)} as long as that is
          what people ask. Crossing a link costs its grid fee, and a full link lets prices differ.
        </p>
      </details>
      <details>
        <summary>How is it paid?</summary>
        <p>
          Buyers keep a budget in an escrow contract. Every {duration(area.batchSeconds)} all trades are settled there
          in one transaction that checks each meter’s signature and everybody’s signed limits. Producers ask for a
          payout and collect it {duration(area.chain.withdrawalDelaySeconds)} later. Nobody can block that.
        </p>
      </details>
      <details>
        <summary>What does the utility see?</summary>
        <p>
          For every meter and interval a report in which metered energy is matched energy plus the rest that stays with
          the supplier, to the watt-hour, and everything needed to compute it again from the signed readings.
        </p>
      </details>
      <details>
        <summary>What is signed where?</summary>
        <p>
          Keys stay with their owners. The meter signs its readings in the home; a price, a pause, a deposit or a payout
          is signed in this browser. The server signs nothing for anybody.
        </p>
      </details>
    </section>
  )
}
