/**
 * Grants of data: what the numbers in a `DataGrant` mean, and how an account takes its grants back, for which the contract
 * `Revocations` keeps one number for each account.
 */
import { TypedDataEncoder, verifyTypedData } from 'ethers/hash'
import { type Address, type DataGrant, fieldsOf, type Hex, type TypedDataSigner } from './typed-data.ts'

/** What a grant opens, each a bit of its `scope`. */
export const grantScopes = {
  /** What was metered, traded and paid in each interval and batch. */
  intervals: 1,
  /** The meter's signed registers. */
  readings: 2,
  /** Statements with their proofs, which hold the readings of their batch. */
  statements: 4,
} as const
export type GrantScope = keyof typeof grantScopes

/** How fine the data may be, by the number that is signed: each interval, or only sums over whole days (UTC). */
export const granularities = ['interval', 'day'] as const

/** The scopes of a signed number, in their order. */
export function scopesOf(scope: number): GrantScope[] {
  return (Object.keys(grantScopes) as GrantScope[]).filter((name) => (scope & grantScopes[name]) !== 0)
}

/** What the account granted under a lower nonce is void. */
export interface RevokeGrants {
  account: Address
  below: number
  deadline: number
}

/**
 * The number grows by so much at once: a grant with a nonce beyond it could not be taken back with one signature. It has room for
 * nonces that count milliseconds since 1970, and 2,048 such steps are below the largest safe integer.
 */
export const longestRevocationStep = 2 ** 42

export const revokeGrantsTypes = { RevokeGrants: fieldsOf('address account,uint64 below,uint32 deadline') }

/** The contract `Revocations` on one chain. */
export interface RevocationsDomain {
  chainId: number
  revocations: Address
}

/** The domain in the form that ethers and wallets take. */
export function revocationsDomainOf({ chainId, revocations }: RevocationsDomain) {
  return { name: 'Commonwatt revocations', version: '1', chainId, verifyingContract: revocations }
}

export function digestOfRevocation(domain: RevocationsDomain, value: RevokeGrants): Hex {
  return TypedDataEncoder.hash(revocationsDomainOf(domain), revokeGrantsTypes, value)
}

/** The 65-byte signature r, s, v. */
export function signRevocation(signer: TypedDataSigner, domain: RevocationsDomain, value: RevokeGrants): Promise<Hex> {
  return signer.signTypedData(revocationsDomainOf(domain), revokeGrantsTypes, { ...value })
}

/** The address whose key signed it; null where the signature is none. */
export function signerOfRevocation(domain: RevocationsDomain, value: RevokeGrants, signature: Hex): Address | null {
  try {
    return verifyTypedData(revocationsDomainOf(domain), revokeGrantsTypes, value, signature).toLowerCase()
  } catch {
    return null
  }
}

/** Whether a grant opens only sums over whole days: such a grant opens nothing that shows single intervals. */
export function isDaily({ granularity }: Pick<DataGrant, 'granularity'>): boolean {
  return granularities[granularity] === 'day'
}
