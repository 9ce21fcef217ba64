/**
 * The rules by their version. A version that has journaled commands is never changed, since its journal must replay to its
 * hashes: other rules are added here under the next number, and each area takes them up by a journaled `engine-version`.
 */
import { carryOut, type Rules } from './rules.ts'

export const versions: Readonly<Record<number, Rules>> = { 1: carryOut }
