/**
 * Metering: from polls of a home's devices to boundary readings. Pure: state and sample in, state and readings out.
 *
 * The rules, each where it is applied:
 * - a boundary's register is interpolated between the samples around it, in integers, and rounded down; the register is
 *   rounded, never a difference, so intervals telescope;
 * - nothing is extrapolated: without a sample at or after a boundary there is no reading of it;
 * - what happens between two samples marks every interval that the time between them touches;
 * - a boundary is read once; what becomes known later changes nothing.
 *
 * Times are UTC milliseconds unless named seconds; energies are thousandths of a Wh until a reading is made.
 */

import type { ReadingReason } from '../../contracts/protocol/wire.ts'
import { interrupted, isTrusted, resolutionsOf, type Trust, weigh } from './comparison.ts'
import type { CounterSample, CounterStep, CounterTrack, Marks, QualityCode } from './counter.ts'
import { restartAlong, startCounter, stepCounter } from './counter.ts'
import { energyMilliWh } from './energy.ts'
import { followProduction, productionAt } from './production.ts'
import type { Direction, MeterRules, TimedSample } from './sample.ts'
import { directions, seenPower, sidePower } from './sample.ts'
import type { MeterState } from './state.ts'
import { followClock } from './state.ts'

/** The registers at a boundary, not yet signed; times in UTC seconds, registers in Wh. */
export interface BoundaryReading {
  epoch: number
  time: number
  importWh: number
  exportWh: number
  quality: QualityCode
  reasons: ReadingReason[]
  productionWh: number | null
  sequence: number
}

/** What a sample did; `ignored` samples lack what the meter showed before, or are not later than the last one. */
export type ObservationOutcome = CounterStep['outcome'] | 'ignored'

export interface Observation {
  state: MeterState
  readings: BoundaryReading[]
  outcome: ObservationOutcome
}

/** After a longer silence only the newest boundaries are read; the energy was never for sale. */
export const mostBoundariesAtOnce = 20_000

/** The name under which the grid device's own production counter is kept. */
const gridDeviceName = ''

/** Takes a poll of the device at the grid connection point; the readings are those of the boundaries it completes. */
export function observeGrid(before: MeterState, sample: TimedSample, rules: MeterRules): Observation {
  const state = followClock(before, sample)
  const { counters, reading, device } = sample.device
  const { powerW } = reading
  const without = (outcome: ObservationOutcome): Observation => ({ state, readings: [], outcome })

  if (!counters.import && !counters.export) return without('ignored')
  if ((state.import && !counters.import) || (state.export && !counters.export)) return without('ignored')
  if (powerW !== null && (powerW > 1.5 * rules.mainFuseW || -powerW > 1.5 * rules.nameplateW)) {
    return without('rejected')
  }
  if (state.anchorAtMs === null) return { state: firstSample(state, sample, rules), readings: [], outcome: 'accepted' }
  const sinceMs = sample.atMs - (state.power?.atMs ?? state.anchorAtMs)
  if (sinceMs < 0 && state.resumed) {
    // A 0 is no value to count from, where there was more.
    const empty = directions.some((side) => counters[side]?.milliWh === 0n && state[side]!.baseMilliWh > 0n)
    if (empty) return without('ignored')
    return { state: afterLostTime(state, sample, rules), readings: [], outcome: 'accepted' }
  }
  if (sinceMs <= 0) return without('ignored')

  const foreign =
    state.serialNumber !== null && device.serialNumber !== null && device.serialNumber !== state.serialNumber
  if (foreign) {
    const held = { ...state, foreignSerialNumber: device.serialNumber, trust: interrupted(state.trust) }
    return { ...advance(held, held, sample, { 'device-changed': 2 }, rules), outcome: 'held' }
  }
  return step(state, sample, rules)
}

/** Takes a poll of a device that counts production only, known by its name in the configuration. */
export function observeProduction(
  before: MeterState,
  name: string,
  sample: TimedSample,
  rules: MeterRules,
): MeterState {
  const state = followClock(before, sample)
  const counter = sample.device.counters.production
  if (!counter) return state
  const track = followProduction(state.production[name], counter, sample, rules.nameplateW)
  return { ...state, production: { ...state.production, [name]: track } }
}

