/** What signing in is refused with. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** Why an account could not sign in. */
export class AccountsError extends CodedError<
  'SIGN_IN_MESSAGE' | 'SIGN_IN_DOMAIN' | 'SIGN_IN_CHAIN' | 'SIGN_IN_NONCE' | 'SIGN_IN_TIME' | 'SIGN_IN_SIGNATURE'
> {
  override readonly name = 'AccountsError'
}
