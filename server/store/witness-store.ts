/** What two witnesses say of a point: compared when official values come, kept by days, shown by intervals. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { EnergyDirection } from '../exchange/official-values.ts'
import type { Tolerance, WitnessPair, WitnessSums } from '../metering/witnesses.ts'
import { isBeyond, sumWitnesses } from '../metering/witnesses.ts'
import { numbers, parts, texts } from './arrays.ts'
import type { Queries } from './database.ts'

/** A point whose official values are compared with the readings of a seat while both hold. */
export interface WitnessedPoint {
  point: string
  direction: EnergyDirection
  /** The point's by the roster. */
  meter: Address
  agentSeat: number
  from: UtcSeconds
  to: UtcSeconds
  factorPercent: number
}

export interface WitnessInterval extends WitnessPair {
  start: UtcSeconds
  point: string
  direction: EnergyDirection
}

const daySeconds = 86_400
const farAway = 2 ** 40

/** Intervals that start in `[from, to)` and of which both witnesses have something good to say, ascending by time. */
export async function witnessedIntervals(
  sql: Queries,
  areaId: number,
  {
    points,
    from,
    to,
    intervalSeconds,
  }: { points: readonly WitnessedPoint[]; from: UtcSeconds; to: UtcSeconds; intervalSeconds: number },
): Promise<WitnessInterval[]> {
  const found: WitnessInterval[] = []
  for (const part of parts(points)) {
    const rows = await sql<(WitnessPair & { start: UtcSeconds; place: number })[]>`
      select value.start, wanted.place::int - 1 as place,
        (value.energy_micro_wh * (case when value.code like '%T' then 100 else wanted.factor end) / 100000000)::bigint
          as "officialWh",
        case when wanted.direction = 'import' then ending.import_wh - starting.import_wh
          else ending.export_wh - starting.export_wh end as "agentWh"
      from unnest(
        ${texts(part, ({ point }) => point)}::text[], ${texts(part, ({ direction }) => direction)}::text[],
        ${numbers(part, ({ agentSeat }) => agentSeat)}::int[], ${numbers(part, (own) => Math.max(own.from, from))}::bigint[],
        ${numbers(part, (own) => Math.min(own.to, to, farAway))}::bigint[],
        ${numbers(part, ({ factorPercent }) => factorPercent)}::int[]
      ) with ordinality as wanted (point, direction, seat, from_start, to_start, factor, place)
      join official_values value on value.area_id = ${areaId} and value.counts and value.channel = 'total'
        and value.point = wanted.point and value.direction = wanted.direction and value.quality <= 1
        and value.start >= ${from} and value.start < ${to}
        and value.start >= wanted.from_start and value.start < wanted.to_start
      join lateral (
        select epoch, import_wh, export_wh from readings
        where area_id = ${areaId} and time = value.start and seat = wanted.seat and quality = 0
        union all
        -- An epoch begins on chain with registers that nobody reads.
        select begun.epoch, begun."importWh", begun."exportWh" from seats
        cross join lateral jsonb_to_record(chain -> 'epochStart')
          as begun (epoch int, time bigint, "importWh" bigint, "exportWh" bigint)
        where area_id = ${areaId} and seat = wanted.seat and begun.time = value.start
      ) starting on true
      join readings ending on ending.area_id = ${areaId} and ending.time = value.start + ${intervalSeconds}
        and ending.seat = wanted.seat and ending.epoch = starting.epoch and ending.quality = 0
      order by value.start`
    for (const { place, ...pair } of rows) {
      const { point, direction } = part[place]!
      found.push({ ...pair, point, direction })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

/** Compares anew the days in which these intervals lie. */
export async function compareDays(
  sql: Queries,
  areaId: number,
  {
    points,
    days,
    intervalSeconds,
    tolerance,
  }: { points: readonly WitnessedPoint[]; days: readonly number[]; intervalSeconds: number; tolerance: Tolerance },
): Promise<void> {
  for (const day of days) {
    const range = { from: day * daySeconds, to: (day + 1) * daySeconds }
    const intervals = await witnessedIntervals(sql, areaId, { points, ...range, intervalSeconds })
    const ofPoint = new Map<string, WitnessInterval[]>()
    for (const own of intervals) {
      const key = `${own.point} ${own.direction}`
      ofPoint.set(key, [...(ofPoint.get(key) ?? []), own])
    }
    const rows = points.flatMap((point) => {
      const own = ofPoint.get(`${point.point} ${point.direction}`)
      return own === undefined ? [] : [{ ...point, ...sumWitnesses(own, tolerance) }]
    })
    for (const part of parts(rows)) await keepDay(sql, areaId, day, part)
  }
}

async function keepDay(
  sql: Queries,
  areaId: number,
  day: number,
  rows: readonly (WitnessedPoint & WitnessSums)[],
): Promise<void> {
  await sql`
    insert into witness_days (area_id, day, point, direction, meter, agent_seat, compared, beyond, official_wh, agent_wh,
      largest_wh)
    select distinct on (point, direction) ${areaId}, ${day}::int, own.* from unnest(
      ${texts(rows, ({ point }) => point)}::text[], ${texts(rows, ({ direction }) => direction)}::text[],
      ${texts(rows, ({ meter }) => meter)}::text[], ${numbers(rows, ({ agentSeat }) => agentSeat)}::int[],
      ${numbers(rows, ({ compared }) => compared)}::int[], ${numbers(rows, ({ beyond }) => beyond)}::int[],
      ${numbers(rows, ({ officialWh }) => officialWh)}::bigint[], ${numbers(rows, ({ agentWh }) => agentWh)}::bigint[],
      ${numbers(rows, ({ largestWh }) => largestWh)}::bigint[]
    ) as own (point, direction, meter, seat, compared, beyond, official, agent, largest)
    on conflict (area_id, point, direction, day) do update set
      meter = excluded.meter, agent_seat = excluded.agent_seat, compared = excluded.compared, beyond = excluded.beyond,
      official_wh = excluded.official_wh, agent_wh = excluded.agent_wh, largest_wh = excluded.largest_wh`
}

export interface WitnessDay extends WitnessSums {
  day: number
  point: string
  direction: EnergyDirection
  meter: Address
}

/** A home as its account may see it: its meter's points, as far as its own seats' readings are the second witness. */
export interface WitnessedHome {
  meter: Address
  agentSeats: readonly number[]
}

/** Days in `[from, to)` of an area, or of a home, newest first. */
export function witnessDays(
  sql: Queries,
  areaId: number,
  { from, to, home }: { from: number; to: number; home: WitnessedHome | null },
  most: number,
): Promise<WitnessDay[]> {
  const ofHome =
    home === null
      ? sql``
      : sql`and meter = ${home.meter} and agent_seat = any(${numbers(home.agentSeats, (seat) => seat)}::int[])`
  return sql<WitnessDay[]>`
    select day, point, direction, meter, compared, beyond, official_wh as "officialWh", agent_wh as "agentWh",
      largest_wh as "largestWh"
    from witness_days where area_id = ${areaId} and day >= ${from} and day < ${to} ${ofHome}
    order by day desc, point, direction limit ${most}`
}

/** Where the two differ beyond the tolerance, the newest first. */
export async function contradictions(
  sql: Queries,
  areaId: number,
  query: Parameters<typeof witnessedIntervals>[2] & { tolerance: Tolerance },
  most: number,
): Promise<WitnessInterval[]> {
  const intervals = await witnessedIntervals(sql, areaId, query)
  return intervals
    .filter((own) => isBeyond(own, query.tolerance))
    .reverse()
    .slice(0, most)
}

/** The sums of the newest days of an area from `from` on: what metrics show. */
export async function newestWitnesses(
  sql: Queries,
  areaId: number,
  from: number,
): Promise<{ compared: number; beyond: number; largestWh: Wh }> {
  const [row] = await sql<{ compared: number; beyond: number; largestWh: Wh }[]>`
    select coalesce(sum(compared), 0)::int as compared, coalesce(sum(beyond), 0)::int as beyond,
      coalesce(max(abs(largest_wh)), 0)::bigint as "largestWh"
    from witness_days where area_id = ${areaId} and day >= ${from}`
  return row!
}
