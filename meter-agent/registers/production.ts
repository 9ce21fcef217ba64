/** The production counters of a home's devices: followed like the grid's, but for display only and never signed. */

import type { CounterTrack } from './counter.ts'
import { shiftCounter, startCounter, stepCounter } from './counter.ts'
import type { Counter } from './device-sample.ts'
import { energyMilliWh } from './energy.ts'
import type { TimedSample } from './sample.ts'

export interface ProductionTrack {
  counter: CounterTrack
  powerW: number | null
  atMs: number
  /** The register at the sample before, to interpolate from; `null` after a start or a set clock. */
  before: { atMs: number; virtualMilliWh: bigint } | null
}

/** Follows a device's production by one sample; its register goes on from what the device had counted when first seen. */
export function followProduction(
  known: ProductionTrack | undefined,
  counter: Counter,
  { atMs, device }: TimedSample,
  nameplateW: number,
): ProductionTrack {
  if (known && atMs <= known.atMs) return known
  const powerW = device.reading.productionW === null ? null : Math.max(device.reading.productionW, 0)
  const flowedMilliWh =
    known && powerW !== null && known.powerW !== null
      ? energyMilliWh((powerW + known.powerW) / 2, atMs - known.atMs)
      : null
  const sample = { atMs, counter, sideW: powerW, flowedMilliWh, limitW: nameplateW }
  if (!known) return { counter: startCounter(sample, counter.milliWh), powerW, atMs, before: null }
  const { track, outcome } = stepCounter(known.counter, sample)
  if (outcome === 'rejected') return { ...known, counter: track }
  return { counter: track, powerW, atMs, before: { atMs: known.atMs, virtualMilliWh: known.counter.virtualMilliWh } }
}

/** Moves every remembered time when the clock was set. */
export function shiftProduction(track: ProductionTrack, byMs: number): ProductionTrack {
  return { ...track, atMs: track.atMs + byMs, counter: shiftCounter(track.counter, byMs), before: null }
}

/** The production of all devices at a time, in thousandths of a Wh, where each was sampled on both sides of it. */
export function productionAt(tracks: readonly ProductionTrack[], timeMs: number): bigint | null {
  if (tracks.length === 0) return null
  let sum = 0n
  for (const { counter, atMs, before } of tracks) {
    if (!before || timeMs <= before.atMs || timeMs > atMs) return null
    const rise = counter.virtualMilliWh - before.virtualMilliWh
    sum += before.virtualMilliWh + (rise * BigInt(timeMs - before.atMs)) / BigInt(atMs - before.atMs)
  }
  return sum
}
