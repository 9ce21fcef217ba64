/** A program that simulates one seed after the other: `seeds.js MINUTES FIRST STEP`. Prints the first failure whole and ends with it. */
import { describeOutcome } from './describe-outcome.ts'
import { simulate } from './world.ts'

const [minutes = 1, first = 1, step = 1] = process.argv.slice(2).map(Number)
const untilMs = performance.now() + minutes * 60_000
const sums: Record<string, number> = {}
let [seeds, rows, steps] = [0, 0, 0]
let isBroken = false
for (let seed = first; !isBroken && performance.now() < untilMs; seed += step) {
  const outcome = await simulate(seed)
  seeds += 1
  rows += outcome.rows
  steps += outcome.steps
  for (const [name, number] of Object.entries(outcome.counts)) sums[name] = (sums[name] ?? 0) + number
  isBroken = outcome.violations.length > 0
  if (isBroken) console.log(describeOutcome(outcome, { isLong: true }))
}
console.log(
  `${seeds} seeds from ${first} by ${step}: ${steps} steps, ${rows} rows of journals, ${isBroken ? 1 : 0} failed`,
)
if (process.env.COUNTS !== undefined) console.log(sums)
process.exit(isBroken ? 1 : 0)
