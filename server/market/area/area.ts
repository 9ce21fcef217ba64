/**
 * What the engine of one market area knows and says: its configuration, the seats as the chain shows them, commands and
 * events. Each is described once, as a codec, from which its type follows.
 *
 * Everything here is plain data of whole numbers, names from fixed lists and identifiers: no sentences. Times are UTC seconds
 * unless the name says ms, energies Wh, prices ticks per kWh, money ledger units as bigint.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import {
  address,
  bigint,
  bool,
  hex32,
  hexBytes,
  type Infer,
  int,
  list,
  oneOf,
  optional,
  struct,
  text,
  uint,
  union,
} from './binary.ts'
import {
  cancelReasons,
  officialStatuses,
  orderCodes,
  orderStatuses,
  outcomeCodes,
  qualities,
  readingCodes,
  readingStatuses,
  sides,
  stageNames,
} from './codes.ts'
import { areaConfig } from './config.ts'
import { declaration, declarationKinds, declared, forgottenInterval } from './declarations.ts'
import { officialValue, standing } from './standing.ts'

/** What an area clears by; see `config.ts`. */
export type AreaConfig = Infer<typeof areaConfig>

/** What people read of an area beside what it clears by: names, tariffs, and where its money lies. */
export const areaFace = struct({
  name: text,
  currency: text,
  /** In the order of the configuration's zones. */
  zoneNames: list(text),
  /** What the supplier pays for exported and asks for imported energy: the comparison on the page. */
  feedInTicks: int,
  retailTicks: int,
  chainId: uint,
  escrow: address,
  tokenName: text,
  tokenDecimals: uint,
  withdrawalDelaySeconds: uint,
})
export type AreaFace = Infer<typeof areaFace>

/** The limits that hold for a seat from `from` (an interval boundary) until the next entry's. */
export const terms = struct({
  from: uint,
  sellFloor: int,
  buyCeiling: int,
  /** Wh per interval as the account signed them; see `sellableWh` for what the nameplate leaves of the first. */
  maxSellWh: uint,
  maxBuyWh: uint,
  /** No interval that ends after this is traded. */
  validUntil: uint,
  version: uint,
  /** Where the grid operator placed the seat; null until it did: such a seat trades in the root zone. */
  zone: optional(text),
  /** The confirmed most export per interval; null where the grid operator has not confirmed the meter or has revoked it. */
  nameplateWh: optional(uint),
  /** What the meter's values are good for, as the grid operator confirmed: 0 device, 1 billing. */
  grade: uint,
  /** Closed by its account, revoked or suspended: nothing trades. */
  closed: bool,
})
export type Terms = Infer<typeof terms>

export const epochRegisters = struct({ epoch: uint, time: uint, importWh: uint, exportWh: uint })

/** A meter's cumulative registers at a boundary. */
export type EpochRegisters = Infer<typeof epochRegisters>

/** A seat as the escrow shows it at one block: absolute, so applying it twice changes nothing. */
export const chainSeat = struct({
  seat: uint,
  account: address,
  meter: address,
  /** The keys that followed the meter's first one, ascending by the boundary after which each signs. */
  keys: list(struct({ key: address, from: uint })),
  /** The boundary from which the seat may trade: readings of its meter after it are this seat's. */
  openedAt: uint,
  /** Ascending by `from`. Entries that ended before the base may be dropped. */
  terms: list(terms),
  balance: bigint,
  /** The open withdrawal request. */
  withdrawal: optional(struct({ amount: bigint, to: address, claimableAt: uint })),
  withdrawalNonce: uint,
  /** Where the meter's newest epoch began. */
  epochStart: epochRegisters,
  /** The last settled registers: where the next entry starts. */
  base: epochRegisters,
  /** How often the grid operator has confirmed the meter; one more lifts a suspension. */
  confirmations: uint,
})
export type ChainSeat = Infer<typeof chainSeat>

/**
 * A signed boundary reading whose signature the shell has checked, with what travels unsigned beside it. `quality` is 0
 * measured, 1 estimated, 2 doubtful; bit n of `reasons` is the nth of the protocol's reasons; `key` is who signed, null for the
 * meter's first key.
 */
export const meterReading = struct({
  meter: address,
  epoch: uint,
  time: uint,
  importWh: uint,
  exportWh: uint,
  quality: uint,
  signature: hexBytes,
  sequence: uint,
  productionWh: optional(uint),
  reasons: uint,
  key: optional(address),
})
export type MeterReading = Infer<typeof meterReading>

