/** Reads daily budgets, and what of them is spent. */
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds } from '../../contracts/protocol/units.ts'
import type { CommandOf } from '../market/area/area.ts'
import { decodeCommand } from '../market/engine/journal.ts'
import { numbers } from './arrays.ts'
import type { BatchSpan } from './batch-store.ts'
import type { Queries } from './database.ts'
import { acceptedBefore } from './queries-orders.ts'
import { ownRow, wantedSeats } from './queries-seats.ts'
import type { AcceptedPlace, SeatKey } from './rows.ts'

export interface BudgetRow {
  area_id: number
  arrival: number
  id: Hex
  seat: number
  /** Ledger units; 0 for none. */
  amount: number
  activeFrom: UtcSeconds
  accepted_at: Date
}

interface StoredBudget extends Omit<BudgetRow, 'id'> {
  id: Buffer
}

function rowsOf(rows: readonly StoredBudget[]): BudgetRow[] {
  return rows.map(({ id, ...row }) => ({ ...row, id: hexOf(id) }))
}

function columns(sql: Queries) {
  return sql`area_id, arrival, budget_id as id, seat, amount, active_from as "activeFrom", accepted_at`
}

/** The budget that counts for intervals that start then, and the one signed last, also where they lift the one before. */
export async function seatBudgets(
  sql: Queries,
  { area, seat }: SeatKey,
  start: UtcSeconds,
): Promise<{ counting: BudgetRow | null; newest: BudgetRow | null }> {
  const rows = await sql<StoredBudget[]>`
    (select ${columns(sql)} from budgets where area_id = ${area} and seat = ${seat} and active_from <= ${start}
      order by arrival desc limit 1)
    union
    (select ${columns(sql)} from budgets where area_id = ${area} and seat = ${seat} order by arrival desc limit 1)
    order by arrival`
  const found = rowsOf(rows)
  return { counting: found.find(({ activeFrom }) => activeFrom <= start) ?? null, newest: found.at(-1) ?? null }
}

/** Budgets that were signed for the seats, newest first, from those that arrived before `before`. */
export async function budgetsOfSeats(
  sql: Queries,
  { seats, before, limit }: { seats: readonly SeatKey[]; before?: AcceptedPlace | undefined; limit: number },
): Promise<BudgetRow[]> {
  return rowsOf(
    await sql<StoredBudget[]>`
      select own.* from ${wantedSeats(sql, seats)} cross join lateral (
        select ${columns(sql)} from budgets
        where budgets.area_id = wanted.area_id and budgets.seat = wanted.seat ${acceptedBefore(sql, before)}
        order by arrival desc limit ${limit}
      ) own
      order by accepted_at desc, arrival desc, area_id desc limit ${limit}`,
  )
}

/** The one with this digest, or null. */
export async function budgetById(sql: Queries, area: number, id: Hex): Promise<BudgetRow | null> {
  const rows = await sql<StoredBudget[]>`
    select ${columns(sql)} from budgets where area_id = ${area} and budget_id = ${bytesOf(id)}`
  return rowsOf(rows)[0] ?? null
}

/** What energy of intervals that start in `[from, to)` costs the seat as they stand; one that paid it counts as nothing. */
export async function spentBetween(
  sql: Queries,
  { area, seat }: SeatKey,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<LedgerUnits> {
  const [row] = await sql<{ spent: string }[]>`
    select coalesce(sum(greatest(paid, 0)), 0)::text as spent from (
      select distinct start from intervals where area_id = ${area} and start >= ${from} and start < ${to}
    ) newest cross join lateral ${ownRow(sql, area, seat)} own`
  return BigInt(row!.spent)
}

/** A budget that counted in intervals of a batch, and in which. */
export interface BatchBudget extends Pick<CommandOf<'budget'>, 'budget' | 'signature'> {
  arrival: number
  id: Hex
  seat: number
  activeFrom: UtcSeconds
  activeUntil: UtcSeconds
}

/** The budgets of these seats that count in the batch, in order of arrival. */
export async function budgetsOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
  seats: readonly number[],
): Promise<BatchBudget[]> {
  const rows = await sql<(Omit<BatchBudget, 'id' | 'budget' | 'signature'> & { id: Buffer; signed: Buffer })[]>`
    select arrival, budget_id as id, seat, greatest(active_from, ${start}) as "activeFrom",
      least(next, ${end}) as "activeUntil", signed
    from (
      select *, lead(active_from, 1, ${end}::bigint) over (partition by seat order by arrival) as next
      from budgets where area_id = ${areaId} and seat = any(${numbers(seats, (seat) => seat)}::int[])
    ) own
    where active_from < ${end} and next > ${start} and next > active_from order by arrival`
  return rows.map(({ id, signed, ...row }) => {
    const { budget, signature } = decodeCommand(signed) as CommandOf<'budget'>
    return { ...row, id: hexOf(id), budget, signature }
  })
}
