/** The forms in which signed things stand in statements and in an area's file. */
import { z } from 'zod'

export const hex32Form = z.string().regex(/^0x[0-9a-f]{64}$/, '0x and 64 lower-case hexadecimal digits')
export const addressForm = z.string().regex(/^0x[0-9a-f]{40}$/, '0x and 40 lower-case hexadecimal digits')
export const uint32 = z.int().min(0).max(0xffff_ffff)
/** A time as it is signed. */
export const utcSeconds = uint32.meta({ description: 'UTC seconds' })
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
  .meta({ description: 'Ledger units: ticks per kWh × Wh, as they are settled' })
/** A key's signature has 64 or 65 bytes; the form of a contract wallet's is up to its contract. */
export const signature = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2}){64,1024}$/, '0x and 64 to 1,024 bytes in hexadecimal digits')
const compactSignature = z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature: 0x and 128 hexadecimal digits')

export const readingSchema = z.strictObject({
  epoch: z.int().min(1).max(0xffff),
  time: utcSeconds,
  importWh: energyWh,
  exportWh: energyWh,
  quality: z.int().min(0).max(2).meta({ description: '0 measured, 1 estimated, 2 doubtful' }),
  signature: compactSignature,
})
export type StatedReading = z.infer<typeof readingSchema>

const ticks = z
  .int()
  .meta({ description: 'Ticks per kWh; a tick is `priceTick` of the area’s rules, in millionths of a token' })
const uint24 = z.int().min(0).max(0xff_ffff)

export const orderForm = z.strictObject({
  order: z.strictObject({
    account: addressForm,
    meter: addressForm,
    rules: hex32Form,
    market: z.int().min(0).max(1).meta({ description: '0 spot, 1 forward' }),
    side: z.int().min(0).max(1).meta({ description: '0 buys, 1 sells' }),
    timeInForce: z
      .int()
      .min(0)
      .max(2)
      .meta({ description: '0 good till the gate closes, 1 immediate or cancel, 2 fill or kill; a spot order has 0' }),
    limitPrice: ticks,
    maxWh: uint24,
    start: utcSeconds,
    end: utcSeconds,
    nonce: z.int().min(0),
  }),
  signature,
  /** The key that signed for the account, and what the account lets it sign under the order's rules. */
  session: z
    .strictObject({
      key: addressForm,
      sides: z.int().min(0).max(3).meta({ description: 'The sum of 1 buying and 2 selling' }),
      lowestPrice: ticks,
      highestPrice: ticks,
      validFrom: utcSeconds,
      validUntil: utcSeconds,
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
    kind: z.int().min(0).max(2).meta({ description: '0 a fixed energy, 1 a share of the surplus, 2 all of it' }),
    amount: uint24.meta({ description: 'Wh per interval, hundredths of a percent of the surplus, or 0, by its kind' }),
    price: ticks,
    start: utcSeconds,
    end: utcSeconds,
    noticeSeconds: uint32,
    nonce: z.int().min(0),
  }),
  sellerSignature: signature,
  buyerSignature: signature,
})
export type StatedAgreement = z.infer<typeof agreementForm>

export const budgetForm = z.strictObject({
  budget: z.strictObject({
    account: addressForm,
    meter: addressForm,
    rules: hex32Form,
    amount: z.int().min(0).meta({ description: 'Ledger units; 0 lifts the budget' }),
    nonce: z.int().min(0),
  }),
  signature,
})
export type StatedBudget = z.infer<typeof budgetForm>

export const revocationForm = z.strictObject({
  account: addressForm,
  key: addressForm,
  /** The boundary from which on the key signs nothing: the one that the account wished, or the first one after it was heard. */
  from: utcSeconds,
  signedFrom: uint32,
  signature,
})
export type StatedRevocation = z.infer<typeof revocationForm>
