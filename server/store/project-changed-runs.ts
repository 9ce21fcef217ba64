/**
 * Runs that build on the run before: energy that became known late, and what is left once somebody was left out. Each has the
 * sums of the run before but for what its event changes, and rows only of the seats and zones that it changes. A run that is
 * not final takes up late energy itself.
 */
import type { Outcome, ReducedSeat } from '../market/area/area.ts'
import { qualities } from '../market/area/codes.ts'
import { bytes, numbers, parts, texts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import { decodeOutcomes, encodeOutcomes } from './outcomes.ts'
import { changeSums } from './seat-sums.ts'
import type { ToldEvent } from './told.ts'
import { zoneRows } from './zone-rows.ts'

/** Several may amend one interval. */
export function amendRuns(
  sql: Transaction,
  areaId: number,
  amendments: readonly ToldEvent<'interval-amended'>[],
  seconds: number,
): Statement[] {
  return [...parts(amendments)].flatMap((rows) => [
    sql`
      update intervals own set
        import_wh = own.import_wh + changed.import_wh, export_wh = own.export_wh + changed.export_wh,
        missing_readings = own.missing_readings + changed.missing
      from (
        select start, run, sum(import_wh)::bigint as import_wh, sum(export_wh)::bigint as export_wh, sum(missing) as missing
        from unnest(
          ${numbers(rows, ({ event }) => event.start)}::bigint[],
          ${numbers(rows, ({ event }) => event.run)}::int[],
          ${numbers(rows, ({ event }) => event.importChangeWh)}::bigint[],
          ${numbers(rows, ({ event }) => event.exportChangeWh)}::bigint[],
          ${numbers(rows, ({ event }) => event.missingChange)}::int[]
        ) as row (start, run, import_wh, export_wh, missing)
        group by start, run
      ) changed
      where own.area_id = ${areaId} and own.start = changed.start and own.run = changed.run`,
    sql`
      update interval_zones own set
        import_wh = own.import_wh + changed.import_wh, export_wh = own.export_wh + changed.export_wh
      from (
        select start, run, zone, sum(import_wh)::bigint as import_wh, sum(export_wh)::bigint as export_wh
        from unnest(
          ${numbers(rows, ({ event }) => event.start)}::bigint[],
          ${numbers(rows, ({ event }) => event.run)}::int[],
          ${texts(rows, ({ event }) => event.zone)}::text[],
          ${numbers(rows, ({ event }) => event.importChangeWh)}::bigint[],
          ${numbers(rows, ({ event }) => event.exportChangeWh)}::bigint[]
        ) as row (start, run, zone, import_wh, export_wh)
        group by start, run, zone
      ) changed
      where own.area_id = ${areaId} and own.start = changed.start and own.run = changed.run and own.zone = changed.zone`,
    sql`
      with changed as (
        select * from unnest(
          ${measuredValues(sql, rows)},
          ${bytes(rows, ({ event }) => encodeOutcomes(event.outcomes))}::bytea[]
        ) as row (seat, start, run, zone, quality, import_wh, export_wh, outcomes)
      ), before as (
        select own.* from changed join seat_intervals own
          on own.area_id = ${areaId} and own.start = changed.start and own.seat = changed.seat and own.run = changed.run
      ), after as (
        insert into seat_intervals (
          area_id, seat, start, run, current, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
          deviation_wh, outcomes)
        select ${areaId}, changed.seat, changed.start, changed.run, true, zone.place, changed.quality, changed.import_wh,
          changed.export_wh, 0, 0, 0, 0, 0, changed.outcomes
        from changed join interval_zones zone
          on zone.area_id = ${areaId} and zone.start = changed.start and zone.run = changed.run and zone.zone = changed.zone
        on conflict (area_id, start, seat, run) do update set
          quality = excluded.quality, import_wh = excluded.import_wh, export_wh = excluded.export_wh,
          outcomes = excluded.outcomes
        returning *
      ) ${changeSums(sql, seconds, { added: sql`after`, removed: sql`before` })}`,
  ])
}

/** Several may correct one interval or zone: each adds its changes to those of the runs before it. */
export function correctRuns(
  sql: Transaction,
  areaId: number,
  corrections: readonly ToldEvent<'interval-corrected'>[],
  seconds: number,
): Statement[] {
  return [...parts(corrections)].flatMap((rows) => [
    sql`
      insert into intervals (
        area_id, start, run, status, kind, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees,
        congestion_rent, grid_take, computed_at)
      select before.area_id, before.start, changed.run, before.status, 'corrected', before.matched_wh,
        before.import_wh + sum(changed.import_wh) over earlier, before.export_wh + sum(changed.export_wh) over earlier,
        before.missing_readings + sum(changed.missing) over earlier, before.deviation_wh, before.grid_fees,
        before.congestion_rent, before.grid_take, to_timestamp(changed.at_ms / 1000)
      from unnest(
        ${numbers(rows, ({ event }) => event.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.run)}::int[],
        ${numbers(rows, ({ event }) => event.importChangeWh)}::bigint[],
        ${numbers(rows, ({ event }) => event.exportChangeWh)}::bigint[],
        ${numbers(rows, ({ event }) => event.missingChange)}::int[],
        ${numbers(rows, ({ command }) => command.atMs)}::float8[]
      ) as changed (start, run, import_wh, export_wh, missing, at_ms)
      cross join lateral (
        select * from intervals own where own.area_id = ${areaId} and own.start = changed.start order by own.run desc limit 1
      ) before
      window earlier as (partition by changed.start order by changed.run)`,
    sql`
      insert into interval_zones (
        area_id, start, run, place, zone, price_ticks, lowest_ticks, highest_ticks, sold_wh, bought_wh, import_wh, export_wh,
        flow_wh, congestion_ticks)
      select before.area_id, before.start, changed.run, before.place, before.zone, before.price_ticks, before.lowest_ticks,
        before.highest_ticks, before.sold_wh, before.bought_wh, before.import_wh + sum(changed.import_wh) over earlier,
        before.export_wh + sum(changed.export_wh) over earlier, before.flow_wh, before.congestion_ticks
      from unnest(
        ${numbers(rows, ({ event }) => event.start)}::bigint[],
        ${numbers(rows, ({ event }) => event.run)}::int[],
        ${texts(rows, ({ event }) => event.zone)}::text[],
        ${numbers(rows, ({ event }) => event.importChangeWh)}::bigint[],
        ${numbers(rows, ({ event }) => event.exportChangeWh)}::bigint[]
      ) as changed (start, run, zone, import_wh, export_wh)
      cross join lateral ${zoneOrRoot(sql, areaId)} before
      window earlier as (partition by changed.start, before.place order by changed.run)`,
    sql`
      with changed as (
        select * from unnest(
          ${measuredValues(sql, rows)}
        ) as row (seat, start, run, zone, quality, import_wh, export_wh)
      ), before as (
        update seat_intervals own set current = false from changed
        where own.area_id = ${areaId} and own.start = changed.start and own.seat = changed.seat and own.current
        returning own.*
      ), after as (
        insert into seat_intervals (
          area_id, seat, start, run, current, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
          deviation_wh, outcomes)
        select ${areaId}, changed.seat, changed.start, changed.run, true,
          coalesce(before.zone, (select place from ${zoneOrRoot(sql, areaId)} zone)), changed.quality, changed.import_wh,
          changed.export_wh, coalesce(before.bought_wh, 0), coalesce(before.sold_wh, 0), coalesce(before.paid, 0),
          coalesce(before.received, 0), coalesce(before.deviation_wh, 0),
          coalesce(before.outcomes, ${encodeOutcomes([])})
        from changed left join before on before.seat = changed.seat and before.start = changed.start
        returning *
      ) ${changeSums(sql, seconds, { added: sql`after`, removed: sql`before` })}`,
  ])
}

/** Seats, starts, runs, zones, qualities and energies of rows that were measured later, as columns for `unnest`. */
function measuredValues(
  sql: Transaction,
  rows: readonly (ToldEvent<'interval-amended'> | ToldEvent<'interval-corrected'>)[],
) {
  return sql`
    ${numbers(rows, ({ event }) => event.seat)}::int[],
    ${numbers(rows, ({ event }) => event.start)}::bigint[],
    ${numbers(rows, ({ event }) => event.run)}::int[],
    ${texts(rows, ({ event }) => event.zone)}::text[],
    ${numbers(rows, ({ event }) => qualities.indexOf(event.quality))}::smallint[],
    ${numbers(rows, ({ event }) => event.importWh)}::int[],
    ${numbers(rows, ({ event }) => event.exportWh)}::int[]`
}

/** The newest row of `changed`'s zone; where the area did not know that zone, of the root, where such seats trade. */
function zoneOrRoot(sql: Transaction, areaId: number) {
  return sql`(
    select * from interval_zones own
    where own.area_id = ${areaId} and own.start = changed.start and (own.zone = changed.zone or own.flow_wh is null)
    order by own.zone = changed.zone desc, own.run desc limit 1)`
}

/** Reads the outcomes that change, since a row of them holds all of the seat's. */
export async function reduceRuns(
  sql: Transaction,
  areaId: number,
  reductions: readonly ToldEvent<'interval-reduced'>[],
  seconds: number,
): Promise<void> {
  const changes = reductions.flatMap(({ event: { start, run, changes: seats } }) =>
    seats.map((seat) => ({ ...seat, start, run })),
  )
  const outcomesOf = await storedOutcomes(sql, areaId, changes)
  const seats = changes.map((change) => {
    const before = outcomesOf.get(`${change.start} ${change.seat}`)!
    return { ...change, outcomes: encodeOutcomes(reducedOutcomes(before, change.fills)) }
  })
  const zones = reductions.flatMap(({ event }) => zoneRows(event))
  await Promise.all([
    ...[...parts(reductions)].map(
      (rows) => sql`
        insert into intervals (
          area_id, start, run, status, kind, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees,
          congestion_rent, grid_take, computed_at)
        select before.area_id, before.start, reduced.run, before.status, 'reduced', reduced.matched_wh, before.import_wh,
          before.export_wh, before.missing_readings, reduced.deviation_wh, reduced.grid_fees, reduced.congestion_rent,
          reduced.grid_take, to_timestamp(reduced.at_ms / 1000)
        from unnest(
          ${numbers(rows, ({ event }) => event.start)}::bigint[],
          ${numbers(rows, ({ event }) => event.run)}::int[],
          ${numbers(rows, ({ event }) => event.matchedWh)}::bigint[],
          ${numbers(rows, ({ event }) => event.deviationWh)}::bigint[],
          ${numbers(rows, ({ event }) => event.gridFees)}::numeric[],
          ${numbers(rows, ({ event }) => event.congestionRent)}::numeric[],
          ${numbers(rows, ({ event }) => event.gridTake)}::numeric[],
          ${numbers(rows, ({ command }) => command.atMs)}::float8[]
        ) as reduced (start, run, matched_wh, deviation_wh, grid_fees, congestion_rent, grid_take, at_ms)
        join intervals before
          on before.area_id = ${areaId} and before.start = reduced.start and before.run = reduced.run - 1`,
    ),
    ...[...parts(zones)].map(
      (rows) => sql`
        insert into interval_zones (
          area_id, start, run, place, zone, price_ticks, lowest_ticks, highest_ticks, sold_wh, bought_wh, import_wh,
          export_wh, flow_wh, congestion_ticks)
        select ${areaId}, reduced.start, reduced.run, reduced.place, before.zone, reduced.price_ticks, reduced.lowest_ticks,
          reduced.highest_ticks, reduced.sold_wh, reduced.bought_wh, before.import_wh, before.export_wh, reduced.flow_wh,
          reduced.congestion_ticks
        from unnest(
          ${numbers(rows, ({ start }) => start)}::bigint[],
          ${numbers(rows, ({ run }) => run)}::int[],
          ${numbers(rows, ({ place }) => place)}::smallint[],
          ${numbers(rows, ({ priceTicks }) => priceTicks)}::int[],
          ${numbers(rows, ({ lowestTicks }) => lowestTicks)}::int[],
          ${numbers(rows, ({ highestTicks }) => highestTicks)}::int[],
          ${numbers(rows, ({ soldWh }) => soldWh)}::bigint[],
          ${numbers(rows, ({ boughtWh }) => boughtWh)}::bigint[],
          ${numbers(rows, ({ flow }) => flow?.exportWh ?? null)}::bigint[],
          ${numbers(rows, ({ flow }) => flow?.congestionTicks ?? null)}::int[]
        ) as reduced (
          start, run, place, price_ticks, lowest_ticks, highest_ticks, sold_wh, bought_wh, flow_wh, congestion_ticks)
        cross join lateral (
          select zone, import_wh, export_wh from interval_zones own
          where own.area_id = ${areaId} and own.start = reduced.start and own.place = reduced.place
          order by own.run desc limit 1) before`,
    ),
    ...[...parts(seats)].map(
      (rows) => sql`
        with changed as (
          select * from unnest(
            ${numbers(rows, ({ seat }) => seat)}::int[],
            ${numbers(rows, ({ start }) => start)}::bigint[],
            ${numbers(rows, ({ run }) => run)}::int[],
            ${numbers(rows, ({ boughtWh }) => boughtWh)}::int[],
            ${numbers(rows, ({ soldWh }) => soldWh)}::int[],
            ${numbers(rows, ({ paid }) => paid)}::bigint[],
            ${numbers(rows, ({ received }) => received)}::bigint[],
            ${numbers(rows, ({ deviationChangeWh }) => deviationChangeWh)}::int[],
            ${bytes(rows, ({ outcomes }) => outcomes)}::bytea[]
          ) as row (seat, start, run, bought_wh, sold_wh, paid, received, deviation_change_wh, outcomes)
        ), before as (
          update seat_intervals own set current = false from changed
          where own.area_id = ${areaId} and own.start = changed.start and own.seat = changed.seat and own.current
          returning own.*
        ), after as (
          insert into seat_intervals (
            area_id, seat, start, run, current, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
            deviation_wh, outcomes)
          select ${areaId}, changed.seat, changed.start, changed.run, true, before.zone, before.quality, before.import_wh,
            before.export_wh, changed.bought_wh, changed.sold_wh, changed.paid, changed.received,
            before.deviation_wh + changed.deviation_change_wh, changed.outcomes
          from changed join before using (seat, start)
          returning *
        ) ${changeSums(sql, seconds, { added: sql`after`, removed: sql`before` })}`,
    ),
  ])
}

/**
 * The same figures under a new number, since nothing moves and no sum changes: of those whose allocation is another one now the outcome says what it
 * is. Reads the outcomes, since a row of them holds all of the seat's.
 */
export async function redeclareRuns(
  sql: Transaction,
  areaId: number,
  corrections: readonly ToldEvent<'interval-redeclared'>[],
): Promise<void> {
  const changed = corrections.flatMap(({ event: { start, run, arrival, changes } }) => {
    const bySeat = new Map<number, Redeclared['own'][number][]>()
    for (const { seat, ...own } of changes) bySeat.set(seat, [...(bySeat.get(seat) ?? []), own])
    return [...bySeat].map(([seat, own]) => ({ seat, start, run, arrival, own }))
  })
  const stored = await storedOutcomes(sql, areaId, changed)
  const seats = changed.map((own) => {
    const outcomes = encodeOutcomes(redeclaredOutcomes(stored.get(`${own.start} ${own.seat}`) ?? [], own))
    return { ...own, outcomes }
  })
  await Promise.all([
    ...[...parts(corrections)].map(
      (rows) => sql`
        insert into intervals (
          area_id, start, run, status, kind, matched_wh, import_wh, export_wh, missing_readings, deviation_wh, grid_fees,
          congestion_rent, grid_take, computed_at)
        select before.area_id, before.start, redeclared.run, before.status, 'corrected', before.matched_wh, before.import_wh,
          before.export_wh, before.missing_readings, before.deviation_wh, before.grid_fees, before.congestion_rent,
          before.grid_take, to_timestamp(redeclared.at_ms / 1000)
        from unnest(
          ${numbers(rows, ({ event }) => event.start)}::bigint[],
          ${numbers(rows, ({ event }) => event.run)}::int[],
          ${numbers(rows, ({ command }) => command.atMs)}::float8[]
        ) as redeclared (start, run, at_ms)
        join intervals before
          on before.area_id = ${areaId} and before.start = redeclared.start and before.run = redeclared.run - 1`,
    ),
    ...[...parts(seats)].map(
      (rows) => sql`
        with changed as (
          select * from unnest(
            ${numbers(rows, ({ seat }) => seat)}::int[],
            ${numbers(rows, ({ start }) => start)}::bigint[],
            ${numbers(rows, ({ run }) => run)}::int[],
            ${bytes(rows, ({ outcomes }) => outcomes)}::bytea[]
          ) as row (seat, start, run, outcomes)
        ), before as (
          update seat_intervals own set current = false from changed
          where own.area_id = ${areaId} and own.start = changed.start and own.seat = changed.seat and own.current
          returning own.*
        )
        insert into seat_intervals (
          area_id, seat, start, run, current, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
          deviation_wh, outcomes)
        select ${areaId}, changed.seat, changed.start, changed.run, true, before.zone, before.quality, before.import_wh,
          before.export_wh, before.bought_wh, before.sold_wh, before.paid, before.received, before.deviation_wh,
          changed.outcomes
        from changed join before using (seat, start)`,
    ),
  ])
}

interface Redeclared {
  arrival: number
  own: readonly { side: Outcome['side']; declaredWh: number }[]
}

/** A fill keeps the declaration that it was settled under. */
function redeclaredOutcomes(before: readonly Outcome[], { arrival, own }: Redeclared): Outcome[] {
  const of = (side: Outcome['side']) => own.find((each) => each.side === side)
  const kept = before.map((outcome): Outcome => {
    const change = outcome.stage === 'imported' ? of(outcome.side) : undefined
    if (change === undefined) return outcome
    return { ...outcome, offeredWh: change.declaredWh, code: 'declared-later', details: [] }
  })
  const missing = own.filter(
    ({ side }) => !kept.some((outcome) => outcome.stage === 'imported' && outcome.side === side),
  )
  return [
    ...kept,
    ...missing.map(({ side, declaredWh }): Outcome => {
      const nothing = { limitTicks: 0, filledWh: 0, priceTicks: null, amount: 0n, details: [] }
      return { stage: 'imported', arrival, side, offeredWh: declaredWh, ...nothing, code: 'declared-later' }
    }),
  ]
}

/** The outcomes of seats' current rows, by interval and seat. */
async function storedOutcomes(
  sql: Transaction,
  areaId: number,
  changes: readonly { seat: number; start: number }[],
): Promise<Map<string, Outcome[]>> {
  const stored = await sql<{ seat: number; start: number; outcomes: Buffer }[]>`
    select own.seat, own.start, own.outcomes
    from unnest(
      ${numbers(changes, ({ seat }) => seat)}::int[],
      ${numbers(changes, ({ start }) => start)}::bigint[]
    ) as changed (seat, start)
    join seat_intervals own
      on own.area_id = ${areaId} and own.start = changed.start and own.seat = changed.seat and own.current`
  return new Map(stored.map(({ seat, start, outcomes }) => [`${start} ${seat}`, decodeOutcomes(outcomes)]))
}

/** What the event says of a fill takes the place of what its outcome said. */
function reducedOutcomes(before: readonly Outcome[], fills: ReducedSeat['fills']): Outcome[] {
  return before.map((outcome) => {
    const left = fills.find(({ stage, arrival, side }) => {
      return stage === outcome.stage && arrival === outcome.arrival && side === outcome.side
    })
    if (left === undefined) return outcome
    const { filledWh, priceTicks, amount, code } = left
    return { ...outcome, filledWh, priceTicks, amount, code, details: [] }
  })
}
