/** Samples of a meter, the two sides of a connection, and what is known about it. */
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
  /** The owner has compared the counters with the meter's display: they are sold before power has confirmed them. */
  confirmed?: boolean
  /** The utility's meter counts each phase by itself, as its owner has been told; else it balances them. */
  countsPerPhase?: boolean
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
export const directions = ['import', 'export'] as const

/**
 * The power on one side, never negative; import is positive at the grid connection point. A meter that counts each phase by
 * itself has both at once.
 */
export function sidePower(side: Direction, { reading, counting, phasePowersW }: DeviceSample): number | null {
  const signed = side === 'import' ? 1 : -1
  if (counting === 'per-phase' && phasePowersW) {
    return phasePowersW.reduce((sum, watts) => sum + Math.max(signed * watts, 0), 0)
  }
  return reading.powerW === null ? null : Math.max(signed * reading.powerW, 0)
}

/** A power seen, to integrate from. */
export interface SeenPower {
  atMs: number
  powerW: number | null
  sideW: Record<Direction, number | null>
}

export function seenPower({ atMs, device }: TimedSample): SeenPower {
  const sideW = { import: sidePower('import', device), export: sidePower('export', device) }
  return { atMs, powerW: device.reading.powerW, sideW }
}
