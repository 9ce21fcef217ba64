/** The engine's state, and the few questions that several of its parts ask of it. */
import type { Address, Hex } from '../../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type {
  AgreementState,
  AreaConfig,
  AreaFace,
  BudgetState,
  ChainSeat,
  EpochRegisters,
  ForwardOrder,
  ForwardTrade,
  OrderState,
  SeatSpan,
  Terms,
} from './area.ts'
import type { DeclaredInterval, DeclaredKey, DeclaredPrices } from './declarations.ts'
import { Interval, type StoredRegisters } from './interval.ts'

/** The version of the rules by which this program computes; it stands in every journal row. */
export const rulesVersion = 3

export interface SeatState {
  chain: ChainSeat
  /** Terms that intervals in memory still go by and the chain tells no more, ascending by `from`. */
  earlierTerms: Terms[]
  /** The seat's place in the typed arrays of intervals. */
  slot: number
  /** Where the next batch's entry starts: the newest of the chain's base and the last cut entry. */
  base: EpochRegisters
  /** The newest registers of the newest epoch, at least the base. */
  newest: StoredRegisters
  /** Intervals in a row for which its reading was waited for in vain: beyond a few nobody waits any longer. */
  missed: number
  /** Time that the seat has saved up for placing orders, in ms, as of `creditAtMs`. */
  creditMs: number
  creditAtMs: number
  /** Its orders that still cover an interval to come, in order of arrival. */
  orders: OrderState[]
  /** Its daily budgets, ascending: the newest, and those by which intervals in memory go. */
  budgets: BudgetState[]
}

/** Two different signed values for one boundary were seen: nothing of the meter trades until it is confirmed once more. */
export interface Suspension {
  epoch: number
  time: UtcSeconds
  /** How often each of the meter's seats had been confirmed by then; any other seat never. */
  confirmations: { seat: number; count: number }[]
}

/** The highest nonce accepted for each side of an account and meter, whatever seat they have. */
export interface Nonces extends Record<Side, number> {
  /** For agreements that the account signed as seller. */
  agreement: number
  budget: number
  /** Nothing but budgets that could have been accepted under these is valid after this. */
  until: UtcSeconds
}

/** Forward orders that rest for one interval, in order of arrival, and its trades in the order they were made. */
export interface ForwardInterval {
  orders: Map<Hex, ForwardOrder>
  trades: ForwardTrade[]
}

/** A batch that was cut and is not settled, with what cutting it anew takes. */
export interface UnsettledBatch {
  start: UtcSeconds
  end: UtcSeconds
  number: number
  seal: Hex
  /** Seats that could not pay, in the order in which that turned out. */
  leftOut: number[]
  /** Seats that are being left out; the intervals from `leavingFrom` on are still to be computed without them. */
  leaving: number[]
  leavingFrom: UtcSeconds
  /** Where each entry began and what was measured then. */
  spans: SeatSpan[]
}

export interface AreaState {
  /** Never goes back, whatever the commands' clocks do. */
  nowMs: number
  /** The settings that intervals in memory or to come are computed by, ascending by `from`. */
  configs: { from: UtcSeconds; config: AreaConfig; face: AreaFace }[]
  /** How far the chain is known; `isPartial` while more seats of one block are still to come. */
  chain: { block: number; time: UtcSeconds; settledUntil: UtcSeconds; isPartial: boolean }
  /** All seats that are not forgotten, ascending by number. */
  seats: Map<number, SeatState>
  /** The seat at each place of the intervals' arrays, null where the place is free. */
  slots: (number | null)[]
  /** The seats of a meter, ascending: one follows the other at a boundary. */
  seatsOfMeter: Map<Address, number[]>
  /** The seats of an account, ascending. */
  seatsOfAccount: Map<Address, number[]>
  suspensions: Map<Address, Suspension>
  /** The nonces of each account and meter, as `nonceKey` joins them. */
  nonces: Map<string, Nonces>
  /** Session keys that an account took back: from which boundary on, and until when that matters. */
  revoked: Map<Address, Map<Address, { from: UtcSeconds; until: UtcSeconds }>>
  /** Orders that still cover an interval to come, in order of arrival. */
  orders: Map<Hex, OrderState>
  /** Orders, forward orders and agreements accepted so far. */
  arrivals: number
  /** Forward orders and trades by the start of their interval, until that is settled. */
  forward: Map<UtcSeconds, ForwardInterval>
  /** Agreements that have not ended, and those that intervals in memory know, in order of arrival. */
  agreements: Map<Hex, AgreementState>
  /** What the grid operator allocated, by the start of the interval, as long as that is in memory. */
  declared: Map<UtcSeconds, DeclaredInterval>
  /** Keys and prices of the exchange that it declared, in order of arrival, as long as one may count in an interval in memory or to come. */
  keys: DeclaredKey[]
  prices: DeclaredPrices[]
  /** What energy of a local day's intervals has cost as they stand, in ledger units: by the day's first moment and by seat. */
  spent: Map<UtcSeconds, Map<number, LedgerUnits>>
  /** Start of the next interval to be started; 0 until the area has been configured. */
  nextStart: UtcSeconds
  /** The first interval in memory. */
  firstStart: UtcSeconds
  /** Every interval from `firstStart` on of which something is known. */
  intervals: Map<UtcSeconds, Interval>
  /** Before this nothing is computed again, so that late readings never keep a large area busy with itself. */
  rerunsFromMs: number
  /** Batches by their end, ascending, until the chain has settled them. */
  batches: Map<UtcSeconds, UnsettledBatch>
  /** Everything before this is final. */
  cutUntil: UtcSeconds
}

