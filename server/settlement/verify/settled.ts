/** What the chain tells those who check a statement or a batch. */
import type { EntryFields } from '../../../contracts/protocol/entry.ts'
import type { LaterKey } from '../../../contracts/protocol/meter-keys.ts'
import type { Address, AreaRules, Hex } from '../../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, Ticks, UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { ChainSeat, EpochRegisters, Terms } from '../../market/area/area.ts'

/** A settled batch and one of its seats. */
export interface SettledSeat {
  area: number
  /** The end of the batch. */
  end: UtcSeconds
  seat: number
  statementRoot: Hex
  rules: Pick<AreaRules, 'intervalSeconds' | 'confirmation' | 'settlingGrade'>
  meter: Address
  /** The keys that followed the meter's first one. */
  keys: readonly LaterKey[]
  terms: Terms[]
  /** Where the first entry begins: at registers signed as the start of an epoch, or at those up to which was settled before. */
  base: EpochRegisters
  /** The seat's entries in the batch, in order, with the registers they end at. */
  entries: (Pick<EntryFields, 'soldWh' | 'boughtWh' | 'paid' | 'received'> & EpochRegisters)[]
}

/** A batch that was settled, or is shown before it settles, and all seats of its area. */
export interface SettledArea {
  rules: AreaRules
  /** The accounts that held the grid operator's office up to now, in their order. */
  grids: Address[]
  statementRoot: Hex
  start: UtcSeconds
  end: UtcSeconds
  /** Every seat as it stood before the first part of the batch, even where that part belongs to an attempt that was given up. */
  seats: ChainSeat[]
  /** Earlier states of the seats, in the order of the chain: first all seats at the block that was asked for, then the later changes. */
  versions: { block: number; seat: ChainSeat }[]
  /** The registers at which seats stood, by number, when the attempt began that settled the batch. */
  bases: ReadonlyMap<number, EpochRegisters>
  /**
   * The least that each seat's purse held at the end of a block, by number, from when the batch could be settled: its time was over,
   * and the batch before it was settled.
   */
  leastBalances: ReadonlyMap<number, LedgerUnits>
  /** Whether the batch was so late that the escrow no longer takes any of its trades. */
  isTooOld: boolean
  /** The entries of all parts, in order. */
  entries: EntryFields[]
  /** What the grid operator's account got. */
  gridTake: LedgerUnits
  /** The price band in the header of a batch that is shown before it settles, else null: the escrow does not repeat it. */
  band: { low: Ticks; high: Ticks } | null
}

/** A time as the first difference names it. */
export function timeOf(time: UtcSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
