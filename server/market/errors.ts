/** What the market room refuses, and how it names the item. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** What the market room refuses, by stable code. `ORDER_…` and `ZONE_…` name the item in `subject`. */
export type MarketErrorCode =
  | 'AUCTION_ENERGY'
  | 'AUCTION_SHAPE'
  | 'ORDER_DUPLICATE'
  | 'ORDER_ENERGY'
  | 'ORDER_PRICE'
  | 'ORDER_SHAPE'
  | 'ORDER_SIDE'
  | 'ORDER_UNKNOWN'
  | 'ORDER_ZONE'
  | 'REPLAY_LINE'
  | 'RESULT_SHAPE'
  | 'RESULT_WRONG'
  | 'ZONE_CAPACITY'
  | 'ZONE_CYCLE'
  | 'ZONE_DUPLICATE'
  | 'ZONE_FEE'
  | 'ZONE_PARENT'
  | 'ZONE_ROOT_MISSING'
  | 'ZONE_SECOND_ROOT'
  | 'ZONE_SHAPE'

/** The one error of the market room: a stable `code`, and in `subject` the id of the order or zone it is about. */
export class MarketError extends CodedError<MarketErrorCode> {
  override readonly name = 'MarketError'
  readonly subject: string | undefined

  constructor(code: MarketErrorCode, message: string, options: { subject?: string; cause?: unknown } = {}) {
    super(code, message, options)
    this.subject = options.subject
  }
}

const longestQuote = 80

/** An identifier as it may stand in a one-line message: quoted, escaped and shortened. */
export function quoted(id: string): string {
  return JSON.stringify(id.length > longestQuote ? `${id.slice(0, longestQuote)}…` : id)
}
