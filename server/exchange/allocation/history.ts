/** What points of a community produced and consumed, interval by interval, out of the series of official files. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { ExchangeError } from '../error.ts'
import type { OfficialSeries } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import type { History } from './best-keys.ts'

export interface PointHistory extends History {
  intervalSeconds: number
  starts: UtcSeconds[]
  /** Names of the consumers, in their order. */
  consumers: string[]
  producers: string[]
  /** Intervals that some point has and another has not, or not with a value. */
  leftOut: number
}

/**
 * Puts the metered series of points beside each other: what was fed in is production, what was drawn is consumption; a
 * point of `producers` produces where its file cannot say. Values are rounded to whole Wh, half to even. Throws
 * `VALUES_COUNT` where nobody produces, nobody consumes, or lengths of intervals differ.
 */
export function historyOf(all: readonly OfficialSeries[], producers: ReadonlySet<string>): PointHistory {
  const series = all.filter(({ channel }) => channel === 'total')
  const isProducer = ({ direction, point }: OfficialSeries) =>
    direction === 'export' || (direction === null && producers.has(point))
  const lengths = new Set(series.map(({ intervalSeconds }) => intervalSeconds))
  if (lengths.size > 1) {
    const named = [...lengths].map((seconds) => `${seconds} s`).join(' and ')
    throw new ExchangeError('VALUES_COUNT', '', `intervals of ${named}: give files of one length`)
  }
  const [produced, consumed] = [true, false].map((wanted) =>
    byPoint(series.filter((one) => isProducer(one) === wanted)),
  )
  if (produced!.size === 0 || consumed!.size === 0) {
    const reason = `no ${produced!.size === 0 ? 'production' : 'consumption'} in the files: is a producer to be named?`
    throw new ExchangeError('VALUES_COUNT', '', reason)
  }
  const points = [...produced!.values(), ...consumed!.values()]
  const everywhere = [...points[0]!.keys()].filter((start) => points.every((values) => values.has(start)))
  const anywhere = new Set(points.flatMap((values) => [...values.keys()]))
  const starts = everywhere.sort((a, b) => a - b)
  return {
    intervalSeconds: [...lengths][0]!,
    starts,
    consumers: [...consumed!.keys()],
    producers: [...produced!.keys()],
    producedWh: starts.map((start) => [...produced!.values()].reduce((sum, values) => sum + values.get(start)!, 0)),
    consumedWh: [...consumed!.values()].map((values) => starts.map((start) => values.get(start)!)),
    leftOut: anywhere.size - starts.length,
  }
}

/** Registers of one point and direction are added up; what is missing has no entry. */
function byPoint(series: readonly OfficialSeries[]): Map<string, Map<UtcSeconds, number>> {
  const all = new Map<string, Map<UtcSeconds, number>>()
  const registers = new Set<string>()
  for (const { point, code, values } of series) {
    const known = all.get(point) ?? new Map<UtcSeconds, number>()
    all.set(point, known)
    const register = JSON.stringify([point, code])
    const again = registers.has(register)
    registers.add(register)
    for (const { start, energyMicroWh } of values) {
      if (energyMicroWh === null) continue
      if (again && known.has(start)) {
        throw new ExchangeError('VALUES_REPEATED', `point ${inQuotes(point)}`, 'an interval stands in two files')
      }
      known.set(start, (known.get(start) ?? 0) + wholeWh(energyMicroWh))
    }
  }
  return all
}

function wholeWh(microWh: number): number {
  const rest = microWh % 1e6
  const whole = (microWh - rest) / 1e6
  return rest > 5e5 || (rest === 5e5 && whole % 2 === 1) ? whole + 1 : whole
}
