/**
 * What a batch rests on, for its statement and for whoever computes it again: fills and readings seat by seat, a few seats at a
 * time, and what the promises of its intervals rested on. What was signed for it is in `batch-signed.ts`.
 */

import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { type StageName, stageNames } from '../market/area/codes.ts'
import { inLeafOrder, type StatedFill } from '../settlement/statement.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeOutcomes } from './outcomes.ts'

/** The intervals of a batch are those that start in `[start, end)`. */
export interface BatchSpan {
  start: UtcSeconds
  end: UtcSeconds
}

export interface CutBatch extends BatchSpan {
  /** 1, or higher where it was cut anew. */
  number: number
  /** Seats that could not pay: those of each number together, as they were left out. */
  leftOut: number[][]
  /** From which the salts of its statement follow, 32 bytes; null once it was erased. */
  secret: Buffer | null
  /** Further seats are being left out: the next number follows. */
  isLeavingOut: boolean
}

/** The batch that ends then, as it was cut last, or null. */
export async function readCutBatch(sql: Queries, areaId: number, end: UtcSeconds): Promise<CutBatch | null> {
  const [row] = await sql<(Omit<CutBatch, 'leftOut' | 'isLeavingOut'> & { leaving: [number, number[]][] })[]>`
    select start, end_at as "end", number, leaving, secret
    from batches
    left join journal_secrets own on own.area_id = batches.area_id and own.sequence = cut_sequence
    where batches.area_id = ${areaId} and end_at = ${end}`
  if (row === undefined) return null
  const { leaving, ...batch } = row
  return {
    ...batch,
    leftOut: leaving.filter(([number]) => number < batch.number).map(([, seats]) => seats),
    isLeavingOut: leaving.some(([number]) => number === batch.number),
  }
}

/** Batches that have no statement of their number yet, oldest first. */
export function batchesWithoutStatement(
  sql: Queries,
  areaId: number,
  { after, limit }: { after: UtcSeconds; limit: number },
): Promise<{ end: UtcSeconds; number: number }[]> {
  return sql<{ end: UtcSeconds; number: number }[]>`
    select end_at as "end", number from batches
    where area_id = ${areaId} and end_at > ${after} and not exists (
      select from statements
      where statements.area_id = ${areaId} and statements.end_at = batches.end_at and statements.number = batches.number)
    order by end_at limit ${limit}`
}

/** A fill with the arrival of its order or agreement. */
export interface BatchFill extends StatedFill {
  arrival: number
}

const seatsPerPage = 100

/** The newest fills of a batch seat by seat, ascending; those of a seat as its leaves stand. */
export async function* fillsOfBatch(
  sql: Queries,
  areaId: number,
  span: BatchSpan,
): AsyncGenerator<{ seat: number; fills: BatchFill[] }> {
  const starts = await startsOf(sql, areaId, span)
  for await (const page of seatPages(sql, areaId)) yield* await fillsOfSeats(sql, areaId, starts, page)
}

/** The fills of one seat, in the form of `fillsOfBatch`. */
export async function fillsOfSeat(
  sql: Queries,
  areaId: number,
  { seat, ...span }: BatchSpan & { seat: number },
): Promise<BatchFill[]> {
  const starts = await startsOf(sql, areaId, span)
  const [own] = await fillsOfSeats(sql, areaId, starts, { from: seat, to: seat })
  return own?.fills ?? []
}

async function fillsOfSeats(
  sql: Queries,
  areaId: number,
  starts: string,
  { from, to }: { from: number; to: number },
): Promise<{ seat: number; fills: BatchFill[] }[]> {
  const rows = await sql<{ seat: number; start: UtcSeconds; outcomes: Buffer }[]>`
    select seat, start, outcomes from seat_intervals
    where area_id = ${areaId} and start = any(${starts}::bigint[]) and seat between ${from} and ${to}
      and current and bought_wh + sold_wh > 0
    order by seat, start`
  const outcomes = rows.flatMap(({ seat, start, outcomes: bytes }) =>
    decodeOutcomes(bytes).flatMap((outcome) => (outcome.filledWh > 0 ? [{ ...outcome, seat, start }] : [])),
  )
  const referenceOf = await references(sql, areaId, outcomes)
  return [...bySeat(outcomes)].map(({ seat, own }) => {
    const fills = own.map(({ start, stage, arrival, side, filledWh, amount }) => ({
      ...{ start, stage, arrival, side, energyWh: filledWh, amount: Number(amount) },
      reference: referenceOf(stage, arrival),
    }))
    return { seat, fills: inLeafOrder(fills) }
  })
}

