/**
 * One cumulative register of a device and the virtual register that follows it.
 *
 * The device's register may fall, jump, freeze, wrap or start anew; the virtual one only ever grows, by energy the
 * device has counted in steps that are physically possible. Energies are thousandths of a Wh in bigints, times are UTC
 * milliseconds, powers W.
 */
import type { ReadingReason } from '../../contracts/protocol/wire.ts'
import type { Counter } from './device-sample.ts'
import { agrees, energyMilliWh } from './energy.ts'

/** 0 measured, 1 estimated, 2 doubtful. */
export type QualityCode = 0 | 1 | 2

/** The worst that each cause did to an interval so far. */
export type Marks = Partial<Record<ReadingReason, QualityCode>>

/** Values that do not fit the register's past, kept until they explain themselves. */
interface Suspicion {
  firstMilliWh: bigint
  firstAtMs: number
  lastMilliWh: bigint
  lastAtMs: number
  samples: number
  /** What flowed on this side since the first of them, by power; `null` where the device offers no power. */
  flowedMilliWh: bigint | null
}

export interface CounterTrack {
  /** The virtual register. */
  virtualMilliWh: bigint
  /** The highest accepted value of the device's register. */
  baseMilliWh: bigint
  /** When a sample was last accepted. */
  acceptedAtMs: number
  /** When the device's register last moved. */
  movedAtMs: number
  /** What flowed on this side since the register last moved, by power; `null` where the device offers no power. */
  unbookedMilliWh: bigint | null
  /** Since when more than 200 W flow on this side while the register has not moved by more than its resolution. */
  still: { sinceMs: number; baseMilliWh: bigint; flowedMilliWh: bigint } | null
  /** Where the register stood when it was found frozen; `null` while it moves. */
  frozenAtMilliWh: bigint | null
  fall: Suspicion | null
  jump: Suspicion | null
}

/** One sample of one register. */
export interface CounterSample {
  atMs: number
  counter: Counter
  /** Power on this side at the sample, never negative; `null` where the device offers none. */
  sideW: number | null
  /** What flowed on this side since the sample before, by power. */
  flowedMilliWh: bigint | null
  /** The most power this side can carry. */
  limitW: number
}

/**
 * What a sample did: `accepted` (the virtual register is right at this time), `held` (the register fell: the virtual
 * one waits) or `rejected` (an impossible step: as if the sample had never been taken).
 */
export interface CounterStep {
  track: CounterTrack
  outcome: 'accepted' | 'held' | 'rejected'
  marks: Marks
}

const confirmationMs = 15 * 60_000
const freezeMs = 10 * 60_000
/** Meters behind some inverters update their counters only this often. */
const slowestUpdateMs = 5 * 60_000
const frozenAboveW = 200
const coarseAboveMilliWh = 100_000n
const agreeingSamples = 3

/** Starts following a register; what it counted before this sample does not count. */
export function startCounter(sample: CounterSample, virtualMilliWh: bigint): CounterTrack {
  return {
    virtualMilliWh,
    baseMilliWh: sample.counter.milliWh,
    acceptedAtMs: sample.atMs,
    movedAtMs: sample.atMs,
    unbookedMilliWh: sample.sideW === null ? null : 0n,
    still: null,
    frozenAtMilliWh: null,
    fall: null,
    jump: null,
  }
}

/** Advances a register by one sample, later than every one before it. */
export function stepCounter(before: CounterTrack, sample: CounterSample): CounterStep {
  const track = withFlow(before, sample)
  const rise = sample.counter.milliWh - track.baseMilliWh
  const step = rise >= 0n ? rising(track, sample, rise) : falling(track, sample, -rise)
  const marks = { ...step.marks }
  if (sample.counter.resolutionMilliWh > coarseAboveMilliWh) marks.coarse = 2
  if (!sample.counter.verified) marks.unverified = 2
  return { ...step, marks }
}

/**
 * A side that was held and stands still, when the other one was found to count anew: a new meter, which begins at its own number on
 * this side too. By itself such a side would be held until something flows on it, which may be never.
 */
