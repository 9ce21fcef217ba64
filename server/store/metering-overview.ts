/** How complete official values are, metering point by metering point: what the metering operator's clerk looks at first. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import { numbers, texts } from './arrays.ts'
import type { Queries } from './database.ts'
import { meteredSeats } from './metering-store.ts'
import type { RosterRow } from './roster-store.ts'

/** A line of the roster with what came of it in a range. */
export interface PointOverview {
  row: RosterRow
  /** The holder of the meter's newest seat. */
  account: string
  /** Intervals of which a value is due: as long after their end as official values may take. */
  expected: number
  /** Those of them whose value counts, by its quality. */
  measured: number
  substituted: number
  estimated: number
  /** Those of them whose first value came when it was overdue. */
  late: number
  /** In how many intervals of the range a newer file replaced a value, and in how many two files contradict each other. */
  replaced: number
  conflicts: number
  /** The start of the newest interval with a value, whenever that was. */
  newest: UtcSeconds | null
}

export interface OverviewRange {
  from: UtcSeconds
  to: UtcSeconds
  now: UtcSeconds
  intervalSeconds: number
  /** How long official values may take. */
  dueSeconds: number
  zone: TimeZone
}

/** The lines whose meters have a seat, by point and day; intervals before the meter's epoch are not expected. */
export async function pointOverviews(
  sql: Queries,
  areaId: number,
  rows: readonly RosterRow[],
  { from, to, now, intervalSeconds, dueSeconds, zone }: OverviewRange,
): Promise<PointOverview[]> {
  const whole = (time: UtcSeconds) => Math.ceil(time / intervalSeconds) * intervalSeconds
  const dueUntil = Math.floor((now - dueSeconds) / intervalSeconds) * intervalSeconds
  const seats = new Map((await meteredSeats(sql, areaId)).map((own) => [own.meter, own]))
  const nameOf = ({ point, direction }: RosterRow) => `${point} ${direction}`
  const ordered = [...rows].sort((a, b) => nameOf(a).localeCompare(nameOf(b), 'en') || a.fromDay - b.fromDay)
  const lines = ordered.flatMap((row) => {
    const seat = seats.get(row.meter)
    if (seat === undefined) return []
    const begins = whole(Math.max(from, zone.startOfDay(row.fromDay), seat.epochStart.time))
    const ends = Math.min(to, row.endDay === null ? to : zone.startOfDay(row.endDay))
    return [{ row, account: seat.account, begins, ends, due: Math.max(begins, Math.min(whole(ends), dueUntil)) }]
  })
  type Found = Omit<PointOverview, 'row' | 'account' | 'expected'>
  const found = await sql<Found[]>`
    select coalesce(measured, 0) as measured, coalesce(substituted, 0) as substituted, coalesce(estimated, 0) as estimated,
      coalesce(late, 0) as late, replaced, conflicts, newest
    from unnest(
      ${texts(lines, ({ row }) => row.point)}::text[], ${texts(lines, ({ row }) => row.direction)}::text[],
      ${numbers(lines, ({ begins }) => begins)}::bigint[], ${numbers(lines, ({ ends }) => ends)}::bigint[],
      ${numbers(lines, ({ due }) => due)}::bigint[]
    ) with ordinality as line (point, direction, begins, ends, due, place)
    left join lateral (
      select count(*) filter (where quality = 0)::int as measured, count(*) filter (where quality = 1)::int as substituted,
        count(*) filter (where quality = 2)::int as estimated,
        count(*) filter (where came > to_timestamp(start + ${intervalSeconds + dueSeconds}))::int as late
      from (
        select start, min(quality) filter (where counts) as quality, min(taken_at) as came
        from official_values join official_files using (area_id, file)
        where area_id = ${areaId} and official_values.point = line.point and official_values.direction = line.direction
          and channel = 'total' and start >= line.begins and start < line.due and energy_micro_wh is not null
        group by start
      ) of_interval
    ) counted on true
    left join lateral (
      select count(distinct start) filter (where kind = 'replaced')::int as replaced,
        count(distinct start) filter (where kind = 'conflict')::int as conflicts
      from official_differences own
      where own.area_id = ${areaId} and own.point = line.point and own.direction = line.direction and own.channel = 'total'
        and own.start >= line.begins and own.start < line.ends
    ) differing on true
    left join lateral (
      select start as newest from official_values own
      where own.area_id = ${areaId} and own.point = line.point and own.direction = line.direction and own.channel = 'total'
        and own.counts and own.energy_micro_wh is not null
      order by start desc limit 1
    ) last on true
    order by place`
  return lines.map(({ row, account, begins, due }, index) => {
    return { row, account, expected: Math.max(0, due - begins) / intervalSeconds, ...found[index]! }
  })
}
