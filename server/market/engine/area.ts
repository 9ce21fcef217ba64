/**
 * What the engine of one market area knows: its configuration, the seats as the chain shows them, commands and events.
 * Everything here is plain data; times are UTC seconds unless the name says ms; money is ledger units as bigint.
 */
import type { LaterKey } from '../../../contracts/protocol/meter-keys.ts'
import type { Address, AreaRules, Hex, Order, Reading, SessionKey } from '../../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { LinkFlow, Side, Zone, ZoneResult } from '../auction.ts'
import type { CancelReason, TimeInForce } from '../book/forward-market.ts'

/** What an area clears by. `rules` is what everybody signed; the rest is the server's and public. */
export interface AreaConfig {
  rules: AreaRules
  rulesHash: Hex
  zones: Zone[]
  /**
   * Prices of trades lie in `[lowestTicks, highestTicks]`, half as wide as the band that the rules allow a batch: a share in
   * excess congestion rent moves an average by at most half the width beyond either end, so every batch fits its band.
   */
  lowestTicks: Ticks
  highestTicks: Ticks
  /** How long after an interval's end a missing reading is waited for. */
  graceMs: number
}

/** The limits that hold for a seat from `from` (an interval boundary) until the next entry's. */
export interface Terms {
  from: UtcSeconds
  sellFloor: Ticks
  buyCeiling: Ticks
  /** Wh per interval as the account signed them; see `sellableWh` and `buyableWh` for what the grid operator leaves of them. */
  maxSellWh: Wh
  maxBuyWh: Wh
  /** No interval that ends after this is traded. */
  validUntil: UtcSeconds
  version: number
  /** Where the grid operator placed the seat; null until it did: such a seat trades in the root zone. */
  zone: string | null
  /** The confirmed most export per interval; null where the grid operator has not confirmed the meter or has revoked it. */
  nameplateWh: Wh | null
  /** Closed by its account, or suspended: nothing trades. */
  closed: boolean
}

/** A seat as the escrow shows it at one block: absolute, so applying it twice changes nothing. */
export interface ChainSeat {
  seat: number
  account: Address
  meter: Address
  /** Those that followed the meter's first key, ascending; missing where there are none. */
  keys?: LaterKey[]
  /** Ascending by `from`; the first one's `from` is the mandate's start. Past entries before the base may be dropped. */
  terms: Terms[]
  balance: LedgerUnits
  /** The open withdrawal request. */
  withdrawal: { amount: LedgerUnits; to: Address; claimableAt: UtcSeconds } | null
  withdrawalNonce: number
  /** The last settled registers: where the next entry starts. */
  base: { epoch: number; time: UtcSeconds; importWh: Wh; exportWh: Wh }
}

/** A boundary reading whose signature the shell has checked. */
export type MeterReading = Reading

export type Command =
  | { type: 'configure'; atMs: number; config: AreaConfig }
  | { type: 'engine-version'; atMs: number; engineVersion: number }
  /** The chain at a block that will not be rolled back; `seats` are those that changed since the command before. */
  | { type: 'chain'; atMs: number; block: number; settledUntil: UtcSeconds; seats: ChainSeat[] }
  /** `id` is the order's digest; the signature has been checked against the account. */
  | { type: 'order'; atMs: number; id: Hex; order: Order; signature: Hex; session: SessionProof | null }
  | { type: 'cancel'; atMs: number; id: Hex; signature: Hex }
  /** For one interval that has not started; trades in the book of the seat's zone. */
  | {
      type: 'forward-order'
      atMs: number
      id: Hex
      order: Order
      timeInForce: TimeInForce
      signature: Hex
      session: SessionProof | null
    }
  | { type: 'forward-cancel'; atMs: number; id: Hex; signature: Hex }
  | { type: 'readings'; atMs: number; readings: (MeterReading & { signature: Hex })[] }
  /** These seats cannot pay for the batch of this end and number: it is cut anew without what they traded. */
  | { type: 'leave-out'; atMs: number; end: UtcSeconds; number: number; seats: number[] }
  /** Time has come: starts, clears and cuts whatever is due. */
  | { type: 'tick'; atMs: number }

/** The account's grant for the key that signed an order. */
export interface SessionProof extends Omit<SessionKey, 'account'> {
  signature: Hex
}

/** An order as the engine holds it. It counts for intervals with `activeFrom` ≤ start < `activeUntil`. */
export interface OrderState {
  id: Hex
  seat: number
  side: Side
  limitTicks: Ticks
  maxWh: Wh
  activeFrom: UtcSeconds
  activeUntil: UtcSeconds
  nonce: number
  /** Order of arrival in the area. */
  arrival: number
  acceptedAtMs: number
  status: 'active' | 'replaced' | 'cancelled' | 'expired'
}

