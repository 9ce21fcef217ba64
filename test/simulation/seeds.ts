/** A program that simulates seeds one after the other: `seeds.js FIRST COUNT [STEP]`. Prints the first failure whole and ends with it. */

import { describeOutcome } from './describe-outcome.ts'
import { simulate } from './world.ts'

const [first = 1, count = 1, step = 1] = process.argv.slice(2).map(Number)
const sums: Record<string, number> = {}
let [rows, steps] = [0, 0]
const failed: number[] = []
for (let index = 0; index < count; index += 1) {
  const seed = first + index * step
  const outcome = await simulate(seed)
  rows += outcome.rows
  steps += outcome.steps
  for (const [name, number] of Object.entries(outcome.counts)) sums[name] = (sums[name] ?? 0) + number
  if (outcome.violations.length === 0) continue
  failed.push(seed)
  console.log(describeOutcome(outcome, { isLong: failed.length === 1 }))
}
console.log(`${count} seeds from ${first}: ${steps} steps, ${rows} rows of journals, ${failed.length} failed`)
if (process.env.COUNTS !== undefined) console.log(sums)
process.exit(failed.length === 0 ? 0 : 1)
