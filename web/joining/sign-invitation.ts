/** Signs an invitation and returns it as a link. This part is loaded only when somebody invites. */
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import type { Session } from '../session/session.tsx'

const daySeconds = 86_400

/** An invitation for the given number of accounts that is good for the given number of days from now on. */
export async function signInvitation(
  session: Session,
  area: AreaResource,
  { accounts, days, nowMs }: { accounts: number; days: number; nowMs: number },
): Promise<{ link: string; accounts: number; validUntil: number }> {
  const validUntil = Math.floor(nowMs / 1000) + days * daySeconds
  const invitation = { rules: area.rules.hash, accounts, validUntil, nonce: nowMs }
  const signature = await signFull(await session.identity.signer(), area.chain, 'Invitation', invitation)
  const link = invitationLink(window.location.origin, {
    area: area.area,
    inviter: session.account,
    invitation,
    signature,
  })
  return { link, accounts, validUntil }
}
