/** Invitations: a grid operator signs one for so many accounts, and each of them takes its place with it. */
import { z } from 'zod'
import { acceptInvitation } from '../../store/relay-store.ts'
import { createAllowance } from '../allowance.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { invitedSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { signedInvitationSchema } from '../signed-requests.ts'
import { checkSigner } from '../signers.ts'

const yearSeconds = 365 * 86_400
/** Invitations that one account may show in a minute. */
const mostPerMinute = 30

export function invitationRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables } = parts
  const allowance = createAllowance({ mostPerMinute, done: 'one account may show an invitation' })
  return [
    route({
      id: 'acceptInvitation',
      method: 'post',
      path: '/areas/:area/invitations',
      tag: 'Relay',
      summary: 'Takes an invitation of the area’s grid operator: from then on what the account signs is relayed',
      private: true,
      params: z.object({ area: z.coerce.number().int().min(0).max(0xffff_ffff) }),
      body: signedInvitationSchema,
      answers: { 200: invitedSchema },
      async handle({ params: { area: number }, body: { invitation, signature }, session }) {
        const { account } = await session()
        const now = Date.now()
        allowance.use(account, now)
        const area = areaOf(areas, number)
        const { rulesHash, rules } = area.settings
        if (invitation.rules !== rulesHash) {
          throw new ApiError('RULES_UNKNOWN', `area ${number} has the rules ${rulesHash}`)
        }
        const { validUntil, accounts } = invitation
        if (validUntil * 1000 <= now || validUntil * 1000 > now + yearSeconds * 1000) {
          const message = `an invitation holds for at most a year, this one until ${isoTime(validUntil)}`
          throw new ApiError('INVITATION_ENDED', message)
        }
        const signed = { name: 'Invitation', value: invitation, signature } as const
        const { digest, isByAccount } = await checkSigner(parts, area, signed, {
          account: rules.grid,
          mayBeWallet: true,
        })
        if (!isByAccount) throw new ApiError('INVITATION_SIGNATURE', `the invitation must be signed by ${rules.grid}`)
        const query = { area: await tables.idOf(area), account, invitation: digest, accounts }
        if ((await acceptInvitation(database, query)) === 'full') {
          throw new ApiError('INVITATION_ENDED', `all ${accounts} places of this invitation are taken`)
        }
        return { status: 200, body: { area: number, account } }
      },
    }),
  ]
}
