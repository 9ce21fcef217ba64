/** Orders as they stand in statements: what was signed, and by whom it may have been. */
import { recoverAddress } from 'ethers'
import { z } from 'zod'
import { allowsOrder } from '../../contracts/protocol/session-keys.ts'
import { type Address, digestOf, type EscrowDomain, type Hex } from '../../contracts/protocol/typed-data.ts'

export const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/, '0x and 64 lower-case hexadecimal digits')
export const address = z.string().regex(/^0x[0-9a-f]{40}$/, '0x and 40 lower-case hexadecimal digits')
export const uint32 = z.int().min(0).max(0xffff_ffff)
export const energyWh = z
  .int()
  .min(0)
  .max(2 ** 48 - 1)
/** Ledger units, decimal. */
export const ledgerUnits = z.string().regex(/^-?\d{1,38}$/, 'a decimal integer')
/** A key's has 64 or 65 bytes; a contract wallet's is what its contract makes of it. */
const signature = z.string().regex(/^0x([0-9a-f]{2}){64,1024}$/i, '0x and 64 to 1,024 bytes in hexadecimal digits')

export const readingSchema = z.strictObject({
  epoch: z.int().min(1).max(0xffff),
  time: uint32,
  importWh: energyWh,
  exportWh: energyWh,
  quality: z.int().min(0).max(2),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature is 0x and 128 hexadecimal digits'),
})

export const statedOrderSchema = z.strictObject({
  order: z.strictObject({
    account: address,
    meter: address,
    rules: hex32,
    market: z.int().min(0).max(1),
    side: z.int().min(0).max(1),
    timeInForce: z.int().min(0).max(2),
    limitPrice: z.int(),
    maxWh: z.int().min(1),
    start: uint32,
    end: uint32,
    nonce: z.int().min(0),
  }),
  signature,
  /** The key that signed for the account, and the account's word for it. */
  session: z
    .strictObject({
      key: address,
      rules: hex32,
      sides: z.int().min(0).max(3),
      lowestPrice: z.int(),
      highestPrice: z.int(),
      validFrom: uint32,
      validUntil: uint32,
      signature,
    })
    .nullable(),
})
export type StatedOrder = z.infer<typeof statedOrderSchema>

/** What an account is said to have signed: by its key or, where it is a contract wallet, by its own word (EIP-1271). */
export interface Claim {
  account: Address
  digest: Hex
  signature: Hex
}

/** The claims that contract wallets confirm, by `nameOf`. */
export type WalletWords = ReadonlySet<string>

export function nameOf({ account, digest, signature }: Claim): string {
  return `${account} ${digest} ${signature}`
}

/** What the accounts of these orders are said to have signed. */
export function claimsOf(domain: EscrowDomain, orders: readonly StatedOrder[]): Claim[] {
  return orders.map((signed) => claimOfAccount(domain, signed))
}

/** Who must have signed, where somebody else did; else null. */
export function wrongSigner(domain: EscrowDomain, signed: StatedOrder, words: WalletWords): Address | null {
  const { order, signature, session } = signed
  if (session !== null) {
    const digest = digestOf(domain, 'Order', order)
    if (!allowsOrder(session, order) || !isByKey({ account: session.key, digest, signature })) return session.key
  }
  const claim = claimOfAccount(domain, signed)
  return isByKey(claim) || words.has(nameOf(claim)) ? null : order.account
}

/** The order itself, or the grant of the session key that did. */
function claimOfAccount(domain: EscrowDomain, { order, signature, session }: StatedOrder): Claim {
  const { account } = order
  if (session === null) return { account, digest: digestOf(domain, 'Order', order), signature }
  const { signature: granted, ...grant } = session
  return { account, digest: digestOf(domain, 'SessionKey', { account, ...grant }), signature: granted }
}

function isByKey({ account, digest, signature }: Claim): boolean {
  try {
    return recoverAddress(digest, signature).toLowerCase() === account
  } catch {
    return false // No form that a key's signature has.
  }
}

/** The identifier of an order. */
export function orderId(domain: EscrowDomain, { order }: StatedOrder): string {
  return digestOf(domain, 'Order', order)
}
