/** Why a whole import of official values is refused. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** `OFFICIAL_NO_PLACE`: nobody has said where the area lies; `OFFICIAL_NO_SETTINGS`: it was never configured. */
export class OfficialError extends CodedError<'OFFICIAL_NO_PLACE' | 'OFFICIAL_NO_SETTINGS'> {
  override readonly name = 'OfficialError'
}
