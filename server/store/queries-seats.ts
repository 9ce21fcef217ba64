/** What is read of seats: as they stand, their intervals, batches and production; newest first, by key and never by offset. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { qualities } from '../market/area/codes.ts'
import { numbers, texts } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'
import { stretchLength } from './project-readings.ts'
import { endOfTime, type Range, type SeatBatchRow, type SeatIntervalRow, type SeatKey, type SeatRow } from './rows.ts'

/** A value, or the column that holds it. */
type Column = number | ReturnType<Queries>

/** The account's seats in the given areas, ascending by area and seat, from the one after `after`. */
export function seatsOfAccount(
  sql: Queries,
  options: { account: Address; areas: readonly number[]; after?: SeatKey | undefined; limit: number },
): Promise<SeatRow[]> {
  const { account, areas, after = { area: -1, seat: -1 }, limit } = options
  return sql<SeatRow[]>`
    ${selectSeats(sql)}
    where account = ${account} and seats.area_id = any(${numbers(areas, (area) => area)}::int[])
      and (seats.area_id, seats.seat) > (${after.area}::int, ${after.seat}::int)
    order by seats.area_id, seats.seat limit ${limit}`
}

/** Every seat of one area that belongs to one of the accounts. */
export function seatsOfAccounts(sql: Queries, area: number, accounts: readonly Address[]): Promise<SeatRow[]> {
  return sql<SeatRow[]>`
    ${selectSeats(sql)}
    where account = any(${texts(accounts, (account) => account)}::text[]) and seats.area_id = ${area}
    order by seats.seat`
}

/** Seats of one area, ascending, from the one after `after`. */
export function allSeats(
  sql: Queries,
  { area, after, limit }: { area: number; after: number; limit: number },
): Promise<SeatRow[]> {
  return sql<SeatRow[]>`
    ${selectSeats(sql)} where seats.area_id = ${area} and seats.seat > ${after} order by seats.seat limit ${limit}`
}

/** Open seats of an area whose meters the grid operator has not confirmed, ascending. */
export function unconfirmedSeats(
  sql: Queries,
  { area, limit }: { area: number; limit: number },
): Promise<{ seat: number; meter: Address; account: Address; opened_at: UtcSeconds }[]> {
  return sql<{ seat: number; meter: Address; account: Address; opened_at: UtcSeconds }[]>`
    select seat, meter, account, (chain->>'openedAt')::bigint as opened_at from seats
    where area_id = ${area} and chain->'terms'->-1->>'nameplateWh' is null
      and not (chain->'terms'->-1->>'closed')::boolean
    order by seat limit ${limit}`
}

function selectSeats(sql: Queries) {
  return sql`
    select seats.*, coalesce(seat_funds.available, 0) as available, newest.epoch as newest_epoch, newest.time as newest_time,
      coalesce(witnessed.days, 0)::int as compared_days, coalesce(witnessed.beyond, 0)::int as beyond_intervals
    from seats left join seat_funds using (area_id, seat) left join lateral ${newestReading(sql)} newest on true
      left join lateral (
        select count(distinct day) as days, sum(beyond) as beyond from witness_days
        join seats agent on agent.area_id = witness_days.area_id and agent.seat = witness_days.agent_seat
        where witness_days.area_id = seats.area_id and witness_days.meter = seats.meter and agent.account = seats.account
      ) witnessed on true`
}

/** The newest reading of `seats`: it is found by its newest stretch, and in that from the end on. */
function newestReading(sql: Queries) {
  return sql`(
    select own.epoch, own.time
    from reading_stretches last cross join lateral (
      select epoch, time from readings
      where readings.area_id = seats.area_id and readings.seat = seats.seat and readings.epoch = last.epoch
        and time = any(array(
          select generate_series(
            last.stretch * ${stretchLength}::bigint * length.seconds,
            (last.stretch + 1) * ${stretchLength}::bigint * length.seconds - length.seconds,
            length.seconds)
          from ${intervalLength(sql, sql`seats.area_id`)} length))
      order by time desc limit 1
    ) own
    where last.area_id = seats.area_id and last.seat = seats.seat
    order by last.epoch desc, last.stretch desc limit 1)`
}

