/** The outcomes of a seat's interval as they lie in the tables: the canonical bytes of their list. */
import { type Outcome, outcome } from '../market/area/area.ts'
import { decode, encode, list } from '../market/area/binary.ts'

const outcomes = list(outcome)

export function encodeOutcomes(values: readonly Outcome[]): Buffer {
  return encode(outcomes, values as Outcome[])
}

export function decodeOutcomes(bytes: Uint8Array): Outcome[] {
  return decode(outcomes, bytes)
}
