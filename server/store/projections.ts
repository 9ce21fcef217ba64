/** What the journal's events say, as tables: advanced in the transaction that appends to the journal. */
import { randomBytes } from 'node:crypto'
import { hexlify } from 'ethers'
import type { AreaSettings } from '../areas/settings.ts'
import type { AreaConfig, ChainSeat, Event, IntervalRun, SeatInterval } from '../market/engine/area.ts'
import { statedHash } from '../settlement/stated-facts.ts'
import { statementOf } from '../settlement/statement.ts'
import { correctAfterLateReading } from './corrections.ts'
import type { Transaction } from './database.ts'
import type { Journaled } from './journaled.ts'
import { projectOrders } from './project-orders.ts'
import { projectReadings } from './project-readings.ts'
import { statedFacts } from './stated-facts.ts'
import { fillsOf } from './statement-store.ts'

/** Rows of one statement: PostgreSQL takes at most 65,534 parameters. */
const rowsPerInsert = 2_000

/** Advances every table by the commands of one transaction; `funds` holds the free funds that changed, by seat. */
export async function project(
  sql: Transaction,
  settings: AreaSettings,
  journaled: readonly Journaled[],
  funds: ReadonlyMap<number, bigint>,
): Promise<void> {
  const { area } = settings
  await Promise.all([projectReadings(sql, area, journaled), projectOrders(sql, area, journaled)])
  for (const { command, events } of journaled) {
    for (const event of events) {
      switch (event.type) {
        case 'configured':
          await saveSettings(sql, settings, event.config, command.atMs)
          break
        case 'meter-suspended':
          await saveSuspension(sql, area, event.meter, { command, events })
          break
        case 'seats-changed':
          await saveSeats(sql, area, event.seats)
          break
        case 'interval-cleared':
          await insertRun(sql, area, await afterCorrections(sql, area, event.result), command.atMs)
          break
        case 'interval-final':
          await sql`
            update intervals set status = 'final'
            where area_id = ${area} and start = ${event.start} and run = ${event.run}`
          break
        case 'batch-cut':
          await insertBatch(sql, area, event, command.atMs)
          break
        case 'late-reading':
          await correctAfterLateReading(sql, settings, event, command.atMs)
          break
        default:
      }
    }
  }
  if (funds.size > 0) {
    await sql`
      update seats set available = changed.available
      from unnest(${[...funds.keys()]}::bigint[], ${[...funds.values()].map(String)}::numeric[]) as changed (seat, available)
      where area_id = ${area} and seats.seat = changed.seat`
  }
}

async function saveSettings(
  sql: Transaction,
  settings: AreaSettings,
  { lowestTicks, zones }: AreaConfig,
  atMs: number,
): Promise<void> {
  await sql`
    insert into area_grids (area_id, at, lowest_ticks, zones)
    values (${settings.area}, ${new Date(atMs)}, ${lowestTicks}, ${sql.json(zones as never)})
    on conflict (area_id, at) do update set lowest_ticks = excluded.lowest_ticks, zones = excluded.zones`
  await sql`
    insert into areas (area_id, name, settings) values (${settings.area}, ${settings.name}, ${sql.json(settings as never)})
    on conflict (area_id) do update set name = excluded.name, settings = excluded.settings`
}

/** Keeps the value for which a meter was suspended: with the one that stands it proves the contradiction. */
async function saveSuspension(
  sql: Transaction,
  area: number,
  meter: string,
  { command, events }: Pick<Journaled, 'command' | 'events'>,
): Promise<void> {
  if (command.type !== 'readings') return
  const answers = events.filter((event) => event.type === 'reading')
  const second = command.readings.find(
    (reading, index) => reading.meter === meter && answers[index]!.code === 'READING_EQUIVOCATION',
  )!
  const { epoch, time, importWh, exportWh, quality, signature } = second
  await sql`
    insert into suspensions (area_id, seat, meter, epoch, time, import_wh, export_wh, quality, signature, suspended_at)
    select ${area}, max(seat), ${meter}, ${epoch}, ${time}, ${importWh}, ${exportWh}, ${quality},
      ${Buffer.from(signature.slice(2), 'hex')}, ${new Date(command.atMs)}
    from seats where area_id = ${area} and meter = ${meter}`
}

