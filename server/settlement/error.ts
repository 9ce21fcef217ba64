/** The errors of the pure settlement room. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** Why the pure settlement rooms refuse to go on: each of these means that a law of the market was broken before. */
export class SettlementError extends CodedError<
  | 'SETTLEMENT_FILL_UNCOVERED'
  | 'SETTLEMENT_UNBALANCED'
  | 'SETTLEMENT_GRID_TAKE'
  | 'SETTLEMENT_INPUT'
  | 'SETTLEMENT_STATEMENT'
  | 'SETTLEMENT_STATEMENT_ERASED'
  | 'SETTLEMENT_ARCHIVE'
> {
  override readonly name = 'SettlementError'
}
