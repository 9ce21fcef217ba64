/**
 * Whether counters and power tell the same story. Net energy is compared, import minus export, because some meters count
 * each phase by itself, and from one movement of a counter to a later one, because some counters move in large or rare steps.
 */
import { agrees, magnitude } from './energy.ts'

/** What was counted and what flowed by power since a counter moved; import positive. */
export interface Comparison {
  sinceMs: number
  countedMilliWh: bigint
  flowedMilliWh: bigint
  /** How much the flow may be wrong because power was only sampled: half of each change, for as long as it took. */
  uncertainMilliWh: bigint
}

const shortestMs = 60_000
const longestMs = 15 * 60_000
/** Below this many steps of the registers a comparison says little. */
const fewestSteps = 10n

/** Adds a step to a comparison; `verdict` is set when it was long enough to tell, and a new comparison starts. */
export function compareStep(
  before: Comparison | null,
  step: Omit<Comparison, 'sinceMs'> & { atMs: number; moved: boolean; resolutionMilliWh: bigint },
): { comparison: Comparison | null; verdict: 'agrees' | 'contradicts' | null } {
  const fresh: Comparison = { sinceMs: step.atMs, countedMilliWh: 0n, flowedMilliWh: 0n, uncertainMilliWh: 0n }
  if (!before) return { comparison: step.moved ? fresh : null, verdict: null }
  const comparison: Comparison = {
    sinceMs: before.sinceMs,
    countedMilliWh: before.countedMilliWh + step.countedMilliWh,
    flowedMilliWh: before.flowedMilliWh + step.flowedMilliWh,
    uncertainMilliWh: before.uncertainMilliWh + step.uncertainMilliWh,
  }
  const { countedMilliWh, flowedMilliWh } = comparison
  const durationMs = step.atMs - comparison.sinceMs
  const enough = fewestSteps * step.resolutionMilliWh
  const tells = durationMs >= longestMs || magnitude(countedMilliWh) >= enough || magnitude(flowedMilliWh) >= enough
  if (!step.moved || durationMs < shortestMs || !tells) return { comparison, verdict: null }
  const tolerance = step.resolutionMilliWh + comparison.uncertainMilliWh
  const same = agrees(countedMilliWh, flowedMilliWh, durationMs, tolerance)
  return { comparison: fresh, verdict: same ? 'agrees' : 'contradicts' }
}
