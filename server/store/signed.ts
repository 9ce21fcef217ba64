/** What accounts signed, as it lies in the tables: the canonical bytes of the command that brought it. */
import type { CommandOf, OrderFields, SessionGrant, SignedAgreement } from '../market/area/area.ts'
import { decodeCommand } from '../market/engine/journal.ts'

export interface SignedOrder {
  order: OrderFields
  /** The signature of the account or, where there is a session, of its key. */
  signature: string
  session: SessionGrant | null
}

export interface SignedByBoth {
  agreement: SignedAgreement
  sellerSignature: string
  buyerSignature: string
}

export interface SignedRevocation {
  /** The boundary from which on the account wished it. */
  signedFrom: number
  signature: string
}

export function decodeSignedOrder(bytes: Uint8Array): SignedOrder {
  const { order, signature, session } = decodeCommand(bytes) as CommandOf<'order'>
  return { order, signature, session }
}

export function decodeSignedAgreement(bytes: Uint8Array): SignedByBoth {
  const { agreement, sellerSignature, buyerSignature } = (decodeCommand(bytes) as CommandOf<'agreements'>).items[0]!
  return { agreement, sellerSignature, buyerSignature }
}

export function decodeSignedRevocation(bytes: Uint8Array): SignedRevocation {
  const { from, signature } = decodeCommand(bytes) as CommandOf<'revoke-session'>
  return { signedFrom: from, signature }
}
