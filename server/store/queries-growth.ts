/** What an area came to in parts of a time, and how many meters took part at the end of each: over the newest runs. */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'

/** The first interval that has a result from a time on; null where none has. */
export async function firstResultFrom(sql: Queries, area: number, from: UtcSeconds): Promise<UtcSeconds | null> {
  const [row] = await sql<[{ start: UtcSeconds | null }]>`
    select min(start) as start from intervals where area_id = ${area} and start >= ${from}`
  return row.start
}

/** Sums over the intervals that start in one part. */
export interface AreaSums {
  /** Which part, from 0. */
  place: number
  intervals: number
  matched_wh: Wh
  import_wh: Wh
  /** Ledger units, decimal. */
  grid_take: string
}

/** The parts between bounds (ascending, each but the last the first moment of a part) that hold a result. */
export function areaSums(
  sql: Queries,
  { area, bounds }: { area: number; bounds: readonly UtcSeconds[] },
): Promise<AreaSums[]> {
  return sql<AreaSums[]>`
    select width_bucket(start, ${numbers(bounds, (bound) => bound)}::bigint[]) - 1 as place, count(*)::int as intervals,
      sum(matched_wh)::bigint as matched_wh, sum(import_wh)::bigint as import_wh, sum(grid_take)::text as grid_take
    from (
      select distinct on (start) start, status, matched_wh, import_wh, grid_take from intervals
      where area_id = ${area} and start >= ${bounds[0]!} and start < ${bounds.at(-1)!} order by start desc, run desc
    ) newest
    where status <> 'missed' group by 1 order by 1`
}

/** How many meters had a seat that was open just before each of these times (ascending). */
export async function metersAt(sql: Queries, area: number, times: readonly UtcSeconds[]): Promise<number[]> {
  // By how many of the times lie at or before the moment: the next one is the first that is after it.
  const places = (moment: 'opened' | 'closed') =>
    sql`width_bucket(${sql(moment)}, ${numbers(times, (time) => time)}::bigint[])`
  const rows = await sql<{ opened: number; closed: number | null; meters: number }[]>`
    select ${places('opened')} as opened, ${places('closed')} as closed, count(*)::int as meters
    from (
      select (chain->>'openedAt')::bigint as opened,
        case when (chain->'terms'->-1->>'closed')::boolean then (chain->'terms'->-1->>'from')::bigint end as closed
      from seats where area_id = ${area}
    ) own group by 1, 2`
  return times.map((_, place) =>
    rows.reduce((sum, { opened, closed, meters }) => {
      const isIn = opened <= place && (closed === null || closed > place)
      return isIn ? sum + meters : sum
    }, 0),
  )
}
