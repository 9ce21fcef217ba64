/** Which errors end a command that uses the database with one line, and which are faults of the program. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { whyUnreachable } from '../store/unreachable.ts'
import { refuse } from './streams.ts'

/** Says in one line why the command failed; an error that nobody throws on purpose is thrown on. */
export function refuseKnown(error: unknown): void {
  const reason = error instanceof CodedError ? error.message : whyUnreachable(error)
  if (reason === null) throw error
  refuse(reason)
}

/** Likewise, keeping the lines of what is wrong in several places. */
export function refuseCoded(error: unknown): void {
  if (!(error instanceof CodedError)) {
    refuseKnown(error)
    return
  }
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
