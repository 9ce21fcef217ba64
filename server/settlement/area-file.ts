/** Everything of one batch of an area that recomputing it takes, for those who may see it all. */
import { z } from 'zod'
import { SettlementError } from './error.ts'
import { address, energyWh, hex32, ledgerUnits, readingSchema, signedOrderSchema, uint32 } from './signed-order.ts'

const areaFileSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: address,
  area: uint32,
  start: uint32,
  end: uint32,
  /** What the area clears by, beside the rules that everybody signed. */
  lowestTicks: z.int(),
  zones: z.array(
    z.strictObject({
      id: z.string(),
      parent: z.string().optional(),
      feeTicksPerKwh: z.int(),
      capacityWh: z.int().nullable(),
    }),
  ),
  /** Every accepted spot order that covers an interval of the batch. The intervals are those that start in `[activeFrom, activeUntil)`. */
  orders: z.array(
    signedOrderSchema.extend({
      arrival: z.int().min(1),
      acceptedAtMs: z.int(),
      activeFrom: uint32,
      activeUntil: uint32,
    }),
  ),
  /** Orders that traded forward. */
  forwardOrders: z.array(signedOrderSchema),
  forwardTrades: z.array(
    z.strictObject({
      start: uint32,
      number: z.int().min(1),
      zone: z.string(),
      buyOrder: hex32,
      sellOrder: hex32,
      buyer: uint32,
      seller: uint32,
      priceTicks: z.int(),
      energyWh,
    }),
  ),
  /** What each order was let into an interval's auction with; less than metered and signed where funds were short. */
  offers: z.array(z.strictObject({ start: uint32, order: hex32, offeredWh: energyWh, suspended: z.boolean() })),
  /** Seats that could not pay, in the order in which they were left out. */
  leftOut: z.array(uint32),
  /** Those that were in when the batch was cut. */
  readings: z.array(readingSchema.extend({ meter: address })),
  /** In the statement's order. */
  leaves: z.array(
    z.strictObject({
      start: uint32,
      seat: uint32,
      order: hex32,
      side: z.enum(['buy', 'sell']),
      energyWh,
      amount: ledgerUnits,
      salt: hex32,
    }),
  ),
})
export type AreaFile = z.infer<typeof areaFileSchema>

/** Reads an area's file from parsed JSON. Throws `SettlementError` `SETTLEMENT_STATEMENT` with all mistakes. */
export function readAreaFile(json: unknown): AreaFile {
  const parsed = areaFileSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.slice(0, 20).map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new SettlementError('SETTLEMENT_STATEMENT', mistakes.join('; '))
}
