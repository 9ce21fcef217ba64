/** Signs grants of data in the browser, and takes them back. */
import { signRevocation } from '../../contracts/protocol/data-grants.ts'
import { type DataGrant, signFull } from '../../contracts/protocol/typed-data.ts'
import type { GrantResource, GrantsRevokedResource } from '../../server/api/grant-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'
import { again, endingWith } from './grant.ts'

/** How long a revocation may wait for the chain, in seconds. */
const lifeSeconds = 86_400

/**
 * Signs a grant and hands it in. The time serves as its nonce, unless the account once took back all grants below a higher
 * number.
 */
export async function giveGrant(session: Session, area: AreaResource, draft: DataGrant): Promise<GrantResource> {
  const { account } = session
  const { lowestNonce } = await getJson('/accounts/{account}/grants/next', { account, area: area.area }, session)
  const grant = { ...draft, nonce: Math.max(draft.nonce, lowestNonce) }
  const signature = await signFull(await session.identity.signer(), area.chain, 'DataGrant', grant)
  const body = { grant: { ...grant, seat: grant.seat.toString() }, signature }
  return postJson('/accounts/{account}/grants', { account }, body, session)
}

/** Takes one grant back. It signs the other grants that end with it again, so that they go on. */
export async function takeGrantBack(
  session: Session,
  taken: GrantResource,
  grants: readonly GrantResource[],
): Promise<GrantsRevokedResource> {
  const { account } = session
  const { area, chainId, revocations } = taken
  const value = { account, below: taken.nonce + 1, deadline: Math.floor(Date.now() / 1000) + lifeSeconds }
  const signature = await signRevocation(await session.identity.signer(), { chainId, revocations }, value)
  const { below, deadline } = value
  // Everything that is needed to sign the others again is fetched before any grant ends.
  const goingOn = endingWith(taken, grants)
  const areas = new Map<number, AreaResource>()
  for (const other of goingOn) {
    if (!areas.has(other.area)) areas.set(other.area, await getJson('/areas/{area}', { area: String(other.area) }))
  }
  const body = { area, below, deadline, signature }
  const revoked = await postJson('/accounts/{account}/grants/revocations', { account }, body, session)
  const nonce = Math.max(Date.now(), below)
  for (const [index, other] of goingOn.entries()) {
    await giveGrant(session, areas.get(other.area)!, again(other, nonce + index))
  }
  return revoked
}
