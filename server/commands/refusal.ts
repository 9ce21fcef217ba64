/** Which errors end a command with a sentence, and which are faults of the program. */
import { whyDiskRefuses } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { whyUnusable } from '../store/unreachable.ts'
import { refuse } from './streams.ts'

/**
 * Says why the command failed: what is thrown on purpose in its own lines (several where several things are wrong), what a
 * lost database or socket means, or a disk refuses, in one. An error that nobody throws on purpose is thrown on.
 * @param databaseUrl of the database that the command used
 */
export function refuseKnown(error: unknown, databaseUrl?: string): void {
  if (error instanceof CodedError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
    return
  }
  const reason = whyUnusable(error, databaseUrl) ?? whyDiskRefuses(error)
  if (reason === null) throw error
  refuse(reason)
}
