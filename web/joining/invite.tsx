/** A member invites a neighbour: a link that the account signs, with which the newcomer's own transactions are paid for. */
import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { Card, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'

/** How long a link is good, in seconds. */
const lifeSeconds = 14 * 86_400

export function InviteCard({ area, seat }: SeatViewProps) {
  const session = useSession()
  const fieldId = useId()
  const invite = useMutation({
    mutationFn: async () => {
      const nowMs = Date.now()
      const validUntil = Math.floor(nowMs / 1000) + lifeSeconds
      const invitation = { rules: area.rules.hash, accounts: 1, validUntil, nonce: nowMs }
      const signature = await signFull(await session.identity.signer(), area.chain, 'Invitation', invitation)
      return invitationLink(window.location.origin, {
        area: area.area,
        inviter: session.account,
        invitation,
        signature,
      })
    },
  })
  if (!seat.confirmed || seat.closed) return null
  return (
    <details className="more">
      <summary>Invite a neighbour</summary>
      <Card title="Invite a neighbour">
        <p className="explain">
          You sign a link for one neighbour. Whoever opens it within two weeks can join without paying for the chain.
          You can bring five a year.
        </p>
        <p>
          <button type="button" disabled={invite.isPending} onClick={() => invite.mutate()}>
            {invite.isPending ? 'Signing…' : 'Make a link'}
          </button>
        </p>
        <Trouble error={invite.error} />
        {invite.data !== undefined && (
          <p className="field">
            <label htmlFor={fieldId}>Send this link to your neighbour</label>
            <input id={fieldId} readOnly value={invite.data} onFocus={(event) => event.target.select()} />
          </p>
        )}
      </Card>
    </details>
  )
}
