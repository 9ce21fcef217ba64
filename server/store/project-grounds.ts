/** What an interval's result and a batch's next number rest on, as the journal's events say. */
import type { Journaled } from '../areas/area-store.ts'
import type { Transaction } from './database.ts'

/** Writes what journaled commands of one area did to `interval_grounds` and to batches that seats are being left out of. */
export async function projectGrounds(sql: Transaction, areaId: number, journaled: readonly Journaled[]): Promise<void> {
  for (const event of journaled.flatMap(({ events }) => events)) {
    if (event.type === 'interval-started') {
      const { start, block, suspended, cut } = event
      await sql`
        insert into interval_grounds (area_id, start, block, suspended_at_start, cut)
        values (${areaId}, ${start}, ${block}, ${suspended}::int[],
          ${sql.json(cut.map(({ arrival, energyWh }) => [arrival, energyWh]))})`
    } else if (event.type === 'interval-cleared') {
      const { start, suspended } = event.result
      await sql`
        update interval_grounds set suspended_at_computation = ${suspended}::int[]
        where area_id = ${areaId} and start = ${start}`
    } else if (event.type === 'leaving-out') {
      const { end, number } = event
      await sql`update batches set leaving_number = ${number} where area_id = ${areaId} and end_at = ${end}`
    }
  }
}
