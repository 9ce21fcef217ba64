/**
 * What the grid operator allocated, out of official series: to each consumer what it got of the community's energy, and of each
 * producer what was shared, in whole Wh, both sides of an interval the same.
 */
import type { UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import { ExchangeError } from '../error.ts'
import { isoSeconds } from '../instants.ts'
import type { EnergyDirection, OfficialSeries } from '../official-values.ts'
import { shareWhole } from './largest-remainder.ts'

export interface AllocatedEnergy {
  point: string
  /** `import` got it, `export` gave it. */
  direction: EnergyDirection
  energyWh: Wh
}

export interface AllocatedIntervals {
  intervalSeconds: number
  /** Ascending; those that are complete. */
  intervals: { start: UtcSeconds; energies: AllocatedEnergy[] }[]
  /** Starts of those intervals of which some value is missing or not final. */
  incomplete: UtcSeconds[]
}

interface Part {
  point: string
  direction: EnergyDirection
  microWh: number
}

/**
 * Consumers have a series of what was shared with them (AT G.03, the community's channel elsewhere), producers one of what they
 * shared, or of what they fed in altogether and what of it was left (AT G.01 and P.01T). Only measured and substituted values
 * count: where one is missing or an estimate the interval is left out and named. Throws `VALUES_COUNT` where nothing was
 * allocated or lengths of intervals differ, `VALUES_SUM` where both sides of an interval differ by more than rounding.
 */
export function allocatedOf(series: readonly OfficialSeries[]): AllocatedIntervals {
  const shares = series.filter(({ channel, direction }) => channel === 'shared' && direction !== null)
  const hasShare = new Set(shares.filter(isExport).map(({ point }) => point))
  const surplus = series.filter((own) => isExport(own) && own.channel === 'residual' && !hasShare.has(own.point))
  const inPart = new Set(surplus.map(({ point }) => point))
  const fedIn = series.filter((own) => isExport(own) && own.channel === 'total' && inPart.has(own.point))
  const used = [...shares, ...surplus, ...fedIn]
  const lengths = new Set(used.map(({ intervalSeconds }) => intervalSeconds))
  if (lengths.size !== 1 || !shares.some((own) => !isExport(own)) || hasShare.size + inPart.size === 0) {
    const reason =
      lengths.size > 1 ? 'intervals of several lengths' : 'nothing that was allocated to and shared by points'
    throw new ExchangeError('VALUES_COUNT', '', reason)
  }
  const parts = new Map<UtcSeconds, Map<string, Part>>()
  const incomplete = new Set<UtcSeconds>()
  const registers = new Map<UtcSeconds, number>()
  for (const { point, direction, channel, values } of used) {
    const sign = channel === 'residual' ? -1 : 1
    for (const { start, energyMicroWh, quality } of values) {
      registers.set(start, (registers.get(start) ?? 0) + 1)
      if (energyMicroWh === null || quality === 'estimated' || quality === 'missing') incomplete.add(start)
      const own = parts.get(start) ?? new Map<string, Part>()
      parts.set(start, own)
      const name = `${direction} ${point}`
      const part = own.get(name) ?? { point, direction: direction!, microWh: 0 }
      part.microWh += sign * (energyMicroWh ?? 0)
      own.set(name, part)
    }
  }
  for (const [start, count] of registers) if (count !== used.length) incomplete.add(start)
  const complete = [...parts].filter(([start]) => !incomplete.has(start)).sort(([a], [b]) => a - b)
  return {
    intervalSeconds: [...lengths][0]!,
    intervals: complete.map(([start, own]) => ({ start, energies: wholeEnergies(start, [...own.values()]) })),
    incomplete: [...incomplete].sort((a, b) => a - b),
  }
}

/**
 * The same by longer intervals, each the sum of its whole ones; one that lacks a part is left out and named. Throws `VALUES_COUNT` where they
 * are shorter than what was allocated, since nobody but the grid operator knows how it lies inside them, or no multiple of it.
 */
export function byIntervalsOf(
  intervalSeconds: number,
  { intervalSeconds: length, intervals, incomplete }: AllocatedIntervals,
): AllocatedIntervals {
  if (length === intervalSeconds) return { intervalSeconds, intervals, incomplete }
  if (intervalSeconds % length !== 0) {
    const reason = `was allocated by intervals of ${length / 60} min: they do not make up the area’s of ${intervalSeconds / 60} min`
    throw new ExchangeError('VALUES_COUNT', '', reason)
  }
  const startOf = (start: UtcSeconds) => Math.floor(start / intervalSeconds) * intervalSeconds
  const sums = new Map<UtcSeconds, { parts: number; energies: Map<string, AllocatedEnergy> }>()
  for (const { start, energies } of intervals) {
    const whole = sums.get(startOf(start)) ?? { parts: 0, energies: new Map() }
    sums.set(startOf(start), whole)
    whole.parts++
    for (const { point, direction, energyWh } of energies) {
      const name = `${direction} ${point}`
      const before = whole.energies.get(name)?.energyWh ?? 0
      whole.energies.set(name, { point, direction, energyWh: before + energyWh })
    }
  }
  const isWhole = ({ parts }: { parts: number }) => parts === intervalSeconds / length
  const lacking = [...sums].flatMap(([start, sum]) => (isWhole(sum) ? [] : [start]))
  return {
    intervalSeconds,
    intervals: [...sums].flatMap(([start, sum]) =>
      isWhole(sum) ? [{ start, energies: [...sum.energies.values()] }] : [],
    ),
    incomplete: [...new Set([...incomplete.map(startOf), ...lacking])].sort((a, b) => a - b),
  }
}

function isExport({ direction }: OfficialSeries): boolean {
  return direction === 'export'
}

/** Files round each value to some digit, so both sides may differ by half a Wh for each of them. */
const roundingMicroWh = 500_000

/** Both sides in whole Wh with the smaller sum, by largest remainder. */
function wholeEnergies(start: UtcSeconds, parts: readonly Part[]): AllocatedEnergy[] {
  const sides = (['import', 'export'] as const).map((direction) => parts.filter((part) => part.direction === direction))
  const sums = sides.map((side) => side.reduce((sum, { microWh }) => sum + microWh, 0))
  const negative = parts.find(({ microWh }) => microWh < 0)
  if (negative !== undefined || Math.abs(sums[0]! - sums[1]!) > roundingMicroWh * parts.length) {
    const [got, given] = sums.map((sum) => `${sum / 1e6} Wh`)
    const reason = `${got} were allocated and ${given} shared in the interval of ${isoSeconds(start)}`
    throw new ExchangeError('VALUES_SUM', negative === undefined ? '' : `point ${negative.point}`, reason)
  }
  const totalWh = Math.floor(Math.min(...sums) / 1e6)
  return sides.flatMap((side) => {
    const whole = shareWhole(
      totalWh,
      side.map(({ microWh }) => microWh),
    )
    return side.map(({ point, direction }, place) => ({ point, direction, energyWh: whole[place]! }))
  })
}
