/** What each settlement batch moved for a seat, with its transaction. */
import { useMutation, useQuery } from '@tanstack/react-query'
import type { AreaResource, SeatBatchResource, SeatResource } from '../../server/api/resources.ts'
import { getText } from '../api/client.ts'
import { seatBatchesQuery } from '../api/queries.ts'
import { difference, energy, type MoneyScale, moneyScale, signOf } from '../money/format.ts'
import { Badge, Empty, TransactionLink, Trouble, Waiting } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { each, localDate, localTime } from '../time/clock.ts'
import { Watched } from './watched.tsx'
import { moneyTexts } from './words.tsx'

/** How many payments are listed. */
const shownPayments = 6

export const batchStatusTones = { cut: 'calm', submitted: 'warn', settled: 'good' } as const

export default function Settlements({ area, seat }: { area: AreaResource; seat: SeatResource }) {
  const said = moneyTexts()
  const session = useSession()
  const batches = useQuery(seatBatchesQuery(session, seat.seat))
  const shown = (batches.data ?? []).slice(0, shownPayments)
  const scale = moneyScale(
    shown.map(({ received, paid }) => difference(received, paid)),
    area.currency,
  )
  return (
    <div className="settlements">
      <h3>{said.paidTitle}</h3>
      <Trouble error={batches.error} />
      {batches.isPending && <Waiting />}
      {batches.data?.length === 0 && <Empty>{said.noneYet(each(area.batchSeconds))}</Empty>}
      {batches.data && batches.data.length > 0 && (
        <ol className="settlement-list">
          {shown.map((batch) => (
            <Settlement key={batch.start} area={area} batch={batch} scale={scale} />
          ))}
        </ol>
      )}
    </div>
  )
}

function Settlement({ area, batch, scale }: { area: AreaResource; batch: SeatBatchResource; scale: MoneyScale }) {
  const amount = difference(batch.received, batch.paid)
  const said = moneyTexts()
  const sameDay = new Date(batch.end).toDateString() === new Date().toDateString()
  return (
    <li>
      <time dateTime={batch.end}>{sameDay ? localTime(batch.end) : localDate(batch.end)}</time>
      <span className="soft">
        {[
          batch.soldWh > 0 && said.sold(energy(batch.soldWh)),
          batch.boughtWh > 0 && said.bought(energy(batch.boughtWh)),
        ]
          .filter(Boolean)
          .join(', ') || said.noTrade}
        <Statement batch={batch} />
        <Watched area={area} batch={batch} />
      </span>
      <span className="amount">
        {signOf(amount) > 0 && '+'}
        {scale.words(amount)}
      </span>
      {batch.transaction ? (
        <TransactionLink hash={batch.transaction} />
      ) : (
        <Badge tone={batchStatusTones[batch.status]}>{said.statuses[batch.status]}</Badge>
      )}
    </li>
  )
}

/** A button that saves the batch's statement as a file, for `commonwatt verify`. */
function Statement({ batch }: { batch: SeatBatchResource }) {
  const said = moneyTexts()
  const session = useSession()
  const save = useMutation({
    mutationFn: async () => {
      const { account } = session
      const { end, seat } = batch
      const name = `commonwatt-statement-${batch.seat}-${batch.end.replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '')}.json`
      saveFile(
        await getText('/accounts/{account}/statements/{end}', { account, end, seat }, session),
        name,
        'application/json',
      )
    },
  })
  return (
    <>
      {' · '}
      <button
        type="button"
        className="in-text"
        disabled={save.isPending}
        onClick={() => save.mutate()}
        aria-label={said.saveStatement(localTime(batch.end))}
      >
        {said.statement}
      </button>
      {save.error && <span role="alert"> {save.error.message}</span>}
    </>
  )
}
