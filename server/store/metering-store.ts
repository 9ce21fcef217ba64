/** What the metering operator's key has signed, what it has to sign, and what the area has yet to be told. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { SignedReading } from '../../contracts/protocol/wire.ts'
import type { EnergyDirection } from '../exchange/official-values.ts'
import { valueQualities } from '../exchange/official-values.ts'
import type { ChainSeat, EpochRegisters } from '../market/area/area.ts'
import type { ExactRegisters, PointValue } from '../metering/registers.ts'
import { hexes, numbers, parts, texts } from './arrays.ts'
import type { Queries, Transaction } from './database.ts'

/** A seat of the area with where its meter's epoch began on chain, and from where on the meter's readings are the seat's. */
export interface MeteredSeat {
  seat: number
  meter: Address
  account: Address
  epochStart: EpochRegisters
  openedAt: UtcSeconds
  terms: Pick<ChainSeat['terms'][number], 'from' | 'closed'>[]
}

/** The seats of an area in the order in which each meter had them. */
export function meteredSeats(sql: Queries, areaId: number): Promise<MeteredSeat[]> {
  return sql<MeteredSeat[]>`
    select seat, meter, account, chain -> 'epochStart' as "epochStart", (chain ->> 'openedAt')::bigint as "openedAt",
      chain -> 'terms' as terms
    from seats where area_id = ${areaId} order by meter, seat`
}

/** Intervals and points of which the area has not been told what counts, in order of time. */
export function untoldValues(
  sql: Queries,
  areaId: number,
  most: number,
): Promise<{ start: UtcSeconds; point: string; direction: EnergyDirection; file: number }[]> {
  return sql`
    select start, point, direction, file from official_values
    where area_id = ${areaId} and untold order by start, point, direction limit ${most}`
}

/** The area knows these values now, unless others count since. */
export async function markTold(
  sql: Queries,
  areaId: number,
  told: readonly { start: UtcSeconds; point: string; direction: EnergyDirection; file: number }[],
): Promise<void> {
  for (const part of parts(told)) {
    await sql`
      update official_values own set untold = false
      from unnest(
        ${numbers(part, ({ start }) => start)}::bigint[], ${texts(part, ({ point }) => point)}::text[],
        ${texts(part, ({ direction }) => direction)}::text[], ${numbers(part, ({ file }) => file)}::int[]
      ) as told (start, point, direction, file)
      where own.area_id = ${areaId} and own.untold and own.start = told.start and own.point = told.point
        and own.direction = told.direction and own.file = told.file`
  }
}

/** What counts of these points in intervals that start in `[from, to)`, by `point direction start`. */
export async function countingOf(
  sql: Queries,
  areaId: number,
  { points, from, to }: { points: readonly string[]; from: UtcSeconds; to: UtcSeconds },
): Promise<Map<string, PointValue & { code: string }>> {
  const rows = await sql<
    { start: UtcSeconds; point: string; direction: string; code: string; energy: number | null; quality: number }[]
  >`
    select start, point, direction, code, energy_micro_wh as energy, quality from official_values
    where area_id = ${areaId} and start >= ${from} and start < ${to} and counts and channel = 'total'
      and point = any(${texts(points, (point) => point)}::text[])`
  return new Map(
    rows.map(({ start, point, direction, code, energy, quality }) => [
      `${point} ${direction} ${start}`,
      { energyMicroWh: energy, quality: valueQualities[quality]!, code },
    ]),
  )
}

/** Registers at the boundary until which a meter has been signed. */
export interface SignedUntil extends ExactRegisters {
  epoch: number
}

export async function signedUntil(sql: Queries, areaId: number): Promise<Map<Address, SignedUntil>> {
  const rows = await sql<
    { meter: Address; epoch: number; time: UtcSeconds; importMicroWh: string; exportMicroWh: string }[]
  >`
    select meter, epoch, time, import_micro_wh as "importMicroWh", export_micro_wh as "exportMicroWh"
    from metering_registers where area_id = ${areaId}`
  return new Map(
    rows.map(({ meter, epoch, time, importMicroWh, exportMicroWh }) => [
      meter,
      { epoch, time, importMicroWh: BigInt(importMicroWh), exportMicroWh: BigInt(exportMicroWh) },
    ]),
  )
}