/** The time from which on readings of a seat are kept, at most a stretch too early; null where its meter was never read. */
export async function readSince(sql: Queries, { areaId, seat }: { areaId: number; seat: number }) {
  const [row] = await sql<[{ since: UtcSeconds | null }]>`
    select min(stretch) * ${stretchLength}::bigint * max(length.seconds) as since
    from reading_stretches cross join ${intervalLength(sql, sql`${areaId}`)} length
    where area_id = ${areaId} and seat = ${seat}`
  return row.since === null ? null : Number(row.since)
}

/** An area keeps the length of its intervals. */
export function intervalLength(sql: Queries, areaId: Column) {
  return sql`(
    select (settings #>> '{config,rules,intervalSeconds}')::bigint as seconds from area_settings
    where area_settings.area_id = ${areaId} limit 1)`
}

/** A seat's interval as it is read from the tables. */
type StoredSeatInterval = Omit<SeatIntervalRow, 'quality' | 'outcomes'> & { quality: number; outcomes: Buffer }

function decoded<Row extends StoredSeatInterval>(rows: readonly Row[]) {
  return rows.map((row) => ({
    ...row,
    quality: qualities[row.quality]!,
    outcomes: decodeOutcomes(row.outcomes),
  }))
}

/** Newest runs of the seats' intervals in the range: newest start first, then by area and seat; from the one after `after`. */
export async function seatIntervals(
  sql: Queries,
  options: Range & {
    seats: readonly SeatKey[]
    after?: (SeatKey & { start: UtcSeconds }) | undefined
    limit: number
  },
): Promise<SeatIntervalRow[]> {
  const { seats, from = 0, to = endOfTime, after = { start: endOfTime, area: 0, seat: 0 }, limit } = options
  const rows = await sql<StoredSeatInterval[]>`
    select ${seatIntervalColumns(sql)} from ${wantedSeats(sql, seats)} cross join lateral (
      select own.*, newest.status from (
        select distinct on (start) start, status from intervals
        where intervals.area_id = wanted.area_id and start >= ${from} and start < ${to} and (start < ${after.start} or
          (start = ${after.start} and (wanted.area_id, wanted.seat) > (${after.area}::int, ${after.seat}::int)))
        order by start desc, run desc
      ) newest cross join lateral ${ownRow(sql, sql`wanted.area_id`, sql`wanted.seat`)} own
      order by newest.start desc limit ${limit}
    ) own join seats on seats.area_id = own.area_id and seats.seat = own.seat ${zoneOf(sql)}
    order by own.start desc, own.area_id, own.seat limit ${limit}`
  return decoded(rows)
}

/** The newest runs of the intervals for the seats of the accounts, oldest first, with the account each belongs to. */
export async function seatIntervalsOfAccounts(
  sql: Queries,
  options: { area: number; starts: readonly UtcSeconds[]; accounts: readonly Address[] },
): Promise<(SeatIntervalRow & { account: Address })[]> {
  const { area, starts, accounts } = options
  const rows = await sql<(StoredSeatInterval & { account: Address })[]>`
    select ${seatIntervalColumns(sql)}, seats.account
    from (
      select distinct on (start) start, status from intervals
      where area_id = ${area} and start = any(${numbers(starts, (start) => start)}::bigint[])
      order by start, run desc
    ) newest
    join seats on seats.area_id = ${area} and seats.account = any(${texts(accounts, (account) => account)}::text[])
    cross join lateral ${ownRow(sql, sql`seats.area_id`, sql`seats.seat`)} own ${zoneOf(sql)}
    order by own.start, own.seat`
  return decoded(rows)
}

function seatIntervalColumns(sql: Queries) {
  return sql`
    own.area_id, own.seat, own.start, own.run, own.quality, own.import_wh, own.export_wh, own.bought_wh, own.sold_wh,
    own.paid::text, own.received::text, own.deviation_wh, own.outcomes, seats.meter, status, zones.zone, zones.price_ticks`
}

/** The row of one seat of `newest`'s interval. The limit keeps it a look-up by key, whatever the planner believes. */
export function ownRow(sql: Queries, areaId: Column, seat: Column) {
  return sql`(
    select * from seat_intervals where seat_intervals.area_id = ${areaId} and seat_intervals.seat = ${seat}
      and seat_intervals.start = newest.start and current limit 1)`
}

/** The newest result of the zone of `own`. */
function zoneOf(sql: Queries) {
  return sql`
    cross join lateral (
      select zone, price_ticks from interval_zones
      where interval_zones.area_id = own.area_id and interval_zones.start = own.start and interval_zones.place = own.zone
      order by run desc limit 1
    ) zones`
}

