/** Why a file, a roster or a coefficient list is refused: a stable code, the place in the file and the reason. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { oneLine } from './quote.ts'

export type ExchangeErrorCode =
  | 'ROSTER_DATES'
  | 'ROSTER_FACTOR'
  | 'ROSTER_FIELD'
  | 'ROSTER_FORMAT'
  | 'ROSTER_OVERLAP'
  | 'ROSTER_POINT'
  | 'ROSTER_SHARE'
  | 'VALUES_CODE'
  | 'VALUES_COUNT'
  | 'VALUES_FORMAT'
  | 'VALUES_NUMBER'
  | 'VALUES_POINT'
  | 'VALUES_QUALITY'
  | 'VALUES_REPEATED'
  | 'VALUES_SUM'
  | 'VALUES_SYNTAX'
  | 'VALUES_TIME'
  | 'VALUES_TOO_LARGE'
  | 'VALUES_UNIT'
  | 'VALUES_UNSAFE'
  | 'VALUES_ZONE'

/** The one error of the exchange room. `message` is one line, `place: reason`; the file's name is the caller's to add. */
export class ExchangeError extends CodedError<ExchangeErrorCode> {
  override readonly name = 'ExchangeError'
  /** Line, element, segment, cell or JSON path; empty where the file as a whole is meant. */
  readonly place: string
  readonly reason: string

  constructor(code: ExchangeErrorCode, place: string, reason: string) {
    super(code, oneLine(place === '' ? reason : `${place}: ${reason}`))
    this.place = place
    this.reason = reason
  }
}
