/**
 * The rules by their version. A version that has journaled commands is never changed, since its journal must replay to its
 * hashes: other rules are added here under the next number, and each area takes them up by a journaled `engine-version`.
 * Where two versions differ little, the rules ask the state for its version.
 *
 * - 1: the first.
 * - 2: an interval is computed again once for all late readings of a command, and in a large area not all the time; what a
 *   seat traded on readings of an epoch that has ended meanwhile is computed again.
 */
import { carryOut, type Rules } from './rules.ts'

export const versions: Readonly<Record<number, Rules>> = { 1: carryOut, 2: carryOut }
