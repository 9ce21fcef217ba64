/**
 * Every name that stands in commands and events: written as its place in these lists, so names are only added at the end.
 * What each means to people is said in `server/words`.
 */
import type { Side } from '../auction.ts'

export const sides = ['buy', 'sell'] as const satisfies readonly Side[]

export const qualities = ['measured', 'estimated', 'doubtful', 'missing'] as const
export type Quality = (typeof qualities)[number]

/** Ways in which energy of an interval is given to parties, in the order in which they come. */
export const stageNames = ['agreements', 'forward', 'spot', 'imported', 'coefficients'] as const
export type StageName = (typeof stageNames)[number]

export const orderStatuses = ['replaced', 'cancelled', 'expired', 'revoked'] as const
export type OrderStatus = (typeof orderStatuses)[number]

export const cancelReasons = [
  'requested',
  'self-trade',
  'immediate-or-cancel',
  'fill-or-kill',
  'gate-closed',
  'session-revoked',
  'seat-closed',
  'money-asked-back',
] as const

export const readingStatuses = ['stored', 'duplicate', 'refused'] as const

/**
 * What becomes of a value that the metering operator tells: `taken`, or nothing because it is known (`same`), because its
 * registers are signed and the batch is still open (`signed`), because less is told than was traded (`traded`), because the
 * interval has not ended (`early`), has no result (`gone`), or no seat of the area has the meter (`unknown`).
 */
export const officialStatuses = ['taken', 'same', 'signed', 'traded', 'early', 'gone', 'unknown'] as const
export type OfficialStatus = (typeof officialStatuses)[number]

export const readingCodes = [
  'READING_UNKNOWN_METER',
  'READING_SUSPENDED',
  'READING_MISALIGNED',
  'READING_FUTURE',
  'READING_EPOCH_UNKNOWN',
  'READING_EPOCH_ENDED',
  'READING_BEFORE_EPOCH',
  'READING_EQUIVOCATION',
  'READING_FALLING',
  'READING_IMPLAUSIBLE',
  'READING_KEY',
  'READING_ARCHIVED',
  'READING_BEFORE_SEAT',
] as const
export type ReadingCode = (typeof readingCodes)[number]

/** Refusals after which sending the same reading again later can succeed. */
const passingReadingCodes: ReadonlySet<ReadingCode> = new Set([
  'READING_UNKNOWN_METER',
  'READING_FUTURE',
  'READING_EPOCH_UNKNOWN',
  'READING_KEY',
])

export function canRetryReading(code: ReadingCode): boolean {
  return passingReadingCodes.has(code)
}

export const orderCodes = [
  'ORDER_NO_SEAT',
  'ORDER_RULES',
  'ORDER_SIDE',
  'ORDER_MARKET',
  'ORDER_TIME_IN_FORCE',
  'ORDER_ENERGY',
  'ORDER_TIME',
  'ORDER_EXPIRED',
  'ORDER_HORIZON',
  'ORDER_DUPLICATE',
  'ORDER_NONCE',
  'ORDER_NONCE_STEP',
  'ORDER_SEAT_CLOSED',
  'ORDER_ABOVE_MANDATE_ENERGY',
  'ORDER_ABOVE_CEILING',
  'ORDER_BELOW_FLOOR',
  'ORDER_AFTER_MANDATE',
  'ORDER_LIMIT',
  'ORDER_RATE',
  'ORDER_UNKNOWN',
  'ORDER_FOREIGN',
  'ORDER_GATE_CLOSED',
  'ORDER_FUNDS',
  'ORDER_UNCONFIRMED',
  'ORDER_OUTSIDE_WINDOW',
  'SESSION_KEY_RULES',
  'SESSION_KEY_SIDE',
  'SESSION_KEY_PRICE',
  'SESSION_KEY_EXPIRED',
  'SESSION_KEY_REVOKED',
  'SESSION_KEY_HORIZON',
  'AGREEMENT_NO_SEAT',
  'AGREEMENT_RULES',
  'AGREEMENT_KIND',
  'AGREEMENT_AMOUNT',
  'AGREEMENT_TIME',
  'AGREEMENT_SELF',
  'AGREEMENT_PRICE',
  'AGREEMENT_MANDATE',
  'AGREEMENT_DUPLICATE',
  'AGREEMENT_NONCE',
  'AGREEMENT_LIMIT',
  'AGREEMENT_UNCONFIRMED',
  'AGREEMENT_GROUP',
  'AGREEMENT_UNKNOWN',
  'AGREEMENT_FOREIGN',
  'AGREEMENT_NOTICE',
  'BATCH_UNKNOWN',
  'ORDER_ALLOCATION',
  'DECLARATION_KIND',
  'DECLARATION_INTERVALS',
  'DECLARATION_TIME',
  'DECLARATION_VERSION',
  'DECLARATION_SEAT',
  'DECLARATION_UNBALANCED',
  'DECLARATION_KEY',
  'DECLARATION_SIZE',
  'DECLARATION_AHEAD',
] as const
export type OrderCode = (typeof orderCodes)[number]

export const outcomeCodes = [
  'filled',
  'partly-filled-at-margin',
  'not-filled-at-margin',
  'price-too-high',
  'price-too-low',
  'link-full',
  'no-counterparty',
  'escrow-low',
  'seat-closed',
  'suspended',
  'mandate-expired',
  'zone-unknown',
  'grade-not-settling',
  'no-reading',
  'estimated',
  'doubtful',
  'meter-not-confirmed',
  'nothing-to-sell',
  'nothing-to-buy',
  'used-at-home',
  'mandate-zero',
  'traded-before',
  'honoured',
  'less-delivered',
  'less-taken',
  'seller-side',
  'buyer-side',
  'outside-mandate',
  'link-taken',
  'left-out',
  'partner-left-out',
  'before-base',
  'zone-changed',
  'allocated',
  'above-metered',
  'above-mandate',
  'partner-short',
  'price-outside-mandate',
  'no-price',
  'not-declared',
  'declared-later',
  'budget-reached',
] as const
export type SeatOutcomeCode = (typeof outcomeCodes)[number]
