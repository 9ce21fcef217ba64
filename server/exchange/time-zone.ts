/** Clock times of a time zone: which instants they can mean, and where its days begin. */
import { Temporal } from 'temporal-polyfill'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ExchangeError } from './error.ts'
import { type DayNumber, isoDay, type LocalSeconds, secondsPerDay } from './instants.ts'
import { inQuotes } from './quote.ts'

const zonePattern = /^(?:[A-Za-z][A-Za-z0-9_+\-/]*|[+-]\d\d:\d\d)$/

export class TimeZone {
  /** IANA name or fixed offset (`+10:00`). */
  readonly id: string
  readonly #steadyOffsets = new Map<DayNumber, number | null>()
  readonly #starts = new Map<DayNumber, UtcSeconds>()

  /** Throws `VALUES_ZONE` for a name that is no zone. */
  constructor(id: string) {
    this.id = id
    const unknown = new ExchangeError('VALUES_ZONE', '', `time zone ${inQuotes(id)} is not known`)
    if (!zonePattern.test(id)) throw unknown
    try {
      offsetOf(id, 0)
    } catch (error) {
      throw error instanceof RangeError ? unknown : error
    }
  }

  /**
   * The instants at which the clocks of the zone show this time, earliest first: none where they skip it, two where they
   * show it twice.
   */
  instants(local: LocalSeconds): UtcSeconds[] {
    const before = this.#offsetAt(local - secondsPerDay)
    const after = this.#offsetAt(local + secondsPerDay)
    const offsets = before === after ? [before] : before > after ? [before, after] : [after, before]
    return offsets.map((offset) => local - offset).filter((instant, i) => this.#offsetAt(instant) === offsets[i])
  }

  /** What the clocks show at an instant. */
  local(instant: UtcSeconds): LocalSeconds {
    return instant + this.#offsetAt(instant)
  }

  /** The first instant of a day of the zone. */
  startOfDay(day: DayNumber): UtcSeconds {
    let start = this.#starts.get(day)
    if (start === undefined) {
      start = Temporal.PlainDate.from(isoDay(day)).toZonedDateTime(this.id).epochMilliseconds / 1000
      this.#starts.set(day, start)
    }
    return start
  }

  /** A day of UTC that begins and ends with one offset has it throughout; on the others the zone is asked each time. */
  #offsetAt(instant: UtcSeconds): number {
    const day = Math.floor(instant / secondsPerDay)
    let steady = this.#steadyOffsets.get(day)
    if (steady === undefined) {
      const [first, next] = [day, day + 1].map((each) => offsetOf(this.id, each * secondsPerDay))
      steady = first === next ? first! : null
      this.#steadyOffsets.set(day, steady)
    }
    return steady ?? offsetOf(this.id, instant)
  }
}

function offsetOf(zone: string, instant: UtcSeconds): number {
  return Temporal.Instant.fromEpochMilliseconds(instant * 1000).toZonedDateTimeISO(zone).offsetNanoseconds / 1e9
}