export function restartAlong(step: CounterStep, sample: CounterSample): CounterStep {
  const { fall } = step.track
  if (step.outcome !== 'held' || fall === null || fall.samples < agreeingSamples) return step
  const { milliWh, resolutionMilliWh } = sample.counter
  const counted = milliWh - fall.firstMilliWh
  const flowed = fall.flowedMilliWh ?? counted
  if (!agrees(counted, flowed, sample.atMs - fall.firstAtMs, resolutionMilliWh)) return step
  return accept(step.track, sample, counted, { reset: 2 })
}

/** Moves every time a track remembers, when the clock they were taken from was set. */
export function shiftCounter(track: CounterTrack, byMs: number): CounterTrack {
  const shifted = (suspicion: Suspicion | null) =>
    suspicion && { ...suspicion, firstAtMs: suspicion.firstAtMs + byMs, lastAtMs: suspicion.lastAtMs + byMs }
  return {
    ...track,
    acceptedAtMs: track.acceptedAtMs + byMs,
    movedAtMs: track.movedAtMs + byMs,
    still: track.still && { ...track.still, sinceMs: track.still.sinceMs + byMs },
    fall: shifted(track.fall),
    jump: shifted(track.jump),
  }
}

function withFlow(track: CounterTrack, sample: CounterSample): CounterTrack {
  const unbookedMilliWh = add(track.unbookedMilliWh, sample.flowedMilliWh)
  const grown = (suspicion: Suspicion | null) =>
    suspicion && { ...suspicion, flowedMilliWh: add(suspicion.flowedMilliWh, sample.flowedMilliWh) }
  return { ...track, unbookedMilliWh, fall: grown(track.fall), jump: grown(track.jump) }
}

function add(sum: bigint | null, flowed: bigint | null): bigint | null {
  return sum === null || flowed === null ? null : sum + flowed
}

function rising(track: CounterTrack, sample: CounterSample, rise: bigint): CounterStep {
  if (rise <= mostSince(track, sample)) {
    const marks: Marks = track.fall ? { implausible: 2 } : {}
    return accept(track, sample, rise, marks)
  }
  const jump = continued(track.jump, sample)
  const confirmed = jump.samples >= agreeingSamples && sample.atMs - jump.firstAtMs >= confirmationMs
  if (!confirmed) return { track: { ...track, jump }, outcome: 'rejected', marks: {} }
  return accept(track, sample, sample.counter.milliWh - jump.firstMilliWh, { reset: 2 })
}

function falling(track: CounterTrack, sample: CounterSample, fallen: bigint): CounterStep {
  const { counter } = sample
  if (fallen <= 2n * counter.resolutionMilliWh) {
    const marks: Marks = track.fall ? { implausible: 2 } : {}
    return accept(track, { ...sample, counter: { ...counter, milliWh: track.baseMilliWh } }, 0n, marks)
  }
  const wrapped = rolledOver(track, counter)
  if (wrapped !== null && wrapped <= mostSince(track, sample)) return accept(track, sample, wrapped, { rollover: 0 })
  const fall = continued(track.fall, sample)
  if (isReset(fall, sample)) return accept(track, sample, counter.milliWh - fall.firstMilliWh, { reset: 2 })
  return { track: { ...track, fall }, outcome: 'held', marks: { implausible: 2 } }
}

function accept(track: CounterTrack, sample: CounterSample, rise: bigint, marks: Marks): CounterStep {
  const { atMs, counter } = sample
  const moved = counter.milliWh !== track.baseMilliWh
  const still = stillSince(track, sample)
  const frozen =
    still !== null && atMs - still.sinceMs >= freezeMs && still.flowedMilliWh > 2n * counter.resolutionMilliWh
  const thawed =
    track.frozenAtMilliWh !== null &&
    (counter.milliWh < track.frozenAtMilliWh || counter.milliWh - track.frozenAtMilliWh > counter.resolutionMilliWh)
  let frozenAtMilliWh = track.frozenAtMilliWh
  if (thawed) frozenAtMilliWh = null
  else if (frozen && frozenAtMilliWh === null) frozenAtMilliWh = still.baseMilliWh
  const frozenMark: Marks = thawed ? { frozen: 1 } : frozenAtMilliWh !== null ? { frozen: 2 } : {}
  return {
    track: {
      virtualMilliWh: track.virtualMilliWh + rise,
      baseMilliWh: counter.milliWh,
      acceptedAtMs: atMs,
      movedAtMs: moved ? atMs : track.movedAtMs,
      unbookedMilliWh: sample.sideW === null ? null : moved ? 0n : (track.unbookedMilliWh ?? 0n),
      still,
      frozenAtMilliWh,
      fall: null,
      jump: null,
    },
    outcome: 'accepted',
    marks: { ...marks, ...frozenMark },
  }
}

