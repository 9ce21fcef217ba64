/** Why documents cannot be made, approved or issued. */
import { CodedError } from '../../contracts/protocol/error.ts'

export class BillingError extends CodedError<
  | 'BILL_APPROVAL'
  | 'BILL_CHANGED'
  | 'BILL_DIFFERS'
  | 'BILL_INCOMPLETE'
  | 'BILL_MONTH'
  | 'BILL_NOTHING'
  | 'BILL_PARTIES'
  | 'BILL_UNKNOWN'
> {
  override readonly name = 'BillingError'
}
