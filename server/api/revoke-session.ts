/** Taking a session key back in every area of one escrow in which its account has a seat. */
import type { z } from 'zod'
import type { AreaHandle } from '../areas/area-handle.ts'
import { sessionRevocation } from '../store/queries-orders.ts'
import { seatsOfAccount } from '../store/queries-seats.ts'
import { areaOf } from './parts.ts'
import type { OrderParts } from './place-order.ts'
import { isoTime } from './present.ts'
import { ApiError } from './problem.ts'
import type { revocationSchema } from './resources.ts'
import type { signedRevocationSchema } from './signed-requests.ts'
import { checkSigner } from './signers.ts'

/**
 * The account signs once for all areas of the escrow. Repeating it changes nothing, so whoever hears that an area cannot take
 * it now sends it again. Throws `ApiError` (`AREA_UNKNOWN`, `SEAT_UNKNOWN`, `REVOCATION_SIGNATURE`), `AreaError` or
 * `SignatureCheckError`.
 */
export async function revokeSessionKey(
  parts: OrderParts,
  request: z.output<typeof signedRevocationSchema>,
): Promise<z.infer<typeof revocationSchema>> {
  const { account, key, from, signature } = request
  const signedFor = areaOf(parts.areas, request.area)
  const seated = await areasOfAccount(parts, signedFor, account)
  if (seated.length === 0)
    throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat in an area of this escrow`)
  const signed = { name: 'RevokeSessionKey', value: { account, key, from }, signature } as const
  const { isByAccount } = await checkSigner(parts, signedFor, signed, { account, mayBeWallet: true })
  if (!isByAccount) throw new ApiError('REVOCATION_SIGNATURE', `the revocation must be signed by ${account}`)
  const areas = await Promise.all(
    seated.map(async ({ area, id }) => {
      const events = await area.submit({ type: 'revoke-session', account, key, from, signature })
      const revoked = events.find((event) => event.type === 'session-revoked')
      // It had been taken back before, from then on or earlier.
      const effective = revoked?.from ?? (await sessionRevocation(parts.database, id, { account, key }))!
      return { area: area.settings.area, from: isoTime(effective) }
    }),
  )
  return { account, key, areas }
}

/** The areas of the same escrow in which the account has a seat: others keep nothing of a key that cannot trade there. */
async function areasOfAccount(
  { database, areas, tables }: OrderParts,
  { settings: { chain } }: AreaHandle,
  account: string,
): Promise<{ area: AreaHandle; id: number }[]> {
  const ofEscrow = areas.all().filter(({ settings }) => {
    return settings.chain.chainId === chain.chainId && settings.chain.escrow === chain.escrow
  })
  const known = await Promise.all(ofEscrow.map(async (area) => ({ area, id: await tables.idOf(area) })))
  const seats = await seatsOfAccount(database, { account, areas: known.map(({ id }) => id), limit: mostSeats })
  const seated = new Set(seats.map(({ area_id }) => area_id))
  return known.filter(({ id }) => seated.has(id))
}

const mostSeats = 1_000