function startsFrom(sql: Queries, from: UtcSeconds) {
  if (from === 0) return sql``
  return sql`and ${from} <= (
    select start from batches own where own.area_id = wanted.area_id and own.end_at = batch_entries.end_at)`
}

/** What each batch that lies in the range nets for the seats, newest first; from the one after `after`. */
export function seatBatches(
  sql: Queries,
  options: Range & { seats: readonly SeatKey[]; after?: (SeatKey & { end: UtcSeconds }) | undefined; limit: number },
): Promise<SeatBatchRow[]> {
  const { seats, from = 0, to = endOfTime, after = { end: endOfTime, area: 0, seat: 0 }, limit } = options
  return sql<SeatBatchRow[]>`
    select own.*, batches.start, coalesce(progress.status, 'cut') as status, progress.transaction,
      progress.approvals
    from ${wantedSeats(sql, seats)} cross join lateral (
      select area_id, seat, end_at, sum(sold_wh)::bigint as sold_wh, sum(bought_wh)::bigint as bought_wh,
        sum(paid)::text as paid, sum(received)::text as received
      from batch_entries
      where batch_entries.area_id = wanted.area_id and batch_entries.seat = wanted.seat and kind = 'settle'
        and (end_at < ${after.end} or
          (end_at = ${after.end} and (wanted.area_id, wanted.seat) > (${after.area}::int, ${after.seat}::int)))
        and end_at <= ${to} ${startsFrom(sql, from)}
      group by area_id, seat, end_at order by end_at desc limit ${limit}
    ) own
    join batches on batches.area_id = own.area_id and batches.end_at = own.end_at
    left join batch_progress progress
      on progress.area_id = own.area_id and progress.end_at = own.end_at and progress.number = batches.number
    order by own.end_at desc, own.area_id, own.seat limit ${limit}`
}

/**
 * Cumulative production of a seat's meter at the boundaries in `[from, to]`, by time. A time that two epochs share, where one
 * ends and the next begins, is left out: no difference may be taken across it.
 */
export async function productionByTime(
  sql: Queries,
  { area, seat, from, to }: SeatKey & { from: UtcSeconds; to: UtcSeconds },
): Promise<Map<UtcSeconds, { epoch: number; productionWh: Wh }>> {
  const rows = await sql<{ epoch: number; time: UtcSeconds; production_wh: Wh | null }[]>`
    select own.* from ${intervalLength(sql, area)} length,
      generate_series((${from}::bigint + length.seconds - 1) / length.seconds, ${to}::bigint / length.seconds) place
      cross join lateral (
        select epoch, time, production_wh from readings
        where area_id = ${area} and time = place * length.seconds and seat = ${seat}
        offset 0
      ) own`
  const byTime = new Map<UtcSeconds, { epoch: number; productionWh: Wh }>()
  const seen = new Set<UtcSeconds>()
  for (const { epoch, time, production_wh: productionWh } of rows) {
    if (seen.has(time)) byTime.delete(time)
    else if (productionWh !== null) byTime.set(time, { epoch, productionWh })
    seen.add(time)
  }
  return byTime
}

/** A meter's registers at a boundary, as its key signed them. */
export interface ReadingRow {
  epoch: number
  time: UtcSeconds
  import_wh: Wh
  export_wh: Wh
  quality: number
  signature: Buffer
}

/** The readings of a seat at the boundaries in `[from, to)`, the oldest first; of a time that two epochs share both. */
export function readingsBetween(
  sql: Queries,
  { area, seat, from, to, limit }: SeatKey & { from: UtcSeconds; to: UtcSeconds; limit: number },
): Promise<ReadingRow[]> {
  return sql<ReadingRow[]>`
    select own.* from ${intervalLength(sql, area)} length,
      generate_series((${from}::bigint + length.seconds - 1) / length.seconds, (${to}::bigint - 1) / length.seconds) place
      cross join lateral (
        select epoch, time, import_wh, export_wh, quality, signature from readings
        where area_id = ${area} and time = place * length.seconds and seat = ${seat}
        offset 0
      ) own
    order by place, own.epoch limit ${limit}`
}

/** The seats as a table `wanted`. */
export function wantedSeats(sql: Queries, seats: readonly SeatKey[]) {
  return sql`
    unnest(${numbers(seats, ({ area }) => area)}::int[], ${numbers(seats, ({ seat }) => seat)}::int[])
      as wanted (area_id, seat)`
}
