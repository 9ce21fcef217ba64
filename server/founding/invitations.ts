/** Invitations of an area: what its grid operator signs so that strangers join at the relay's cost. */
import { randomBytes } from 'node:crypto'
import type { Wallet } from 'ethers'
import type { SignedInvitation } from '../../contracts/protocol/invitation-link.ts'
import { type Invitation, parseAddress, signFull } from '../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { FoundingError } from './answers.ts'

/** Each of so many is good for `accounts` accounts until then (seconds since 1970). Throws `FoundingError` `FOUND_ACT` for another key. */
export async function signInvitations(
  { area, rules, rulesHash, chain }: AreaSettings,
  grid: Wallet,
  { number, accounts, validUntil }: { number: number; accounts: number; validUntil: number },
): Promise<SignedInvitation[]> {
  if (parseAddress(grid.address) !== rules.grid) {
    throw new FoundingError(
      'FOUND_ACT',
      `the key of ${grid.address} is not that of area ${area}'s grid operator ${rules.grid}`,
    )
  }
  const signed: SignedInvitation[] = []
  while (signed.length < number) {
    const nonce = Number(randomBytes(6).readUIntBE(0, 6))
    const invitation: Invitation = { rules: rulesHash, accounts, validUntil, nonce }
    signed.push({ area, invitation, signature: await signFull(grid, chain, 'Invitation', invitation) })
  }
  return signed
}
