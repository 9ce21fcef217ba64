/** What the rooms around the chain refuse or fail with. */
import { CodedError } from '../../contracts/protocol/error.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'

/**
 * Why the chain could not be used. `CHAIN_REFUSED` is the contract's own no: `contractError` names its error. The codes
 * that waiting can cure are `CHAIN_UNREACHABLE`, `CHAIN_BEHIND` and `CHAIN_UNWATCHED`; `CHAIN_NODE` is a node that answers and
 * does not serve.
 */
export class ChainError extends CodedError<
  | 'CHAIN_UNREACHABLE'
  | 'CHAIN_NODE'
  | 'CHAIN_BEHIND'
  | 'CHAIN_OTHER'
  | 'CHAIN_NO_ESCROW'
  | 'CHAIN_NO_ACCOUNTS'
  | 'CHAIN_DEVELOPMENT_KEY'
  | 'CHAIN_KEY_FILE'
  | 'CHAIN_KEY_OPEN'
  | 'CHAIN_REFUSED'
  | 'CHAIN_FUNDS'
  | 'CHAIN_FEE_CAP'
  | 'CHAIN_TRANSACTION_FAILED'
  | 'CHAIN_NONCE_TAKEN'
  | 'CHAIN_REQUEST'
  | 'CHAIN_RULES'
  | 'CHAIN_BATCH'
  | 'CHAIN_BATCH_CHANGED'
  | 'CHAIN_WATCHERS'
  | 'CHAIN_UNWATCHED'
  | 'CHAIN_NOT_WATCHED'
  | 'CHAIN_WATCHER'
  | 'CHAIN_OVERTAKEN'
> {
  override readonly name = 'ChainError'
  /** The escrow's or token's error, by its name in Solidity. */
  readonly contractError: string | null
  readonly transaction: Hex | null
  constructor(
    code: ChainError['code'],
    message: string,
    details: { contractError?: string; transaction?: Hex; cause?: unknown } = {},
  ) {
    super(code, message, details)
    this.contractError = details.contractError ?? null
    this.transaction = details.transaction ?? null
  }
}
