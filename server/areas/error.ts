/** Why an area could not take a command. */
import { CodedError } from '../../contracts/protocol/error.ts'

/**
 * `AREA_BUSY` and `AREA_NOT_READY` pass: try again. `AREA_HELD`: another server writes the area. `AREA_STOPPED`: this area does not go on here. `AREA_COMMAND`: this
 * command alone cannot be carried out; its neighbours were.
 */
export class AreaError extends CodedError<
  'AREA_BUSY' | 'AREA_NOT_READY' | 'AREA_HELD' | 'AREA_STOPPED' | 'AREA_COMMAND'
> {
  override readonly name = 'AreaError'
}