const signedOrder = struct({
  account: address,
  meter: address,
  rules: hex32,
  market: uint,
  side: uint,
  timeInForce: uint,
  limitPrice: int,
  maxWh: uint,
  start: uint,
  end: uint,
  nonce: uint,
})

/** What an account lets a key of its own sign: orders of these sides (bit 0 buys, bit 1 sells), prices and times. */
export const sessionGrant = struct({
  key: address,
  sides: uint,
  lowestPrice: int,
  highestPrice: int,
  validFrom: uint,
  validUntil: uint,
  /** The account's signature of the grant. */
  signature: hexBytes,
})
export type SessionGrant = Infer<typeof sessionGrant>

const signedAgreement = struct({
  seller: address,
  sellerMeter: address,
  buyer: address,
  buyerMeter: address,
  rules: hex32,
  /** 0 a fixed energy in Wh per interval, 1 a share of the surplus in hundredths of a percent, 2 all of it. */
  kind: uint,
  amount: uint,
  price: int,
  start: uint,
  end: uint,
  noticeSeconds: uint,
  nonce: uint,
})
export type SignedAgreement = Infer<typeof signedAgreement>

/** The most that a home's energy from neighbours may cost in a local day, in ledger units; 0 lifts it. */
const signedBudget = struct({ account: address, meter: address, rules: hex32, amount: uint, nonce: uint })

const side = oneOf(sides)
const quality = oneOf(qualities)

const lateReading = struct({
  reading: meterReading,
  /** The seat that the meter served at that boundary. */
  seat: uint,
  /** The meter's stored readings next to this one in the same epoch, or its epoch's start; null where there is none. */
  before: optional(epochRegisters),
  same: optional(struct({ importWh: uint, exportWh: uint, quality: uint })),
  after: optional(epochRegisters),
  /** The qualities of the readings at the other ends of the two intervals that meet at this boundary, null where there is none. */
  startQuality: optional(struct({ importWh: uint, exportWh: uint, quality: uint })),
  endQuality: optional(struct({ importWh: uint, exportWh: uint, quality: uint })),
  /** The interval that ends at this boundary and the one that starts there, as far as they were computed for the seat. */
  ending: optional(standing),
  starting: optional(standing),
})
export type LateReading = Infer<typeof lateReading>

const at = { atMs: uint }

/** The first part of every journal row: what the engine is asked to do. New kinds are added at the end. */
export const command = union({
  /** What the area clears by from the next interval that has not started. */
  configure: struct({ ...at, config: areaConfig, face: areaFace }),
  /** A new owner of the journal shows itself: rows of a former one do not fit any more. */
  barrier: struct({ ...at, owner: text }),
  /**
   * The chain at a block that will not be rolled back, with the seats that changed since the command before. Where `isPart`,
   * more seats of the same block follow, and how far the chain is counts with the last of them.
   */
  chain: struct({ ...at, block: uint, time: uint, settledUntil: uint, seats: list(chainSeat), isPart: bool }),
  /** `id` is the order's digest; the signature has been checked against the account or the session key. */
  order: struct({ ...at, id: hex32, order: signedOrder, signature: hexBytes, session: optional(sessionGrant) }),
  /** `by` has signed: the order's account or the session key that signed the order. */
  cancel: struct({ ...at, id: hex32, by: address, signature: hexBytes }),
  /** Signed by both accounts of each. Several of one seller with one nonce share what they take pro rata. */
  agreements: struct({
    ...at,
    items: list(struct({ id: hex32, agreement: signedAgreement, sellerSignature: hexBytes, buyerSignature: hexBytes })),
  }),
  /** One of the two accounts, `by`, gives notice. */
  'end-agreement': struct({ ...at, id: hex32, by: address, end: uint, signature: hexBytes }),
  /** The account takes back what it let a session key sign, from a boundary on. */
  'revoke-session': struct({ ...at, account: address, key: address, from: uint, signature: hexBytes }),
  readings: struct({ ...at, readings: list(meterReading) }),
  /** Readings of intervals that the engine no longer holds, with what the tables say of them. */
  'late-readings': struct({ ...at, readings: list(lateReading) }),
  /** These seats cannot pay for the batch of this end and number: it is cut anew without what they traded. */
  'leave-out': struct({ ...at, end: uint, number: uint, seats: list(uint) }),
  /**
   * Time has come: does the first thing that is due, and no more. `seal` is the SHA-256 of the secret from which the salts
   * of a batch's statement follow; it is there where a batch is to be cut.
   */
  tick: struct({ ...at, seal: optional(hex32) }),
  /**
   * The grid operator's account says something about a stretch of time. `id` is its digest; signature and content have been
   * checked. `forgotten` are the intervals that only the tables know.
   */
  declare: struct({
    ...{ ...at, id: hex32, declaration, body: declared, signature: hexBytes },
    forgotten: list(forgottenInterval),
  }),
  /** The chain has settled another batch of this time than the one that was cut here: a restored journal can lack its newest number. */
  'disown-batch': struct({ ...at, start: uint, end: uint }),
  /** What the metering operator says of intervals before, or after, it signs registers made from it. */
  'official-values': struct({ ...at, values: list(officialValue) }),
  /** Signed by the account itself; `id` is its digest. */
  budget: struct({ ...at, id: hex32, budget: signedBudget, signature: hexBytes }),
})
export type Command = Infer<typeof command>
export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>
export type OrderFields = Infer<typeof signedOrder>

