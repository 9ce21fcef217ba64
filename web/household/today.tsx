/** What a home has sold to neighbours today, against the supplier, and where the rest of its energy went. */
import { useQuery } from '@tanstack/react-query'
import { summaryQuery } from '../api/queries.ts'
import { AmountBars } from '../market/comparison.tsx'
import { Instead } from '../market/instead.tsx'
import { averagePrice, energy, moneyScale, priceWords } from '../money/format.ts'
import { Card, Energy, Money, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localSpan, useNow } from '../time/clock.ts'
import { householdWords } from './words.tsx'

export default function TodayCard({ area, seat }: SeatViewProps) {
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
