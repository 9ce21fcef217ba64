/** Which errors end a command with a sentence, and which are faults of the program. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { whyUnreachable } from '../store/unreachable.ts'
import { whyDiskRefuses } from './disk-fault.ts'
import { refuse } from './streams.ts'

/**
 * Says why the command failed: what is thrown on purpose in its own lines (several where several things are wrong), what a
 * lost database or socket means, or a disk refuses, in one. An error that nobody throws on purpose is thrown on.
 */
export function refuseKnown(error: unknown): void {
  if (error instanceof CodedError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
    return
  }
  const reason = whyUnreachable(error) ?? whyDiskRefuses(error)
  if (reason === null) throw error
  refuse(reason)
}
