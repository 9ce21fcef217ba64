/**
 * The roster of a community: who takes part with which metering point, in which direction, with which share, from when to
 * when. Rows are admitted one by one; one that is refused leaves the others as they are.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { wholeMillionths } from './allocation/allocate.ts'
import { ExchangeError, type ExchangeErrorCode } from './error.ts'
import { pointFaultIn } from './identifiers.ts'
import { type DayNumber, isoDay } from './instants.ts'
import type { EnergyDirection } from './official-values.ts'
import { inQuotes } from './quote.ts'
import type { TimeZone } from './time-zone.ts'

export interface RosterEntry {
  /** Null where the list names points only. */
  member: string | null
  point: string
  direction: EnergyDirection
  /** A point may be in several; null where the list is of one community without a name. */
  community: string | null
  supplier: string | null
  balanceGroup: string | null
  /** How much of the point's energy takes part in this community, in percent from 1 to 100. */
  factorPercent: number
  /** The share of what is produced, under static keys; null under others. */
  shareMillionths: number | null
  /** The first day on which it holds. */
  fromDay: DayNumber
  /** Day after the last one; infinite while it is open. */
  endDay: DayNumber
}

/** A row that was not admitted, by the name that a person finds it by. */
export interface RosterRefusal {
  row: string
  code: ExchangeErrorCode
  reason: string
}

export interface Roster {
  entries: RosterEntry[]
  refused: RosterRefusal[]
}

const wholePercent = 100

/** Days on which a sum changes, so that the highest sum within a stretch of days can be told. */
class PeakSum {
  readonly #changes = new Map<DayNumber, number>()

  add(fromDay: DayNumber, endDay: DayNumber, amount: number): void {
    this.#changes.set(fromDay, (this.#changes.get(fromDay) ?? 0) + amount)
    this.#changes.set(endDay, (this.#changes.get(endDay) ?? 0) - amount)
  }

  /** The highest sum on a day from `fromDay` to before `endDay`. */
  peak(fromDay: DayNumber, endDay: DayNumber): number {
    let sum = 0
    let peak = 0
    for (const day of [...this.#changes.keys()].sort((a, b) => a - b)) {
      if (day >= endDay) break
      // What has been the sum until now still is on the first day, unless it changes on it.
      if (day > fromDay) peak = Math.max(peak, sum)
      sum += this.#changes.get(day)!
    }
    return Math.max(peak, sum)
  }
}

/** Admits rows in the order of the list. */
export class RosterBuilder {
  readonly #country: string
  readonly #entries: RosterEntry[] = []
  readonly #refused: RosterRefusal[] = []
  /** Entries by point, community and direction; factors by point and direction; shares by community and direction. */
  readonly #counts = new Map<string, PeakSum>()
  readonly #factors = new Map<string, PeakSum>()
  readonly #shares = new Map<string, PeakSum>()

  /** `country` (two letters) says by which rule identifiers are checked. */
  constructor(country: string) {
    this.#country = country
  }

  /** Admits what `read` makes of a row, or keeps why it, or this check, refuses it. */
  admit(row: string, read: () => RosterEntry): void {
    try {
      const entry = read()
      this.#check(entry)
      this.#entries.push(entry)
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      this.#refused.push({ row, code: error.code, reason: error.reason })
    }
  }

  finish(): Roster {
    return { entries: this.#entries, refused: this.#refused }
  }

  #check(entry: RosterEntry): void {
    const { point, direction, community, factorPercent, shareMillionths, fromDay, endDay } = entry
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, '', reason)
    }
    const pointFault = pointFaultIn(this.#country, point)
    if (pointFault !== null) refuse('ROSTER_POINT', `${inQuotes(point)} ${pointFault}`)
    if (endDay <= fromDay) refuse('ROSTER_DATES', `ends before it begins on ${isoDay(fromDay)}`)
    const of = (sums: Map<string, PeakSum>, ...names: (string | null)[]) => {
      const key = JSON.stringify(names)
      const known = sums.get(key)
      if (known !== undefined) return known
      const made = new PeakSum()
      sums.set(key, made)
      return made
    }
    const count = of(this.#counts, point, community, direction)
    if (count.peak(fromDay, endDay) > 0) refuse('ROSTER_OVERLAP', 'the point is in the list for some of these days')
    const factors = of(this.#factors, point, direction)
    if (factors.peak(fromDay, endDay) + factorPercent > wholePercent) {
      refuse('ROSTER_FACTOR', 'the point would take part with more than 100 % in all communities together')
    }
    const shares = of(this.#shares, community, direction)
    if (shares.peak(fromDay, endDay) + (shareMillionths ?? 0) > wholeMillionths) {
      refuse('ROSTER_SHARE', 'shares of the community would be more than 100 %')
    }
    count.add(fromDay, endDay, 1)
    factors.add(fromDay, endDay, factorPercent)
    shares.add(fromDay, endDay, shareMillionths ?? 0)
  }
}

/** Whether an entry counts in an interval: it does where the whole interval lies within its days. */
function countsIn(
  { fromDay, endDay }: RosterEntry,
  { start, end }: { start: UtcSeconds; end: UtcSeconds },
  zone: TimeZone,
): boolean {
  return zone.startOfDay(fromDay) <= start && (endDay === Number.POSITIVE_INFINITY || end <= zone.startOfDay(endDay))
}

/** Who of a roster counts in an interval, in the roster's order. */
export function whoCounts(
  entries: readonly RosterEntry[],
  interval: { start: UtcSeconds; end: UtcSeconds },
  zone: TimeZone,
): RosterEntry[] {
  return entries.filter((entry) => countsIn(entry, interval, zone))
}
