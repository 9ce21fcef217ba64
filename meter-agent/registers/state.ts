/** What metering remembers of one meter: plain values, stored as they are. */

import { interrupted, noTrust, type Trust } from './comparison.ts'
import type { CounterTrack, Marks } from './counter.ts'
import { shiftCounter } from './counter.ts'
import type { ProductionTrack } from './production.ts'
import { shiftProduction } from './production.ts'
import type { SeenPower, TimedSample } from './sample.ts'

export interface MeterState {
  version: 2
  epoch: number
  /** UTC seconds; the registers are 0 there. */
  epochTime: number
  /** Whether the epoch's start has been passed. */
  started: boolean
  /** The sequence number of the newest reading, over all epochs. */
  sequence: number
  /** UTC seconds of the newest boundary that is done with: no reading at or before it is made any more. */
  boundary: number
  serialNumber: string | null
  /** The serial number of another device that answers in the known one's place. */
  foreignSerialNumber: string | null
  clockOffsetMs: number | null
  /** No sample has counted since the process began: what the clock did before is not known. */
  resumed: boolean
  /** The clock was set since the last sample that counted. */
  clockWasSet: boolean
  /** UTC milliseconds of the newest sample that counted; `null` before the first. */
  anchorAtMs: number | null
  /** The newest power seen, to integrate from. */
  power: SeenPower | null
  import: CounterTrack | null
  export: CounterTrack | null
  /** The production counters, by the name of their device in the configuration. */
  production: Record<string, ProductionTrack>
  /** Whether counters and power have told the same story. */
  trust: Trust
  /** What happened so far in the interval that is open. */
  marks: Marks
}

/** A clock that moved by more than this against the monotonic clock was set. */
const clockStepMs = 1000

/** The state at the start of an epoch, whose registers are 0 at `epochTime` (UTC seconds, a boundary). */
export function startEpoch(options: { epoch: number; epochTime: number; sequence: number }): MeterState {
  return {
    version: 2,
    ...options,
    started: false,
    boundary: options.epochTime,
    serialNumber: null,
    foreignSerialNumber: null,
    clockOffsetMs: null,
    resumed: false,
    clockWasSet: false,
    anchorAtMs: null,
    power: null,
    import: null,
    export: null,
    production: {},
    trust: noTrust,
    marks: {},
  }
}

/** The stored state in a new process, whose monotonic clock counts from another start. */
export function resume(state: MeterState): MeterState {
  return { ...state, clockOffsetMs: null, resumed: true }
}

/** Moves every remembered time along when the wall clock was set against the monotonic one. */
export function followClock(state: MeterState, { clockOffsetMs }: TimedSample): MeterState {
  const offset = Math.round(clockOffsetMs)
  const byMs = state.clockOffsetMs === null ? 0 : offset - state.clockOffsetMs
  if (Math.abs(byMs) <= clockStepMs) return { ...state, clockOffsetMs: offset }
  const production = Object.entries(state.production).map(([name, track]) => [name, shiftProduction(track, byMs)])
  return {
    ...state,
    clockOffsetMs: offset,
    clockWasSet: true,
    anchorAtMs: state.anchorAtMs === null ? null : state.anchorAtMs + byMs,
    power: state.power && { ...state.power, atMs: state.power.atMs + byMs },
    import: state.import && shiftCounter(state.import, byMs),
    export: state.export && shiftCounter(state.export, byMs),
    production: Object.fromEntries(production),
    trust: interrupted(state.trust),
  }
}

/** The state as JSON text; bigints become `{"$n":"123"}`. */
export function printState(state: MeterState): string {
  return JSON.stringify(state, (_key, value) => (typeof value === 'bigint' ? { $n: value.toString() } : value))
}

/**
 * Reads what `printState` wrote; what version 1 wrote goes on without anything proven. Throws a `TypeError` on another version's
 * state, which this program cannot continue.
 */
export function parseState(text: string): MeterState {
  const { comparison, contradicted, ...stored } = JSON.parse(text, (_key, value) =>
    value !== null && typeof value === 'object' && typeof value.$n === 'string' ? BigInt(value.$n) : value,
  ) as Omit<MeterState, 'version'> & { version: number; comparison?: unknown; contradicted?: boolean }
  if (stored.version === 2) return stored as MeterState
  if (stored.version === 1) {
    return { ...stored, version: 2, power: null, trust: { ...noTrust, contradicted: contradicted === true } }
  }
  throw new TypeError(`the metering state has version ${stored.version}, this program knows 1 and 2`)
}
