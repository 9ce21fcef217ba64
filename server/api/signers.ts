/** Who signed what accounts sign: the account's own key or, where it is a contract wallet, its own word (EIP-1271). */
import type { Address, Hex, TypedDataName, TypedDataValues } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { ApiParts } from './parts.ts'

export type SignerParts = Pick<ApiParts, 'signatures' | 'servicesOf'>

export interface Signed<Name extends TypedDataName> {
  name: Name
  value: TypedDataValues[Name]
  signature: Hex
}

/** Who may have signed: an account, and whether it is worth a question to the chain's node. */
export interface Claimant {
  account: Address
  /** Only for accounts that the area knows: a stranger's is not asked for. */
  mayBeWallet: boolean
}

/** The digest, the key that signed it (null where the signature is none), and whether the account did. */
export interface CheckedSigner {
  digest: Hex
  signer: Address | null
  isByAccount: boolean
}

export async function checkSigner<Name extends TypedDataName>(
  { signatures, servicesOf }: SignerParts,
  { settings }: Pick<AreaHandle, 'settings'>,
  { name, value, signature }: Signed<Name>,
  { account, mayBeWallet }: Claimant,
): Promise<CheckedSigner> {
  const [checked] = await signatures.check(settings.chain, name, [{ value, signature }])
  const { signer, digest } = checked!
  const isByKey = signer === account
  const isByWallet =
    !isByKey && mayBeWallet && (await servicesOf(settings.area).isWalletSignature(account, digest, signature))
  return { digest, signer, isByAccount: isByKey || isByWallet }
}
