/** In the demo everybody is invited: everybody knows the key of its grid operator, which signs an invitation for whoever asks. */
import type { SignedInvitation } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { signerOfKey } from '../session/keys.ts'

const hourSeconds = 3_600

/** An invitation for one account that is good for an hour; null where nobody of the demo is the area's grid operator. */
export async function demoInvitation(
  people: readonly DemoPerson[],
  { area, rules, offices, chain }: AreaResource,
  nowMs: number,
): Promise<SignedInvitation | null> {
  const grid = people.find(({ account }) => account.toLowerCase() === offices.grid)
  if (grid === undefined) return null
  const validUntil = Math.floor(nowMs / 1000) + hourSeconds
  const invitation = { rules: rules.hash, accounts: 1, validUntil, nonce: nowMs }
  return { area, invitation, signature: await signFull(signerOfKey(grid.privateKey), chain, 'Invitation', invitation) }
}
