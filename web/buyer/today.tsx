/** What somebody has bought from neighbours today, against the supplier, and what the supplier brought. */
import { useQuery } from '@tanstack/react-query'
import { summaryQuery } from '../api/queries.ts'
import { AmountBars } from '../market/comparison.tsx'
import { Instead } from '../market/instead.tsx'
import { averagePrice, energy, moneyScale, moneyWords, priceWords, shareWords } from '../money/format.ts'
import { Card, Empty, Energy, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localSpan, useNow } from '../time/clock.ts'
import { buyerWords } from './words.ts'

export default function TodayCard({ area, seat }: SeatViewProps) {
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
              <dd>{shareWords(today.boughtWh, today.importWh)}</dd>
            </div>
          </dl>
        </>
      )}
    </Card>
  )
}