/** An order as the engine holds it. It counts for intervals with `activeFrom` ≤ start < `activeUntil`. */
export const orderState = struct({
  id: hex32,
  /** Its place in the order of arrival in the area, which names it: counted with forward orders and agreements. */
  arrival: uint,
  seat: uint,
  side,
  limitTicks: int,
  maxWh: uint,
  activeFrom: uint,
  activeUntil: uint,
  nonce: uint,
  acceptedAtMs: uint,
  /** The session key that signed it and when its grant ends. */
  session: optional(struct({ key: address, validUntil: uint })),
  /** Why it counts no longer once `activeUntil` has come. */
  endsAs: oneOf(orderStatuses),
})
export type OrderState = Infer<typeof orderState>

/** A daily budget as the engine holds it: it counts for intervals that start at `activeFrom` or later, until the next one does. */
export const budgetState = struct({ id: hex32, arrival: uint, amount: uint, activeFrom: uint })
export type BudgetState = Infer<typeof budgetState>

/** A forward order as the engine holds it until the gate closes. */
export const forwardOrder = struct({
  id: hex32,
  arrival: uint,
  seat: uint,
  account: address,
  zone: text,
  side,
  /** The interval it is for. */
  start: uint,
  limitTicks: int,
  maxWh: uint,
  /** The energy that still rests in the book. */
  openWh: uint,
  acceptedAtMs: uint,
  session: optional(struct({ key: address, validUntil: uint })),
})
export type ForwardOrder = Infer<typeof forwardOrder>

/** Energy promised for an interval at the resting order's price, within one zone, so without a grid fee. */
export const forwardTrade = struct({
  /** Counts the interval's trades from 1 in the order they were made. */
  number: uint,
  start: uint,
  zone: text,
  /** Arrivals of the orders. */
  maker: uint,
  taker: uint,
  buyOrder: uint,
  sellOrder: uint,
  /** The two seats, by number. */
  buyer: uint,
  seller: uint,
  priceTicks: int,
  energyWh: uint,
})
export type ForwardTrade = Infer<typeof forwardTrade>

/** An agreement as the engine holds it until it has ended. */
export const agreementState = struct({
  id: hex32,
  arrival: uint,
  /** Arrival of the first of those that were signed as one group. */
  group: uint,
  seller: uint,
  buyer: uint,
  kind: uint,
  amount: uint,
  priceTicks: int,
  start: uint,
  /** Earlier than signed where one of the two gave notice. */
  end: uint,
  noticeSeconds: uint,
  nonce: uint,
})
export type AgreementState = Infer<typeof agreementState>

/**
 * Why an order, a trade or an agreement did or did not move energy in one interval. `details` are the numbers that its code
 * names; `words/details.ts` lists them, and `words/sentences.ts` makes sentences of them.
 */
export const outcome = struct({
  stage: oneOf(stageNames),
  arrival: uint,
  side,
  limitTicks: int,
  offeredWh: uint,
  filledWh: uint,
  priceTicks: optional(int),
  amount: bigint,
  code: oneOf(outcomeCodes),
  details: list(int),
})
export type Outcome = Infer<typeof outcome>

/** One seat in one interval and run: metered = own use + matched + residual on both sides. */
const seatInterval = struct({
  seat: uint,
  /** Its place among the run's zones. */
  zone: uint,
  quality,
  importWh: uint,
  exportWh: uint,
  boughtWh: uint,
  soldWh: uint,
  paid: bigint,
  received: bigint,
  /** Promised ahead but not delivered or not taken, both sides together; not charged. */
  deviationWh: uint,
  outcomes: list(outcome),
})
export type SeatInterval = Infer<typeof seatInterval>

export const zoneRun = struct({
  zone: text,
  priceTicks: optional(int),
  lowestTicks: optional(int),
  highestTicks: optional(int),
  soldWh: uint,
  boughtWh: uint,
  importWh: uint,
  exportWh: uint,
})
export type ZoneRun = Infer<typeof zoneRun>

