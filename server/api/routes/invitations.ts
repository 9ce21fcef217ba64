/** Invitations: whoever may invite signs one for so many accounts, and each of them takes its place with it. */
import { z } from 'zod'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { seatsOfAccount } from '../../store/queries-seats.ts'
import { acceptInvitation } from '../../store/relay-store.ts'
import type { SeatRow } from '../../store/rows.ts'
import { createAllowance } from '../allowance.ts'
import { areaInput } from '../paging.ts'
import { areaOf, gridOperatorOf } from '../parts.ts'
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
/** Accounts that a member brings within a year. */
const mostOfMember = 5
/** Seats of a member that are looked at. */
const mostSeats = 1_000

export function invitationRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables, servicesOf } = parts
  const allowance = createAllowance({ mostPerMinute, done: 'one account may show an invitation' })
  /** Those who hold an office invite as many as they like, a member with a confirmed meter a few. Throws `INVITATION_SIGNATURE`. */
  async function rightOf(area: AreaHandle, inviter: Address): Promise<{ quota: number | null }> {
    const { grid, operator } = servicesOf(area.settings.area).officesOf(area.settings.area)
    if (inviter === grid || inviter === operator) return { quota: null }
    const seats = await seatsOfAccount(database, {
      account: inviter,
      areas: [await tables.idOf(area)],
      limit: mostSeats,
    })
    if (seats.some(isConfirmedNow)) return { quota: mostOfMember }
    throw new ApiError('INVITATION_SIGNATURE', `${inviter} invites nobody here: it has no confirmed meter`)
  }

  return [
    route({
      id: 'acceptInvitation',
      method: 'post',
      path: '/areas/:area/invitations',
      tag: 'Relay',
      summary:
        'Takes an invitation of the area’s grid operator, operator or a member: from then on what the account signs is relayed',
      private: true,
      params: z.object({ area: areaInput }),
      body: signedInvitationSchema,
      answers: { 200: invitedSchema },
      async handle({ params: { area: number }, body, session }) {
        const { invitation, signature } = body
        const { account } = await session()
        const now = Date.now()
        allowance.use(account, now)
        const area = areaOf(areas, number)
        const { rulesHash } = area.settings
        if (invitation.rules !== rulesHash) {
          throw new ApiError('RULES_UNKNOWN', `area ${number} has the rules ${rulesHash}`)
        }
        const { validUntil, accounts } = invitation
        if (validUntil * 1000 <= now || validUntil * 1000 > now + yearSeconds * 1000) {
          const message = `an invitation holds for at most a year, this one until ${isoTime(validUntil)}`
          throw new ApiError('INVITATION_ENDED', message)
        }
        const { inviter = gridOperatorOf(parts, area) } = body
        const { quota } = await rightOf(area, inviter)
        const signed = { name: 'Invitation', value: invitation, signature } as const
        const { digest, isByAccount } = await checkSigner(parts, area, signed, { account: inviter, mayBeWallet: true })
        if (!isByAccount) throw new ApiError('INVITATION_SIGNATURE', `the invitation must be signed by ${inviter}`)
        const areaId = await tables.idOf(area)
        const query = { area: areaId, account, invitation: digest, accounts, inviter, quota }
        if ((await acceptInvitation(database, query)) === 'full') {
          const places = quota === null ? `${accounts} places` : `${Math.min(accounts, quota)} places a year`
          throw new ApiError('INVITATION_ENDED', `all ${places} of this invitation are taken`)
        }
        return { status: 200, body: { area: number, account } }
      },
    }),
  ]
}

/** The grid operator has confirmed the seat's meter, and neither it nor the account has ended that. */
function isConfirmedNow({ chain }: SeatRow): boolean {
  const last = chain.terms.at(-1)!
  return last.nameplateWh !== null && !last.closed
}
