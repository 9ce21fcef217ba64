/** What an area clears by and what people read of it, from an interval on, as a table. */
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

export function projectSettings(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const newest = new Map(told.of('configured').map(({ event }) => [event.from, event]))
  return [...newest.values()].map(
    ({ from, config, face }) => sql`
      insert into area_settings (area_id, from_start, settings)
      values (${areaId}, ${from}, ${sql.json({ config, face } as never)})
      on conflict (area_id, from_start) do update set settings = excluded.settings`,
  )
}
