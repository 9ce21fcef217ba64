/** Who stands behind a meter at a time, as the roster says. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import type { PointFacts } from './row.ts'

/** A line of the roster, whose days are counted from 1970-01-01; it ends before `endDay`. */
export interface PointEntry {
  meter: Address
  direction: 'import' | 'export'
  fromDay: number
  endDay: number | null
  point: string
  supplier: string | null
  balanceGroup: string | null
}

export interface RosterPoints {
  /** Null where the roster does not know the meter at that time. The same object as long as nothing changes. */
  factsOf(meter: string, start: UtcSeconds): PointFacts | null
  /** Whether the roster ever names the meter. */
  knows(meter: string): boolean
  /** The meters that ever stood behind an official identifier; a meter's address is itself one. */
  metersWith(point: string): Address[]
}

interface Stretch {
  from: UtcSeconds
  to: UtcSeconds
  facts: PointFacts | null
}

/** Reads a roster by the calendar of a time zone. */
export function pointsOf(entries: readonly PointEntry[], zone: TimeZone): RosterPoints {
  const ofMeter = new Map<string, PointEntry[]>()
  for (const entry of entries) ofMeter.set(entry.meter, [...(ofMeter.get(entry.meter) ?? []), entry])
  const stretches = new Map([...ofMeter].map(([meter, own]) => [meter, stretchesOf(own, zone)]))
  return {
    factsOf(meter, start) {
      for (const { from, to, facts } of stretches.get(meter) ?? []) if (start >= from && start < to) return facts
      return null
    },
    knows: (meter) => stretches.has(meter),
    metersWith(point) {
      const meters = new Set(entries.filter((entry) => entry.point === point).map(({ meter }) => meter))
      return meters.size === 0 ? [point.toLowerCase() as Address] : [...meters]
    },
  }
}

/** What holds from each day on which a line begins or ends to the next such day. */
function stretchesOf(entries: readonly PointEntry[], zone: TimeZone): Stretch[] {
  const endOf = ({ endDay }: PointEntry) => endDay ?? Number.POSITIVE_INFINITY
  const startOf = (day: number) => (day === Number.POSITIVE_INFINITY ? day : zone.startOfDay(day))
  const days = [...new Set(entries.flatMap((entry) => [entry.fromDay, endOf(entry)]))].sort((a, b) => a - b)
  return days.slice(1).map((end, index) => {
    const holding = entries.filter((entry) => entry.fromDay <= days[index]! && endOf(entry) >= end)
    const drawn = holding.find(({ direction }) => direction === 'import')
    const fed = holding.find(({ direction }) => direction === 'export')
    const [one, other] = [drawn ?? fed, fed ?? drawn]
    const facts =
      one === undefined || other === undefined
        ? null
        : { point: one.point, exportPoint: other.point, supplier: one.supplier, balanceGroup: one.balanceGroup }
    return { from: startOf(days[index]!), to: startOf(end), facts }
  })
}
