/** What goes wrong between the agent and a device. */
import { DeviceError } from '../registers/device-error.ts'

/** What went wrong between the agent and a device; stable, people script against it. */
export type ModbusErrorCode =
  | 'MODBUS_URL'
  | 'MODBUS_PROFILE_UNKNOWN'
  | 'MODBUS_UNREACHABLE'
  | 'MODBUS_DROPPED'
  | 'MODBUS_TIMEOUT'
  | 'MODBUS_FRAME'
  | 'MODBUS_EXCEPTION'
  | 'MODBUS_NO_SUNSPEC'
  | 'MODBUS_CHAIN_BROKEN'
  | 'MODBUS_NOTHING_ANSWERED'
  | 'MODBUS_OTHER_DEVICE'
  | 'MODBUS_REPLAYED'
  | 'MODBUS_PROFILE_FILE'
  | 'MODBUS_CLOSED'
  | 'MODBUS_OVERDUE'

/** What was wrong with a link, as it is counted. */
export type LinkFault =
  | 'unreachable'
  | 'dropped'
  | 'no-reply'
  | 'unusable-bytes'
  | 'echo'
  | 'transaction-id'
  | 'wrong-unit'
  | 'wrong-function'
  | 'wrong-length'
  | 'checksum'

const exceptionMeanings = new Map([
  [1, 'function not supported'],
  [2, 'no such register'],
  [3, 'number of registers refused'],
  [4, 'device failure'],
  [5, 'acknowledged, data comes later'],
  [6, 'device busy'],
  [10, 'gateway path unavailable'],
  [11, 'no answer behind the gateway'],
])

export class ModbusError extends DeviceError<ModbusErrorCode> {
  override readonly name = 'ModbusError'
  /** The Modbus exception code the device answered with; only for `MODBUS_EXCEPTION`. */
  readonly exception: number | null
  /** What was wrong with the link; `null` where the link was not. */
  readonly fault: LinkFault | null

  constructor(
    code: ModbusErrorCode,
    message: string,
    details: { exception?: number; fault?: LinkFault; cause?: unknown } = {},
  ) {
    super(code, message, details)
    this.exception = details.exception ?? null
    this.fault = details.fault ?? null
  }

  /** True when the device itself answered "no such registers" (exception 2 or 3): the link is fine. */
  get saysNotThere(): boolean {
    return this.exception === 2 || this.exception === 3
  }

  /** Like `saysNotThere`, for a device that has answered before: then exception 1 says no more than that either. */
  get saysNotThereEither(): boolean {
    return this.saysNotThere || this.exception === 1
  }

  /** True when the link is suspect, not the device's answer. */
  get isLinkFailure(): boolean {
    return ['MODBUS_UNREACHABLE', 'MODBUS_DROPPED', 'MODBUS_TIMEOUT', 'MODBUS_FRAME'].includes(this.code)
  }
}

/** The error for a reply that the library refused. */
export function frameError(what: string, cause: Error): ModbusError {
  const { message } = cause
  const fault = message.includes('CRC')
    ? 'checksum'
    : message.includes('address')
      ? 'wrong-unit'
      : message.includes('code')
        ? 'wrong-function'
        : 'wrong-length'
  return new ModbusError('MODBUS_FRAME', `${what}: ${message}`, { fault, cause })
}

/** The error for an exception reply. */
export function exceptionError(exception: number, what: string): ModbusError {
  const meaning = exceptionMeanings.get(exception) ?? 'unknown exception'
  return new ModbusError('MODBUS_EXCEPTION', `${what}: exception ${exception} (${meaning})`, { exception })
}
