/** What the engine refuses to go on from. */
import { CodedError } from '../../../contracts/protocol/error.ts'

/** Each of these ends the area that it happens in, and no other. */
export class EngineError extends CodedError<
  | 'ENGINE_VERSION'
  | 'ENGINE_NOT_CONFIGURED'
  | 'ENGINE_AREA_CHANGED'
  | 'ENGINE_ZONE_IN_USE'
  | 'ENGINE_ENCODING'
  | 'ENGINE_DIVERGED'
  | 'ENGINE_STUCK'
> {
  override readonly name = 'EngineError'
}
