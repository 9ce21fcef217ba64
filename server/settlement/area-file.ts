/** Everything of one batch of an area that recomputing it takes, for those who may see it all. */
import { z } from 'zod'
import { SettlementError } from './error.ts'
import { address, energyWh, hex32, ledgerUnits, readingSchema, statedOrderSchema, uint32 } from './signed-order.ts'

const areaFileSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: address,
  area: uint32,
  start: uint32,
  end: uint32,
  /** Of what is stated: everything from here to `leftOut`; null where the batch keeps no hash of it. */
  salt: hex32.nullable(),
  /** What the area cleared by, beside the rules that everybody signed, from an interval on; the first from `start`. */
  grids: z
    .array(
      z.strictObject({
        from: uint32,
        lowestTicks: z.int(),
        zones: z.array(
          z.strictObject({
            id: z.string(),
            parent: z.string().optional(),
            feeTicksPerKwh: z.int(),
            capacityWh: z.int().nullable(),
          }),
        ),
      }),
    )
    .min(1),
  /** Spot orders in order of arrival. Of the batch's intervals each could count in those that start in `[activeFrom, activeUntil)`. */
  orders: z.array(statedOrderSchema.extend({ seat: uint32, activeFrom: uint32, activeUntil: uint32 })),
  /** Orders that traded forward. */
  forwardOrders: z.array(statedOrderSchema.extend({ seat: uint32 })),
  /** Of each interval in the order in which they were made. */
  forwardTrades: z.array(
    z.strictObject({ start: uint32, buyOrder: hex32, sellOrder: hex32, priceTicks: z.int(), energyWh }),
  ),
  /** What each order brought to an interval's auction; less than metered and signed where funds were short. */
  offers: z.array(z.strictObject({ start: uint32, order: hex32, offeredWh: energyWh })),
  /** Seats whose meter had signed two values for one boundary by the time the interval was computed. */
  suspended: z.array(z.strictObject({ start: uint32, seat: uint32 })),
  /** Seats that could not pay, in the order in which they were left out. */
  leftOut: z.array(uint32),
  /** Two different values that a suspended seat's meter signed for one boundary, one after the other. */
  contradictions: z.array(z.array(readingSchema.extend({ meter: address })).length(2)),
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
