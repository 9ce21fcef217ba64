/** What the readers of devices need of a Modbus connection. */
import type { RegisterReply, RegisterRequest } from './connection.ts'

/** Where registers come from: a connection, or a table of registers in tests. */
export interface RegisterSource {
  /** Changes whenever what was learnt about the device may no longer hold. */
  readonly generation: number
  read(request: RegisterRequest): Promise<RegisterReply>
}

/** How one device is to be asked. */
export interface Patience {
  timeoutMs: number
  /** How often a request is sent in all when the link fails. */
  tries: number
  registersPerRequest: number
}