/** A forward order as the engine holds it until the gate closes. */
export interface ForwardOrder {
  id: Hex
  seat: number
  account: Address
  zone: string
  side: Side
  /** The interval it is for. */
  start: UtcSeconds
  limitTicks: Ticks
  maxWh: Wh
  /** What still rests in the book. */
  openWh: Wh
  acceptedAtMs: number
}

/** Energy promised for an interval at the resting order's price, within one zone, so without a grid fee. */
export interface ForwardTrade {
  /** Counts the interval's trades from 1 in the order they were made. */
  number: number
  start: UtcSeconds
  zone: string
  maker: Hex
  taker: Hex
  buyOrder: Hex
  sellOrder: Hex
  /** Seats. */
  buyer: number
  seller: number
  priceTicks: Ticks
  energyWh: Wh
}

/** Why an order did or did not trade in one interval; `message` is the sentence that people read. */
export interface SeatOutcome {
  order: Hex
  side: Side
  limitTicks: Ticks
  offeredWh: Wh
  filledWh: Wh
  priceTicks: Ticks | null
  amount: LedgerUnits
  code: string
  message: string
}

/** One seat in one interval and run: metered = matched + residual on both sides. */
export interface SeatInterval {
  seat: number
  meter: Address
  zone: string
  quality: 'measured' | 'estimated' | 'doubtful' | 'missing'
  importWh: Wh
  exportWh: Wh
  boughtWh: Wh
  soldWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
  /** Traded forward but not delivered or not taken, both sides together; not charged. */
  deviationWh: Wh
  outcomes: SeatOutcome[]
}

/** One computation of an interval's result. */
export interface IntervalRun {
  start: UtcSeconds
  /** 1 is the first; a higher number supersedes the lower ones. */
  run: number
  status: 'provisional' | 'final'
  matchedWh: Wh
  gridFees: LedgerUnits
  /** Gross, before the cap of the area's rules. */
  congestionRent: LedgerUnits
  /** What the grid operator's account keeps: Σ paid − Σ received. */
  gridTake: LedgerUnits
  zones: ZoneResult[]
  flows: LinkFlow[]
  seats: SeatInterval[]
  /** How many forward trades there were, and what of each was honoured, by its number. */
  forward: { number: number; deliveredWh: Wh }[]
}

/** What one seat settles in a batch: from its base to `time`, whose reading is signed and measured. */
export interface BatchEntry {
  seat: number
  /** `settle` trades; `rebase` only moves the base up to this reading, so that no entry spans a change of terms. */
  kind: 'settle' | 'rebase'
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  soldWh: Wh
  boughtWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
}

/** The final fills of `[start, end)` netted per seat. */
export interface BatchCut {
  start: UtcSeconds
  end: UtcSeconds
  /** Lowest and highest average price of any entry's side, in ticks, rounded outwards. */
  bandLow: Ticks
  bandHigh: Ticks
  energyWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
  /** Ascending by seat, then time. */
  entries: BatchEntry[]
}

export type ReadingStatus = 'stored' | 'duplicate' | 'refused'

export type Event =
  | { type: 'configured'; config: AreaConfig }
  | { type: 'engine-version-changed'; engineVersion: number }
  | { type: 'seats-changed'; block: number; settledUntil: UtcSeconds; seats: ChainSeat[] }
  | { type: 'order-accepted'; order: OrderState }
  | { type: 'order-ended'; id: Hex; status: 'replaced' | 'cancelled' | 'expired'; activeUntil: UtcSeconds }
  | { type: 'forward-accepted'; order: ForwardOrder }
  | { type: 'forward-trade'; trade: ForwardTrade }
  | { type: 'forward-cancelled'; id: Hex; start: UtcSeconds; energyWh: Wh; reason: CancelReason }
  | { type: 'refused'; id: Hex; code: string; message: string }
  | {
      type: 'reading'
      meter: Address
      epoch: number
      time: UtcSeconds
      status: ReadingStatus
      code?: string
      message?: string
      retry?: boolean
    }
  | { type: 'meter-suspended'; meter: Address; time: UtcSeconds; code: string }
  /** A reading for an interval that is final already: stored and reported as a correction, nothing moves. */
  | { type: 'late-reading'; seat: number; meter: Address; epoch: number; time: UtcSeconds }
  | { type: 'interval-started'; start: UtcSeconds; reservations: Reservation[] }
  | { type: 'interval-cleared'; result: IntervalRun }
  | { type: 'interval-final'; start: UtcSeconds; run: number }
  /** `number` is 1 at first; a higher one replaces the lower, without the seats that cannot pay (`leftOut`, of all numbers). */
  | { type: 'batch-cut'; batch: BatchCut; number: number; leftOut: number[] }

/** What the engine set aside for an order when its interval started; `reservedWh` below the order's energy says it was cut. */
export interface Reservation {
  order: Hex
  seat: number
  side: Side
  limitTicks: Ticks
  wantedWh: Wh
  reservedWh: Wh
  reserved: LedgerUnits
}
