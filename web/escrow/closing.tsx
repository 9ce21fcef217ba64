/** Ending a seat: signed by its account, carried to the chain by the server; the money stays the account's. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'

export function ClosingCard({ area, seat }: SeatViewProps) {
  const session = useSession()
  const queries = useQueryClient()
  const [isSure, setIsSure] = useState(false)
  const close = useMutation({
    mutationFn: async () => (await import('./relay.ts')).closeSeat(session, area, seat),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  if (seat.closed) return null
  return (
    <details className="more">
      <summary>Stop trading for good</summary>
      <Card title="Stop trading for good">
        <p className="explain">
          From the next interval on this meter sells and buys nothing here. What was traded before is settled as always,
          your balance stays yours and can be asked for at any time. To come back you open a new seat.
        </p>
        <p>
          <label>
            <input type="checkbox" checked={isSure} onChange={(event) => setIsSure(event.target.checked)} /> I want to
            stop
          </label>
        </p>
        <p>
          <button type="button" disabled={!isSure || close.isPending} onClick={() => close.mutate()}>
            {close.isPending ? 'Signing…' : 'Close my seat'}
          </button>
        </p>
        <Trouble error={close.error} />
        {close.data && (
          <p className="sent" role="status">
            Closed in transaction <TransactionLink hash={close.data.transaction} />.
          </p>
        )}
      </Card>
    </details>
  )
}
