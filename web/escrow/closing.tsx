/** Ending a seat: signed by its account, carried to the chain by the server; the money stays the account's. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { actTexts } from './act-words.tsx'

export function ClosingCard({ area, seat }: SeatViewProps) {
  const said = actTexts()
  const session = useSession()
  const queries = useQueryClient()
  const [isSure, setIsSure] = useState(false)
  const sureId = useId()
  const close = useMutation({
    mutationFn: async () => (await part(() => import('./relay.ts'))).closeSeat(session, area, seat),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  return (
    <details className="more">
      <summary>{said.stopTitle}</summary>
      <Card title={said.stopTitle}>
        {seat.closed ? (
          <p role="status">{said.stopped}</p>
        ) : seat.next?.closed ? (
          <p role="status">{said.stopsAt(localMoment(seat.next.validFrom))}</p>
        ) : (
          <>
            <p className="explain">
              {said.stopText(said.period(area.intervalSeconds))} {said.stopForGood}
            </p>
            <p>
              <label id={sureId}>
                <input type="checkbox" checked={isSure} onChange={(event) => setIsSure(event.target.checked)} />{' '}
                {said.iWantToStop}
              </label>
            </p>
            <p>
              <Act isOff={!isSure || close.isPending} describedBy={sureId} press={() => close.mutate()}>
                {close.isPending ? said.signing : said.close}
              </Act>
            </p>
          </>
        )}
        <Trouble error={close.error} />
        {close.data && (
          <p className="sent" role="status">
            {said.closed(<TransactionLink hash={close.data.transaction} />)}
          </p>
        )}
      </Card>
    </details>
  )
}