export type ReadingToSend = Pick<
  SignedReading,
  'meter' | 'epoch' | 'time' | 'importWh' | 'exportWh' | 'quality' | 'signature'
>

/**
 * Keeps what was signed, and how far, in one transaction: no boundary is ever signed twice. False where somebody else has signed on
 * from `before` meanwhile; then nothing is kept.
 */
export async function keepSigned(
  sql: Transaction,
  areaId: number,
  { meter, before, after }: { meter: Address; before: SignedUntil | null; after: SignedUntil },
  readings: readonly ReadingToSend[],
): Promise<boolean> {
  const { epoch, time } = after
  const [importMicroWh, exportMicroWh] = [after.importMicroWh.toString(), after.exportMicroWh.toString()]
  const kept =
    before === null
      ? await sql`
          insert into metering_registers (area_id, meter, epoch, time, import_micro_wh, export_micro_wh)
          values (${areaId}, ${meter}, ${epoch}, ${time}, ${importMicroWh}, ${exportMicroWh}) on conflict do nothing`
      : await sql`
          update metering_registers set epoch = ${epoch}, time = ${time}, import_micro_wh = ${importMicroWh},
            export_micro_wh = ${exportMicroWh}
          where area_id = ${areaId} and meter = ${meter} and epoch = ${before.epoch} and time = ${before.time}`
  if (kept.count === 0) return false
  for (const part of parts(readings)) {
    await sql`
      insert into metering_readings (area_id, meter, epoch, time, import_wh, export_wh, quality, signature)
      select ${areaId}, ${meter}, ${epoch}, * from unnest(
        ${numbers(part, (own) => own.time)}::bigint[], ${numbers(part, (own) => own.importWh)}::bigint[],
        ${numbers(part, (own) => own.exportWh)}::bigint[], ${numbers(part, (own) => own.quality)}::smallint[],
        ${hexes(part, (own) => own.signature)}::bytea[])`
  }
  return true
}

/** Signed readings that the area has not acknowledged, in order of time. */
export async function readingsToSend(sql: Queries, areaId: number, most: number): Promise<ReadingToSend[]> {
  const rows = await sql<(Omit<ReadingToSend, 'signature'> & { signature: Buffer })[]>`
    select meter, epoch, time, import_wh as "importWh", export_wh as "exportWh", quality, signature
    from metering_readings where area_id = ${areaId} and code is null order by time, meter limit ${most}`
  return rows.map(({ signature, ...reading }) => ({ ...reading, signature: `0x${signature.toString('hex')}` }))
}

/** The area has these, or (with a code) will never take them. */
export async function noteSent(
  sql: Queries,
  areaId: number,
  sent: readonly { meter: string; epoch: number; time: UtcSeconds; code: string | null }[],
): Promise<void> {
  const rows = sql`
    unnest(
      ${texts(sent, ({ meter }) => meter)}::text[], ${numbers(sent, ({ epoch }) => epoch)}::int[],
      ${numbers(sent, ({ time }) => time)}::bigint[], ${texts(sent, ({ code }) => code)}::text[]
    ) as sent (meter, epoch, time, code)`
  await sql`
    delete from metering_readings own using ${rows}
    where own.area_id = ${areaId} and own.meter = sent.meter and own.epoch = sent.epoch and own.time = sent.time
      and sent.code is null`
  await sql`
    update metering_readings own set code = sent.code from ${rows}
    where own.area_id = ${areaId} and own.meter = sent.meter and own.epoch = sent.epoch and own.time = sent.time
      and sent.code is not null`
}

/** The start of the newest interval with a value that counts; null where there is none. */
export async function newestOfficial(sql: Queries, areaId: number): Promise<UtcSeconds | null> {
  const [row] = await sql<{ start: UtcSeconds }[]>`
    select start from official_values where area_id = ${areaId} and counts order by start desc limit 1`
  return row?.start ?? null
}