function stillSince(
  track: CounterTrack,
  { atMs, counter, sideW, flowedMilliWh }: CounterSample,
): CounterTrack['still'] {
  if (sideW === null || sideW <= frozenAboveW) return null
  const { still } = track
  const moved =
    still && (counter.milliWh < still.baseMilliWh || counter.milliWh - still.baseMilliWh > counter.resolutionMilliWh)
  if (!still || moved) return { sinceMs: atMs, baseMilliWh: counter.milliWh, flowedMilliWh: 0n }
  return { ...still, flowedMilliWh: still.flowedMilliWh + (flowedMilliWh ?? 0n) }
}

/**
 * The most a register can have risen by since its last accepted value: 120 % of the side's power plus the resolution.
 * A register that updates slowly books at once what has flowed since it last moved, as far as power has shown it.
 */
function mostSince(track: CounterTrack, { atMs, counter, limitW }: CounterSample): bigint {
  const most = (sinceMs: number) => energyMilliWh(1.2 * limitW, atMs - sinceMs) + counter.resolutionMilliWh
  const { unbookedMilliWh, acceptedAtMs, movedAtMs } = track
  if (unbookedMilliWh === null) return most(Math.min(acceptedAtMs, Math.max(movedAtMs, acceptedAtMs - slowestUpdateMs)))
  const shown = most(acceptedAtMs) + 2n * unbookedMilliWh
  return shown < most(movedAtMs) ? shown : most(movedAtMs)
}

/** The step over a wrap that the register's width explains, or `null`. */
function rolledOver(track: CounterTrack, counter: Counter): bigint | null {
  const most = counter.maxMilliWh
  if (most === null) return null
  const nearTop = track.baseMilliWh * 100n > most * 95n && counter.milliWh * 100n < most * 5n
  return nearTop ? most + counter.resolutionMilliWh - track.baseMilliWh + counter.milliWh : null
}

/**
 * The suspicion with one more value, or a new one where the values do not continue each other. A 0 is no value to count
 * from: it is what many devices say while they have nothing to say.
 */
function continued(suspicion: Suspicion | null, { atMs, counter, limitW }: CounterSample): Suspicion {
  if (suspicion && (suspicion.firstMilliWh !== 0n || counter.milliWh === 0n)) {
    const counted = counter.milliWh - suspicion.firstMilliWh
    const most = energyMilliWh(1.2 * limitW, atMs - suspicion.firstAtMs) + counter.resolutionMilliWh
    if (counter.milliWh >= suspicion.lastMilliWh && counted <= most) {
      return { ...suspicion, lastMilliWh: counter.milliWh, lastAtMs: atMs, samples: suspicion.samples + 1 }
    }
  }
  const { milliWh } = counter
  return { firstMilliWh: milliWh, firstAtMs: atMs, lastMilliWh: milliWh, lastAtMs: atMs, samples: 1, flowedMilliWh: 0n }
}

/** A lower register is a new one when it has stayed for a quarter of an hour and counts what power says flows. */
function isReset(fall: Suspicion, { atMs, counter }: CounterSample): boolean {
  const counted = fall.lastMilliWh - fall.firstMilliWh
  const durationMs = atMs - fall.firstAtMs
  if (durationMs < confirmationMs || counted <= 0n) return false
  const flowed = fall.flowedMilliWh
  return flowed === null || (flowed > 0n && agrees(counted, flowed, durationMs, counter.resolutionMilliWh))
}
