/** Why a device could not be read, whatever language it speaks: the classes of the languages' own rooms extend it. */
import { CodedError } from '../../contracts/protocol/error.ts'

/** A failure to read a device. The message is one line that says what to do where there is something to do. */
export abstract class DeviceError<Code extends string = string> extends CodedError<Code> {
  /** True when the link is suspect, not what the device said. */
  abstract get isLinkFailure(): boolean
}
