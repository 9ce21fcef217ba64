/**
 * What is read from the projections: rows as they lie there, newest first, by key and never by offset. Times are UTC
 * seconds, money ledger units in decimal strings (`numeric`); `limit` is the most rows returned.
 */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { ChainSeat } from '../market/engine/area.ts'
import type { Database } from './database.ts'

/** A numeric column: ledger units. */
export type NumericText = string

export interface IntervalRow {
  area_id: number
  start: UtcSeconds
  run: number
  status: 'provisional' | 'final'
  matched_wh: Wh
  import_wh: Wh
  export_wh: Wh
  missing_readings: number
  /** Traded ahead, and what of it this run did not honour. */
  forward_wh: Wh
  deviation_wh: Wh
  grid_fees: NumericText
  congestion_rent: NumericText
  zones: { zone: string; priceTicks: Ticks | null; soldWh: Wh; boughtWh: Wh; importWh: Wh; exportWh: Wh }[]
  flows: { zone: string; exportWh: number; congestionTicks: Ticks }[]
}

export interface BatchRow {
  area_id: number
  start: UtcSeconds
  end_at: UtcSeconds
  energy_wh: Wh
  paid: NumericText
  received: NumericText
  statement_root: Hex
  status: 'cut' | 'submitted' | 'settled'
  transaction: string | null
  block: number | null
  gas_used: number | null
  seats: number
}

/** The engine's `ChainSeat` as JSON holds it. */
export type ChainSeatJson = Omit<ChainSeat, 'balance' | 'withdrawal'> & {
  balance: string
  withdrawal: { amount: string; to: Address; claimableAt: UtcSeconds } | null
}

export interface SeatRow {
  area_id: number
  seat: number
  account: Address
  meter: Address
  chain: ChainSeatJson
  available: NumericText
  last_reading_time: UtcSeconds | null
  last_reading_epoch: number | null
}

export interface OrderRow {
  area_id: number
  order_id: Hex
  seat: number
  account: Address
  meter: Address
  side: 'buy' | 'sell'
  limit_ticks: Ticks
  max_wh: Wh
  active_from: UtcSeconds
  nonce: number
  arrival: number
  status: 'active' | 'replaced' | 'cancelled' | 'expired'
  accepted_at: Date
  signed: { order: { start: UtcSeconds; end: UtcSeconds }; session: { key: Address } | null }
}

export interface SeatIntervalRow {
  area_id: number
  seat: number
  meter: Address
  start: UtcSeconds
  run: number
  status: 'provisional' | 'final'
  zone: string
  quality: 'measured' | 'estimated' | 'doubtful' | 'missing'
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
  deviation_wh: Wh
  /** The zone's clearing price. */
  price_ticks: Ticks | null
  outcomes: {
    order: Hex
    side: 'buy' | 'sell'
    limitTicks: Ticks
    offeredWh: Wh
    filledWh: Wh
    priceTicks: Ticks | null
    amount: string
    code: string
    message: string
  }[]
}

export interface SeatBatchRow {
  area_id: number
  seat: number
  start: UtcSeconds
  end_at: UtcSeconds
  status: 'cut' | 'submitted' | 'settled'
  sold_wh: Wh
  bought_wh: Wh
  paid: NumericText
  received: NumericText
  transaction: string | null
}

export interface SeatKey {
  area: number
  seat: number
}

export interface Range {
  /** Inclusive. */
  from?: UtcSeconds | undefined
  /** Exclusive. */
  to?: UtcSeconds | undefined
}

/** Later than every time that the tables hold. */
const endOfTime = 2 ** 40

/** The newest run of each interval that starts in the range, newest first. */
export function intervals(
  sql: Database,
  { area, from = 0, to = endOfTime, limit }: Range & { area: number; limit: number },
): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select distinct on (start) intervals.*, ${forwardSum(sql)} from intervals
    where area_id = ${area} and start >= ${from} and start < ${to}
    order by start desc, run desc limit ${limit}`
}

/** The newest run of each interval that starts at one of these times, oldest first. */
export function intervalsStartingAt(sql: Database, area: number, starts: UtcSeconds[]): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select distinct on (start) intervals.*, ${forwardSum(sql)} from intervals where area_id = ${area} and start = any(${starts}::bigint[])
    order by start, run desc`
}

/** Every run of one interval, newest first. */
export function runsOfInterval(sql: Database, area: number, start: UtcSeconds): Promise<IntervalRow[]> {
  return sql<IntervalRow[]>`
    select intervals.*, ${forwardSum(sql)} from intervals
    where area_id = ${area} and start = ${start} order by run desc`
}

function forwardSum(sql: Database) {
  return sql`
    (select coalesce(sum(energy_wh), 0)::bigint from forward_trades trade
     where trade.area_id = intervals.area_id and trade.start = intervals.start) as forward_wh`
}

