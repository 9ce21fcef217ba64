/** The engine's state, and the few questions that several of its parts ask of it. */
import type { Address, Hex } from '../../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { SeatFills } from '../../settlement/netting.ts'
import type { Side } from '../auction.ts'
import type {
  AreaConfig,
  ChainSeat,
  ForwardOrder,
  ForwardTrade,
  IntervalRun,
  MeterReading,
  OrderState,
  Reservation,
  Terms,
} from './area.ts'

/** The version of the rules that every area begins with, so that every journal replays from its first command. */
const firstEngineVersion = 1

export interface SeatState {
  chain: ChainSeat
  /** Where the next batch's entry starts: the newest of the chain's base and the last cut entry. */
  base: { epoch: number; time: UtcSeconds }
  /** Boundary readings from the base on, ascending by time. */
  readings: MeterReading[]
  /** The highest nonce accepted for each side. */
  nonces: Record<Side, number>
  /** Two different signed values for one boundary were seen: nothing trades from here on. */
  suspended: boolean
}

export interface IntervalState {
  start: UtcSeconds
  /** When the engine started it, which after an outage is later than its start. */
  startedAtMs: number
  reservations: Reservation[]
  /** The newest computation, null until the first. */
  result: IntervalRun | null
  /** What it was computed from has changed: it is computed again at the latest before it becomes final. */
  isStale?: true
}

/** Forward orders that rest for one interval, in order of arrival, and its trades in the order they were made. */
export interface ForwardInterval {
  orders: Map<Hex, ForwardOrder>
  trades: ForwardTrade[]
}

/** What final intervals cost each seat, kept until the chain has settled them for good. */
export interface UnsettledInterval {
  start: UtcSeconds
  owed: Map<number, LedgerUnits>
}

/** A batch that was cut and is not settled, with what cutting it anew takes. */
export interface UnsettledBatch {
  start: UtcSeconds
  end: UtcSeconds
  number: number
  /** Seats that could not pay, in the order in which that turned out. */
  leftOut: number[]
  /** The newest result of each interval, and its forward trades. */
  intervals: { result: IntervalRun; trades: ForwardTrade[] }[]
  /** Where each entry began and what was measured then. */
  seats: Omit<SeatFills, 'fills'>[]
}

export interface AreaState {
  engineVersion: number
  /** Never goes back, whatever the commands' clocks do. */
  nowMs: number
  config: AreaConfig | null
  chain: { block: number; settledUntil: UtcSeconds }
  seats: Map<number, SeatState>
  seatOfMeter: Map<Address, number>
  orders: Map<Hex, OrderState>
  arrivals: number
  /** By the start of their interval, until that is final. */
  forward: Map<UtcSeconds, ForwardInterval>
  /** Start of the next interval to be started; 0 until the area has been configured. */
  nextStart: UtcSeconds
  /** Ascending by start: started, not yet final. */
  intervals: Map<UtcSeconds, IntervalState>
  /** Before this nothing is computed again, so that late readings never keep a large area busy with itself. */
  rerunsFromMs?: number
  unsettled: UnsettledInterval[]
  /** By end, ascending, until the chain has settled them. */
  batches: Map<UtcSeconds, UnsettledBatch>
  /** Everything before this is final. */
  cutUntil: UtcSeconds
}

/** The state before the first command. */
export function emptyState(): AreaState {
  return {
    engineVersion: firstEngineVersion,
    nowMs: 0,
    config: null,
    chain: { block: 0, settledUntil: 0 },
    seats: new Map(),
    seatOfMeter: new Map(),
    orders: new Map(),
    arrivals: 0,
    forward: new Map(),
    nextStart: 0,
    intervals: new Map(),
    unsettled: [],
    batches: new Map(),
    cutUntil: 0,
  }
}

/** The terms that hold at `time`, or null before the first ones begin. */
export function termsAt(seat: SeatState, time: UtcSeconds): Terms | null {
  return termsOf(seat.chain.terms, time)
}

/** Those of a schedule, ascending by `from`, that are in force at `time`. */
export function termsOf(schedule: readonly Terms[], time: UtcSeconds): Terms | null {
  return schedule.findLast((terms) => terms.from <= time) ?? null
}

/** The most a seat may sell in one interval: its mandate, cut to the confirmed nameplate where there is one or must be one. */
export function sellableWh(terms: Terms, config: AreaConfig): Wh {
  if (terms.nameplateWh !== null) return Math.min(terms.maxSellWh, terms.nameplateWh)
  return config.rules.confirmation === 0 ? terms.maxSellWh : 0
}

/** The most a seat may buy in one interval: nothing where buyers must be confirmed and it is not. */
export function buyableWh(terms: Terms, config: AreaConfig): Wh {
  return terms.nameplateWh === null && config.rules.confirmation === 2 ? 0 : terms.maxBuyWh
}

/** The first interval start strictly after a wall-clock time: what is accepted then counts from there. */
export function firstStartAfter(atMs: number, config: AreaConfig): UtcSeconds {
  const length = config.rules.intervalSeconds
  return (Math.floor(atMs / 1000 / length) + 1) * length
}

/** The order of a seat and side that counts for an interval: the newest of those that cover it. */
export function countingOrder(orders: readonly OrderState[], start: UtcSeconds): OrderState | null {
  let newest: OrderState | null = null
  for (const order of orders) {
    if (order.activeFrom <= start && start < order.activeUntil && (newest === null || order.arrival > newest.arrival)) {
      newest = order
    }
  }
  return newest
}
