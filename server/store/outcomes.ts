/** The outcomes of a seat's interval as they lie in the tables: the canonical bytes of their list. */
import { type Outcome, outcome } from '../market/area/area.ts'
import { bigint, decode, encode, int, list, Reader } from '../market/area/binary.ts'
import { sides, stageNames } from '../market/area/codes.ts'
import type { SettledOutcome } from '../reports/settled-row.ts'

const outcomes = list(outcome)

export function encodeOutcomes(values: readonly Outcome[]): Buffer {
  return encode(outcomes, values as Outcome[])
}

export function decodeOutcomes(bytes: Uint8Array): Outcome[] {
  return decode(outcomes, bytes)
}

/** What of the same bytes a report needs, in half the time: a report of a month reads a million of them. */
export function decodeFills(bytes: Uint8Array): SettledOutcome[] {
  const reader = new Reader(bytes)
  const fills: SettledOutcome[] = []
  for (let left = reader.unsigned(); left > 0; left--) {
    const stage = stageNames[reader.unsigned()]!
    const arrival = reader.unsigned()
    const side = sides[reader.unsigned()]!
    // The limit and what was offered.
    reader.unsigned()
    reader.unsigned()
    const filledWh = reader.unsigned()
    const priceTicks = reader.byte() === 1 ? int.read(reader) : null
    const amount = bigint.read(reader)
    fills.push({ stage, arrival, side, filledWh, priceTicks, amount })
    // The code and its details.
    reader.unsigned()
    for (let details = reader.unsigned(); details > 0; details--) reader.unsigned()
  }
  return fills
}
