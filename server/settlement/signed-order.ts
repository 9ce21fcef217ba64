/** Orders as they stand in statements: what was signed, and by whom it may have been. */
import { z } from 'zod'
import { type Address, digestOf, type EscrowDomain, recoverSigner } from '../../contracts/typed-data.ts'

export const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/, '0x and 64 lower-case hexadecimal digits')
export const address = z.string().regex(/^0x[0-9a-f]{40}$/, '0x and 40 lower-case hexadecimal digits')
export const uint32 = z.int().min(0).max(0xffff_ffff)
export const energyWh = z
  .int()
  .min(0)
  .max(2 ** 48 - 1)
/** Ledger units, decimal. */
export const ledgerUnits = z.string().regex(/^-?\d{1,38}$/, 'a decimal integer')
const signature = z.string().regex(/^0x([0-9a-f]{2}){64,65}$/i, '0x and 64 or 65 bytes in hexadecimal digits')

export const readingSchema = z.strictObject({
  epoch: z.int().min(1).max(0xffff),
  time: uint32,
  importWh: energyWh,
  exportWh: energyWh,
  quality: z.int().min(0).max(2),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature is 0x and 128 hexadecimal digits'),
})

export const signedOrderSchema = z.strictObject({
  order: z.strictObject({
    account: address,
    meter: address,
    rules: hex32,
    side: z.int().min(0).max(1),
    limitPrice: z.int(),
    maxWh: z.int().min(1),
    start: uint32,
    end: uint32,
    nonce: z.int().min(0),
  }),
  signature,
  /** The key that signed for the account, and the account's word for it. */
  session: z.strictObject({ key: address, validUntil: uint32, signature }).nullable(),
})
export type SignedOrder = z.infer<typeof signedOrderSchema>

/** Who must have signed, where somebody else did; else null. */
export function wrongSigner(domain: EscrowDomain, { order, signature, session }: SignedOrder): string | null {
  const signer = session?.key ?? order.account
  if (!isSigned(signer, () => recoverSigner(domain, 'Order', order, signature))) return signer
  if (session === null) return null
  const { key, validUntil } = session
  const word = { account: order.account, key, validUntil }
  return isSigned(order.account, () => recoverSigner(domain, 'SessionKey', word, session.signature))
    ? null
    : order.account
}

function isSigned(by: Address, recover: () => Address): boolean {
  try {
    return recover() === by
  } catch {
    return false
  }
}

/** The identifier of an order. */
export function orderId(domain: EscrowDomain, { order }: SignedOrder): string {
  return digestOf(domain, 'Order', order)
}