/** A `ChainSeat` as JSON: bigints as decimal strings. */
function seatJson(seat: ChainSeat): unknown {
  return JSON.parse(JSON.stringify(seat, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)))
}

async function saveSeats(sql: Transaction, area: number, seats: readonly ChainSeat[]): Promise<void> {
  for (const seat of seats) {
    await sql`
      insert into seats (area_id, seat, account, meter, chain, available)
      values (${area}, ${seat.seat}, ${seat.account}, ${seat.meter}, ${sql.json(seatJson(seat) as never)}, 0)
      on conflict (area_id, seat) do update set chain = excluded.chain`
  }
}

/**
 * A result that was computed anew after late readings had corrected the interval: numbered after the corrections, and
 * with the energy that they found, which is residual. Trades only become fewer then, so they still fit that energy.
 */
async function afterCorrections(sql: Transaction, area: number, result: IntervalRun): Promise<IntervalRun> {
  if (result.run === 1) return result
  const [newest] = await sql`
    select max(run) as run from intervals where area_id = ${area} and start = ${result.start}`
  if (newest!.run === null || newest!.run < result.run) return result
  const rows = await sql`
    select seat, quality, import_wh, export_wh from seat_intervals
    where area_id = ${area} and start = ${result.start} and current`
  const known = new Map(rows.map((row) => [row.seat as number, row]))
  return {
    ...result,
    run: newest!.run + 1,
    seats: result.seats.map((seat) => {
      const row = known.get(seat.seat)
      if (row === undefined) return seat
      return { ...seat, quality: row.quality, importWh: row.import_wh, exportWh: row.export_wh }
    }),
  }
}

async function insertRun(sql: Transaction, area: number, result: IntervalRun, atMs: number): Promise<void> {
  const zones = result.zones.map((zone) => {
    const inZone = result.seats.filter((seat) => seat.zone === zone.zone)
    return { ...zone, importWh: sum(inZone, 'importWh'), exportWh: sum(inZone, 'exportWh') }
  })
  await sql`
    insert into intervals ${sql({
      area_id: area,
      start: result.start,
      run: result.run,
      status: result.status,
      matched_wh: result.matchedWh,
      import_wh: sum(result.seats, 'importWh'),
      export_wh: sum(result.seats, 'exportWh'),
      missing_readings: result.seats.filter(({ quality }) => quality !== 'measured').length,
      grid_fees: result.gridFees.toString(),
      congestion_rent: result.congestionRent.toString(),
      grid_take: result.gridTake.toString(),
      zones: sql.json(zones as never),
      flows: sql.json(result.flows as never),
      computed_at: new Date(atMs),
    })}`
  if (result.forward.length > 0) {
    const deliveredWh = result.forward.reduce((total, trade) => total + trade.deliveredWh, 0)
    await sql`
      update intervals set deviation_wh = traded.energy_wh - ${deliveredWh}
      from (
        select sum(energy_wh)::bigint as energy_wh from forward_trades
        where area_id = ${area} and start = ${result.start}
      ) traded
      where area_id = ${area} and start = ${result.start} and run = ${result.run}`
  }
  if (result.run > 1) {
    await sql`
      update seat_intervals set current = false where area_id = ${area} and start = ${result.start} and current`
  }
  const { seats } = result
  await sql`
    insert into seat_intervals (
      area_id, start, run, current, seat, meter, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
      deviation_wh, outcomes)
    select ${area}, ${result.start}, ${result.run}, true, seat, meter, zone, quality, import_wh, export_wh, bought_wh,
      sold_wh, paid, received, deviation_wh, outcomes::jsonb
    from unnest(
      ${seats.map(({ seat }) => seat)}::bigint[],
      ${seats.map(({ meter }) => meter)}::text[],
      ${seats.map(({ zone }) => zone)}::text[],
      ${seats.map(({ quality }) => quality)}::text[],
      ${seats.map(({ importWh }) => importWh)}::bigint[],
      ${seats.map(({ exportWh }) => exportWh)}::bigint[],
      ${seats.map(({ boughtWh }) => boughtWh)}::bigint[],
      ${seats.map(({ soldWh }) => soldWh)}::bigint[],
      ${seats.map(({ paid }) => paid.toString())}::numeric[],
      ${seats.map(({ received }) => received.toString())}::numeric[],
      ${seats.map(({ deviationWh }) => deviationWh)}::bigint[],
      ${seats.map(outcomesText)}::text[]
    ) as row (
      seat, meter, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received, deviation_wh, outcomes)`
  for (const { number, deliveredWh } of result.forward) {
    await sql`
      update forward_trades set delivered_wh = ${deliveredWh}
      where area_id = ${area} and start = ${result.start} and number = ${number}`
  }
}

