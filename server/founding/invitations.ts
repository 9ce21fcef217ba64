/** Invitations of an area: what its grid operator or operator signs so that strangers join at the relay's cost. */
import { randomBytes } from 'node:crypto'
import type { Wallet } from 'ethers'
import type { SignedInvitation } from '../../contracts/protocol/invitation-link.ts'
import { type Invitation, parseAddress, signFull } from '../../contracts/protocol/typed-data.ts'
import { FoundingError } from './answers.ts'
import { readOffices } from './area-acts.ts'
import type { ConfiguredArea } from './configured-areas.ts'

/**
 * Signs several invitations, each good for `accounts` accounts until a time (seconds since 1970). Throws `FoundingError` `FOUND_ACT` for a
 * key that holds no office of the area, and `ChainError`.
 */
export async function signInvitations(
  place: ConfiguredArea,
  wallet: Wallet,
  { number, accounts, validUntil }: { number: number; accounts: number; validUntil: number },
): Promise<SignedInvitation[]> {
  const { area, rulesHash, chain } = place.settings
  const offices = await readOffices(place)
  if (offices === null) throw new FoundingError('FOUND_ACT', `area ${area} is not open: run "commonwatt area open"`)
  const { gridOperator, operator } = offices
  const inviter = parseAddress(wallet.address)
  if (inviter !== gridOperator && inviter !== operator) {
    throw new FoundingError(
      'FOUND_ACT',
      `the key of ${inviter} is neither that of area ${area}'s grid operator ${gridOperator} nor of its operator ${operator}`,
    )
  }
  const signed: SignedInvitation[] = []
  while (signed.length < number) {
    const nonce = Number(randomBytes(6).readUIntBE(0, 6))
    const invitation: Invitation = { rules: rulesHash, accounts, validUntil, nonce }
    const signature = await signFull(wallet, chain, 'Invitation', invitation)
    signed.push({ area, ...(inviter === gridOperator ? {} : { inviter }), invitation, signature })
  }
  return signed
}
