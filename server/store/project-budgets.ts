/** Daily budgets as a table. */
import { encodeCommand } from '../market/engine/journal.ts'
import { bytes, hexes, numbers, parts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

export function projectBudgets(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  return [...parts(told.of('budget-set'))].map(
    (rows) => sql`
      insert into budgets (area_id, arrival, budget_id, seat, amount, active_from, accepted_at, signed)
      select ${areaId}, arrival, budget_id, seat, amount, active_from, to_timestamp(accepted_ms / 1000), signed
      from unnest(
        ${numbers(rows, ({ event }) => event.budget.arrival)}::bigint[],
        ${hexes(rows, ({ event }) => event.budget.id)}::bytea[],
        ${numbers(rows, ({ event }) => event.seat)}::int[],
        ${numbers(rows, ({ event }) => event.budget.amount)}::bigint[],
        ${numbers(rows, ({ event }) => event.budget.activeFrom)}::bigint[],
        ${numbers(rows, ({ command }) => command.atMs)}::float8[],
        ${bytes(rows, ({ command }) => encodeCommand(command))}::bytea[]
      ) as row (arrival, budget_id, seat, amount, active_from, accepted_ms, signed)`,
  )
}
