/** A home's first card: what yesterday brought compared with the supplier, in one sentence. */
import { useQuery } from '@tanstack/react-query'
import type { SummaryResource } from '../../server/api/resources.ts'
import { summaryQuery } from '../api/queries.ts'
import { AmountBars } from '../market/comparison.tsx'
import { energy, moneyScale } from '../money/format.ts'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localSpan, useNow } from '../time/clock.ts'
import { householdWords } from './words.tsx'

export function YesterdayCard({ area, seat }: SeatViewProps) {
  const said = householdWords()
  const session = useSession()
  const nowMs = useNow()
  const yesterday = useQuery(summaryQuery(session, seat.seat, localSpan('dayBefore', nowMs)))
  const today = useQuery(summaryQuery(session, seat.seat, localSpan('day', nowMs))).data
  return (
    <Card title={said.yesterday} className="today">
      <Trouble error={yesterday.error} retry={() => void yesterday.refetch()} />
      {yesterday.isPending && <Waiting />}
      {yesterday.data && <Told day={yesterday.data} currency={area.currency} />}
      {yesterday.data && !isMeasured(yesterday.data) && today !== undefined && today.soldWh > 0 && (
        <>
          <h3>{said.todaySoFar}</h3>
          <Told day={today} currency={area.currency} />
        </>
      )}
    </Card>
  )
}

/** The difference to the supplier as it is shown, and the two amounts that it lies between. */
function Told({ day, currency }: { day: SummaryResource; currency: string }) {
  const said = householdWords()
  const { received, soldAtFeedIn, soldWh, exportWh, ownUseWh } = day
  const { sign, signedDifference, unit } = moneyScale([received, soldAtFeedIn], currency)
  if (!isMeasured(day)) return <Empty>{said.noYesterday}</Empty>
  if (soldWh === 0) return <Empty>{said.nothingSold(energy(exportWh - ownUseWh))}</Empty>
  const isMore = sign(received, soldAtFeedIn) >= 0
  return (
    <>
      <p className={isMore ? 'huge gain' : 'huge'}>
        <span className="quantity">
          {signedDifference(received, soldAtFeedIn)} <span className="unit">{unit}</span>
        </span>
      </p>
      <p className="lead">{(isMore ? said.moreFor : said.lessFor)(energy(soldWh))}</p>
      <AmountBars
        mine={{ label: said.fromNeighbours, tokens: received }}
        supplier={{ label: said.atFeedIn, tokens: soldAtFeedIn }}
        currency={currency}
      />
    </>
  )
}

function isMeasured({ importWh, exportWh }: SummaryResource): boolean {
  return importWh + exportWh > 0
}
