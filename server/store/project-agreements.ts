/** Agreements, and session keys that were taken back, as tables. */
import type { CommandOf } from '../market/area/area.ts'
import { encodeCommand } from '../market/engine/journal.ts'
import { bytes, hexes, names, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

export function projectAgreements(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const accepted = new Map(
    told.of('agreement-accepted').map(({ event: { agreement }, command }) => {
      const { items, ...rest } = command as CommandOf<'agreements'>
      const signed = encodeCommand({ ...rest, items: items.filter(({ id }) => id === agreement.id) })
      return [agreement.arrival, { ...agreement, atMs: command.atMs, signed, noticeBy: null as string | null }]
    }),
  )
  const ends = new Map<number, { arrival: number; end: number; noticeBy: string }>()
  for (const { event, command } of told.of('agreement-ended')) {
    const { arrival, end } = event
    const notice = { end, noticeBy: (command as CommandOf<'end-agreement'>).by }
    const own = accepted.get(arrival)
    if (own === undefined) ends.set(arrival, { arrival, ...notice })
    else Object.assign(own, notice)
  }
  const inserts = [...parts([...accepted.values()])].map(
    (rows) => sql`
      insert into agreements (
        area_id, arrival, agreement_id, group_arrival, seller, buyer, kind, amount, price_ticks, start, end_at, notice_by,
        accepted_at, signed)
      select ${areaId}, arrival, agreement_id, group_arrival, seller, buyer, kind, amount, price_ticks, start, end_at,
        notice_by, to_timestamp(accepted_ms / 1000), signed
      from unnest(
        ${numbers(rows, ({ arrival }) => arrival)}::bigint[],
        ${hexes(rows, ({ id }) => id)}::bytea[],
        ${numbers(rows, ({ group }) => group)}::bigint[],
        ${numbers(rows, ({ seller }) => seller)}::int[],
        ${numbers(rows, ({ buyer }) => buyer)}::int[],
        ${numbers(rows, ({ kind }) => kind)}::smallint[],
        ${numbers(rows, ({ amount }) => amount)}::int[],
        ${numbers(rows, ({ priceTicks }) => priceTicks)}::int[],
        ${numbers(rows, ({ start }) => start)}::bigint[],
        ${numbers(rows, ({ end }) => end)}::bigint[],
        ${names(rows, ({ noticeBy }) => noticeBy)}::text[],
        ${numbers(rows, ({ atMs }) => atMs)}::float8[],
        ${bytes(rows, ({ signed }) => signed)}::bytea[]
      ) as row (
        arrival, agreement_id, group_arrival, seller, buyer, kind, amount, price_ticks, start, end_at, notice_by,
        accepted_ms, signed)`,
  )
  const updates = [...parts([...ends.values()])].map(
    (rows) => sql`
      update agreements set end_at = ended.end_at, notice_by = ended.notice_by
      from unnest(
        ${numbers(rows, ({ arrival }) => arrival)}::bigint[],
        ${numbers(rows, ({ end }) => end)}::bigint[],
        ${names(rows, ({ noticeBy }) => noticeBy)}::text[]
      ) as ended (arrival, end_at, notice_by)
      where area_id = ${areaId} and agreements.arrival = ended.arrival`,
  )
  return [...inserts, ...updates]
}

export function projectRevocations(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  return [...parts(told.of('session-revoked'))].map(
    (rows) => sql`
      insert into session_revocations (area_id, account, key, from_start, signed)
      select ${areaId}, account, key, from_start, signed
      from unnest(
        ${texts(rows, ({ event }) => event.account)}::text[],
        ${texts(rows, ({ event }) => event.key)}::text[],
        ${numbers(rows, ({ event }) => event.from)}::bigint[],
        ${bytes(rows, ({ command }) => encodeCommand(command))}::bytea[]
      ) as row (account, key, from_start, signed)`,
  )
}
