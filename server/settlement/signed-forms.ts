/** The forms in which signed things stand in statements and in an area's file. */
import { z } from 'zod'

export const hex32Form = z.string().regex(/^0x[0-9a-f]{64}$/, '0x and 64 lower-case hexadecimal digits')
export const addressForm = z.string().regex(/^0x[0-9a-f]{40}$/, '0x and 40 lower-case hexadecimal digits')
export const uint32 = z.int().min(0).max(0xffff_ffff)
/** A place in the order of arrival in the area, which names an order or agreement there. */
export const arrival = z.int().min(1)
export const energyWh = z
  .int()
  .min(0)
  .max(2 ** 48 - 1)
/** Ledger units of one fill. */
export const ledgerUnits = z
  .int()
  .min(-(2 ** 52))
  .max(2 ** 52)
/** A key's has 64 or 65 bytes; a contract wallet's is what its contract makes of it. */
const signature = z.string().regex(/^0x([0-9a-f]{2}){64,1024}$/i, '0x and 64 to 1,024 bytes in hexadecimal digits')
const compactSignature = z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature is 0x and 128 hexadecimal digits')

export const readingSchema = z.strictObject({
  epoch: z.int().min(1).max(0xffff),
  time: uint32,
  importWh: energyWh,
  exportWh: energyWh,
  quality: z.int().min(0).max(2),
  signature: compactSignature,
})
export type StatedReading = z.infer<typeof readingSchema>

const uint24 = z.int().min(0).max(0xff_ffff)

export const orderForm = z.strictObject({
  order: z.strictObject({
    account: addressForm,
    meter: addressForm,
    rules: hex32Form,
    market: z.int().min(0).max(1),
    side: z.int().min(0).max(1),
    timeInForce: z.int().min(0).max(2),
    limitPrice: z.int(),
    maxWh: uint24,
    start: uint32,
    end: uint32,
    nonce: z.int().min(0),
  }),
  signature,
  /** The key that signed for the account, and what the account lets it sign under the order's rules. */
  session: z
    .strictObject({
      key: addressForm,
      sides: z.int().min(0).max(3),
      lowestPrice: z.int(),
      highestPrice: z.int(),
      validFrom: uint32,
      validUntil: uint32,
      signature,
    })
    .nullable(),
})
export type StatedOrder = z.infer<typeof orderForm>

export const agreementForm = z.strictObject({
  agreement: z.strictObject({
    seller: addressForm,
    sellerMeter: addressForm,
    buyer: addressForm,
    buyerMeter: addressForm,
    rules: hex32Form,
    kind: z.int().min(0).max(2),
    amount: uint24,
    price: z.int(),
    start: uint32,
    end: uint32,
    noticeSeconds: uint32,
    nonce: z.int().min(0),
  }),
  sellerSignature: signature,
  buyerSignature: signature,
})
export type StatedAgreement = z.infer<typeof agreementForm>

export const revocationForm = z.strictObject({
  account: addressForm,
  key: addressForm,
  /** The boundary from which on the key signs nothing: the one that the account wished, or the first one after it was heard. */
  from: uint32,
  signedFrom: uint32,
  signature,
})
export type StatedRevocation = z.infer<typeof revocationForm>

/** All mistakes of a file in one sentence. */
export function mistakesOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, 20)
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join('; ')
}
