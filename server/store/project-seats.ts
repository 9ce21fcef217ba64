/** Seats as the chain shows them, what funds they have free, and meters that signed two values, as tables. */
import type { ChainSeat, MeterReading } from '../market/area/area.ts'
import { hexes, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvent, ToldEvents } from './told.ts'

/** `funds` holds what is free by now of the seats where it changed. */
export function projectSeats(
  sql: Transaction,
  areaId: number,
  told: ToldEvents,
  funds: ReadonlyMap<number, bigint>,
): Statement[] {
  return [
    ...projectSuspensions(sql, areaId, told),
    ...upsertSeats(sql, areaId, told),
    ...markSuspended(sql, areaId, told),
    ...projectFunds(sql, areaId, told, funds),
  ]
}

function upsertSeats(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const changed = new Map(told.of('seat-changed').map(({ event }) => [event.seat.seat, event.seat]))
  return [...parts([...changed.values()])].map(
    (seats) => sql`
      insert into seats (area_id, seat, account, meter, chain, suspended)
      select ${areaId}, row.seat, row.account, row.meter, row.chain, exists (
        select from suspensions x where x.area_id = ${areaId} and x.meter = row.meter and x.lifted_at is null)
      from unnest(
        ${numbers(seats, ({ seat }) => seat)}::int[],
        ${texts(seats, ({ account }) => account)}::text[],
        ${texts(seats, ({ meter }) => meter)}::text[],
        ${texts(seats, seatJson)}::jsonb[]
      ) as row (seat, account, meter, chain)
      on conflict (area_id, seat) do update
        set account = excluded.account, meter = excluded.meter, chain = excluded.chain, suspended = excluded.suspended`,
  )
}

/** Bigints as decimal strings. */
function seatJson(seat: ChainSeat): string {
  return JSON.stringify(seat, (_key, value) => (typeof value === 'bigint' ? value.toString() : value))
}

interface SuspensionRow extends MeterReading {
  journalSequence: number
  seat: number
  atMs: number
  liftedMs: number | null
}

/** Keeps the value for which a meter was suspended: with the one that stands it proves the contradiction. */
function projectSuspensions(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const open = new Map<string, SuspensionRow>()
  const rows: SuspensionRow[] = []
  const liftedBefore: { meter: string; atMs: number }[] = []
  const both = [...told.of('meter-suspended'), ...told.of('suspension-lifted')].sort((a, b) => a.place - b.place)
  for (const { event, command, sequence, reading } of both) {
    if (event.type === 'meter-suspended') {
      const row = { ...reading!, journalSequence: sequence, seat: event.seat, atMs: command.atMs, liftedMs: null }
      rows.push(row)
      open.set(event.meter, row)
      continue
    }
    const own = open.get(event.meter)
    if (own === undefined) liftedBefore.push({ meter: event.meter, atMs: command.atMs })
    else own.liftedMs = command.atMs
    open.delete(event.meter)
  }
  const lifts = [...parts(liftedBefore)].map(
    (lifted) => sql`
      update suspensions set lifted_at = to_timestamp(lifted.at_ms / 1000)
      from unnest(
        ${texts(lifted, ({ meter }) => meter)}::text[],
        ${numbers(lifted, ({ atMs }) => atMs)}::float8[]
      ) as lifted (meter, at_ms)
      where area_id = ${areaId} and suspensions.meter = lifted.meter and lifted_at is null`,
  )
  const inserts = [...parts(rows)].map(
    (part) => sql`
      insert into suspensions (
        area_id, meter, journal_sequence, seat, epoch, time, import_wh, export_wh, quality, signature, suspended_at, lifted_at)
      select ${areaId}, meter, journal_sequence, seat, epoch, time, import_wh, export_wh, quality, signature,
        to_timestamp(at_ms / 1000), to_timestamp(lifted_ms / 1000)
      from unnest(
        ${texts(part, ({ meter }) => meter)}::text[],
        ${numbers(part, ({ journalSequence }) => journalSequence)}::bigint[],
        ${numbers(part, ({ seat }) => seat)}::int[],
        ${numbers(part, ({ epoch }) => epoch)}::int[],
        ${numbers(part, ({ time }) => time)}::bigint[],
        ${numbers(part, ({ importWh }) => importWh)}::bigint[],
        ${numbers(part, ({ exportWh }) => exportWh)}::bigint[],
        ${numbers(part, ({ quality }) => quality)}::smallint[],
        ${hexes(part, ({ signature }) => signature)}::bytea[],
        ${numbers(part, ({ atMs }) => atMs)}::float8[],
        ${numbers(part, ({ liftedMs }) => liftedMs)}::float8[]
      ) as row (
        meter, journal_sequence, seat, epoch, time, import_wh, export_wh, quality, signature, at_ms, lifted_ms)`,
  )
  return [...lifts, ...inserts]
}

