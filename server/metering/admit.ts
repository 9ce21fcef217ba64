/**
 * Which of a file's official values belong to the points of an area: the roster says whose each is, in which direction and from
 * when to when. What is refused is named, and leaves the others as they are.
 */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type DayNumber, isoSeconds } from '../exchange/instants.ts'
import {
  type EnergyDirection,
  type IntervalValue,
  type OfficialSeries,
  type SeriesIdentity,
  worseQuality,
} from '../exchange/official-values.ts'
import type { TimeZone } from '../exchange/time-zone.ts'

/** A line of the roster, as far as values are matched by it. */
export interface PointDays {
  meter: Address
  point: string
  direction: EnergyDirection
  fromDay: DayNumber
  /** Null while it is open. */
  endDay: DayNumber | null
  /** How much of the point's energy takes part in this community, in percent. */
  factorPercent: number
}

/** The time in which a point counts in a direction, for which meter, and how much of its energy counts. */
export interface PointStretch {
  meter: Address
  from: UtcSeconds
  /** Infinite while it is open. */
  to: UtcSeconds
  factorPercent: number
}

/** What was refused: the register of a point, or some of its intervals. */
export interface ValueRefusal {
  place: string
  reason: string
}

export interface AdmittedSeries extends Omit<SeriesIdentity, 'direction'> {
  direction: EnergyDirection
  /** The one register that can count, where several of one file say the same of a point. */
  canCount: boolean
  /** Can be gone through once; values that are refused meanwhile are handed to whoever asked for the series. */
  values: Iterable<IntervalValue>
}

/** The stretches of a roster by point and direction, each in order of time. */
export class RosterStretches {
  readonly #stretches = new Map<string, PointStretch[]>()
  readonly #directions = new Map<string, Set<EnergyDirection>>()

