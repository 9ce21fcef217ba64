/** What the parts of the checker have in common: the result they judge, and the rules it can break. */
import type { AuctionInput, AuctionResult } from './auction.ts'

/** The rules a result can break. */
export type AuctionRule =
  | 'LISTING'
  | 'FILL_ENERGY'
  | 'ZONE_ENERGY'
  | 'MATCHED_ENERGY'
  | 'ENERGY_BALANCE'
  | 'LINK_CAPACITY'
  | 'WELFARE_OPTIMUM'
  | 'MOST_ENERGY'
  | 'SHARING'
  | 'PRICE_PRESENCE'
  | 'PRICE_INTERVAL'
  | 'PRICE_MIDPOINT'
  | 'FILL_PRICE'
  | 'CONGESTION'
  | 'WELFARE'
  | 'GRID_FEES'
  | 'CONGESTION_RENT'
  | 'ZERO_SUM'

/** The first rule a result breaks, the order or zone it breaks it at, and how. */
export interface Breach {
  rule: AuctionRule
  /** Id of the order or zone; absent for totals. */
  subject?: string
  message: string
}

/** What the checks read: input and result by position, with the tree's links resolved. */
export interface ClaimedResult {
  readonly zones: AuctionInput['zones']
  readonly orders: AuctionInput['orders']
  readonly zoneOfOrder: readonly number[]
  /** Index of the parent, −1 for the root. */
  readonly parentOf: readonly number[]
  /** Children before their parents. */
  readonly leavesFirst: readonly number[]
  /** Children of each zone in input order. */
  readonly childrenOf: readonly (readonly number[])[]
  /** Filled energy by order, 0 where none. */
  readonly filledWh: readonly number[]
  /** Net flow to the parent by zone, 0 for the root. */
  readonly flowWh: readonly number[]
  readonly result: AuctionResult
}

/** A breach in one object. */
export function breach(rule: AuctionRule, subject: string | undefined, message: string): Breach {
  return { rule, ...(subject !== undefined && { subject }), message }
}
