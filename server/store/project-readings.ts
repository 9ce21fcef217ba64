/** Stored readings as a table, and the stretches of time in which each seat was read. */
import type { MeterReading } from '../market/area/area.ts'
import { hexes, names, numbers, parts } from './arrays.ts'
import type { Statement, Transaction } from './database.ts'
import type { ToldEvents } from './told.ts'

/** Boundaries of one stretch. */
export const stretchLength = 128

/** The stretch in which a boundary lies. */
function stretchOf(time: number, intervalSeconds: number): number {
  return Math.floor(time / (intervalSeconds * stretchLength))
}

interface Row extends MeterReading {
  seat: number
  isLate: boolean
  /** Late for the batch that it ends, in time for the one that it begins. */
  isInNext: boolean
}

/** What of a commit's readings is new to the table of stretches; `noted` remembers what was written before. */
export class ReadingProjection {
  /** The newest stretch that was written of each seat and epoch: most readings lie in it. */
  private readonly noted = new Map<string, number>()
  private pending: { key: string; seat: number; epoch: number; stretch: number }[] = []

  project(sql: Transaction, areaId: number, told: ToldEvents, intervalSeconds: number): Statement[] {
    const rows = rowsOf(told)
    this.pending = this.newStretches(rows, intervalSeconds)
    return [
      ...noteInNext(sql, areaId, told),
      ...deleteVoided(sql, areaId, told),
      ...insertReadings(sql, areaId, rows),
      ...insertStretches(sql, areaId, this.pending),
    ]
  }

  /** Says that what was projected last has been committed. */
  committed(): void {
    for (const { key, stretch } of this.pending) this.noted.set(key, stretch)
    this.pending = []
  }

  private newStretches(rows: readonly Row[], intervalSeconds: number) {
    const found = new Map<string, { key: string; seat: number; epoch: number; stretch: number }>()
    for (const { seat, epoch, time } of rows) {
      const stretch = stretchOf(time, intervalSeconds)
      const key = `${seat} ${epoch}`
      if (this.noted.get(key) !== stretch) found.set(`${key} ${stretch}`, { key, seat, epoch, stretch })
    }
    return [...found.values()]
  }
}

/** What is stored and not voided by the same commit. */
function rowsOf(told: ToldEvents): Row[] {
  const rows: Row[] = []
  const cuts = told.of('batch-cut')
  const voided = told.of('reading-voided')
  for (const { event, reading, place } of told.of('reading')) {
    if (event.status !== 'stored') continue
    const { nextSeat, isLate } = event
    const isInNext = isLate && cuts.some((cut) => cut.place > place && begins(cut.event, event.time))
    for (const seat of nextSeat > 0 ? [event.seat, nextSeat] : [event.seat]) {
      const isVoided = voided.some(({ event: own, place: later }) => {
        return later > place && own.seat === seat && own.epoch === event.epoch && own.time === event.time
      })
      if (!isVoided) rows.push({ ...reading!, seat, isLate, isInNext })
    }
  }
  return rows
}

function begins({ number, batch }: { number: number; batch: { start: number } }, time: number): boolean {
  return number === 1 && batch.start === time
}

/** A batch was cut: late readings of its beginning that are in are part of it. */
function noteInNext(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const cuts = told.of('batch-cut').filter(({ event }) => event.number === 1)
  if (cuts.length === 0) return []
  return [
    sql`
      update readings set late = null
      where area_id = ${areaId} and time = any(${numbers(cuts, ({ event }) => event.batch.start)}::bigint[]) and late`,
  ]
}

function insertReadings(sql: Transaction, areaId: number, all: readonly Row[]): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      insert into readings (
        area_id, seat, time, import_wh, export_wh, production_wh, epoch, quality, late, signature)
      select ${areaId}, row.*
      from unnest(
        ${numbers(rows, ({ seat }) => seat)}::int[],
        ${numbers(rows, ({ time }) => time)}::bigint[],
        ${numbers(rows, ({ importWh }) => importWh)}::bigint[],
        ${numbers(rows, ({ exportWh }) => exportWh)}::bigint[],
        ${numbers(rows, ({ productionWh }) => productionWh)}::bigint[],
        ${numbers(rows, ({ epoch }) => epoch)}::int[],
        ${numbers(rows, ({ quality }) => quality)}::smallint[],
        ${names(rows, ({ isLate, isInNext }) => (isInNext ? null : String(isLate)))}::boolean[],
        ${hexes(rows, ({ signature }) => signature)}::bytea[]
      ) as row`,
  )
}

/** Where the same commit stores one again, a new row follows. */
function deleteVoided(sql: Transaction, areaId: number, told: ToldEvents): Statement[] {
  const voided = told.of('reading-voided').map(({ event }) => event)
  if (voided.length === 0) return []
  return [
    sql`
      delete from readings using unnest(
        ${numbers(voided, ({ seat }) => seat)}::int[],
        ${numbers(voided, ({ time }) => time)}::bigint[],
        ${numbers(voided, ({ epoch }) => epoch)}::int[]
      ) as void (seat, time, epoch)
      where area_id = ${areaId} and readings.time = void.time and readings.seat = void.seat
        and readings.epoch = void.epoch`,
  ]
}

function insertStretches(
  sql: Transaction,
  areaId: number,
  all: readonly { seat: number; epoch: number; stretch: number }[],
): Statement[] {
  return [...parts(all)].map(
    (rows) => sql`
      insert into reading_stretches (area_id, seat, epoch, stretch)
      select ${areaId}, seat, epoch, stretch
      from unnest(
        ${numbers(rows, ({ seat }) => seat)}::int[],
        ${numbers(rows, ({ epoch }) => epoch)}::int[],
        ${numbers(rows, ({ stretch }) => stretch)}::int[]
      ) as row (seat, epoch, stretch)
      on conflict do nothing`,
  )
}