/** Batches that end before `endsBefore`, newest first. */
export function batches(
  sql: Database,
  { area, endsBefore = endOfTime, limit }: { area: number; endsBefore?: UtcSeconds | undefined; limit: number },
): Promise<BatchRow[]> {
  return sql<BatchRow[]>`
    select batches.*, ${seatsOfBatch(sql)} as seats from batches
    where area_id = ${area} and end_at < ${endsBefore} order by end_at desc limit ${limit}`
}

export async function batchEndingAt(sql: Database, area: number, end: UtcSeconds): Promise<BatchRow | null> {
  const [row] = await sql<BatchRow[]>`
    select batches.*, ${seatsOfBatch(sql)} as seats from batches where area_id = ${area} and end_at = ${end}`
  return row ?? null
}

function seatsOfBatch(sql: Database) {
  return sql`(
    select count(distinct seat) from batch_entries
    where batch_entries.area_id = batches.area_id and batch_entries.end_at = batches.end_at and kind = 'settle')`
}

/** End of the newest settled batch. */
export async function settledUntil(sql: Database, area: number): Promise<UtcSeconds | null> {
  const [row] = await sql<{ end_at: UtcSeconds }[]>`
    select end_at from batches where area_id = ${area} and status = 'settled' order by end_at desc limit 1`
  return row?.end_at ?? null
}

/** The account's seats in the given areas, ascending by area and seat, from the one after `after`. */
export function seatsOfAccount(
  sql: Database,
  options: { account: Address; areas: number[]; after?: SeatKey | undefined; limit: number },
): Promise<SeatRow[]> {
  const { account, areas, after = { area: -1, seat: -1 }, limit } = options
  return sql<SeatRow[]>`
    ${selectSeats(sql)}
    where account = ${account} and area_id = any(${areas}::bigint[])
      and (area_id, seat) > (${after.area}::bigint, ${after.seat}::bigint)
    order by area_id, seat limit ${limit}`
}

/** Every seat of one area that belongs to one of the accounts. */
export function seatsOfAccounts(sql: Database, area: number, accounts: Address[]): Promise<SeatRow[]> {
  return sql<
    SeatRow[]
  >`${selectSeats(sql)} where account = any(${accounts}::text[]) and area_id = ${area} order by seat`
}

function selectSeats(sql: Database) {
  return sql`
    select seats.*, newest.time as last_reading_time, newest.epoch as last_reading_epoch
    from seats left join lateral (
      select time, epoch from readings where readings.meter = seats.meter order by epoch desc, time desc limit 1
    ) newest on true`
}

/** Active orders of the seats, in order of arrival. */
export function activeOrders(sql: Database, seats: readonly SeatKey[]): Promise<OrderRow[]> {
  return sql<OrderRow[]>`
    select orders.* from ${wantedSeats(sql, seats)} join orders using (area_id, seat)
    where status = 'active' order by arrival`
}

export async function orderById(sql: Database, area: number, id: Hex): Promise<OrderRow | null> {
  const [row] = await sql<OrderRow[]>`select * from orders where area_id = ${area} and order_id = ${id}`
  return row ?? null
}

/** Orders of the seats, newest first, from those that arrived before `before`. */
export function ordersOfSeats(
  sql: Database,
  options: {
    seats: readonly SeatKey[]
    before?: { acceptedAtMs: number; arrival: number; area: number } | undefined
    limit: number
  },
): Promise<OrderRow[]> {
  const { seats, before, limit } = options
  return sql<OrderRow[]>`
    select orders.* from ${wantedSeats(sql, seats)} join orders using (area_id, seat)
    ${
      before === undefined
        ? sql``
        : sql`where (accepted_at, arrival, area_id) < (${new Date(before.acceptedAtMs)}::timestamptz, ${before.arrival}::bigint, ${before.area}::bigint)`
    }
    order by accepted_at desc, arrival desc, area_id desc limit ${limit}`
}

/** Newest runs of the seats' intervals in the range: newest start first, then by area and seat; from the one after `after`. */
export function seatIntervals(
  sql: Database,
  options: Range & { seats: readonly SeatKey[]; after?: (SeatKey & { start: UtcSeconds }) | undefined; limit: number },
): Promise<SeatIntervalRow[]> {
  const { seats, from = 0, to = endOfTime, after = { start: endOfTime, area: 0, seat: 0 }, limit } = options
  return sql<SeatIntervalRow[]>`
    select own.*, intervals.status,
      (select (result.value ->> 'priceTicks')::int from jsonb_array_elements(intervals.zones) result
       where result.value ->> 'zone' = own.zone) as price_ticks
    from ${wantedSeats(sql, seats)} cross join lateral (
      select * from seat_intervals
      where seat_intervals.area_id = wanted.area_id and seat_intervals.seat = wanted.seat and current
        and start >= ${from} and start < ${to}
        and (start < ${after.start} or
          (start = ${after.start} and (wanted.area_id, wanted.seat) > (${after.area}::bigint, ${after.seat}::bigint)))
      order by start desc limit ${limit}
    ) own
    join intervals on intervals.area_id = own.area_id and intervals.start = own.start and intervals.run = own.run
    order by own.start desc, own.area_id, own.seat limit ${limit}`
}

