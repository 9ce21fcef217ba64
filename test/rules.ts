/** What most areas of the tests leave as it is. */
import { noWatchers } from '../contracts/protocol/typed-data.ts'

export const plainRules = {
  successor: `0x${'0'.repeat(40)}`,
  confirmation: 2,
  allocation: 0,
  watchers: noWatchers,
  watcherGraceSeconds: 0,
}
