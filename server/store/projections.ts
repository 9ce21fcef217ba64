/** What the journal's events say, as tables: advanced in the transaction that appends to the journal. */
import { randomBytes } from 'node:crypto'
import type { ReadingExtras } from '../areas/area-worker.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type {
  BatchCut,
  ChainSeat,
  Command,
  Event,
  ForwardOrder,
  ForwardTrade,
  IntervalRun,
  OrderState,
  SeatInterval,
} from '../market/engine/area.ts'
import { statementOf } from '../settlement/statement.ts'
import { correctAfterLateReading } from './corrections.ts'
import type { Transaction } from './database.ts'
import { fillsOf } from './statement-store.ts'

/** A journaled command with what it did and what travelled beside it. */
export interface Journaled {
  command: Command
  extras: ReadingExtras[]
  events: Event[]
}

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
  await insertReadings(sql, area, journaled)
  for (const { command, events } of journaled) {
    for (const event of events) {
      switch (event.type) {
        case 'configured':
          await saveSettings(sql, settings)
          break
        case 'seats-changed':
          await saveSeats(sql, area, event.seats)
          break
        case 'order-accepted':
          if (command.type === 'order') await insertOrder(sql, area, event.order, command)
          break
        case 'order-ended':
          await sql`
            update orders set status = ${event.status}, active_until = ${event.activeUntil}
            where area_id = ${area} and order_id = ${event.id}`
          break
        case 'forward-accepted':
          if (command.type === 'forward-order') await insertForwardOrder(sql, area, event.order, command)
          break
        case 'forward-trade':
          await insertForwardTrade(sql, area, event.trade, command.atMs)
          break
        case 'forward-cancelled':
          await sql`
            update forward_orders set open_wh = 0, cancelled = ${event.reason}
            where area_id = ${area} and order_id = ${event.id}`
          break
        case 'interval-cleared':
          await insertRun(sql, area, event.result, command.atMs)
          break
        case 'interval-final':
          await sql`
            update intervals set status = 'final'
            where area_id = ${area} and start = ${event.start} and run = ${event.run}`
          break
        case 'batch-cut':
          await insertBatch(sql, area, event.batch, command.atMs)
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

async function saveSettings(sql: Transaction, settings: AreaSettings): Promise<void> {
  await sql`
    insert into areas (area_id, name, settings) values (${settings.area}, ${settings.name}, ${sql.json(settings as never)})
    on conflict (area_id) do update set name = excluded.name, settings = excluded.settings`
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

async function insertOrder(
  sql: Transaction,
  area: number,
  order: OrderState,
  command: Extract<Command, { type: 'order' }>,
): Promise<void> {
  const signed = { order: command.order, signature: command.signature, session: command.session }
  await sql`
    insert into orders ${sql({
      area_id: area,
      order_id: order.id,
      seat: order.seat,
      account: command.order.account,
      meter: command.order.meter,
      side: order.side,
      limit_ticks: order.limitTicks,
      max_wh: order.maxWh,
      active_from: order.activeFrom,
      active_until: order.activeUntil,
      nonce: order.nonce,
      arrival: order.arrival,
      status: order.status,
      accepted_at: new Date(order.acceptedAtMs),
      signed: sql.json(signed as never),
    })}`
}

async function insertForwardOrder(
  sql: Transaction,
  area: number,
  order: ForwardOrder,
  command: Extract<Command, { type: 'forward-order' }>,
): Promise<void> {
  const signed = { order: command.order, signature: command.signature, session: command.session }
  await sql`
    insert into forward_orders ${sql({
      area_id: area,
      order_id: order.id,
      seat: order.seat,
      account: order.account,
      meter: command.order.meter,
      zone: order.zone,
      side: order.side,
      start: order.start,
      limit_ticks: order.limitTicks,
      max_wh: order.maxWh,
      open_wh: order.maxWh,
      time_in_force: command.timeInForce,
      nonce: command.order.nonce,
      accepted_at: new Date(order.acceptedAtMs),
      signed: sql.json(signed as never),
    })}`
}

async function insertForwardTrade(sql: Transaction, area: number, trade: ForwardTrade, atMs: number): Promise<void> {
  await sql`
    insert into forward_trades ${sql({
      area_id: area,
      start: trade.start,
      number: trade.number,
      zone: trade.zone,
      buy_order: trade.buyOrder,
      sell_order: trade.sellOrder,
      buyer: trade.buyer,
      seller: trade.seller,
      price_ticks: trade.priceTicks,
      energy_wh: trade.energyWh,
      made_at: new Date(atMs),
    })}`
  await sql`
    update forward_orders set open_wh = open_wh - ${trade.energyWh}
    where area_id = ${area} and order_id in ${sql([trade.buyOrder, trade.sellOrder])}`
}

async function insertReadings(sql: Transaction, area: number, journaled: readonly Journaled[]): Promise<void> {
  const rows = journaled.flatMap(({ command, extras, events }) => {
    if (command.type !== 'readings') return []
    const extrasOf = new Map(extras.map((extra) => [`${extra.meter} ${extra.epoch} ${extra.time}`, extra]))
    const stored = new Set(
      events.flatMap((event) =>
        event.type === 'reading' && event.status === 'stored' ? [`${event.meter} ${event.epoch} ${event.time}`] : [],
      ),
    )
    return command.readings.flatMap((reading) => {
      const key = `${reading.meter} ${reading.epoch} ${reading.time}`
      if (!stored.delete(key)) return []
      const extra = extrasOf.get(key)
      return [
        {
          area_id: area,
          meter: reading.meter,
          epoch: reading.epoch,
          time: reading.time,
          import_wh: reading.importWh,
          export_wh: reading.exportWh,
          quality: reading.quality,
          signature: Buffer.from(reading.signature.slice(2), 'hex'),
          sequence: extra?.sequence ?? 0,
          production_wh: extra?.productionWh ?? null,
          reasons: extra?.reasons ?? [],
        },
      ]
    })
  })
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await sql`insert into readings ${sql(rows.slice(from, from + rowsPerInsert))} on conflict do nothing`
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
  if (result.run > 1) {
    await sql`
      update seat_intervals set current = false where area_id = ${area} and start = ${result.start} and current`
  }
  const rows = result.seats.map((seat) => ({
    area_id: area,
    start: result.start,
    run: result.run,
    seat: seat.seat,
    meter: seat.meter,
    zone: seat.zone,
    quality: seat.quality,
    import_wh: seat.importWh,
    export_wh: seat.exportWh,
    bought_wh: seat.boughtWh,
    sold_wh: seat.soldWh,
    paid: seat.paid.toString(),
    received: seat.received.toString(),
    deviation_wh: seat.deviationWh,
    outcomes: sql.json(seat.outcomes.map((outcome) => ({ ...outcome, amount: outcome.amount.toString() })) as never),
    current: true,
  }))
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await sql`insert into seat_intervals ${sql(rows.slice(from, from + rowsPerInsert))}`
  }
  for (const { number, deliveredWh } of result.forward) {
    await sql`
      update forward_trades set delivered_wh = ${deliveredWh}
      where area_id = ${area} and start = ${result.start} and number = ${number}`
  }
}

function sum(seats: readonly SeatInterval[], field: 'importWh' | 'exportWh'): number {
  return seats.reduce((total, seat) => total + seat[field], 0)
}

async function insertBatch(sql: Transaction, area: number, batch: BatchCut, atMs: number): Promise<void> {
  const fills = await fillsOf(sql, area, batch.start, batch.end)
  const statement = statementOf({ area, end: batch.end }, fills, randomBytes(32))
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
