/** What most areas of the tests leave as it is. */
import { type AreaRules, areaNumberOf, noWatchers } from '../contracts/protocol/typed-data.ts'

export const plainRules = {
  successor: `0x${'0'.repeat(40)}`,
  confirmation: 2,
  allocation: 0,
  watchers: noWatchers,
  watcherGraceSeconds: 0,
}

/** The rules with the number that belongs to them. */
export function numbered(rules: Omit<AreaRules, 'area'>): AreaRules {
  return { area: areaNumberOf(rules), ...rules }
}

export const nobodyWatches = { keys: [], quorum: 0 }
