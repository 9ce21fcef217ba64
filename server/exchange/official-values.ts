/**
 * What a file of official interval values says, in the one form that every format is read into: series of intervals per
 * metering point, energies in millionths of a Wh, so that what a file states to six decimals of a Wh is exact.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'

/** `import` was drawn from the grid at the point, `export` was fed in. */
export type EnergyDirection = 'import' | 'export'

/**
 * `total` was metered; `shared` allocated by the grid operator inside the community; `offered` is what the point could
 * have got of it; `residual` stays with the supplier.
 */
export type Channel = 'total' | 'shared' | 'offered' | 'residual'

/** `substituted` was replaced and is good for billing; `estimated` is not final. */
export type ValueQuality = 'measured' | 'substituted' | 'estimated' | 'missing'

/** From best to worst. */
export const valueQualities = [
  'measured',
  'substituted',
  'estimated',
  'missing',
] as const satisfies readonly ValueQuality[]

/** Where one value has several marks the worst counts. */
export function worseQuality(a: ValueQuality, b: ValueQuality): ValueQuality {
  return valueQualities.indexOf(a) < valueQualities.indexOf(b) ? b : a
}

/** One interval. `energyMicroWh` is a whole number of 10⁻⁶ Wh, null exactly where the quality is `missing`. */
export interface IntervalValue {
  start: UtcSeconds
  energyMicroWh: number | null
  quality: ValueQuality
}

/** What tells one series from another, and the community it belongs to. */
export interface SeriesIdentity {
  point: string
  /** Null where the file cannot say. */
  direction: EnergyDirection | null
  channel: Channel
  /** The format's own name of the register. */
  code: string | null
  community: string | null
  /** The nominal length: a day is 86,400 s also where the clock changes. */
  intervalSeconds: number
}

/** The intervals of a series in order of time; they can be gone through any number of times. */
export interface OfficialSeries extends SeriesIdentity {
  values: Iterable<IntervalValue>
}

/** What a file says. `createdAt` is null where the file does not say when it was made. */
export interface OfficialValues {
  createdAt: UtcSeconds | null
  series: OfficialSeries[]
  /** One sentence for each thing that a person should know. */
  warnings: string[]
}

const textKeys = ['point', 'code', 'direction', 'channel'] as const

/** Order of series: by point, code, direction and channel as text by code unit (null as empty), then by length. */
export function compareSeries(a: SeriesIdentity, b: SeriesIdentity): number {
  for (const key of textKeys) {
    const [left, right] = [a[key] ?? '', b[key] ?? '']
    if (left !== right) return left < right ? -1 : 1
  }
  return a.intervalSeconds - b.intervalSeconds
}

/** The intervals that all of the series have, each with its value in every series, in order of time. */
export function* inStep(series: readonly OfficialSeries[]): Generator<IntervalValue[]> {
  const iterators = series.map(({ values }) => values[Symbol.iterator]())
  const heads: (IntervalValue | undefined)[] = iterators.map(next)
  while (!heads.includes(undefined)) {
    const values = heads as IntervalValue[]
    const latest = Math.max(...values.map(({ start }) => start))
    const behind = [...values.keys()].filter((i) => values[i]!.start < latest)
    if (behind.length === 0) yield [...values]
    for (const i of behind.length === 0 ? [...heads.keys()] : behind) heads[i] = next(iterators[i]!)
  }
}

function next(iterator: Iterator<IntervalValue>): IntervalValue | undefined {
  const { done, value } = iterator.next()
  return done ? undefined : value
}
