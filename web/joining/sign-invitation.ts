/** Signs an invitation for one neighbour, as a link. Loaded only when somebody invites. */
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import type { Session } from '../session/session.tsx'

/** How long a link is good, in seconds. */
const lifeSeconds = 14 * 86_400

export async function signInvitation(session: Session, area: AreaResource, nowMs: number): Promise<string> {
  const validUntil = Math.floor(nowMs / 1000) + lifeSeconds
  const invitation = { rules: area.rules.hash, accounts: 1, validUntil, nonce: nowMs }
  const signature = await signFull(await session.identity.signer(), area.chain, 'Invitation', invitation)
  return invitationLink(window.location.origin, {
    area: area.area,
    inviter: session.account,
    invitation,
    signature,
  })
}
