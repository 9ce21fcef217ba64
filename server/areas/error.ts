/** What an area answers when it cannot take a command. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** Why an area could not take a command. `AREA_BUSY` and `AREA_NOT_READY` pass: try again. */
export class AreaError extends CodedError<'AREA_BUSY' | 'AREA_NOT_READY' | 'AREA_STOPPED'> {
  override readonly name = 'AreaError'
}
