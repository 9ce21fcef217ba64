/** How much of a month is there, point by point, and who is late. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { Terms } from '../market/area/area.ts'
import type { RosterPoints } from '../reports/roster-facts.ts'
import type { ReportRow } from '../reports/row.ts'
import type { Queries } from './database.ts'

/** How much of a point's month is there. */
export interface PointCoverage {
  point: string
  account: Address
  /** Intervals in which it takes part, by its seats and by the roster where that knows its meter. */
  expected: number
  measured: number
  final: number
  /** End of the newest interval that was measured. */
  lastMeasured: UtcSeconds | null
}

interface Range {
  from: UtcSeconds
  to: UtcSeconds
  intervalSeconds: number
  /** The grade of the area's rules: seats of a lower one only bear witness. */
  settlingGrade: number
  points: RosterPoints
}

interface StoredSeat {
  account: Address
  meter: Address
  opened: UtcSeconds
  closed: UtcSeconds | null
  terms: Pick<Terms, 'from' | 'grade'>[]
}

export class CoverageOfSeats {
  readonly #points = new Map<string, PointCoverage>()

  private constructor() {}

  /** With every point that takes part in the month, also where nothing of it is known. */
  static async open(
    sql: Queries,
    areaId: number,
    { from, to, intervalSeconds, settlingGrade, points }: Range,
  ): Promise<CoverageOfSeats> {
    const seats = await sql<StoredSeat[]>`
      select account, meter, coalesce((chain ->> 'openedAt')::bigint, 0) as opened, coalesce(chain -> 'terms', '[]') as terms,
        (select min((term ->> 'from')::bigint) from jsonb_array_elements(coalesce(chain -> 'terms', '[]')) term
          where (term ->> 'closed')::boolean) as closed
      from seats where area_id = ${areaId} order by meter, seat`
    const all = new CoverageOfSeats()
    for (const { account, meter, opened, closed, terms } of seats) {
      const first = Math.max(from, Math.ceil(opened / intervalSeconds) * intervalSeconds)
      const isListed = points.knows(meter)
      for (let start = first; start < Math.min(to, closed ?? to); start += intervalSeconds) {
        const grade = (terms.findLast((term) => term.from <= start) ?? terms[0])?.grade ?? settlingGrade
        if (grade < settlingGrade) continue
        const facts = points.factsOf(meter, start)
        if (facts !== null || !isListed) all.#of(facts?.point ?? meter, account).expected += 1
      }
    }
    return all
  }

  add({ facts: { point }, quality, status, end }: ReportRow): void {
    const known = this.#points.get(point)
    // A row outside the time in which its point takes part is no part of what is expected.
    if (known === undefined) return
    if (quality === 'measured') {
      known.measured += 1
      known.lastMeasured = Math.max(known.lastMeasured ?? 0, end)
    }
    if (status === 'final') known.final += 1
  }

  finish(): PointCoverage[] {
    return [...this.#points.values()].sort((a, b) => (a.point < b.point ? -1 : 1))
  }

  /** A sentence for each point of which something is missing. */
  gaps(): string[] {
    return this.finish().flatMap(({ point, expected, measured, final, lastMeasured }) => {
      const last = lastMeasured === null ? 'nothing of it was' : `the newest value is of ${isoSeconds(lastMeasured)}`
      return [
        ...(measured < expected
          ? [`${point}: ${expected - measured} of ${expected} intervals are not measured, ${last}`]
          : []),
        ...(final < expected ? [`${point}: ${expected - final} of ${expected} intervals are not final`] : []),
      ]
    })
  }

  #of(point: string, account: Address): PointCoverage {
    const known = this.#points.get(point)
    if (known !== undefined) return known
    const fresh = { point, account, expected: 0, measured: 0, final: 0, lastMeasured: null }
    this.#points.set(point, fresh)
    return fresh
  }
}
