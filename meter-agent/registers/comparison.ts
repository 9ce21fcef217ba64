/**
 * Whether counters and power tell the same story: the one thing that shows an exchanged meter, a register of something else, a
 * wrong scale. Each side is compared by itself, from one movement of a counter to a later one, because counters move in steps
 * and some only every few minutes. All tolerances scale with what was measured.
 *
 * A side is *proven* once its counter and power have agreed over enough energy; before that nothing of it is sold. Counters are
 * *contradicted* when they clearly disagree with power: then nothing is proven any more. Three windows are kept. One looks for
 * proof and starts again at every doubt, so that two errors which cancel prove nothing; one looks for contradictions and is
 * patient with powers that are shown late; one is a day long, in which a register of something else shows that agrees now and then.
 */
import type { Counter } from './device-sample.ts'
import { energyMilliWh } from './energy.ts'
import { type Direction, directions } from './sample.ts'

type PerSide<T> = Record<Direction, T>

/** What was counted and what flowed by power since a counter moved. */
export interface Window {
  sinceMs: number
  counted: PerSide<bigint>
  flowed: PerSide<bigint>
  /** What had flowed and not been counted when the window began: the first step may book it. */
  carried: PerSide<bigint>
  /** How much the flow may be wrong because power was only sampled: half of each change, for as long as it took. */
  uncertainMilliWh: bigint
  /** The largest power seen: a power that is shown late is wrong by so much for a while. */
  mostW: number
  steps: number
}

export interface Trust {
  proven: PerSide<boolean>
  contradicted: boolean
  /** The day's window contradicts: only a day's agreement heals that. */
  mistrusted: boolean
  proof: Window | null
  short: Window | null
  day: Window | null
}

/** One step of both counters beside the power that flowed meanwhile. */
export interface TrustStep {
  atMs: number
  counted: PerSide<bigint>
  flowed: PerSide<bigint>
  uncertainMilliWh: bigint
  mostW: number
  resolution: PerSide<bigint>
  /** What has flowed on a side and not been counted yet. */
  unbooked: PerSide<bigint>
}

export const noTrust: Trust = {
  proven: { import: false, export: false },
  contradicted: false,
  mistrusted: false,
  proof: null,
  short: null,
  day: null,
}

/** A window tells nothing below so many steps of a counter, and below so much energy. */
const fewestSteps = 5n
const leastMilliWh = 5_000n
const fewestSamples = 4
const dayMs = 86_400_000
/** In a day's window so much energy is needed. */
const leastOfDayMilliWh = 1_000_000n
/** A power may be shown so late. */
const lagMs = 15_000
/** So little power may flow uncounted: meters have a starting current. */
const uncountedW = 10

/** Adds a step; over gaps and resets, or without power, call `interrupted` instead. */
export function weigh(before: Trust, step: TrustStep): Trust {
  const moved = directions.some((side) => step.counted[side] > 0n)
  const next = (span: Window | null) => (span ? grown(span, step) : moved ? opened(step) : null)
  const trust: Trust = { ...before, proof: next(before.proof), short: next(before.short), day: next(before.day) }
  if (!moved || !before.proof || !before.short || !before.day) return trust
  return judgedByDay(judged(proved(trust, trust.proof!, step), trust.short!, step), trust.day!, step)
}

/** What was measured before no longer belongs to what comes. */
export function interrupted(before: Trust): Trust {
  return { ...before, proof: null, short: null, day: null }
}

/** Whether nothing speaks against what a side counts. */
export function isTrusted(trust: Trust, side: Direction): boolean {
  return trust.proven[side] && !trust.contradicted && !trust.mistrusted
}

function opened({ atMs, unbooked }: TrustStep): Window {
  const none = { import: 0n, export: 0n }
  return { sinceMs: atMs, counted: none, flowed: none, carried: unbooked, uncertainMilliWh: 0n, mostW: 0, steps: 0 }
}

function grown(span: Window, step: TrustStep): Window {
  const sum = (a: PerSide<bigint>, b: PerSide<bigint>) => ({ import: a.import + b.import, export: a.export + b.export })
  return {
    ...span,
    counted: sum(span.counted, step.counted),
    flowed: sum(span.flowed, step.flowed),
    uncertainMilliWh: span.uncertainMilliWh + step.uncertainMilliWh,
    mostW: Math.max(span.mostW, step.mostW),
    steps: span.steps + 1,
  }
}

