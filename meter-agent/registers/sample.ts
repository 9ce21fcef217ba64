/** What metering takes in: polls with their place in time, and a meter's limits. */
import type { DeviceSample } from './device-sample.ts'

/** What a meter's place in the grid and its area say about plausible values. */
export interface MeterRules {
  intervalMs: number
  /** Samples further apart than this leave open when the energy between them flowed. */
  gapLimitMs: number
  /** The most the home can export or produce. */
  nameplateW: number
  /** The most the home can import. */
  mainFuseW: number
}

/** One poll of one device, with its place in time. */
export interface TimedSample {
  /** UTC milliseconds (whole) of the middle between request and reply. */
  atMs: number
  /** Wall clock minus monotonic clock at the poll: it changes when the wall clock is set. */
  clockOffsetMs: number
  device: DeviceSample
}

/** The two directions at the grid connection point. */
export type Direction = 'import' | 'export'
export const sides = ['import', 'export'] as const

/** The power on one side, never negative; import is positive at the grid connection point. */
export function sidePower(side: Direction, powerW: number | null): number | null {
  return powerW === null ? null : Math.max(side === 'import' ? powerW : -powerW, 0)
}