export const flow = struct({ zone: text, exportWh: int, congestionTicks: int })
const delivered = struct({ number: uint, deliveredWh: uint })

/** What is left of a seat's interval where somebody who could not pay was left out. */
const reducedSeat = struct({
  seat: uint,
  boughtWh: uint,
  soldWh: uint,
  paid: bigint,
  received: bigint,
  /** More promised ahead and not delivered or not taken than before. */
  deviationChangeWh: uint,
  fills: list(
    struct({
      stage: oneOf(stageNames),
      arrival: uint,
      side,
      filledWh: uint,
      priceTicks: optional(int),
      amount: bigint,
      code: oneOf(outcomeCodes),
    }),
  ),
})
export type ReducedSeat = Infer<typeof reducedSeat>

/** An order or agreement for which a seat's funds were too short when the interval started, and what they still covered. */
export const promiseCut = struct({ arrival: uint, energyWh: uint })
export type PromiseCut = Infer<typeof promiseCut>

/** A seat that got less because of its daily budget, and what that left to the interval, in ledger units. */
const budgetLeft = struct({ seat: uint, left: bigint })

/** One computation of an interval's result. */
const intervalRun = struct({
  start: uint,
  /** 1 is the first; a higher number supersedes the lower ones. */
  run: uint,
  matchedWh: uint,
  gridFees: bigint,
  /** Gross, before the cap of the area's rules. */
  congestionRent: bigint,
  /** What the grid operator's account keeps: Σ paid − Σ received. */
  gridTake: bigint,
  zones: list(zoneRun),
  /** The links of the spot auction: net energy from `zone` to its parent, and the price difference beyond the fee. */
  flows: list(flow),
  /** Seats of which a reading was waited for in vain, and those whose reading was not measured. */
  missingReadings: uint,
  deviationWh: uint,
  /** Seats that were read at the interval's end or waited for. */
  seats: list(seatInterval),
  /** What of each forward trade was honoured, by its number. */
  forward: list(delivered),
  /** Seats that were suspended when it was computed, ascending. */
  suspended: list(uint),
  /** What was left of daily budgets, by seat. */
  budgets: list(budgetLeft),
})
export type IntervalRun = Infer<typeof intervalRun>

/** What one seat settles in a batch: from its base to `time`, whose reading is signed and measured. */
const batchEntry = struct({
  seat: uint,
  /** `settle` trades; `rebase` only moves the base up to this reading, so that no entry spans a change of terms. */
  kind: oneOf(['settle', 'rebase']),
  epoch: uint,
  time: uint,
  importWh: uint,
  exportWh: uint,
  soldWh: uint,
  boughtWh: uint,
  paid: bigint,
  received: bigint,
})
export type BatchEntry = Infer<typeof batchEntry>

/** One entry without its energy: from the boundary `from` to these registers. */
export interface SeatSpan extends EpochRegisters {
  seat: number
  from: UtcSeconds
  /** `settle` may hold fills; `rebase` only moves the base up. */
  kind: BatchEntry['kind']
}

/** The final fills of `[start, end)` netted per seat. */
const batchCut = struct({
  start: uint,
  end: uint,
  /** Lowest and highest average price of any entry's side, in ticks, rounded outwards. */
  bandLow: int,
  bandHigh: int,
  energyWh: uint,
  paid: bigint,
  received: bigint,
  /** Ascending by seat, then time. */
  entries: list(batchEntry),
})
export type BatchCut = Infer<typeof batchCut>

/** What a seat's meter says of an interval that was computed before. */
const energyLearnt = {
  ...{ start: uint, run: uint, seat: uint, zone: text },
  ...{ quality, importWh: uint, exportWh: uint },
  /** By how much the sums of the interval change. */
  ...{ importChangeWh: int, exportChangeWh: int, missingChange: int },
}

