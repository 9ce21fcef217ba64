/** Which registers of a seat's meter the engine knows at a boundary: what was read then, or where the entry begins. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { StoredRegisters } from './interval.ts'
import { type AreaState, type Configured, lengthOf, type SeatState } from './state.ts'

type Known = Configured & Pick<AreaState, 'intervals'>

/** The registers at a boundary, of the given epoch or (null) of whichever was read; null where none are known. */
export function registersOf(
  state: Known,
  { slot, base, chain }: Pick<SeatState, 'slot' | 'base' | 'chain'>,
  time: UtcSeconds,
  epoch: number | null,
): StoredRegisters | null {
  const read = state.intervals.get(time - lengthOf(state))?.registersAt(slot, time) ?? null
  if (read !== null && (epoch === null || read.epoch === epoch)) return read
  for (const known of [base, chain.epochStart]) {
    if (known.time === time && (epoch === null || known.epoch === epoch)) return { ...known, quality: 0 }
  }
  return null
}

export function isNewer(than: StoredRegisters, { epoch, time }: StoredRegisters): boolean {
  return epoch === than.epoch ? time > than.time : epoch > than.epoch
}
