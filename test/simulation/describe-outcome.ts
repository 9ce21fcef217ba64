/** Says what a failed seed is about, and how to see it again. */
import type { Outcome } from './world.ts'

export function describeOutcome({ seed, violations, history }: Outcome, { isLong }: { isLong: boolean }): string {
  const broken = violations.map(({ law, what }) => `  ${law}: ${what}`).join('\n')
  const title = `seed ${seed} (SEED=${seed} npx vitest run test/simulation):\n${broken}`
  return isLong ? `${title}\nwhat happened before:\n  ${history.join('\n  ')}` : title
}