function step(state: MeterState, sample: TimedSample, rules: MeterRules): Observation {
  const { atMs, device } = sample
  const stepped = stepSides(state, sample, rules)
  const outcomes = directions.map((side) => stepped[side]?.outcome)

  if (outcomes.includes('rejected')) {
    // As if it had never been taken, but for what is remembered of values that keep coming back.
    const suspected = { ...state, power: seenPower(sample) }
    for (const side of directions) {
      const track = state[side]
      const flowed = flowedOn(side, state, sample)
      if (stepped[side]?.outcome !== 'accepted') suspected[side] = stepped[side]?.track ?? null
      else if (track) {
        const unbookedMilliWh =
          track.unbookedMilliWh === null || flowed === null ? null : track.unbookedMilliWh + flowed
        suspected[side] = { ...track, unbookedMilliWh }
      }
    }
    return { state: suspected, readings: [], outcome: 'rejected' }
  }

  const marks: Marks = worst(stepped.import?.marks ?? {}, stepped.export?.marks ?? {})
  if (atMs - state.anchorAtMs! > rules.gapLimitMs) marks.gap = 1
  if (directions.some((side) => !state[side] && stepped[side])) marks.first = 1
  const trust = compared(state, stepped, sample, marks)
  const after: MeterState = {
    ...observeProduction(state, gridDeviceName, sample, rules),
    trust,
    import: stepped.import?.track ?? null,
    export: stepped.export?.track ?? null,
    serialNumber: state.serialNumber ?? device.device.serialNumber,
    foreignSerialNumber: null,
  }
  if (trust.contradicted || trust.mistrusted) marks.implausible = 2
  // What a side counts is for sale once power has confirmed it; a side that stands still sells nothing anyway.
  const isUnproven = (side: Direction) => riseOf(state, stepped, side) > 0n && !isTrusted(trust, side)
  if (!rules.confirmed && directions.some(isUnproven)) marks.unverified = 2
  if (device.counting === 'per-phase' && !rules.countsPerPhase) marks.unverified = 2
  return {
    ...advance(state, after, sample, marks, rules),
    outcome: outcomes.includes('held') ? 'held' : 'accepted',
  }
}

function stepSides(state: MeterState, sample: TimedSample, rules: MeterRules): Record<Direction, CounterStep | null> {
  const samples = {
    import: counterSample(state, 'import', sample, rules),
    export: counterSample(state, 'export', sample, rules),
  }
  const stepped = { import: stepSide(state.import, samples.import), export: stepSide(state.export, samples.export) }
  for (const [side, other] of [directions, [...directions].reverse()] as [Direction, Direction][]) {
    const along = stepped[other]
    if (stepped[side]?.marks.reset && along) stepped[other] = restartAlong(along, samples[other]!)
  }
  return stepped
}

function stepSide(track: CounterTrack | null, sample: CounterSample | null): CounterStep | null {
  if (!sample) return null
  if (track) return stepCounter(track, sample)
  return { track: startCounter(sample, 0n), outcome: 'accepted', marks: {} }
}

function counterSample(
  state: MeterState,
  side: Direction,
  sample: TimedSample,
  rules: MeterRules,
): CounterSample | null {
  const counter = sample.device.counters[side]
  if (!counter) return null
  return {
    atMs: sample.atMs,
    counter,
    sideW: sidePower(side, sample.device),
    flowedMilliWh: flowedOn(side, state, sample),
    limitW: limitOf(side, rules),
  }
}

/** What flowed on a side since the newest power seen, as the mean of both powers. */
function flowedOn(side: Direction, { power }: MeterState, { atMs, device }: TimedSample): bigint | null {
  const now = sidePower(side, device)
  const then = power?.sideW[side] ?? null
  return now === null || then === null ? null : energyMilliWh((now + then) / 2, atMs - power!.atMs)
}

/** What a side's virtual register has risen by in a step. */
function riseOf(before: MeterState, stepped: Record<Direction, CounterStep | null>, side: Direction): bigint {
  const from = before[side]
  const to = stepped[side]?.track
  return from && to ? to.virtualMilliWh - from.virtualMilliWh : 0n
}

/** Compares what the counters counted in a step with what flowed; not over gaps and resets, where neither is known. */
function compared(
  before: MeterState,
  stepped: Record<Direction, CounterStep | null>,
  sample: TimedSample,
  marks: Marks,
): Trust {
  const imported = flowedOn('import', before, sample)
  const exported = flowedOn('export', before, sample)
  if (marks.gap || marks.reset || imported === null || exported === null) return interrupted(before.trust)
  const { counters, reading } = sample.device
  const changeW = Math.abs((reading.powerW ?? 0) - (before.power!.powerW ?? 0))
  const unbooked = (side: Direction) => stepped[side]?.track.unbookedMilliWh ?? 0n
  return weigh(before.trust, {
    atMs: sample.atMs,
    counted: { import: riseOf(before, stepped, 'import'), export: riseOf(before, stepped, 'export') },
    flowed: { import: imported, export: exported },
    uncertainMilliWh: energyMilliWh(changeW / 2, sample.atMs - before.power!.atMs),
    mostW: Math.max(...directions.map((side) => before.power!.sideW[side] ?? 0), Math.abs(reading.powerW ?? 0)),
    resolution: resolutionsOf(counters),
    unbooked: { import: unbooked('import'), export: unbooked('export') },
  })
}

