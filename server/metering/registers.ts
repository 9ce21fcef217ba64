/**
 * Cumulative virtual registers made from official interval values: what the metering operator's key signs. The exact sum goes on
 * from one batch to the next; a register is that sum, rounded down to whole Wh, so nothing is lost and nothing counted twice.
 */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { type ValueQuality, valueQualities, worseQuality } from '../exchange/official-values.ts'

/** Exact registers at a boundary, in 10⁻⁶ Wh. */
export interface ExactRegisters {
  time: UtcSeconds
  importMicroWh: bigint
  exportMicroWh: bigint
}

/** A value of one of a meter's points, with the percentage of its energy that takes part in the community. */
export interface PointValue {
  energyMicroWh: number | null
  quality: ValueQuality
}

/** A meter's energy in one interval. */
export interface MeterInterval {
  start: UtcSeconds
  importMicroWh: bigint
  exportMicroWh: bigint
  /** The worst quality among its points; `missing` where a point has no value, or the roster has no point at that time. */
  quality: ValueQuality
}

/** A reading made from official values; its quality is 0 for measured, 1 for estimated, 2 for doubtful. */
export interface MadeReading {
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  quality: number
}

const microPerWh = 1_000_000n
const wholePercent = 100n

/** The part of a value that takes part in the community, in 10⁻⁶ Wh, rounded down. */
function partOf({ energyMicroWh }: PointValue, factorPercent: number): bigint {
  return (BigInt(energyMicroWh ?? 0) * BigInt(factorPercent)) / wholePercent
}

/** A meter's interval from the values of its points; a point that has none is missing. */
export function meterInterval(
  start: UtcSeconds,
  points: readonly { direction: 'import' | 'export'; factorPercent: number; value: PointValue | null }[],
): MeterInterval {
  const sums = { import: 0n, export: 0n }
  let quality: ValueQuality = points.length === 0 ? 'missing' : 'measured'
  for (const { direction, factorPercent, value } of points) {
    quality = worseQuality(quality, value?.quality ?? 'missing')
    if (value !== null) sums[direction] += partOf(value, factorPercent)
  }
  const isMissing = quality === 'missing'
  return {
    start,
    importMicroWh: isMissing ? 0n : sums.import,
    exportMicroWh: isMissing ? 0n : sums.export,
    quality,
  }
}

/** Whether a value of this quality is good enough to settle. */
export function settles(quality: ValueQuality): boolean {
  return valueQualities.indexOf(quality) <= valueQualities.indexOf('substituted')
}

/**
 * The registers at the end of each interval, in order. An estimated interval counts and is marked; a missing interval adds nothing, and
 * its boundary is doubtful.
 */
export function makeRegisters(
  before: ExactRegisters,
  intervals: readonly MeterInterval[],
  intervalSeconds: number,
): { readings: MadeReading[]; after: ExactRegisters } {
  let { time, importMicroWh, exportMicroWh } = before
  const readings = intervals.map((interval): MadeReading => {
    time = interval.start + intervalSeconds
    importMicroWh += interval.importMicroWh
    exportMicroWh += interval.exportMicroWh
    const quality = settles(interval.quality) ? 0 : interval.quality === 'estimated' ? 1 : 2
    return { time, importWh: wholeWh(importMicroWh), exportWh: wholeWh(exportMicroWh), quality }
  })
  return { readings, after: { time, importMicroWh, exportMicroWh } }
}

function wholeWh(microWh: bigint): Wh {
  return Number(microWh / microPerWh)
}
