/** What each settlement batch moved for a seat, with its transaction. */
import { useMutation, useQuery } from '@tanstack/react-query'
import type { AreaResource, SeatBatchResource, SeatResource } from '../../server/api/resources.ts'
import { getText } from '../api/client.ts'
import { seatBatchesQuery } from '../api/queries.ts'
import { difference, energy } from '../money/format.ts'
import { Badge, Empty, Money, TransactionLink, Trouble, Waiting } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { duration, localDate, localTime } from '../time/clock.ts'
import { Watched } from './watched.tsx'

export const batchStatusWords = { cut: 'waiting', submitted: 'sent', settled: 'settled' } as const
export const batchStatusTones = { cut: 'calm', submitted: 'warn', settled: 'good' } as const

export function Settlements({ area, seat }: { area: AreaResource; seat: SeatResource }) {
  const session = useSession()
  const batches = useQuery(seatBatchesQuery(session, seat.seat))
  return (
    <div className="settlements">
      <h3>Settled on chain</h3>
      <Trouble error={batches.error} />
      {batches.isPending && <Waiting />}
      {batches.data?.length === 0 && (
        <Empty>No settlement yet. Trades are settled together every {duration(area.batchSeconds)}.</Empty>
      )}
      {batches.data && batches.data.length > 0 && (
        <ol className="settlement-list">
          {batches.data.slice(0, 6).map((batch) => (
            <Settlement key={batch.start} area={area} batch={batch} />
          ))}
        </ol>
      )}
    </div>
  )
}

function Settlement({ area, batch }: { area: AreaResource; batch: SeatBatchResource }) {
  const sameDay = new Date(batch.end).toDateString() === new Date().toDateString()
  return (
    <li>
      <time dateTime={batch.end}>{sameDay ? localTime(batch.end) : localDate(batch.end)}</time>
      <span className="soft">
        {[batch.soldWh > 0 && `${energy(batch.soldWh)} sold`, batch.boughtWh > 0 && `${energy(batch.boughtWh)} bought`]
          .filter(Boolean)
          .join(', ') || 'no trade'}
        <Statement batch={batch} />
        <Watched area={area} batch={batch} />
      </span>
      <span className="amount">
        <Money tokens={difference(batch.received, batch.paid)} currency={area.currency} signed />
      </span>
      {batch.transaction ? (
        <TransactionLink hash={batch.transaction} />
      ) : (
        <Badge tone={batchStatusTones[batch.status]}>{batchStatusWords[batch.status]}</Badge>
      )}
    </li>
  )
}

/** The batch's statement as a file, for `commonwatt verify`. */
function Statement({ batch }: { batch: SeatBatchResource }) {
  const session = useSession()
  const save = useMutation({
    mutationFn: async () => {
      const path = `/accounts/${session.account}/statements/${encodeURIComponent(batch.end)}?seat=${batch.seat}`
      const name = `commonwatt-statement-${batch.seat}-${batch.end.replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '')}.json`
      saveFile(await getText(path, session), name, 'application/json')
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
        aria-label={`Save the statement of the settlement at ${localTime(batch.end)}`}
      >
        statement
      </button>
      {save.error && <span role="alert"> {save.error.message}</span>}
    </>
  )
}
