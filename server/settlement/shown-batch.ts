/** A batch as a server shows it to watchers: what its header binds, in a form that JSON can hold. */

import { z } from 'zod'
import { entryWordsOf, type ShownBatch } from '../../contracts/protocol/batch.ts'
import { decodeWords } from '../../contracts/protocol/entry.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { SettlementError } from './error.ts'
import { hex32Form, uint32, utcSeconds } from './signed-forms.ts'

/** A part of the batch as its log on the chain will hold it: a word of 32 bytes for each entry. */
const words = z.string().regex(/^0x([0-9a-f]{64})*$/, '0x and 64 lower-case hexadecimal digits for each entry')
const whole = z
  .string()
  .regex(/^\d{1,39}$/, 'ledger units as a whole number')
  .meta({ description: 'Ledger units' })
const ticks = z.int().meta({ description: 'Ticks per kWh' })

export const shownBatchForm = z.strictObject({
  area: uint32,
  start: utcSeconds,
  end: utcSeconds,
  /** 1 is the batch as it was cut first; under a higher number seats are left out. */
  number: uint32.min(1),
  attempt: uint32.meta({ description: 'How often it was given up on chain before' }),
  /** The block up to which the chain was read when the batch was made. */
  block: z.int().min(0),
  /** The header, which is what watchers sign. */
  header: hex32Form,
  statementRoot: hex32Form,
  bandLow: ticks,
  bandHigh: ticks,
  gridTake: whole,
  parts: z.array(words).min(1),
})
export type ShownBatchForm = z.infer<typeof shownBatchForm>

/** One attempt to settle a batch, as it is shown. */
export interface AttemptShown extends ShownBatch {
  number: number
  attempt: number
  block: number
}

export function formOfShown(batch: AttemptShown): ShownBatchForm {
  const { area, start, end, number, attempt, block, header, statementRoot, bandLow, bandHigh, gridTake, parts } = batch
  return {
    ...{ area, start, end, number, attempt, block, header, statementRoot, bandLow, bandHigh },
    gridTake: gridTake.toString(),
    parts: parts.map(entryWordsOf),
  }
}

/** Reads what a server showed, from parsed JSON. Throws `SettlementError` `SETTLEMENT_STATEMENT` with all mistakes. */
export function readShownBatch(json: unknown): AttemptShown {
  const { data, mistakes } = checkForm(shownBatchForm, json)
  if (mistakes !== null) throw new SettlementError('SETTLEMENT_STATEMENT', mistakeLines(mistakes).join('; '))
  const { gridTake, parts, ...batch } = data
  return { ...batch, gridTake: BigInt(gridTake), parts: parts.map(decodeWords) }
}