/** How far apart counter and power are on a side, beyond what may not be booked yet. */
function differenceOf(span: Window, { unbooked }: TrustStep, side: Direction): bigint {
  const { counted, flowed, carried } = span
  const excess = counted[side] - flowed[side] - carried[side]
  const shortfall = flowed[side] - counted[side] - unbooked[side]
  return excess > shortfall ? (excess > 0n ? excess : 0n) : shortfall > 0n ? shortfall : 0n
}

function largerOf({ counted, flowed }: Window, side: Direction): bigint {
  return counted[side] > flowed[side] ? counted[side] : flowed[side]
}

interface Verdict {
  agrees: boolean
  contradicts: boolean
  /** It agrees over enough energy, and not every number would have. */
  proves: boolean
  /** Nothing has flowed on the side that the counter has not shown. */
  settled: boolean
}

function verdictOf(span: Window, step: TrustStep, side: Direction): Verdict {
  const resolution = step.resolution[side]
  const larger = largerOf(span, side)
  const difference = differenceOf(span, step, side)
  const strict = resolution + larger / 5n + span.uncertainMilliWh
  const lagging = energyMilliWh(span.mostW, lagMs)
  const idle = energyMilliWh(uncountedW, step.atMs - span.sinceMs)
  const lenient = 2n * resolution + (larger * 2n) / 5n + 2n * span.uncertainMilliWh + lagging + idle
  const enough = larger >= fewestSteps * resolution && larger >= leastMilliWh
  const agrees = difference <= strict
  const slack = strict + span.carried[side] + step.unbooked[side]
  const proves = enough && agrees && span.counted[side] > 0n && 3n * slack <= larger + 2n * resolution
  // What flows for long without being counted may be counted late, or never.
  const settledBelow = 2n * resolution + span.uncertainMilliWh
  const settled = span.carried[side] <= settledBelow && step.unbooked[side] <= settledBelow
  return { agrees, contradicts: enough && difference > lenient, proves, settled }
}

/** A side is proven by a window in which neither side left a doubt. */
function proved(trust: Trust, span: Window, step: TrustStep): Trust {
  const verdicts = directions.map((side) => verdictOf(span, step, side))
  if (verdicts.some(({ agrees }) => !agrees)) return { ...trust, proof: opened(step) }
  const tells = verdicts.every(({ settled }) => settled) && verdicts.some(({ proves }) => proves)
  if (span.steps < fewestSamples || !tells) return trust
  const proven = { ...trust.proven }
  for (const [index, side] of directions.entries()) proven[side] ||= verdicts[index]!.proves
  return { ...trust, proven, proof: opened(step) }
}

function judged(trust: Trust, span: Window, step: TrustStep): Trust {
  if (span.steps < fewestSamples) return trust
  const verdicts = directions.map((side) => verdictOf(span, step, side))
  if (verdicts.some(({ contradicts }) => contradicts)) {
    return { ...trust, proven: { import: false, export: false }, contradicted: true, short: opened(step) }
  }
  const agrees = verdicts.every((verdict) => verdict.agrees) && verdicts.some(({ proves }) => proves)
  return agrees ? { ...trust, contradicted: false, short: opened(step) } : trust
}

function judgedByDay(trust: Trust, span: Window, step: TrustStep): Trust {
  let tells = false
  let contradicts = false
  for (const side of directions) {
    const larger = largerOf(span, side)
    if (larger < leastOfDayMilliWh || larger < 4n * fewestSteps * step.resolution[side]) continue
    tells = true
    const idle = energyMilliWh(uncountedW, step.atMs - span.sinceMs)
    // Errors of sampling go either way: over a day they largely cancel.
    const tolerance = 2n * step.resolution[side] + larger / 4n + span.uncertainMilliWh / 4n + idle
    if (differenceOf(span, step, side) > tolerance) contradicts = true
  }
  const isOver = step.atMs - span.sinceMs >= dayMs
  const day = isOver ? opened(step) : span
  if (contradicts) return { ...trust, proven: { import: false, export: false }, mistrusted: true, day }
  return { ...trust, mistrusted: trust.mistrusted && !(tells && isOver), day }
}

/** What a step needs of two counters that may be missing. */
export function resolutionsOf(counters: PerSide<Counter | null>): PerSide<bigint> {
  return {
    import: counters.import?.resolutionMilliWh ?? 0n,
    export: counters.export?.resolutionMilliWh ?? 0n,
  }
}
