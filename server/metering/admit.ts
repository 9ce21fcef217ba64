/**
 * Which of a file's official values belong to the points of an area: the roster says whose each is, in which direction and from
 * when to when. What is refused is named, and leaves the others as they are.
 */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type DayNumber, isoSeconds } from '../exchange/instants.ts'
import type { EnergyDirection, IntervalValue, OfficialSeries, SeriesIdentity } from '../exchange/official-values.ts'
import type { TimeZone } from '../exchange/time-zone.ts'

/** A line of the roster, as far as values are matched by it. */
export interface PointDays {
  meter: Address
  point: string
  direction: EnergyDirection
  fromDay: DayNumber
  /** Null while it is open. */
  endDay: DayNumber | null
  /** Of the point's energy in this community, in percent. */
  factorPercent: number
}

/** When a point counts in a direction, for which meter and with how much of its energy. */
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
  /** Of several registers of one file that say the same of a point, the one that can count. */
  canCount: boolean
  /** Goes through them once; what is refused meanwhile is handed to whoever asked for the series. */
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
  /** Of the area. */
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
    } else if (one.intervalSeconds !== intervalSeconds) {
      const reason = `intervals of ${one.intervalSeconds} s, and the area’s have ${intervalSeconds} s`
      refuse({ place, reason })
    } else {
      const values = valuesWithin(one.values, roster.of(one.point, direction), place, admission)
      admitted.push({ ...one, direction, canCount: true, values })
    }
  }
  return chooseRegisters(admitted, refuse)
}

/** The part of the point's energy that takes part in the community is measured by a register of its own (`…T`). */
export function isFactored(code: string | null): boolean {
  return code?.endsWith('T') ?? false
}

/** Of several registers of one point, direction and channel that of the community counts; where none is, they contradict. */
function chooseRegisters(admitted: readonly AdmittedSeries[], refuse: AdmissionOf['refuse']): AdmittedSeries[] {
  const alike = new Map<string, AdmittedSeries[]>()
  for (const one of admitted) {
    const key = `${one.point} ${one.direction} ${one.channel}`
    alike.set(key, [...(alike.get(key) ?? []), one])
  }
  return admitted.flatMap((one) => {
    const rivals = alike.get(`${one.point} ${one.direction} ${one.channel}`)!
    if (rivals.length === 1) return [one]
    const chosen = rivals.filter(({ code }) => isFactored(code))
    if (chosen.length === 1) return [{ ...one, canCount: one === chosen[0] }]
    const codes = rivals.map(({ code }) => code ?? 'without a name').join(', ')
    refuse({ place: nameOf(one), reason: `registers that say the same of the point: ${codes}` })
    return []
  })
}

/** The values that lie within the point's days and have passed; runs of others are refused together. */
function* valuesWithin(
  values: Iterable<IntervalValue>,
  stretches: readonly PointStretch[],
  place: string,
  { intervalSeconds, now, refuse }: AdmissionOf,
): Generator<IntervalValue> {
  let run: { reason: string; from: UtcSeconds; count: number } | null = null
  const told = () => {
    if (run !== null) refuse({ place: `${place} from ${isoSeconds(run.from)}`, reason: `${run.count} × ${run.reason}` })
    run = null
  }
  for (const value of values) {
    const reason = reasonToRefuse(value.start, value.start + intervalSeconds)
    if (reason === null) {
      told()
      yield value
      continue
    }
    if (run === null || run.reason !== reason) {
      told()
      run = { reason, from: value.start, count: 0 }
    }
    run.count += 1
  }
  told()

  function reasonToRefuse(start: UtcSeconds, end: UtcSeconds): string | null {
    if (start % intervalSeconds !== 0) return `no interval of the area begins then`
    if (end > now) return 'the interval has not ended'
    if (stretches.some(({ from, to }) => start >= from && end <= to)) return null
    return 'outside the days of the roster'
  }
}

function nameOf({ point, code, direction, channel }: SeriesIdentity): string {
  return [point, code, direction, channel].filter((part) => part !== null).join(' ')
}
