/**
 * What may still be traded of one interval: every seat's metered surplus or demand inside its mandate, and the room that
 * links have left. Stages take from it one after the other.
 */
import type { LedgerUnits, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { AreaConfig, Outcome, Terms } from '../area/area.ts'
import type { Budgets, SeatBudget } from '../area/budgets.ts'
import type { Quality, SeatOutcomeCode } from '../area/codes.ts'
import type { Energies } from '../area/energy.ts'
import type { Fill, Interval } from '../area/interval.ts'
import {
  type AreaState,
  buyableWh,
  type Configured,
  isSuspended,
  type SeatState,
  sellableWh,
  termsAt,
} from '../area/state.ts'
import { type Grid, gridOf } from './grid.ts'

/** One seat in one interval. */
export interface PoolSeat {
  seat: SeatState
  terms: Terms
  /** Its place among the area's zones, the root where the area does not know the zone. */
  zone: number
  quality: Quality
  /** The metered import. */
  importWh: Wh
  exportWh: Wh
  /** What the home used of its own: the smaller of the two, which no stage gives away. */
  ownUseWh: Wh
  /** Whether the seat's meter signed them. */
  isSigned: boolean
  /** The energy that it may still sell and buy. */
  sellWh: Wh
  buyWh: Wh
  /** What its daily budget lets it buy beyond what was promised before, or null. */
  budget: SeatBudget | null
  /** Why nothing of this seat can be traded, or null. */
  refusal: SeatOutcomeCode | null
  /** Promised ahead but not delivered or not taken. */
  deviationWh: Wh
  outcomes: Outcome[]
}

export interface Pool {
  state: PoolState
  interval: Interval
  config: AreaConfig
  start: UtcSeconds
  seats: Map<number, PoolSeat>
  grid: Grid
  /** Net energy over each zone's link to its parent that earlier stages have given, positive upwards. */
  flowWh: number[]
}

/** The energy that one stage gave away. */
export interface Allocation {
  fills: Fill[]
  matchedWh: Wh
  gridFees: LedgerUnits
  congestionRent: LedgerUnits
  /** How much of both the grid operator's account keeps. */
  gridTake: LedgerUnits
}

/** The part of an area's state that an interval is computed from. */
export type PoolState = Configured &
  Pick<
    AreaState,
    'agreements' | 'seats' | 'slots' | 'forward' | 'suspensions' | 'intervals' | 'declared' | 'keys' | 'prices'
  >

/** Measures every seat that had a mandate in the interval. */
export function openPool(
  state: PoolState,
  config: AreaConfig,
  interval: Interval,
  { energies, budgets }: { energies: Energies; budgets: Budgets },
): Pool {
  const seats = new Map<number, PoolSeat>()
  for (const [number, seat] of state.seats) {
    const own = measure(state, { config, start: interval.start, seat, energies })
    if (own !== null) seats.set(number, { ...own, budget: budgets.of(seat) })
  }
  const flowWh = config.zones.map(() => 0)
  return { state, interval, config, start: interval.start, seats, grid: gridOf(config), flowWh }
}

/** What is known of one seat in an interval; null for one that had no mandate. */
export function measure(
  state: PoolState,
  { config, start, seat, energies }: { config: AreaConfig; start: UtcSeconds; seat: SeatState; energies: Energies },
): PoolSeat | null {
  const terms = termsAt(seat, start)
  if (terms === null) return null
  const end = start + config.rules.intervalSeconds
  const grid = gridOf(config)
  const { quality, importWh, exportWh, epoch, isSigned, isCoverable } = energies.of(seat)
  const ownUseWh = Math.min(importWh, exportWh)
  // What the escrow has counted already, or counts no more, could never be settled.
  const isSince = start >= seat.base.time
  const isOfBase = !isSigned || epoch === seat.base.epoch
  const isCounted = (isSigned && epoch === null) || (isSince && isOfBase && isCoverable)
  const isZoneKnown = terms.zone === null || grid.indexOf.has(terms.zone)
  const refusal = reasonNotToTrade(state, seat, { terms, config, end, quality, isZoneKnown, isCounted })
  const isOpen = refusal === null
  return {
    seat,
    terms,
    zone: grid.placeOf(terms.zone),
    quality,
    importWh,
    exportWh,
    ownUseWh,
    isSigned,
    budget: null,
    refusal,
    deviationWh: 0,
    sellWh: isOpen ? Math.min(exportWh - ownUseWh, sellableWh(terms, config)) : 0,
    buyWh: isOpen ? Math.min(importWh - ownUseWh, buyableWh(terms, config)) : 0,
    outcomes: [],
  }
}

function reasonNotToTrade(
  state: PoolState,
  seat: SeatState,
  facts: {
    terms: Terms
    config: AreaConfig
    end: UtcSeconds
    quality: Quality
    isZoneKnown: boolean
    isCounted: boolean
  },
): SeatOutcomeCode | null {
  const { terms, config, end, quality, isZoneKnown, isCounted } = facts
  if (terms.closed) return 'seat-closed'
  if (isSuspended(state, seat)) return 'suspended'
  if (end > terms.validUntil) return 'mandate-expired'
  if (!isZoneKnown) return 'zone-unknown'
  if (terms.grade !== config.rules.settlingGrade) return 'grade-not-settling'
  if (quality === 'missing') return 'no-reading'
  if (quality !== 'measured') return quality
  return isCounted ? null : 'before-base'
}

/** The numbers of `budget-reached`: the energy that the budget still covered, what was left of it and what it is, in ledger units. */
export function budgetDetails({ budget }: PoolSeat, coveredWh: Wh): number[] {
  const { amount, left } = budget!
  return [coveredWh, Number(left), amount]
}