/** What follows from a command, in order; the journal's hash covers it. New kinds are added at the end. */
export const event = union({
  /** Holds from the interval that starts at `from`. */
  configured: struct({ from: uint, config: areaConfig, face: areaFace }),
  owned: struct({ owner: text }),
  'chain-followed': struct({ block: uint, time: uint, settledUntil: uint }),
  'seat-changed': struct({ seat: chainSeat }),
  /** A closed seat of which nothing is left to settle. */
  'seat-forgotten': struct({ seat: uint }),
  'order-accepted': struct({ order: orderState }),
  'order-ended': struct({ arrival: uint, seat: uint, status: oneOf(orderStatuses), activeUntil: uint }),
  'forward-accepted': struct({ order: forwardOrder }),
  'forward-trade': struct({ trade: forwardTrade }),
  'forward-cancelled': struct({
    arrival: uint,
    seat: uint,
    zone: text,
    start: uint,
    energyWh: uint,
    reason: oneOf(cancelReasons),
  }),
  'agreement-accepted': struct({ agreement: agreementState }),
  'agreement-ended': struct({ arrival: uint, seller: uint, buyer: uint, end: uint }),
  'session-revoked': struct({ account: address, key: address, from: uint }),
  /** The command of this identifier changed nothing; `details` are the numbers that the code names. */
  refused: struct({ id: hex32, code: oneOf(orderCodes), details: list(int) }),
  /** One for each reading of the command, in their order. */
  reading: struct({
    meter: address,
    epoch: uint,
    time: uint,
    status: oneOf(readingStatuses),
    /** 0 where no seat is known. */
    seat: uint,
    /** A later seat of the meter that begins at this boundary and counts from this reading as well; 0 where there is none. */
    nextSeat: uint,
    /** It came after the batch that it belongs to was cut, so it was no part of any trade. */
    isLate: bool,
    code: optional(oneOf(readingCodes)),
    details: list(int),
  }),
  /** Two values were signed for one boundary: nothing of the meter trades until it is confirmed anew. */
  'meter-suspended': struct({ meter: address, seat: uint, epoch: uint, time: uint }),
  'suspension-lifted': struct({ meter: address }),
  /**
   * What was promised for it. `block` is of the chain as far as it was known, `suspended` the seats whose meters were suspended
   * then, and `cut` what funds were too short for, in order of arrival: with these, everything promised can be computed again.
   */
  'interval-started': struct({
    ...{ start: uint, orders: uint, reserved: bigint, waitsFor: uint },
    ...{ block: uint, suspended: list(uint), cut: list(promiseCut) },
  }),
  'interval-cleared': struct({ result: intervalRun }),
  /** Energy of a seat without trade that became known after the newest run of an interval that is not final: the run has it now. */
  'interval-amended': struct({
    ...energyLearnt,
    /** Why its orders got nothing, as far as is known now. */
    outcomes: list(outcome),
  }),
  /** A final interval computed again without seats that cannot pay: the sums of the new run, and what changed of whom. */
  'interval-reduced': struct({
    start: uint,
    run: uint,
    ...{ matchedWh: uint, gridFees: bigint, congestionRent: bigint, gridTake: bigint, deviationWh: uint },
    zones: list(zoneRun),
    flows: list(flow),
    changes: list(reducedSeat),
    forward: list(delivered),
  }),
  'interval-final': struct({ start: uint, run: uint }),
  /** The same of a final interval: reported under a number of its own, nothing moves. */
  'interval-corrected': struct(energyLearnt),
  /** `number` is 1 at first; a higher one replaces the lower, without the seats that cannot pay (`leftOut`, of all numbers). */
  'batch-cut': struct({ batch: batchCut, number: uint, leftOut: list(uint), seal: hex32 }),
  /** These seats are taken out of the batch's intervals one after the other; then it is cut anew. */
  'leaving-out': struct({ end: uint, number: uint, seats: list(uint) }),
  /** The chain has settled what this journal does not know: the intervals are final without results of their own. */
  'batch-missed': struct({ start: uint, end: uint }),
  /** A stored reading is signed by a key that was not the meter's then, as turns out: it counts for nothing, and may come again. */
  'reading-voided': struct({ seat: uint, epoch: uint, time: uint }),
  /** A declaration of the grid operator was taken up. `countsFrom` is the first interval that it can still move energy in. */
  declared: struct({
    ...{ arrival: uint, id: hex32, kind: oneOf(declarationKinds) },
    ...{ start: uint, end: uint, version: uint, countsFrom: uint },
  }),
  /**
   * Of a final interval the grid operator allocated something else than what was settled: reported under a number of its own,
   * nothing moves. Those whose allocation is another one now, with what it is.
   */
  'interval-redeclared': struct({
    ...{ start: uint, run: uint, arrival: uint },
    changes: list(struct({ seat: uint, side, declaredWh: uint })),
  }),
  /** One for each official value of the command, in their order; `seat` is 0 where none is known. */
  'official-value': struct({
    ...{ meter: address, start: uint, seat: uint, importWh: uint, exportWh: uint, isGood: bool },
    status: oneOf(officialStatuses),
  }),
  'budget-set': struct({ seat: uint, nonce: uint, budget: budgetState }),
})
export type Event = Infer<typeof event>
export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>
