/** Refusing a command by name. */
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { Event } from './area.ts'
import type { OrderCode } from './codes.ts'

/** A refusal, which changes nothing; `details` are the numbers that the code names. */
export function refused(id: Hex, code: OrderCode, details: number[] = []): Event[] {
  return [{ type: 'refused', id, code, details }]
}

/** The identifier in refusals of commands that have none of their own. */
export const noId: Hex = `0x${'0'.repeat(64)}`
