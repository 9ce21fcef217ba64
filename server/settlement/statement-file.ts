/** A seat's statement as it is handed out: its leaves with one proof for all of them, and the signed readings they rest on. */

import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { stageNames } from '../market/area/codes.ts'
import { SettlementError } from './error.ts'
import {
  addressForm,
  agreementForm,
  energyWh,
  hex32Form,
  ledgerUnits,
  orderForm,
  readingSchema,
  uint32,
  utcSeconds,
} from './signed-forms.ts'

export const statementFileSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: addressForm,
  area: uint32,
  end: utcSeconds,
  /** The seat's number in its area. */
  seat: uint32,
  /** How many leaves the whole batch has. */
  count: uint32,
  /** The place of the seat's first leaf among them. */
  first: uint32,
  /** The seed from which the salts of the seat's leaves follow; null where the seat has no leaves. */
  seed: hex32Form.nullable(),
  /** The hash of the facts of the batch that nobody signs. */
  stated: hex32Form,
  /** The seat's leaves in their order. */
  leaves: z.array(
    z.strictObject({
      start: utcSeconds,
      stage: z.enum(stageNames),
      /** Digest of the order or agreement. */
      reference: hex32Form,
      side: z.enum(['buy', 'sell']),
      energyWh: energyWh.min(1),
      amount: ledgerUnits,
    }),
  ),
  /** The hashes beside the way from the leaves to the top of the tree, from below and left before right. */
  siblings: z.array(hex32Form).max(128),
  /** The seat's readings from the batch's beginning to its end, by epoch and time. */
  readings: z.array(readingSchema),
  /** The orders and agreements of the leaves that are handed out, by digest. */
  orders: z.array(orderForm),
  agreements: z.array(agreementForm),
  /** In how many intervals something of the seat counted, and in how many of these it could trade nothing (`passed-over.ts`). */
  chances: z.strictObject({
    wanted: uint32.meta({ description: 'Intervals in which an order or agreement of the seat counted' }),
    passedOver: uint32.meta({ description: 'Those of them in which it could trade nothing, whatever the market' }),
  }),
})
export type StatementFile = z.infer<typeof statementFileSchema>

/** Reads a statement from parsed JSON. Throws `SettlementError` `SETTLEMENT_STATEMENT` with all mistakes. */
export function readStatementFile(json: unknown): StatementFile {
  const { data, mistakes } = checkForm(statementFileSchema, json)
  if (mistakes === null) return data
  throw new SettlementError('SETTLEMENT_STATEMENT', `this is no seat’s statement: ${mistakeLines(mistakes).join('; ')}`)
}
