/**
 * The card with which a member invites a neighbour. The account signs a link that lets the server pay for the newcomer's
 * transactions.
 */
import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { part } from '../api/part.ts'
import { Card, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { joiningWords } from './words.tsx'

/** The terms of a link for one account that is good for two weeks. */
const neighbour = (nowMs: number) => ({ accounts: 1, days: 14, nowMs })

export function InviteCard({ area, seat }: SeatViewProps) {
  const said = joiningWords()
  const session = useSession()
  const fieldId = useId()
  const invite = useMutation({
    mutationFn: async () =>
      (await part(() => import('./sign-invitation.ts'))).signInvitation(session, area, neighbour(Date.now())),
  })
  if (!seat.confirmed || seat.closed) return null
  return (
    <details className="more">
      <summary>{said.invite}</summary>
      <Card title={said.invite}>
        <p className="explain">{said.inviteText}</p>
        <p>
          <button type="button" disabled={invite.isPending} onClick={() => invite.mutate()}>
            {invite.isPending ? said.signing : said.makeLink}
          </button>
        </p>
        <Trouble error={invite.error} />
        {invite.data !== undefined && (
          <p className="field">
            <label htmlFor={fieldId}>{said.sendLink}</label>
            <input id={fieldId} readOnly value={invite.data.link} onFocus={(event) => event.target.select()} />
          </p>
        )}
      </Card>
    </details>
  )
}
