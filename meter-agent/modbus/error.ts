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
  | 'MODBUS_CLOSED'
  | 'MODBUS_OVERDUE'

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

/** A failure to read a device. The message is one line that says what to do where there is something to do. */
export class ModbusError extends Error {
  override readonly name = 'ModbusError'
  readonly code: ModbusErrorCode
  /** The Modbus exception code the device answered with; only for `MODBUS_EXCEPTION`. */
  readonly exception: number | null

  constructor(code: ModbusErrorCode, message: string, details: { exception?: number; cause?: unknown } = {}) {
    super(message, { cause: details.cause })
    this.code = code
    this.exception = details.exception ?? null
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

/** The error for an exception reply. */
export function exceptionError(exception: number, what: string): ModbusError {
  const meaning = exceptionMeanings.get(exception) ?? 'unknown exception'
  return new ModbusError('MODBUS_EXCEPTION', `${what}: exception ${exception} (${meaning})`, { exception })
}