/** The state before the first command. */
export function emptyState(): AreaState {
  return {
    nowMs: 0,
    configs: [],
    chain: { block: 0, time: 0, settledUntil: 0, isPartial: false },
    seats: new Map(),
    slots: [],
    seatsOfMeter: new Map(),
    seatsOfAccount: new Map(),
    suspensions: new Map(),
    nonces: new Map(),
    revoked: new Map(),
    orders: new Map(),
    arrivals: 0,
    forward: new Map(),
    agreements: new Map(),
    declared: new Map(),
    keys: [],
    prices: [],
    spent: new Map(),
    nextStart: 0,
    firstStart: 0,
    intervals: new Map(),
    rerunsFromMs: 0,
    batches: new Map(),
    cutUntil: 0,
  }
}

/** What clearing needs to know of an area's settings. */
export interface Configured {
  configs: readonly { from: UtcSeconds; config: AreaConfig }[]
}

/** What the area clears an interval by: the settings of its time. */
export function configAt({ configs }: Configured, start: UtcSeconds): AreaConfig {
  return (configs.findLast(({ from }) => from <= start) ?? configs[0]!).config
}

/** The settings that hold for what comes next. */
export function configNow({ configs }: Configured): AreaConfig {
  return configs.at(-1)!.config
}

export function lengthOf(state: Configured): number {
  return configNow(state).rules.intervalSeconds
}

/** The interval that starts then, made where nothing is known of it yet. */
export function intervalAt(state: AreaState, start: UtcSeconds): Interval {
  let interval = state.intervals.get(start)
  if (interval === undefined) {
    interval = new Interval(start, state.slots.length)
    state.intervals.set(start, interval)
  }
  return interval
}

/** Intervals in memory, as far as they have begun to count, that start in `[from, until)`, ascending. */
export function* intervalsBetween(state: AreaState, from: UtcSeconds, until: UtcSeconds): Generator<Interval> {
  const length = lengthOf(state)
  const last = Math.min(until, state.nextStart)
  for (let start = Math.max(from, state.firstStart); start < last; start += length) {
    const interval = state.intervals.get(start)
    if (interval !== undefined) yield interval
  }
}

/** The terms that hold at `time`, or null before the first ones begin. */
export function termsAt(
  { chain, earlierTerms }: Pick<SeatState, 'chain' | 'earlierTerms'>,
  time: UtcSeconds,
): Terms | null {
  const begun = ({ from }: Terms) => from <= time
  return chain.terms.findLast(begun) ?? earlierTerms.findLast(begun) ?? null
}

/** Until when the mandates that hold at `time` or later let a seat trade, 0 where there are none. */
export function mandatedUntil({ chain: { terms } }: Pick<SeatState, 'chain'>, time: UtcSeconds): UtcSeconds {
  const holding = terms.filter((_, place) => (terms[place + 1]?.from ?? Number.POSITIVE_INFINITY) > time)
  return holding.reduce((latest, { validUntil, closed }) => (closed ? latest : Math.max(latest, validUntil)), 0)
}

/** Nobody must have confirmed a meter (0), the grid operator must have confirmed sellers (1) or everybody (2). */
function mustBeConfirmed(side: Side, { rules }: AreaConfig): boolean {
  return rules.confirmation >= (side === 'sell' ? 1 : 2)
}

/** The most a seat may sell in one interval: its mandate, cut to the confirmed nameplate where there is one or must be one. */
export function sellableWh(terms: Terms, config: AreaConfig): Wh {
  if (terms.nameplateWh !== null) return Math.min(terms.maxSellWh, terms.nameplateWh)
  return mustBeConfirmed('sell', config) ? 0 : terms.maxSellWh
}

