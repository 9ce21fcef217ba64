/** How a failure is noted in the log: what is expected to happen in a sentence, what nobody foresaw with where it happened. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { isConnectionLoss } from './database.ts'
import { isUnableNow, whyUnusable } from './unreachable.ts'

/** As pino's, of which two levels are used here. */
export interface FailureLog {
  warn(fields: object, line: string): void
  error(fields: object, line: string): void
}

/** A database that is away or can do nothing for anybody mends itself or is mended, and is a warning. `what` is the beginning of the line. */
export function logFailure(log: FailureLog, what: string, error: unknown, fields: object = {}): void {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (isConnectionLoss(error)) log.warn({ ...fields, code }, `${what}: the database is away (${message})`)
  else if (isUnableNow(error)) log.warn({ ...fields, code }, `${what}: ${whyUnusable(error) ?? message} (${message})`)
  else if (error instanceof CodedError) log.error({ ...fields, code }, `${what}: ${message}`)
  else log.error({ ...fields, err: error }, `${what}: ${message}`)
}
