/** Which outcomes of an interval are worth telling. */
import type { OutcomeResource } from '../../server/api/resources.ts'

const idle: ReadonlySet<OutcomeResource['code']> = new Set(['nothing-to-sell', 'nothing-to-buy', 'used-at-home'])

/** A side with nothing to trade is left out while the other one has something to say. */
export function tellingOutcomes(outcomes: readonly OutcomeResource[]): OutcomeResource[] {
  const telling = outcomes.filter(({ code }) => !idle.has(code))
  return telling.length > 0 ? telling : outcomes.slice(0, 1)
}
