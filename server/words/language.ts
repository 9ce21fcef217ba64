/**
 * What a language brings: how it writes quantities, and a sentence for every code. A further language is one more file of
 * this form and one line in `languages.ts`; what it lacks does not compile.
 *
 * Sentences get their quantities as text, already written in the language.
 */
import type { RefusalReason } from '../../contracts/protocol/batch.ts'
import type { cancelReasons, OrderStatus, SeatOutcomeCode, StageName } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import type { Amounts, Measures } from './amounts.ts'
import type { agreementKinds, FactsOf, orderDetails, readingDetails } from './details.ts'

/** What a sentence about an order, a trade or an agreement in one interval may say. */
export interface OutcomeFacts {
  stage: StageName
  side: Side
  limit: string
  offered: string
  filled: string
  /** Null where nothing was traded at a price. */
  price: string | null
  /** By how much the limit missed the price, or the best price in reach where there was none; null where it did not. */
  gap: string | null
  /** The best price in reach after fees, where it matters. */
  best: string | null
  /** The name of the zone whose link was full. */
  zone: string | null
  /** For how much energy the funds reached. */
  covered: string
  /** Why the other or the own side could not trade. */
  because: SeatOutcomeCode | null
  /** What the meter measured of this side beyond the home's own use, and what all producers together had shared; of shared energy only. */
  metered: string
  together: string
  /** The daily budget, and what of it was left to the interval; of `budget-reached` only. */
  budget: string
  budgetLeft: string
}

/** What became of a trade that was made ahead. */
export interface TradeFacts {
  side: Side
  energy: string
  delivered: string
  missed: string
  status: 'agreed' | 'kept' | 'short' | 'void'
  /** Why not all of it came about. */
  code: SeatOutcomeCode | null
  because: SeatOutcomeCode | null
}

export interface AgreementFacts {
  kind: (typeof agreementKinds)[number]
  energy: string
  share: string
  price: string
}

type Sentences<Details extends Readonly<Record<string, object>>> = {
  readonly [Code in keyof Details]: (facts: FactsOf<Details[Code]>) => string
}

export interface Language {
  amounts(measures: Measures): Amounts
  outcomes: { readonly [Code in SeatOutcomeCode]: (facts: OutcomeFacts) => string }
  /** Before the sentence of an outcome: on which side of what. */
  outcomeOf(stage: StageName, side: Side): string
  orders: Sentences<typeof orderDetails>
  readings: Sentences<typeof readingDetails>
  /** What an order is by now. */
  orderStatuses: { readonly [Status in OrderStatus | 'active' | 'filled']: string }
  /** Why what was left of a forward order was taken out of its book. */
  cancelReasons: { readonly [Reason in (typeof cancelReasons)[number]]: string }
  /** Why a watcher does not sign a batch. */
  watcherReasons: { readonly [Reason in RefusalReason]: string }
  trade(facts: TradeFacts): string
  agreement(facts: AgreementFacts): string
}
