/** Why the pure settlement rooms refuse to go on: each of these means that a law of the market was broken before. */
export class SettlementError extends Error {
  override readonly name = 'SettlementError'
  readonly code:
    | 'SETTLEMENT_FILL_UNCOVERED'
    | 'SETTLEMENT_UNBALANCED'
    | 'SETTLEMENT_GRID_TAKE'
    | 'SETTLEMENT_INPUT'
    | 'SETTLEMENT_STATEMENT'
    | 'SETTLEMENT_STATEMENT_ERASED'
  constructor(code: SettlementError['code'], message: string) {
    super(message)
    this.code = code
  }
}