  /** `zone` is the one whose days the roster counts. */
  constructor(entries: readonly PointDays[], zone: TimeZone) {
    for (const { meter, point, direction, fromDay, endDay, factorPercent } of entries) {
      const key = `${point} ${direction}`
      const to = endDay === null ? Number.POSITIVE_INFINITY : zone.startOfDay(endDay)
      const known = this.#stretches.get(key) ?? []
      known.push({ meter, from: zone.startOfDay(fromDay), to, factorPercent })
      this.#stretches.set(
        key,
        known.sort((a, b) => a.from - b.from),
      )
      this.#directions.set(point, (this.#directions.get(point) ?? new Set()).add(direction))
    }
  }

  of(point: string, direction: EnergyDirection): readonly PointStretch[] {
    return this.#stretches.get(`${point} ${direction}`) ?? []
  }

  /** The directions in which a point is in the list. */
  directionsOf(point: string): readonly EnergyDirection[] {
    return [...(this.#directions.get(point) ?? [])]
  }
}

export interface AdmissionOf {
  roster: RosterStretches
  /** The length of the area's intervals. */
  intervalSeconds: number
  now: UtcSeconds
  refuse: (refusal: ValueRefusal) => void
}

/** The series of a file that belong to points of the roster, in their order. */
export function admitSeries(series: readonly OfficialSeries[], admission: AdmissionOf): AdmittedSeries[] {
  const { roster, intervalSeconds, refuse } = admission
  const admitted: AdmittedSeries[] = []
  for (const one of series) {
    const place = nameOf(one)
    const directions = roster.directionsOf(one.point)
    const direction = one.direction ?? (directions.length === 1 ? directions[0]! : null)
    if (directions.length === 0) {
      refuse({ place, reason: 'no line of the roster has this metering point' })
    } else if (direction === null) {
      refuse({ place, reason: 'the file does not say the direction, and the roster has the point in both' })
    } else if (!directions.includes(direction)) {
      refuse({ place, reason: `the roster does not have the point as ${direction}` })
    } else if (intervalSeconds % one.intervalSeconds !== 0) {
      const reason = `intervals of ${one.intervalSeconds} s, which do not make up those of the area of ${intervalSeconds} s`
      refuse({ place, reason })
    } else {
      const values = valuesWithin(one, roster.of(one.point, direction), admission)
      admitted.push({ ...one, direction, canCount: true, values })
    }
  }
  return eachOnce(chooseRegisters(admitted, refuse), refuse)
}

/** The part of the point's energy that takes part in the community is measured by a register of its own (`…T`). */
export function isFactored(code: string | null): boolean {
  return code?.endsWith('T') ?? false
}

/** Where a point has several registers for one direction and channel, the community's counts; where none is the community's, they conflict. */
function chooseRegisters(admitted: readonly AdmittedSeries[], refuse: AdmissionOf['refuse']): AdmittedSeries[] {
  const alike = new Map<string, AdmittedSeries[]>()
  for (const one of admitted) {
    const key = `${one.point} ${one.direction} ${one.channel}`
    alike.set(key, [...(alike.get(key) ?? []), one])
  }
  return admitted.flatMap((one) => {
    const rivals = alike.get(`${one.point} ${one.direction} ${one.channel}`)!
    // One register may have changed the length of its intervals.
    const codes = [...new Set(rivals.map(({ code }) => code))]
    if (codes.length === 1) return [one]
    const chosen = codes.filter(isFactored)
    if (chosen.length === 1) return [{ ...one, canCount: one.code === chosen[0] }]
    const names = codes.map((code) => code ?? 'without a name').join(', ')
    refuse({ place: nameOf(one), reason: `registers that say the same of the point: ${names}` })
    return []
  })
}

/** A register whose values come in several lengths gives no interval twice. */
function eachOnce(admitted: readonly AdmittedSeries[], refuse: AdmissionOf['refuse']): AdmittedSeries[] {
  const taken = new Map<string, Set<UtcSeconds> | null>()
  for (const one of admitted) taken.set(nameOf(one), taken.has(nameOf(one)) ? new Set() : null)
  return admitted.map((one) => {
    const starts = taken.get(nameOf(one))!
    return starts === null ? one : { ...one, values: withoutRepeated(one, starts, refuse) }
  })
}

function* withoutRepeated(
  one: AdmittedSeries,
  starts: Set<UtcSeconds>,
  refuse: AdmissionOf['refuse'],
): Generator<IntervalValue> {
  const refused = new RefusedRuns(nameOf(one), refuse)
  for (const value of one.values) {
    const isRepeated = starts.has(value.start)
    refused.note(value.start, isRepeated ? 'the register says it in intervals of another length too' : null)
    starts.add(value.start)
    if (!isRepeated) yield value
  }
  refused.finish()
}

/** The values of intervals that lie within the point's days and have ended, by intervals of the area; runs of others are refused together. */
function* valuesWithin(
  one: OfficialSeries,
  stretches: readonly PointStretch[],
  { intervalSeconds, now, refuse }: AdmissionOf,
): Generator<IntervalValue> {
  const refused = new RefusedRuns(nameOf(one), refuse)
  const length = one.intervalSeconds
  for (const { value, isWhole } of inIntervals(one, intervalSeconds)) {
    const reason = isWhole
      ? reasonToRefuse(value.start, value.start + intervalSeconds)
      : `not all of its ${intervalSeconds / length} values of ${length} s are there`
    refused.note(value.start, reason)
    if (reason === null) yield value
  }
  refused.finish()

  function reasonToRefuse(start: UtcSeconds, end: UtcSeconds): string | null {
    if (start % intervalSeconds !== 0) return `no interval of the area begins then`
    if (end > now) return 'the interval has not ended'
    if (stretches.some(({ from, to }) => start >= from && end <= to)) return null
    return 'outside the days of the roster'
  }
}

/** Sums shorter values by intervals of the area: the worst quality counts, and an interval that lacks a part is missing. */
function* inIntervals(
  { values, intervalSeconds: length }: OfficialSeries,
  intervalSeconds: number,
): Generator<{ value: IntervalValue; isWhole: boolean }> {
  const perInterval = intervalSeconds / length
  if (perInterval === 1) {
    for (const value of values) yield { value, isWhole: true }
    return
  }
  let open: IntervalValue | null = null
  let count = 0
  for (const { start: at, energyMicroWh, quality } of values) {
    const start = Math.floor(at / intervalSeconds) * intervalSeconds
    if (open !== null && open.start !== start) yield { value: open, isWhole: count === perInterval }
    if (open === null || open.start !== start) {
      open = { start, energyMicroWh: 0, quality: 'measured' }
      count = 0
    }
    const isMissing: boolean = energyMicroWh === null || open.energyMicroWh === null
    const sum: number | null = isMissing ? null : open.energyMicroWh! + energyMicroWh!
    open = { start, energyMicroWh: sum, quality: worseQuality(open.quality, quality) }
    // A value that does not start at a multiple of its own length belongs to no interval.
    if (at % length === 0) count += 1
  }
  if (open !== null) yield { value: open, isWhole: count === perInterval }
}

/** Joins refusals: intervals of one register that follow one another and are refused for the same reason make one refusal. */
class RefusedRuns {
  readonly #place: string
  readonly #refuse: AdmissionOf['refuse']
  #run: { reason: string; from: UtcSeconds; count: number } | null = null

  constructor(place: string, refuse: AdmissionOf['refuse']) {
    this.#place = place
    this.#refuse = refuse
  }

  /** `reason` is null for an interval that is taken. */
  note(start: UtcSeconds, reason: string | null): void {
    if (this.#run !== null && this.#run.reason === reason) this.#run.count += 1
    else {
      this.finish()
      if (reason !== null) this.#run = { reason, from: start, count: 1 }
    }
  }

  finish(): void {
    const run = this.#run
    this.#run = null
    if (run === null) return
    this.#refuse({ place: `${this.#place} from ${isoSeconds(run.from)}`, reason: `${run.count} × ${run.reason}` })
  }
}

function nameOf({ point, code, direction, channel }: SeriesIdentity): string {
  return [point, code, direction, channel].filter((part) => part !== null).join(' ')
}
