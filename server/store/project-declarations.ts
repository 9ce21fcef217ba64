/** What the grid operator declared, as a table. */
import { encodeCommand } from '../market/engine/journal.ts'
import { bytes, hexes, names, numbers, parts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

export function projectDeclarations(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  return [...parts(told.of('declared'))].map(
    (rows) => sql`
      insert into declarations (
        area_id, arrival, declaration_id, kind, start, end_at, version, counts_from, accepted_at, signed)
      select ${areaId}, arrival, declaration_id, kind, start, end_at, version, counts_from,
        to_timestamp(accepted_ms / 1000), signed
      from unnest(
        ${numbers(rows, ({ event }) => event.arrival)}::bigint[],
        ${hexes(rows, ({ event }) => event.id)}::bytea[],
        ${names(rows, ({ event }) => event.kind)}::text[],
        ${numbers(rows, ({ event }) => event.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.end)}::bigint[],
        ${numbers(rows, ({ event }) => event.version)}::bigint[],
        ${numbers(rows, ({ event }) => event.countsFrom)}::bigint[],
        ${numbers(rows, ({ command }) => command.atMs)}::float8[],
        ${bytes(rows, ({ command }) => encodeCommand(command))}::bytea[]
      ) as row (arrival, declaration_id, kind, start, end_at, version, counts_from, accepted_ms, signed)`,
  )
}
