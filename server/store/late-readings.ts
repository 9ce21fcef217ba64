/**
 * What the tables say of readings of intervals that the engine no longer holds: the meter's readings next to each, and how the
 * two intervals stand that meet at its boundary. Three queries, however many readings there are.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { ChainSeat, EpochRegisters, LateReading, MeterReading } from '../market/area/area.ts'
import { qualities } from '../market/area/codes.ts'
import type { Standing } from '../market/area/standing.ts'
import { numbers, texts } from './arrays.ts'
import type { Queries } from './database.ts'
import { stretchLength } from './project-readings.ts'

interface Asked {
  reading: MeterReading
  /** The seat that the meter served at the boundary. */
  seat: number
}

type Values = NonNullable<LateReading['same']>

/** Registers that are known at a boundary. */
interface Known extends EpochRegisters, Values {}

export async function lateReadings(
  sql: Queries,
  areaId: number,
  { intervalSeconds, readings }: { intervalSeconds: number; readings: readonly Asked[] },
): Promise<LateReading[]> {
  const query = { areaId, intervalSeconds, readings }
  const [chains, near, standings] = await Promise.all([
    chainSeats(sql, query),
    nearReadings(sql, query),
    standingsOf(sql, query),
  ])
  return readings.map(({ reading, seat }, index): LateReading => {
    const { epoch, time } = reading
    const chain = chains.get(seat)
    // Where the meter's epoch began, and what the chain settled last, count as readings.
    const onChain = chain === undefined ? [] : [chain.epochStart, chain.base].map((known) => ({ ...known, quality: 0 }))
    const known = [...near[index]!, ...onChain.filter((registers) => registers.epoch === epoch)]
    const at = (boundary: UtcSeconds) => known.find((registers) => registers.time === boundary)
    const standing = (start: UtcSeconds) => (chain === undefined ? null : standings(index, start, chain))
    return {
      ...{ reading, seat },
      before: registersOf(nearest(known, (each) => each < time, 'newest')),
      same: valuesOf(at(time)),
      after: registersOf(nearest(known, (each) => each > time, 'oldest')),
      startQuality: valuesOf(at(time - intervalSeconds)),
      endQuality: valuesOf(at(time + intervalSeconds)),
      ending: standing(time - intervalSeconds),
      starting: standing(time),
    }
  })
}

function nearest(
  known: readonly Known[],
  isOnSide: (time: UtcSeconds) => boolean,
  which: 'newest' | 'oldest',
): Known | undefined {
  const ascending = known.filter(({ time }) => isOnSide(time)).sort((a, b) => a.time - b.time)
  return ascending.at(which === 'newest' ? -1 : 0)
}

function registersOf(known: Known | undefined): EpochRegisters | null {
  if (known === undefined) return null
  const { epoch, time, importWh, exportWh } = known
  return { epoch, time, importWh, exportWh }
}

function valuesOf(known: Known | undefined): Values | null {
  if (known === undefined) return null
  const { importWh, exportWh, quality } = known
  return { importWh, exportWh, quality }
}

interface Query {
  areaId: number
  intervalSeconds: number
  readings: readonly Asked[]
}

type ChainPart = Pick<ChainSeat, 'epochStart' | 'base' | 'terms'>

async function chainSeats(sql: Queries, { areaId, readings }: Query): Promise<Map<number, ChainPart>> {
  const rows = await sql<{ seat: number; chain: ChainPart }[]>`
    select seat, chain from seats
    where area_id = ${areaId} and seat = any(${numbers(readings, ({ seat }) => seat)}::int[])`
  return new Map(rows.map(({ seat, chain }) => [seat, chain]))
}

/**
 * For each reading the stored ones of its meter and epoch at its boundary, at the two boundaries beside it, and those nearest to
 * it on both sides, in whatever seat the meter was.
 */
