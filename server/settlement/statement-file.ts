/** A seat's statement as it is handed out: its leaves with their proofs, and the signed readings they rest on. */
import { z } from 'zod'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { SettlementError } from './error.ts'
import { address, energyWh, hex32, ledgerUnits, readingSchema, statedOrderSchema, uint32 } from './signed-order.ts'

export const statementFileSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: address,
  area: uint32,
  end: uint32,
  /** The seat's number in its area. */
  seat: uint32,
  /** Leaves of the whole batch. */
  count: z.int().min(0),
  /** The hash of what is stated beside the fills; null where the batch keeps none. */
  stated: hex32.nullable().default(null),
  leaves: z.array(
    z.strictObject({
      index: z.int().min(0),
      start: uint32,
      order: hex32,
      side: z.enum(['buy', 'sell']),
      energyWh,
      amount: ledgerUnits,
      salt: hex32,
      siblings: z.array(hex32).max(64),
    }),
  ),
  /** Of the seat's meter, from the entry's beginning to its end. */
  readings: z.array(readingSchema),
  /** Of the leaves' orders, as far as they are handed out. */
  orders: z.array(statedOrderSchema).default([]),
})
export type StatementFile = z.infer<typeof statementFileSchema>

/** Reads a statement from parsed JSON. Throws `SettlementError` `SETTLEMENT_STATEMENT` with a line per mistake. */
export function readStatementFile(json: unknown): StatementFile {
  const parsed = statementFileSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new SettlementError('SETTLEMENT_STATEMENT', mistakes.join('; '))
}

export function domainOfFile({ chainId, escrow }: StatementFile): EscrowDomain {
  return { chainId, escrow }
}
