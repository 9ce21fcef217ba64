/** Why a statement cannot be had now. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** Both errors pass by themselves: whoever asked may ask again. */
export class StatementsError extends CodedError<'STATEMENTS_BUSY' | 'STATEMENTS_STOPPED'> {
  override readonly name = 'StatementsError'
}
