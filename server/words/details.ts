/** The numbers that come with each code of the engine, by name and kind, in the order in which the engine gives them. */
import type { OrderCode, ReadingCode, SeatOutcomeCode } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import type { Amounts } from './amounts.ts'

/** What a number is. `side` is 0 for buying and 1 for selling; `since` is a time, 0 where nobody knows it. */
type Kind = 'price' | 'energy' | 'money' | 'time' | 'since' | 'length' | 'count' | 'side' | 'agreementKind'

export const agreementKinds = ['fixed', 'share', 'all'] as const

interface Told {
  price: string
  energy: string
  money: string
  time: string
  since: string | null
  length: string
  count: number
  side: Side
  agreementKind: (typeof agreementKinds)[number] | 'unknown'
}

/** The facts that a sentence gets from a code's numbers. */
export type FactsOf<Details> = { [Name in keyof Details]: Details[Name] extends Kind ? Told[Details[Name]] : never }

export const orderDetails = {
  ORDER_NO_SEAT: {},
  ORDER_RULES: {},
  ORDER_SIDE: { side: 'count' },
  ORDER_MARKET: { market: 'count' },
  ORDER_TIME_IN_FORCE: { timeInForce: 'count' },
  ORDER_ENERGY: {},
  ORDER_TIME: { interval: 'length' },
  ORDER_EXPIRED: { end: 'time' },
  ORDER_HORIZON: { end: 'time' },
  ORDER_DUPLICATE: {},
  ORDER_NONCE: { nonce: 'count', last: 'count' },
  ORDER_NONCE_STEP: { nonce: 'count', highest: 'count' },
  ORDER_SEAT_CLOSED: {},
  ORDER_ABOVE_MANDATE_ENERGY: { asked: 'energy', most: 'energy' },
  ORDER_ABOVE_CEILING: { limit: 'price', ceiling: 'price' },
  ORDER_BELOW_FLOOR: { limit: 'price', floor: 'price' },
  ORDER_AFTER_MANDATE: { end: 'time', latest: 'time' },
  ORDER_LIMIT: { most: 'count' },
  ORDER_RATE: { most: 'count' },
  ORDER_UNKNOWN: {},
  ORDER_FOREIGN: {},
  ORDER_GATE_CLOSED: { start: 'time' },
  ORDER_FUNDS: { cost: 'money', free: 'money' },
  ORDER_UNCONFIRMED: {},
  ORDER_OUTSIDE_WINDOW: { limit: 'price', lowest: 'price', highest: 'price' },
  SESSION_KEY_RULES: {},
  SESSION_KEY_SIDE: { side: 'side' },
  SESSION_KEY_PRICE: { limit: 'price', lowest: 'price', highest: 'price' },
  SESSION_KEY_EXPIRED: { from: 'since', until: 'time' },
  SESSION_KEY_REVOKED: { from: 'time' },
  SESSION_KEY_HORIZON: { until: 'time' },
  AGREEMENT_NO_SEAT: { side: 'side' },
  AGREEMENT_RULES: {},
  AGREEMENT_KIND: { kind: 'count' },
  AGREEMENT_AMOUNT: { kind: 'agreementKind', amount: 'count' },
  AGREEMENT_TIME: { interval: 'length', next: 'time' },
  AGREEMENT_SELF: {},
  AGREEMENT_PRICE: { price: 'price', lowest: 'price', highest: 'price' },
  AGREEMENT_MANDATE: { side: 'side' },
  AGREEMENT_DUPLICATE: {},
  AGREEMENT_NONCE: { nonce: 'count', last: 'count', highest: 'count' },
  AGREEMENT_LIMIT: { most: 'count' },
  AGREEMENT_UNCONFIRMED: { side: 'side' },
  AGREEMENT_GROUP: {},
  AGREEMENT_UNKNOWN: {},
  AGREEMENT_FOREIGN: {},
  AGREEMENT_NOTICE: { notice: 'length', earliest: 'time', end: 'time' },
  BATCH_UNKNOWN: { end: 'time', number: 'count' },
  ORDER_ALLOCATION: { allocation: 'count' },
  DECLARATION_KIND: { kind: 'count' },
  DECLARATION_INTERVALS: { start: 'time', end: 'time' },
  DECLARATION_TIME: { start: 'time', earliest: 'time', latest: 'time' },
  DECLARATION_VERSION: { version: 'count', known: 'count' },
  DECLARATION_AHEAD: { version: 'count', most: 'count' },
  DECLARATION_SEAT: { seat: 'count' },
  DECLARATION_UNBALANCED: { start: 'time', allocated: 'energy', shared: 'energy' },
  DECLARATION_KEY: { from: 'time', round: 'count' },
  DECLARATION_SIZE: { most: 'count' },
} as const satisfies Record<OrderCode, Readonly<Record<string, Kind>>>

export const readingDetails = {
  READING_UNKNOWN_METER: {},
  READING_SUSPENDED: {},
  READING_MISALIGNED: { interval: 'length' },
  READING_FUTURE: { time: 'time' },
  READING_EPOCH_UNKNOWN: { epoch: 'count', running: 'count' },
  READING_EPOCH_ENDED: { epoch: 'count', running: 'count' },
  READING_BEFORE_EPOCH: { time: 'time', start: 'time' },
  READING_ARCHIVED: { time: 'time', until: 'time' },
  READING_BEFORE_SEAT: { time: 'time', until: 'time' },
  READING_EQUIVOCATION: { time: 'time' },
  READING_FALLING: { later: 'time', earlier: 'time' },
  READING_IMPLAUSIBLE: { direction: 'side', energy: 'energy', intervals: 'count' },
  READING_KEY: {},
} as const satisfies Record<ReadingCode, Readonly<Record<string, Kind>>>

/** Why a seat could trade nothing at all, whatever its orders. */
export type SeatReason = Extract<
  SeatOutcomeCode,
  | 'seat-closed'
  | 'suspended'
  | 'mandate-expired'
  | 'zone-unknown'
  | 'grade-not-settling'
  | 'no-reading'
  | 'estimated'
  | 'doubtful'
  | 'before-base'
>

/** The numbers of a code by name, written as text. */
export function factsOf(details: Readonly<Record<string, Kind>>, numbers: readonly number[], amounts: Amounts): object {
  return Object.fromEntries(
    Object.entries(details).map(([name, kind], place) => [name, told(kind, numbers[place] ?? 0, amounts)]),
  )
}

function told(kind: Kind, value: number, amounts: Amounts): Told[Kind] {
  switch (kind) {
    case 'count':
      return value
    case 'since':
      return value === 0 ? null : amounts.time(value)
    case 'side':
      return value === 1 ? 'sell' : 'buy'
    case 'agreementKind':
      return agreementKinds[value] ?? 'unknown'
    default:
      return amounts[kind](value)
  }
}