/** What orders and agreements are called outside, by stage and arrival. */
async function references(
  sql: Queries,
  areaId: number,
  named: readonly { stage: StageName; arrival: number }[],
): Promise<(stage: StageName, arrival: number) => Buffer> {
  const found = new Map<number, Buffer>()
  const columns = {
    agreements: [sql`agreements`, sql`agreement_id`],
    forward: [sql`forward_orders`, sql`order_id`],
    spot: [sql`orders`, sql`order_id`],
    imported: [sql`declarations`, sql`declaration_id`],
    coefficients: [sql`declarations`, sql`declaration_id`],
  } as const
  for (const stage of stageNames) {
    const arrivals = [...new Set(named.filter((each) => each.stage === stage).map(({ arrival }) => arrival))]
    if (arrivals.length === 0) continue
    const [table, id] = columns[stage]
    const rows = await sql<{ arrival: number; id: Buffer }[]>`
      select arrival, ${id} as id from ${table}
      where area_id = ${areaId} and arrival = any(${numbers(arrivals, (arrival) => arrival)}::bigint[])`
    for (const row of rows) found.set(row.arrival, row.id)
  }
  return (_, arrival) => found.get(arrival)!
}

export interface BatchReading {
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  quality: number
  /** Compact, by the meter's key. */
  signature: Hex
}

/**
 * The readings from a batch's beginning to its end that were in when it was cut, seat by seat, ascending; of a seat by epoch, then
 * time. The first boundary also ends the batch before, so a reading may have come after that one was cut and still be in time.
 */
export async function* readingsOfBatch(
  sql: Queries,
  areaId: number,
  span: BatchSpan,
): AsyncGenerator<{ seat: number; readings: BatchReading[] }> {
  const starts = await startsOf(sql, areaId, span)
  for await (const { from, to } of seatPages(sql, areaId)) {
    const rows = await sql<(Omit<BatchReading, 'signature'> & { seat: number; signature: Buffer })[]>`
      select seat, epoch, time, import_wh as "importWh", export_wh as "exportWh", quality, signature from readings
      where area_id = ${areaId} and time = any(${starts}::bigint[] || ${span.end}::bigint) and seat between ${from} and ${to}
        and (late = false or (late is null and time = ${span.start}))
      order by seat, epoch, time`
    for (const { seat, own } of bySeat(rows)) {
      yield { seat, readings: own.map(({ seat: _, ...row }) => ({ ...row, signature: hexOf(row.signature) })) }
    }
  }
}

/** The readings of one seat, in the form of `readingsOfBatch`. */
export async function readingsOfSeat(
  sql: Queries,
  areaId: number,
  { start, end, seat }: BatchSpan & { seat: number },
): Promise<BatchReading[]> {
  const starts = await startsOf(sql, areaId, { start, end })
  const rows = await sql<(Omit<BatchReading, 'signature'> & { signature: Buffer })[]>`
    select epoch, time, import_wh as "importWh", export_wh as "exportWh", quality, signature from readings
    where area_id = ${areaId} and time = any(${starts}::bigint[] || ${end}::bigint) and seat = ${seat}
      and (late = false or (late is null and time = ${start}))
    order by epoch, time`
  return rows.map((row) => ({ ...row, signature: hexOf(row.signature) }))
}

/** Rows that ascend by seat, those of a seat together. */
function* bySeat<Row extends { seat: number }>(rows: readonly Row[]): Generator<{ seat: number; own: Row[] }> {
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const { seat } = rows[from]!
    while (rows[to]?.seat === seat) to += 1
    yield { seat, own: rows.slice(from, to) }
  }
}

/** Every boundary of a batch but its last. */
async function startsOf(sql: Queries, areaId: number, { start, end }: BatchSpan): Promise<string> {
  const rows = await sql<{ start: UtcSeconds }[]>`
    select generate_series(${start}::bigint, ${end}::bigint - 1, (
      select (settings #>> '{config,rules,intervalSeconds}')::bigint from area_settings where area_id = ${areaId} limit 1
    )) as start`
  return numbers(rows, (row) => row.start)
}