/** The most a seat may buy in one interval. */
export function buyableWh(terms: Terms, config: AreaConfig): Wh {
  return terms.nameplateWh === null && mustBeConfirmed('buy', config) ? 0 : terms.maxBuyWh
}

/** The most that a side may trade in one interval. */
export function tradableWh(side: Side, terms: Terms, config: AreaConfig): Wh {
  return side === 'sell' ? sellableWh(terms, config) : buyableWh(terms, config)
}

export function isSuspended(state: Pick<AreaState, 'suspensions'>, seat: Pick<SeatState, 'chain'>): boolean {
  return state.suspensions.has(seat.chain.meter)
}

/** The seats whose meter signed two values for one boundary, ascending. */
export function suspendedSeats({ suspensions, seats }: Pick<AreaState, 'suspensions' | 'seats'>): number[] {
  if (suspensions.size === 0) return []
  const numbers = [...seats.values()].filter(({ chain }) => suspensions.has(chain.meter)).map(({ chain }) => chain.seat)
  return numbers.sort((a, b) => a - b)
}

/** The first interval start strictly after a wall-clock time: what is accepted then counts from there. */
export function firstStartAfter(atMs: number, intervalSeconds: number): UtcSeconds {
  return (Math.floor(atMs / 1000 / intervalSeconds) + 1) * intervalSeconds
}

/**
 * The seats that a meter's reading counts for, the one that it answers for first. Of seats that follow one another that is the
 * last that was opened before the boundary, or a later one whose epoch it has; where a seat opens right at the boundary, the
 * reading ends the last interval of the one before and begins the first of this one.
 */
export function seatsServedAt(
  state: AreaState,
  { meter, epoch, time }: { meter: Address; epoch: number; time: UtcSeconds },
): [] | [SeatState] | [SeatState, SeatState] {
  const seats = (state.seatsOfMeter.get(meter) ?? []).map((number) => state.seats.get(number)!)
  const holder = seats.findLast(({ chain }) => chain.openedAt < time) ?? seats[0]
  if (holder === undefined) return []
  const counts = ({ chain: { epochStart } }: SeatState) => epochStart.epoch === epoch && epochStart.time < time
  const later = seats.find((seat) => seat !== holder && seat.chain.openedAt >= time && counts(seat))
  if (later === undefined) {
    // A meter's epochs ascend: one that its next seat is beyond will never be known.
    const isBeyond = ({ chain }: SeatState) => chain.openedAt >= time && chain.epochStart.epoch > epoch
    return [(holder.chain.epochStart.epoch < epoch ? seats.find(isBeyond) : undefined) ?? holder]
  }
  if (holder.chain.epochStart.epoch !== epoch) return [later]
  return later.chain.openedAt === time ? [holder, later] : [holder]
}

/** The seat that an account and meter trade through now: the newest. */
export function seatOf(state: AreaState, account: Address, meter: Address): SeatState | null {
  const number = state.seatsOfMeter.get(meter)?.findLast((each) => state.seats.get(each)!.chain.account === account)
  return number === undefined ? null : state.seats.get(number)!
}

/** The order of a seat and side that counts for an interval: the newest of those that cover it. */
export function countingOrder(orders: readonly OrderState[], side: Side, start: UtcSeconds): OrderState | null {
  let newest: OrderState | null = null
  for (const order of orders) {
    if (order.side !== side || order.activeFrom > start || start >= order.activeUntil) continue
    if (newest === null || order.arrival > newest.arrival) newest = order
  }
  return newest
}

export function nonceKey(account: Address, meter: Address): string {
  return `${account} ${meter}`
}

/** The nonces of an account and meter; none accepted yet is −1. */
export function noncesOf(state: AreaState, account: Address, meter: Address): Nonces {
  return state.nonces.get(nonceKey(account, meter)) ?? { buy: -1, sell: -1, agreement: -1, budget: -1, until: 0 }
}

/**
 * A nonce grows, and by a bounded step: it lies at most a minute ahead of the clock in ms or this far above the one before,
 * so that nobody who may sign once can use up all nonces that are left.
 */
const longestNonceStep = 2 ** 20
const nonceAheadMs = 60_000

export function highestNonce(last: number, nowMs: number): number {
  return Math.max(last + longestNonceStep, nowMs + nonceAheadMs)
}

/** Nothing is signed for longer ahead: a year, and some days for the calendar. */
export const horizonSeconds = 370 * 86_400
