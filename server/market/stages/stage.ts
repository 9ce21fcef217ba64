/**
 * A stage: one way in which energy of an interval is given to parties. The engine, netting, explanations, funds, leaving
 * out and the check of a batch go through the lists in `stages.ts`; adding a stage is one folder, one line there and its name.
 */
import type { Wh } from '../../../contracts/protocol/units.ts'
import type { AreaConfig } from '../area/area.ts'
import type { StageName } from '../area/codes.ts'
import type { Purse } from '../area/funds.ts'
import type { ClearedSums, Interval } from '../area/interval.ts'
import type { AreaState } from '../area/state.ts'
import type { Allocation, Pool, PoolState } from './pool.ts'

/** A computed interval from which seats are taken out. */
export interface Computed {
  state: PoolState
  interval: Interval
  config: AreaConfig
  /** The place of a seat's zone among the area's, by the seat's place. */
  zoneOf(slot: number): number
}

/** What a stage gives when seats are taken out: nobody more energy than before, nor outside its limits. */
export interface Reduction extends Allocation {
  /** The prices of zones that are left, where the stage sets prices. */
  prices?: Pick<ClearedSums, 'zones' | 'flows'>
  /** What is still honoured of each forward trade, from the stage of forward trades. */
  deliveredWh?: Wh[]
  /** Promised ahead and void now, by seat. */
  lostWh?: ReadonlyMap<number, Wh>
}

/** The part of an area's state that promises are made from. */
export type PromiseState = Pick<AreaState, 'agreements' | 'seats' | 'forward' | 'suspensions' | 'keys'>

export interface Stage {
  readonly name: StageName
  /** When an interval starts: sets aside in the interval what the stage may move at worst, as far as the purse covers it. */
  promise(state: PromiseState, interval: Interval, config: AreaConfig, purse: Purse): void
  /** Gives energy of the pool to parties, takes it off what is left there, and notes an outcome for each order. */
  allocate(pool: Pool): Allocation & { prices?: Pick<ClearedSums, 'zones' | 'flows'> }
  /** What is left of a computed interval's fills of this stage without some seats. */
  without(computed: Computed, out: ReadonlySet<number>): Reduction
}