/** The seats of an area, some at a time, ascending. */
async function* seatPages(sql: Queries, areaId: number): AsyncGenerator<{ from: number; to: number }> {
  let to = -1
  for (;;) {
    const [page] = await sql<{ from: number | null; to: number | null }[]>`
      select min(seat) as "from", max(seat) as "to" from (
        select seat from seats where area_id = ${areaId} and seat > ${to} order by seat limit ${seatsPerPage}) page`
    if (page!.from === null) return
    to = page!.to!
    yield { from: page!.from, to }
  }
}

/** What the promises and the result of an interval rested on; see `interval_grounds`. */
export interface IntervalGrounds {
  start: UtcSeconds
  block: number
  suspendedAtStart: number[]
  /** Null before the first computation. */
  suspendedAtComputation: number[] | null
  cut: { arrival: number; energyWh: Wh }[]
  budgets: { seat: number; left: number }[]
}

/** The grounds of the batch's intervals, by their start. */
export async function groundsOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
): Promise<IntervalGrounds[]> {
  const rows = await sql<
    (Omit<IntervalGrounds, 'cut' | 'budgets'> & {
      cut: [arrival: number, energyWh: Wh][]
      budgets: [seat: number, left: number][]
    })[]
  >`
    select start, block, suspended_at_start as "suspendedAtStart", suspended_at_computation as "suspendedAtComputation", cut,
      coalesce(budgets, '[]') as budgets
    from interval_grounds where area_id = ${areaId} and start >= ${start} and start < ${end} order by start`
  return rows.map(({ cut, budgets, ...row }) => ({
    ...row,
    budgets: budgets.map(([seat, left]) => ({ seat, left })),
    cut: cut.map(([arrival, energyWh]) => ({ arrival, energyWh })),
  }))
}

/** Two different values that one meter signed for one boundary: the one that stands, and the one for which it was suspended. */
export interface Contradiction {
  /** The one that the meter had then. */
  seat: number
  /** Seats of the meter, out of those that were asked for, ascending. */
  seats: number[]
  meter: Address
  epoch: number
  time: UtcSeconds
  suspendedAt: Date
  liftedAt: Date | null
  stood: BatchReading
  second: BatchReading
}

/** The contradictions of the meters of these seats, the oldest first; the first values of archived months are kept for this. */
export async function contradictionsOf(
  sql: Queries,
  areaId: number,
  seats: readonly number[],
): Promise<Contradiction[]> {
  const rows = await sql`
    select x.seat, own.seats, x.meter, x.epoch, x.time, x.suspended_at, x.lifted_at, x.import_wh, x.export_wh, x.quality, x.signature,
      first.import_wh as first_import_wh, first.export_wh as first_export_wh, first.quality as first_quality,
      first.signature as first_signature
    from (
      select meter, array_agg(seat order by seat) as seats from seats
      where area_id = ${areaId} and seat = any(${numbers(seats, (seat) => seat)}::int[]) group by meter) own
    join suspensions x using (meter)
    cross join lateral (
      select import_wh, export_wh, quality, signature from readings first
      where first.area_id = ${areaId} and first.time = x.time and first.seat = x.seat and first.epoch = x.epoch
      union all
      select import_wh, export_wh, quality, signature from kept_readings first
      where first.area_id = ${areaId} and first.time = x.time and first.seat = x.seat and first.epoch = x.epoch
    ) first
    where x.area_id = ${areaId}
    order by x.journal_sequence, x.meter collate "C"`
  return rows.map((row): Contradiction => {
    const { seat, seats, meter, epoch, time } = row
    return {
      ...{ seat, seats, meter, epoch, time, suspendedAt: row.suspended_at, liftedAt: row.lifted_at },
      stood: {
        ...{ epoch, time, importWh: row.first_import_wh, exportWh: row.first_export_wh, quality: row.first_quality },
        signature: hexOf(row.first_signature),
      },
      second: {
        ...{ epoch, time, importWh: row.import_wh, exportWh: row.export_wh, quality: row.quality },
        signature: hexOf(row.signature),
      },
    }
  })
}
