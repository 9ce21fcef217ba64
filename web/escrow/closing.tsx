/** Ending a seat: signed by its account, carried to the chain by the server; the money stays the account's. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { part } from '../api/part.ts'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { moneyTexts } from './words.tsx'

export function ClosingCard({ area, seat }: SeatViewProps) {
  const said = moneyTexts()
  const session = useSession()
  const queries = useQueryClient()
  const [isSure, setIsSure] = useState(false)
  const close = useMutation({
    mutationFn: async () => (await part(() => import('./relay.ts'))).closeSeat(session, area, seat),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  if (seat.closed) return null
  return (
    <details className="more">
      <summary>{said.stopTitle}</summary>
      <Card title={said.stopTitle}>
        <p className="explain">{said.stopText(said.period(area.intervalSeconds))}</p>
        <p>
          <label>
            <input type="checkbox" checked={isSure} onChange={(event) => setIsSure(event.target.checked)} />{' '}
            {said.iWantToStop}
          </label>
        </p>
        <p>
          <button type="button" disabled={!isSure || close.isPending} onClick={() => close.mutate()}>
            {close.isPending ? said.signing : said.close}
          </button>
        </p>
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