/** Carries the meter from one sample to the next: marks the intervals touched and reads the boundaries between. */
function advance(from: MeterState, to: MeterState, sample: TimedSample, stepMarks: Marks, rules: MeterRules) {
  const { atMs } = sample
  const startMs = from.anchorAtMs!
  const marks: Marks = to.clockWasSet ? { ...stepMarks, clock: 2 } : stepMarks
  const next: MeterState = {
    ...to,
    anchorAtMs: atMs,
    power: seenPower(sample),
    clockWasSet: false,
    resumed: false,
    marks: overlaid(to.marks, marks),
  }
  /**
   * A register at a time between the samples, and whether rounding down took something away; across a set clock it
   * stays where it was until the sample itself.
   */
  const between = (side: Direction, timeMs: number): { milliWh: bigint; cut: boolean } => {
    const a = from[side]?.virtualMilliWh ?? 0n
    const b = to[side]?.virtualMilliWh ?? 0n
    if (timeMs >= atMs) return { milliWh: b, cut: false }
    if (to.clockWasSet) return { milliWh: a, cut: false }
    const product = (b - a) * BigInt(timeMs - startMs)
    const duration = BigInt(atMs - startMs)
    return { milliWh: a + product / duration, cut: product % duration !== 0n }
  }

  const zero = { import: 0n, export: 0n }
  const epochMs = next.epochTime * 1000
  if (!next.started && atMs >= epochMs) {
    for (const side of directions) {
      // Rounded up, so that the register never shows more than was counted since the epoch's start.
      const { milliWh, cut } = between(side, epochMs)
      zero[side] = cut ? milliWh + 1n : milliWh
      const track = next[side]
      next[side] = track && { ...track, virtualMilliWh: track.virtualMilliWh - zero[side] }
    }
    next.started = true
    next.marks = atMs === epochMs ? {} : marks
  }

  const readings: BoundaryReading[] = []
  const intervalSeconds = rules.intervalMs / 1000
  const last = next.started ? Math.floor(atMs / rules.intervalMs) * intervalSeconds : next.boundary
  next.boundary = Math.max(next.boundary, last - mostBoundariesAtOnce * intervalSeconds)
  while (next.boundary < last) {
    next.boundary += intervalSeconds
    next.sequence += 1
    const timeMs = next.boundary * 1000
    const production = productionAt(Object.values(next.production), timeMs)
    readings.push({
      epoch: next.epoch,
      time: next.boundary,
      importWh: wholeWh(between('import', timeMs).milliWh - zero.import),
      exportWh: wholeWh(between('export', timeMs).milliWh - zero.export),
      quality: qualityOf(next.marks),
      reasons: reasonsOf(next.marks),
      productionWh: production === null ? null : wholeWh(production),
      sequence: next.sequence,
    })
    next.marks = timeMs === atMs ? {} : marks
  }
  return { state: next, readings }
}

function firstSample(state: MeterState, sample: TimedSample, rules: MeterRules): MeterState {
  const { atMs } = sample
  const lateMs = atMs - state.epochTime * 1000
  return {
    ...restarted(state, sample, rules),
    serialNumber: sample.device.device.serialNumber,
    started: lateMs >= 0,
    boundary: lateMs >= 0 ? Math.floor(atMs / rules.intervalMs) * (rules.intervalMs / 1000) : state.boundary,
    marks: lateMs > 0 ? { first: 1 } : {},
  }
}

/**
 * After a restart the clock shows less than at the last sample, and nobody knows how much time has passed: what was
 * counted meanwhile is lost, not invented.
 */
function afterLostTime(state: MeterState, sample: TimedSample, rules: MeterRules): MeterState {
  return { ...restarted({ ...state, production: {} }, sample, rules), marks: worst(state.marks, { clock: 2 }) }
}

/** Follows the device's registers from this sample on; the virtual ones stay where they are. */
function restarted(state: MeterState, sample: TimedSample, rules: MeterRules): MeterState {
  const { atMs, device } = sample
  const follow = (side: Direction): CounterTrack | null => {
    const counter = device.counters[side]
    const counterSample = { atMs, sideW: sidePower(side, device), flowedMilliWh: null, limitW: limitOf(side, rules) }
    return counter && startCounter({ ...counterSample, counter }, state[side]?.virtualMilliWh ?? 0n)
  }
  return {
    ...observeProduction(state, gridDeviceName, sample, rules),
    import: follow('import'),
    export: follow('export'),
    trust: interrupted(state.trust),
    anchorAtMs: atMs,
    power: seenPower(sample),
    clockWasSet: false,
    resumed: false,
  }
}

function limitOf(side: Direction, rules: MeterRules): number {
  return side === 'import' ? rules.mainFuseW : rules.nameplateW
}

/** Rounds down to whole Wh; a register that is not above its start shows 0. */
export function wholeWh(milliWh: bigint): number {
  return milliWh > 0n ? Number(milliWh / 1000n) : 0
}

function worst(a: Marks, b: Marks): Marks {
  const marks: Marks = { ...a }
  for (const [reason, quality] of Object.entries(b) as [keyof Marks, QualityCode][]) {
    marks[reason] = Math.max(marks[reason] ?? 0, quality) as QualityCode
  }
  return marks
}

/** The open interval's marks with a step's: the worst of each, but a frozen register that moved again is known in sum. */
function overlaid(open: Marks, stepMarks: Marks): Marks {
  const marks = worst(open, stepMarks)
  return stepMarks.frozen === undefined ? marks : { ...marks, frozen: stepMarks.frozen }
}

function qualityOf(marks: Marks): QualityCode {
  return Math.max(0, ...Object.values(marks)) as QualityCode
}

function reasonsOf(marks: Marks): ReadingReason[] {
  return Object.keys(marks) as ReadingReason[]
}
