/** The errors for which a watcher has to wait, and the one that stops it. */
import { CodedError } from '../../contracts/protocol/error.ts'

/**
 * `WATCH_BEHIND`: the node has not shown the block yet that the server built on. `WATCH_CHANGED`: the server has moved on to another
 * batch while this one was read. `WATCH_UNSURE`: the batch was found wrong once, and is computed again before that is said.
 * `WATCH_DATA`: what the watcher wrote down cannot be read.
 */
export class WatchError extends CodedError<'WATCH_BEHIND' | 'WATCH_CHANGED' | 'WATCH_UNSURE' | 'WATCH_DATA'> {
  override readonly name = 'WatchError'
}