/** A suspension is the meter's, whatever seats it has. */
function markSuspended(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const events = [...told.of('meter-suspended'), ...told.of('suspension-lifted')].map(({ event }) => event)
  if (events.length === 0) return []
  return [
    sql`
      update seats set suspended = exists (
        select from suspensions x where x.area_id = ${areaId} and x.meter = seats.meter and x.lifted_at is null)
      where area_id = ${areaId} and meter = any(${texts(events, ({ meter }) => meter)}::text[])`,
  ]
}

/**
 * Of every seat that the engine holds. A seat that it takes up has committed nothing yet, so all of its balance is free but what
 * it asked to withdraw; whether that is already known to whoever tells of changes does not matter then.
 */
function projectFunds(
  sql: Transaction,
  areaId: number,
  told: ToldEvents,
  funds: ReadonlyMap<number, bigint>,
): Statement[] {
  const last = new Map<number, ToldEvent<'seat-changed'> | ToldEvent<'seat-forgotten'>>()
  const both = [...told.of('seat-changed'), ...told.of('seat-forgotten')].sort((a, b) => a.place - b.place)
  for (const each of both) last.set(numberOf(each), each)
  const forgotten = [...last.values()].filter(({ event }) => event.type === 'seat-forgotten').map(numberOf)
  const taken = new Map<number, bigint>()
  for (const [number, { event }] of last) {
    if (event.type === 'seat-changed' && !funds.has(number)) taken.set(number, freeOf(event.seat))
  }
  const inserts = [...parts([...taken])].map(
    (rows) => sql`
      insert into seat_funds (area_id, seat, available)
      select ${areaId}, seat, available from unnest(
        ${numbers(rows, ([seat]) => seat)}::int[], ${numbers(rows, ([, free]) => free)}::numeric[]) as row (seat, available)
      on conflict do nothing`,
  )
  const upserts = [...parts([...funds])].map(
    (rows) => sql`
      insert into seat_funds (area_id, seat, available)
      select ${areaId}, seat, available from unnest(
        ${numbers(rows, ([seat]) => seat)}::int[], ${numbers(rows, ([, free]) => free)}::numeric[]) as row (seat, available)
      on conflict (area_id, seat) do update set available = excluded.available`,
  )
  const deletes = [...parts(forgotten)].map(
    (seats) => sql`
      delete from seat_funds
      where area_id = ${areaId} and seat = any(${numbers(seats, (seat) => seat)}::int[])`,
  )
  return [...inserts, ...upserts, ...deletes]
}

function numberOf({ event }: ToldEvent<'seat-changed'> | ToldEvent<'seat-forgotten'>): number {
  return event.type === 'seat-changed' ? event.seat.seat : event.seat
}

function freeOf({ balance, withdrawal }: ChainSeat): bigint {
  const free = balance - (withdrawal?.amount ?? 0n)
  return free > 0n ? free : 0n
}