function outcomesText({ outcomes }: SeatInterval): string {
  return JSON.stringify(outcomes.map((outcome) => ({ ...outcome, amount: outcome.amount.toString() })))
}

function sum(seats: readonly SeatInterval[], field: 'importWh' | 'exportWh'): number {
  return seats.reduce((total, seat) => total + seat[field], 0)
}

/** A batch that is cut anew takes the place of the one before, which no chain has seen. */
async function insertBatch(
  sql: Transaction,
  area: number,
  { batch, number, leftOut }: Extract<Event, { type: 'batch-cut' }>,
  atMs: number,
): Promise<void> {
  if (number === 1) {
    await sql`
      update readings set in_next = true where area_id = ${area} and time = ${batch.start} and late and not in_next`
  } else {
    await sql`delete from statement_leaves where area_id = ${area} and end_at = ${batch.end}`
    await sql`delete from batch_entries where area_id = ${area} and end_at = ${batch.end}`
    await sql`delete from batches where area_id = ${area} and end_at = ${batch.end}`
  }
  const fills = await fillsOf(sql, area, batch.start, batch.end)
  const facts = await statedFacts(sql, { area, start: batch.start, end: batch.end, leftOut })
  const salt = randomBytes(32)
  const stated = statedHash(facts, hexlify(salt))
  const statement = statementOf({ area, end: batch.end, stated }, fills, randomBytes(32))
  await sql`
    insert into batches ${sql({
      area_id: area,
      start: batch.start,
      end_at: batch.end,
      band_low: batch.bandLow,
      band_high: batch.bandHigh,
      energy_wh: batch.energyWh,
      paid: batch.paid.toString(),
      received: batch.received.toString(),
      statement_root: statement.root,
      status: 'cut',
      cut_at: new Date(atMs),
      number,
      left_out: leftOut,
      stated: Buffer.from(stated.slice(2), 'hex'),
      stated_salt: salt,
    })}`
  const entries = batch.entries.map((entry) => ({
    area_id: area,
    end_at: batch.end,
    seat: entry.seat,
    kind: entry.kind,
    time: entry.time,
    epoch: entry.epoch,
    import_wh: entry.importWh,
    export_wh: entry.exportWh,
    sold_wh: entry.soldWh,
    bought_wh: entry.boughtWh,
    paid: entry.paid.toString(),
    received: entry.received.toString(),
  }))
  for (let from = 0; from < entries.length; from += rowsPerInsert) {
    await sql`insert into batch_entries ${sql(entries.slice(from, from + rowsPerInsert))}`
  }
  const leaves = statement.leaves.map(({ hash, salt }, leaf) => ({
    area_id: area,
    end_at: batch.end,
    leaf,
    hash: Buffer.from(hash.slice(2), 'hex'),
    salt: Buffer.from(salt.slice(2), 'hex'),
  }))
  for (let from = 0; from < leaves.length; from += rowsPerInsert) {
    await sql`insert into statement_leaves ${sql(leaves.slice(from, from + rowsPerInsert))}`
  }
}
