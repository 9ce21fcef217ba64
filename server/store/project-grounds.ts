/** What an interval's result and a batch's next number rest on, as tables. */
import { numbers } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** Comes after the batches themselves. */
export function projectGrounds(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const computed = new Map(told.of('interval-cleared').map(({ event }) => [event.result.start, event.result.suspended]))
  const started = told.of('interval-started').map(({ event }) => {
    const atComputation = computed.get(event.start) ?? null
    computed.delete(event.start)
    return { ...event, atComputation }
  })
  const leaving = told.of('leaving-out').map(({ event }) => event)
  return [
    ...started.map(
      ({ start, block, suspended, atComputation, cut }) => sql`
        insert into interval_grounds (area_id, start, block, suspended_at_start, suspended_at_computation, cut)
        values (${areaId}, ${start}, ${block}, ${seats(suspended)}::int[],
          ${atComputation === null ? null : seats(atComputation)}::int[],
          ${sql.json(cut.map(({ arrival, energyWh }) => [arrival, energyWh]))})`,
    ),
    ...[...computed].map(
      ([start, suspended]) => sql`
        update interval_grounds set suspended_at_computation = ${seats(suspended)}::int[]
        where area_id = ${areaId} and start = ${start}`,
    ),
    ...leaving.map(
      ({ end, number, seats: left }) => sql`
        update batches set leaving = leaving || ${sql.json([[number, left]])}
        where area_id = ${areaId} and end_at = ${end}`,
    ),
  ]
}

function seats(list: readonly number[]): string {
  return numbers(list, (seat) => seat)
}
