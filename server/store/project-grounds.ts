/** What an interval's result and a batch's next number rest on, as tables. */
import type { IntervalRun } from '../market/area/area.ts'
import { numbers } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** Comes after the batches themselves. */
export function projectGrounds(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const computed = new Map(told.of('interval-cleared').map(({ event: { result } }) => [result.start, result]))
  const started = told.of('interval-started').map(({ event }) => {
    const result = computed.get(event.start) ?? null
    computed.delete(event.start)
    return { ...event, result }
  })
  const leaving = told.of('leaving-out').map(({ event }) => event)
  return [
    ...started.map(
      ({ start, block, suspended, result, cut }) => sql`
        insert into interval_grounds (
          area_id, start, block, suspended_at_start, suspended_at_computation, budgets, cut)
        values (${areaId}, ${start}, ${block}, ${seats(suspended)}::int[],
          ${result === null ? null : seats(result.suspended)}::int[],
          ${result === null ? null : sql.json(pairs(result))},
          ${sql.json(cut.map(({ arrival, energyWh }) => [arrival, energyWh]))})`,
    ),
    ...[...computed.values()].map(
      (result) => sql`
        update interval_grounds
        set suspended_at_computation = ${seats(result.suspended)}::int[], budgets = ${sql.json(pairs(result))}
        where area_id = ${areaId} and start = ${result.start}`,
    ),
    ...leaving.map(
      ({ end, number, seats: left }) => sql`
        update batches set leaving = leaving || ${sql.json([[number, left]])}
        where area_id = ${areaId} and end_at = ${end}`,
    ),
  ]
}

/** What budgets leave is less than they are, which is below 2⁵³. */
function pairs({ budgets }: IntervalRun): [seat: number, left: number][] {
  return budgets.map(({ seat, left }) => [seat, Number(left)])
}

function seats(list: readonly number[]): string {
  return numbers(list, (seat) => seat)
}