async function nearReadings(sql: Queries, { areaId, intervalSeconds, readings }: Query): Promise<Known[][]> {
  const stretchSeconds = intervalSeconds * stretchLength
  const boundaries = (from: ReturnType<typeof sql>, to: ReturnType<typeof sql>) => sql`
    any(array(select generate_series(${from}, ${to}, ${intervalSeconds}::bigint)))`
  const rows = await sql<(Known & { place: number })[]>`
    select wanted.place::int - 1 as place, found.epoch, found.time, found.import_wh as "importWh",
      found.export_wh as "exportWh", found.quality
    from unnest(
      ${texts(readings, ({ reading }) => reading.meter)}::text[],
      ${numbers(readings, ({ reading }) => reading.epoch)}::int[],
      ${numbers(readings, ({ reading }) => reading.time)}::bigint[]
    ) with ordinality as wanted (meter, epoch, time, place)
    join seats on seats.area_id = ${areaId} and seats.meter = wanted.meter
    cross join lateral (
      (select * from readings own
        where own.area_id = ${areaId} and own.seat = seats.seat and own.epoch = wanted.epoch
          and own.time = any(array[wanted.time - ${intervalSeconds}, wanted.time, wanted.time + ${intervalSeconds}]))
      union all
      (select own.* from (
          select stretch from reading_stretches
          where area_id = ${areaId} and seat = seats.seat and epoch = wanted.epoch
            and stretch <= wanted.time / ${stretchSeconds}::bigint
          order by stretch desc limit 2
        ) before cross join lateral (
          select * from readings
          where area_id = ${areaId} and seat = seats.seat and epoch = wanted.epoch and time = ${boundaries(
            sql`before.stretch * ${stretchSeconds}::bigint`,
            sql`least((before.stretch + 1) * ${stretchSeconds}::bigint, wanted.time) - ${intervalSeconds}::bigint`,
          )}
          order by time desc limit 1
        ) own)
      union all
      (select own.* from (
          select stretch from reading_stretches
          where area_id = ${areaId} and seat = seats.seat and epoch = wanted.epoch
            and stretch >= wanted.time / ${stretchSeconds}::bigint
          order by stretch limit 2
        ) after cross join lateral (
          select * from readings
          where area_id = ${areaId} and seat = seats.seat and epoch = wanted.epoch and time = ${boundaries(
            sql`greatest(after.stretch * ${stretchSeconds}::bigint, wanted.time + ${intervalSeconds}::bigint)`,
            sql`(after.stretch + 1) * ${stretchSeconds}::bigint - ${intervalSeconds}::bigint`,
          )}
          order by time limit 1
        ) own)
    ) found`
  const near: Known[][] = readings.map(() => [])
  for (const { place, ...registers } of rows) near[place]!.push(registers)
  return near
}

/**
 * How the intervals on both sides of each reading stand for its seat, as far as they have been computed. One that the chain has
 * settled by a batch that the journal does not know has no result that could be corrected.
 */
async function standingsOf(sql: Queries, { areaId, intervalSeconds, readings }: Query) {
  const rows = await sql<
    (Omit<Standing, 'quality' | 'hasRow' | 'zone'> & {
      place: number
      quality: number | null
      zone: string | null
      root: string
    })[]
  >`
    select wanted.place::int - 1 as place, newest.start, newest.run, own.quality, zones.zone, zones.root,
      coalesce(own.import_wh, 0) as "importWh", coalesce(own.export_wh, 0) as "exportWh",
      coalesce(own.bought_wh, 0) as "boughtWh", coalesce(own.sold_wh, 0) as "soldWh"
    from unnest(
      ${numbers(readings, ({ seat }) => seat)}::int[],
      ${numbers(readings, ({ reading }) => reading.time)}::bigint[]
    ) with ordinality as wanted (seat, time, place)
    cross join lateral (values (wanted.time - ${intervalSeconds}), (wanted.time)) as touched (start)
    cross join lateral (
      select start, run, status from intervals where area_id = ${areaId} and intervals.start = touched.start
      order by run desc limit 1
    ) newest
    left join seat_intervals own
      on own.area_id = ${areaId} and own.start = newest.start and own.seat = wanted.seat and own.current
    cross join lateral (
      select max(zone) filter (where place = own.zone) as zone, max(zone) filter (where flow_wh is null) as root
      from interval_zones where area_id = ${areaId} and interval_zones.start = newest.start
    ) zones
    where newest.status <> 'missed'`
  const found = new Map(rows.map((row) => [`${row.place} ${row.start}`, row]))
  return (place: number, start: UtcSeconds, { terms }: ChainPart): Standing | null => {
    const row = found.get(`${place} ${start}`)
    const inForce = terms.findLast(({ from }) => from <= start)
    if (row === undefined || inForce === undefined) return null
    const { run, quality, zone, root, importWh, exportWh, boughtWh, soldWh } = row
    return {
      ...{ start, run, zone: zone ?? inForce.zone ?? root, hasRow: quality !== null },
      quality: quality === null ? 'missing' : qualities[quality]!,
      ...{ importWh, exportWh, boughtWh, soldWh },
    }
  }
}