/** The newest runs of the intervals for the seats of the accounts, oldest first, with the account each belongs to. */
export function seatIntervalsOfAccounts(
  sql: Database,
  options: { area: number; starts: UtcSeconds[]; accounts: Address[] },
): Promise<(SeatIntervalRow & { account: Address })[]> {
  const { area, starts, accounts } = options
  return sql<(SeatIntervalRow & { account: Address })[]>`
    select own.*, seats.account, intervals.status,
      (select (result.value ->> 'priceTicks')::int from jsonb_array_elements(intervals.zones) result
       where result.value ->> 'zone' = own.zone) as price_ticks
    from seats join seat_intervals own using (area_id, seat)
    join intervals on intervals.area_id = own.area_id and intervals.start = own.start and intervals.run = own.run
    where seats.area_id = ${area} and seats.account = any(${accounts}::text[]) and own.start = any(${starts}::bigint[]) and current
    order by own.start, own.seat`
}

export interface SummaryRow {
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
}

/** Sums over the newest runs of a seat's intervals that start in the range. */
export async function seatSummary(
  sql: Database,
  { area, seat, from, to }: SeatKey & { from: UtcSeconds; to: UtcSeconds },
): Promise<SummaryRow> {
  const [row] = await sql<SummaryRow[]>`
    select coalesce(sum(import_wh), 0)::bigint as import_wh, coalesce(sum(export_wh), 0)::bigint as export_wh,
      coalesce(sum(bought_wh), 0)::bigint as bought_wh, coalesce(sum(sold_wh), 0)::bigint as sold_wh,
      coalesce(sum(paid), 0) as paid, coalesce(sum(received), 0) as received
    from seat_intervals
    where area_id = ${area} and seat = ${seat} and current and start >= ${from} and start < ${to}`
  return row!
}

/** What each batch nets for the seats, newest first; from the one after `after`. */
export function seatBatches(
  sql: Database,
  options: { seats: readonly SeatKey[]; after?: (SeatKey & { end: UtcSeconds }) | undefined; limit: number },
): Promise<SeatBatchRow[]> {
  const { seats, after = { end: endOfTime, area: 0, seat: 0 }, limit } = options
  return sql<SeatBatchRow[]>`
    select own.*, batches.start, batches.status, batches.transaction
    from ${wantedSeats(sql, seats)} cross join lateral (
      select area_id, seat, end_at, sum(sold_wh)::bigint as sold_wh, sum(bought_wh)::bigint as bought_wh,
        sum(paid) as paid, sum(received) as received
      from batch_entries
      where batch_entries.area_id = wanted.area_id and batch_entries.seat = wanted.seat and kind = 'settle'
        and (end_at < ${after.end} or
          (end_at = ${after.end} and (wanted.area_id, wanted.seat) > (${after.area}::bigint, ${after.seat}::bigint)))
      group by area_id, seat, end_at order by end_at desc limit ${limit}
    ) own
    join batches on batches.area_id = own.area_id and batches.end_at = own.end_at
    order by own.end_at desc, own.area_id, own.seat limit ${limit}`
}

/**
 * Cumulative production of one meter at the boundaries in `[from, to]`, by time. A time that two epochs share, where one
 * ends and the next begins, is left out: no difference may be taken across it.
 */
export async function productionByTime(
  sql: Database,
  { meter, from, to }: { meter: Address; from: UtcSeconds; to: UtcSeconds },
): Promise<Map<UtcSeconds, { epoch: number; productionWh: Wh }>> {
  const rows = await sql<{ epoch: number; time: UtcSeconds; production_wh: Wh }[]>`
    with recursive epochs as (
      (select epoch from readings where meter = ${meter} order by epoch limit 1)
      union all
      select (select min(epoch) from readings where meter = ${meter} and epoch > epochs.epoch)
      from epochs where epochs.epoch is not null
    )
    select readings.epoch, time, production_wh from epochs join readings
      on meter = ${meter} and readings.epoch = epochs.epoch and time between ${from} and ${to}
    where production_wh is not null`
  const byTime = new Map<UtcSeconds, { epoch: number; productionWh: Wh }>()
  const shared = new Set<UtcSeconds>()
  for (const { epoch, time, production_wh } of rows) {
    if (byTime.has(time)) shared.add(time)
    byTime.set(time, { epoch, productionWh: production_wh })
  }
  for (const time of shared) byTime.delete(time)
  return byTime
}

/** The seats as a table `wanted`. */
export function wantedSeats(sql: Database, seats: readonly SeatKey[]) {
  return sql`unnest(${seats.map(({ area }) => area)}::bigint[], ${seats.map(({ seat }) => seat)}::bigint[]) as wanted(area_id, seat)`
}
